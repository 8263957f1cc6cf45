package report

import (
	"math/big"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// audit holds one vote's power, as the hub has it, against the chains.
type audit struct {
	choice    int       // the choice of blocks that fits best, an index of Result.Powers
	offences  []offence // figures that do not agree, none if all do
	exact     *big.Rat  // recomputed power in tokens; nil where a part of it could not be
	value     float64   // the same as the double that Snapshot makes of it
	unchecked bool      // a strategy could not be recomputed
}

// offence is one figure of the hub that is not what the chains say.
type offence struct {
	vote     int
	strategy int // from 0; -1 for the total
	hub      float64
	ours     float64
	missing  bool // the hub has no figure
}

func (o offence) difference() float64 { return o.hub - o.ours }

// audit compares a vote under each choice of blocks and keeps the best. Doubles
// are compared, with the hub's own tolerance, because doubles are what the hub stores.
func (t *tallied) audit(vote int) audit {
	var best audit
	for choice, power := range t.power.Powers {
		a := t.auditWith(vote, power.Scores[vote])
		a.choice = choice
		if choice == 0 || len(a.offences) < len(best.offences) {
			best = a
		}
	}
	return best
}

func (t *tallied) auditWith(vote int, scores []strategy.Score) audit {
	v := t.Votes[vote]
	var a audit
	a.value, a.exact = strategy.Total(scores)
	hubSum := 0.0
	for k, s := range scores {
		if k >= len(v.VPByStrategy) {
			a.offences = append(a.offences, offence{vote: vote, strategy: k, ours: s.Value, missing: true})
			continue
		}
		hub := v.VPByStrategy[k]
		hubSum += hub
		if t.power.Unverifiable[k] != "" {
			a.unchecked, a.exact = true, nil
			continue
		}
		if !near(hub, s.Value) {
			a.offences = append(a.offences, offence{vote: vote, strategy: k, hub: hub, ours: s.Value})
		}
	}
	want := a.value
	if a.unchecked { // then the total can only be held against its own parts
		want = hubSum
	}
	if !near(v.VP, want) {
		a.offences = append(a.offences, offence{vote: vote, strategy: -1, hub: v.VP, ours: want})
	}
	return a
}

// near reports whether two doubles are as near as the hub's storage keeps them.
func near(a, b float64) bool {
	d := a - b
	return d <= snapshot.Tolerance(a, b) && -d <= snapshot.Tolerance(a, b)
}
