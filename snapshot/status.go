package snapshot

import (
	"fmt"
	"slices"
	"time"
)

// Status is the state of a proposal at a moment.
type Status struct {
	State  string `json:"state"`            // "pending", "active" or "closed", by Start and End
	Final  bool   `json:"final"`            // closed, and the hub's scores will not change any more
	Reason string `json:"reason,omitempty"` // why it is not final
}

// Status returns the state of a proposal at a moment. It follows from Start and
// End, both inclusive and in whole seconds as on the hub; the hub's own State
// is not used. A closed proposal is final once scores_state is "final", which
// the hub may leave undone until somebody opens the proposal's page.
func (p *Proposal) Status(now time.Time) Status {
	t := now.Unix()
	switch {
	case t <= p.Start:
		return Status{State: "pending", Reason: "voting opens at " + utc(p.Start)}
	case t <= p.End:
		return Status{State: "active", Reason: "voting is open until " + utc(p.End)}
	case p.ScoresState != "final":
		reason := fmt.Sprintf("voting is closed, but the hub's scores_state is %.80q, expected \"final\"", p.ScoresState)
		if p.ScoresState == "invalid" { // between November 2021 and September 2022
			reason += ": its last count failed, and the scores are those of an earlier one"
		}
		return Status{State: "closed", Reason: reason}
	}
	return Status{State: "closed", Final: true}
}

func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }

// Shown returns what Snapshot's own page shows of a proposal at a moment, from
// the hub's figures as they are: "pending", "active", and once closed "passed"
// or "rejected" for voting type basic and "closed" for all others.
//
// With quorum type "rejection" a basic proposal is rejected if the second
// choice has more than the quorum. Otherwise it passes if scores_total is at
// least the quorum (0 means none) and the first choice has more than the
// second, so a tie is rejected.
func (p *Proposal) Shown(now time.Time) string {
	if state := p.Status(now).State; state != "closed" || p.Type != "basic" {
		return state
	}
	passed := p.ScoresTotal >= p.Quorum && p.score(0) > p.score(1)
	if p.QuorumType == "rejection" {
		passed = p.score(1) <= p.Quorum
	}
	if passed {
		return "passed"
	}
	return "rejected"
}

// ShownBefore returns what Snapshot's older page, in use until July 2026, compared with the quorum of a
// basic proposal, where the space's settings make that something else than scores_total: the choices
// of the quorum plugin's basicCount, or all but the third with hideAbstain. The settings are those of
// now, so that the page may have shown something else at the time.
func (p *Proposal) ShownBefore() (counted float64, why string) {
	switch {
	case p.Type != "basic" || p.QuorumType == "rejection":
		return 0, ""
	case len(p.BasicCount) > 0:
		for i := range p.Choices {
			if slices.Contains(p.BasicCount, i) {
				counted += p.score(i)
			}
		}
		return counted, "the choices that the space's quorum plugin counts"
	case p.HideAbstain:
		return p.score(0) + p.score(1), "all but Abstain, which the space hides"
	}
	return 0, ""
}

// score is 0 before the hub's first count, when Scores is empty.
func (p *Proposal) score(choice int) float64 {
	if choice < len(p.Scores) {
		return p.Scores[choice]
	}
	return 0
}
