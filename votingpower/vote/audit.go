package vote

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/perpdao/perpquorum/snapshot/signature"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// Audit compares every voter's power on the hub with the chains.
type Audit struct {
	Recomputed int // votes whose whole power was recomputed
	Differing  int // votes with a figure that does not agree
	Figures    int // that do not agree
	// Worst lists up to ten of these figures, the greatest difference first.
	Worst []Mismatch
	// Agreement says in words how many votes agree with which block, where a chain has
	// several blocks with the snapshot's timestamp.
	Agreement []string

	voters []voterAudit // in the order of the votes
}

// Mismatch is one figure of the hub, in voting power, that is not what the chains say.
// The hub stores doubles, so doubles are compared.
type Mismatch struct {
	Vote     int // an index of Evidence.Votes
	Strategy int // from 0; Total for the sum of the strategies
	Hub      float64
	Chains   float64
	Missing  bool // the hub has no figure
	Surplus  bool // the proposal has no such strategy
}

// Total is the Strategy of the sum of a vote's strategies.
const Total = -1

// Difference is the hub's figure less that of the chains.
func (m Mismatch) Difference() float64 { return m.Hub - m.Chains }

// voterAudit compares one vote's power on the hub with the chains.
type voterAudit struct {
	choice     int     // the choice of blocks that fits best, an index of Result.Powers
	mismatches int     // figures that do not agree
	distance   float64 // sum of the differences between the hub's figures and the chains'
	fits       []int   // the choices of blocks without more mismatches than the best
	unchecked  bool    // a strategy could not be recomputed
}

// Voter is what is known of the power behind one vote.
type Voter struct {
	// Scores are what each strategy gives, in tokens, at the blocks that fit the vote best; nil
	// where a strategy cannot be recomputed. Total is their sum, nil unless all of them are known.
	Scores []*big.Rat
	Total  *big.Rat
	// Differs says that a figure of the hub does not agree with what was recomputed.
	Differs bool
	// Signature says who signed; "" if no signatures were read.
	Signature signature.Class
}

// Voter returns what is known of the vote with an index of Evidence.Votes.
func (o *Outcome) Voter(vote int) Voter {
	audit := o.Audit.voters[vote]
	v := Voter{Differs: audit.mismatches > 0}
	if o.Signed != nil && vote < len(o.signers) {
		v.Signature = o.signers[vote].Class
	}
	if o.Power == nil {
		return v
	}
	sum := new(big.Rat)
	for k, score := range o.Power.Powers[audit.choice].Scores[vote] {
		if o.Power.Unverifiable[k] != "" {
			v.Scores, sum = append(v.Scores, nil), nil
			continue
		}
		exact := score.Exact
		if exact == nil {
			exact = new(big.Rat).SetFloat64(score.Value) // such as a square root
		}
		if v.Scores = append(v.Scores, exact); sum != nil {
			plus(sum, exact)
		}
	}
	v.Total = sum
	return v
}

// audit compares the power of all voters. There may be millions of mismatches, so it keeps the worst only.
func (o *Outcome) audit() {
	a := &o.Audit
	for i := range o.Evidence.Votes {
		voter, found := o.auditVoter(i)
		a.voters = append(a.voters, voter)
		if !voter.unchecked {
			a.Recomputed++
		}
		if len(found) > 0 {
			a.Differing++
			a.Figures += len(found)
			a.Worst = worst(append(a.Worst, found...))
		}
	}
	a.Agreement = o.agreement()
}

// worst sorts mismatches, and cuts the list.
func worst(list []Mismatch) []Mismatch {
	slices.SortStableFunc(list, func(a, b Mismatch) int {
		return cmp.Compare(math.Abs(b.Difference()), math.Abs(a.Difference()))
	})
	return list[:min(len(list), longest)]
}

// auditVoter compares a vote under each choice of blocks and keeps the best: the fewest
// mismatches, then the smallest differences.
func (o *Outcome) auditVoter(vote int) (best voterAudit, found []Mismatch) {
	if o.Power == nil {
		return voterAudit{unchecked: true}, nil
	}
	var fits []int
	for choice, power := range o.Power.Powers {
		a, mismatches := o.compare(vote, power.Scores[vote])
		a.choice = choice
		if choice == 0 || a.mismatches < best.mismatches {
			best, found, fits = a, mismatches, nil
		}
		if a.mismatches > best.mismatches {
			continue
		}
		fits = append(fits, choice)
		if a.distance < best.distance {
			best, found = a, mismatches
		}
	}
	best.fits = fits
	return best, found
}

// compare compares a vote under one choice of blocks. A vote without any power by strategy,
// as some old rows are, is compared by its total alone. A vote that the hub left out of its count
// may have no power there at all.
func (o *Outcome) compare(vote int, scores []strategy.Score) (a voterAudit, found []Mismatch) {
	v := o.Evidence.Votes[vote]
	if _, out := slices.BinarySearch(o.Comparison.LeftOut, vote); out && v.VPState == "" && v.VP == 0 {
		return a, nil
	}
	add := func(m Mismatch) {
		m.Vote = vote
		found = append(found, m)
		a.mismatches++
	}
	want := 0.0
	if a.unchecked = o.unverifiable(); !a.unchecked {
		want, _ = strategy.Total(scores)
	}
	for k, hub := range v.VPByStrategy {
		switch {
		case k >= len(scores):
			add(Mismatch{Strategy: k, Hub: hub, Surplus: true})
			continue
		case a.unchecked:
			want += hub // the hub adds doubles from left to right, and so does this
		}
		if o.Power.Unverifiable[k] != "" {
			continue
		}
		a.distance += math.Abs(hub - scores[k].Value)
		if !tally.Agree(hub, scores[k].Value) {
			add(Mismatch{Strategy: k, Hub: hub, Chains: scores[k].Value})
		}
	}
	if len(v.VPByStrategy) == 0 && a.unchecked {
		return a, found // there is nothing to compare the total with
	}
	for k := len(v.VPByStrategy); k > 0 && k < len(scores); k++ {
		add(Mismatch{Strategy: k, Chains: scores[k].Value, Missing: true})
	}
	if !tally.Agree(v.VP, want) {
		add(Mismatch{Strategy: Total, Hub: v.VP, Chains: want})
	}
	return a, found
}

// settleDoubts leaves to the hub what may be off here: a strategy of whose scores somebody's does
// not agree, where that is no fault of the hub for sure.
func (o *Outcome) settleDoubts() {
	for k, doubt := range o.Power.Doubts {
		differing := 0
		for vote := range o.Evidence.Votes {
			if doubt != "" && o.differs(vote, k) {
				differing++
			}
		}
		if differing > 0 {
			o.Power.Unverifiable[k] = fmt.Sprintf("the hub has other figures for %s, but %s", count(differing, "vote"), doubt)
		}
	}
}

// differs reports whether no choice of blocks gives the hub's figure for a strategy, or its
// total where it has none for the strategy.
func (o *Outcome) differs(vote, k int) bool {
	v := o.Evidence.Votes[vote]
	return !slices.ContainsFunc(o.Power.Powers, func(p strategy.Power) bool {
		if k < len(v.VPByStrategy) {
			return tally.Agree(v.VPByStrategy[k], p.Scores[vote][k].Value)
		}
		total, _ := strategy.Total(p.Scores[vote])
		return tally.Agree(v.VP, total)
	})
}

// unverifiable reports whether a strategy could not be recomputed.
func (o *Outcome) unverifiable() bool {
	return slices.ContainsFunc(o.Power.Unverifiable, func(reason string) bool { return reason != "" })
}

// agreement says how many votes agree with which choice of blocks, where there is a choice.
func (o *Outcome) agreement() (out []string) {
	if o.Power == nil || len(o.Power.Powers) < 2 {
		return nil
	}
	either, only := 0, make([]int, len(o.Power.Powers))
	for _, a := range o.Audit.voters {
		switch {
		case a.mismatches > 0:
		case len(a.fits) < len(o.Power.Powers):
			only[a.choice]++
		default:
			either++
		}
	}
	for i, n := range only {
		out = append(out, fmt.Sprintf("%s at %s only", count(n, "vote"), o.Power.Powers[i].Blocks))
	}
	return append(out, fmt.Sprintf("%s at any of these blocks", count(either, "vote")))
}
