package snapshot

import (
	"fmt"
	"time"
)

// Status says how far a proposal is.
type Status struct {
	State  string `json:"state"`            // "pending", "active" or "closed", by Start and End
	Final  bool   `json:"final"`            // closed, and the hub's scores will not change any more
	Reason string `json:"reason,omitempty"` // why it is not final
}

// Final tells how far a proposal is at a moment. The state follows from Start
// and End, both inclusive and in whole seconds as on the hub; the hub's own
// State is not used. A closed proposal is final once scores_state is "final",
// which the hub may leave undone until somebody opens the proposal's page.
func Final(p *Proposal, now time.Time) Status {
	t := now.Unix()
	switch {
	case t <= p.Start:
		return Status{State: "pending", Reason: "voting opens at " + utc(p.Start)}
	case t <= p.End:
		return Status{State: "active", Reason: "voting is open until " + utc(p.End)}
	case p.ScoresState != "final":
		return Status{State: "closed", Reason: fmt.Sprintf("voting is closed, but the hub's scores_state is %q, expected \"final\"", p.ScoresState)}
	}
	return Status{State: "closed", Final: true}
}

func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// SnapshotShows returns what Snapshot's own interface shows for a proposal,
// from the hub's figures as they are: "pending", "active", and once closed
// "passed" or "rejected" for voting type basic and "closed" for all others.
//
// With quorum type "rejection" a basic proposal is rejected if the second
// choice has more than the quorum. Otherwise it passes if scores_total is at
// least the quorum (0 means none) and the first choice has more than the
// second, so a tie is rejected.
func SnapshotShows(p *Proposal, now time.Time) string {
	if state := Final(p, now).State; state != "closed" || p.Type != "basic" {
		return state
	}
	passed := p.ScoresTotal >= p.Quorum && scoreOf(p, 0) > scoreOf(p, 1)
	if p.QuorumType == "rejection" {
		passed = scoreOf(p, 1) <= p.Quorum
	}
	if passed {
		return "passed"
	}
	return "rejected"
}

// scoreOf is 0 before the hub's first count, when Scores is empty.
func scoreOf(p *Proposal, choice int) float64 {
	if choice < len(p.Scores) {
		return p.Scores[choice]
	}
	return 0
}
