package report

import (
	"fmt"
	"math"
	"math/big"

	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// audit holds one vote's power, as the hub has it, against the chains.
type audit struct {
	choice   int       // the choice of blocks that fits best, an index of Result.Powers
	only     bool      // another choice of blocks does not fit as well
	offences []offence // figures that do not agree, none if all do
	exact    *big.Rat  // recomputed power in tokens; nil where a part of it could not be
	// least and most are the exact powers under the choices of blocks that fit
	// equally well; nil with exact.
	least, most *big.Rat
	unchecked   bool // a strategy could not be recomputed
}

// offence is one figure of the hub that is not what the chains say.
type offence struct {
	vote     int
	strategy int // from 0; total for the sum
	hub      float64
	ours     float64
	missing  bool // the hub has no figure
	surplus  bool // the proposal has no such strategy
}

// total stands for the sum of a vote's strategies.
const total = -1

func (o offence) difference() float64 { return o.hub - o.ours }

// audit compares a vote under each choice of blocks and keeps the best: the
// fewest offences, then the smallest differences. Doubles are compared, with
// the hub's own tolerance, because doubles are what the hub stores.
func (t *tallied) audit(vote int) audit {
	if t.power == nil {
		return audit{unchecked: true}
	}
	var all []audit
	for choice, power := range t.power.Powers {
		a := t.auditWith(vote, power.Scores[vote])
		a.choice = choice
		all = append(all, a)
	}
	best := all[0]
	for _, a := range all[1:] {
		if len(a.offences) < len(best.offences) || len(a.offences) == len(best.offences) && t.distance(a, vote) < t.distance(best, vote) {
			best = a
		}
	}
	for _, a := range all {
		switch {
		case len(a.offences) != len(best.offences):
			best.only = true
		case a.exact != nil:
			best.include(a.exact)
		}
	}
	return best
}

// include widens the range of powers that fit.
func (a *audit) include(exact *big.Rat) {
	if a.least == nil || exact.Cmp(a.least) < 0 {
		a.least = exact
	}
	if a.most == nil || exact.Cmp(a.most) > 0 {
		a.most = exact
	}
}

// distance is how far the hub's figures of a vote are from the chains' in all.
func (t *tallied) distance(a audit, vote int) (sum float64) {
	v := t.Votes[vote]
	for k, s := range t.power.Powers[a.choice].Scores[vote] {
		if k < len(v.VPByStrategy) && t.power.Unverifiable[k] == "" {
			sum += math.Abs(v.VPByStrategy[k] - s.Value)
		}
	}
	return sum
}

// auditWith compares a vote under one choice of blocks. A vote without any
// power by strategy, as some old rows are, is compared by its total alone.
func (t *tallied) auditWith(vote int, scores []strategy.Score) audit {
	v := t.Votes[vote]
	var a audit
	add := func(o offence) {
		o.vote = vote
		a.offences = append(a.offences, o)
	}
	want, exact := strategy.Total(scores)
	a.exact = exact
	parts := 0.0 // the hub adds doubles from left to right, and so does this
	for k, s := range scores {
		if t.power.Unverifiable[k] != "" {
			a.unchecked, a.exact = true, nil
		}
		switch {
		case len(v.VPByStrategy) == 0:
			continue
		case k >= len(v.VPByStrategy):
			add(offence{strategy: k, ours: s.Value, missing: true})
			continue
		}
		hub := v.VPByStrategy[k]
		parts += hub
		if t.power.Unverifiable[k] == "" && !tally.Agree(hub, s.Value) {
			add(offence{strategy: k, hub: hub, ours: s.Value})
		}
	}
	for k := len(scores); k < len(v.VPByStrategy); k++ {
		add(offence{strategy: k, hub: v.VPByStrategy[k], surplus: true})
	}
	switch {
	case a.unchecked && len(v.VPByStrategy) == 0: // nothing to hold the total against
		return a
	case a.unchecked:
		want = parts
	}
	if !tally.Agree(v.VP, want) {
		add(offence{strategy: total, hub: v.VP, ours: want})
	}
	return a
}

// figure says which one does not agree.
func (t *tallied) figure(o offence) string {
	switch {
	case o.strategy == total:
		return "total"
	case o.surplus:
		return fmt.Sprintf("strategy %d, which the proposal does not have", o.strategy+1)
	}
	return fmt.Sprintf("strategy %d (%s)", o.strategy+1, clean(t.Proposal.Strategies[o.strategy].Name))
}

func (t *tallied) describe(o offence) string {
	hub := double(o.hub)
	if o.missing {
		hub = "nothing"
	}
	ours := "the chains give"
	if o.strategy == total && t.audits[o.vote].unchecked {
		ours = "its parts add up to"
	}
	return fmt.Sprintf("voter %s, %s: the hub has %s, %s %s (difference %s)",
		clean(t.Votes[o.vote].Voter), t.figure(o), hub, ours, double(o.ours), double(o.difference()))
}
