package tally

import (
	"math"
	"math/bits"
	"slices"
)

// NearTie is a decision of a count whose margin is within the tolerance of
// [Agree], so that another order of summing the same powers could decide
// otherwise. Ties that no order of summing can break, as of whole-numbered
// powers, are not near ties: the rules decide them.
type NearTie struct {
	// Rule is what is decided: "winner" (who has the highest score),
	// "majority" (whether the round is the last) and "elimination" (who goes)
	// of ranked-choice, "duel" (who wins a pair) of copeland.
	Rule     string  `json:"rule"`
	Round    int     `json:"round,omitempty"`    // of ranked-choice, from 1
	Strategy int     `json:"strategy,omitempty"` // from 1: decides in this strategy's column only
	Choices  []int   `json:"choices"`            // concerned, numbered from 1
	Margin   float64 `json:"margin"`             // in voting power
}

// near is Agree without ties between zeros: nothing adds up to exactly nothing
// in any order.
func near(a, b float64) bool { return (a != 0 || b != 0) && Agree(a, b) }

// addNearTies finds the close decisions behind t, and what else they allow.
func (t *Tally) addNearTies(valid election, c count) {
	// Weights round even where the sums of the powers do not.
	if !c.weighted && valid.exact() {
		return
	}
	switch {
	case c.runoff != nil:
		t.NearTies, t.Alternatives = c.runoff.nearTies(t.Outcome)
	case c.duels != nil:
		t.NearTies, t.Alternatives = c.duels.nearTies(t.Outcome)
	}
	if tie, found := t.winnerNearTie(); found {
		t.NearTies = append(t.NearTies, tie)
	}
}

func (o Outcome) winnerNearTie() (NearTie, bool) {
	tie := NearTie{Rule: "winner"}
	top := slices.Max(o.Scores)
	for i, score := range o.Scores {
		if near(score, top) {
			tie.Choices = append(tie.Choices, i+1)
			tie.Margin = max(tie.Margin, top-score)
		}
	}
	return tie, len(tie.Choices) > 1
}

// exact reports whether every sum of the powers is free of rounding, whatever
// its order: all are multiples of one power of two and their sum, times the
// number of duels one ballot decides for a choice, has no more than 53 bits.
func (e election) exact() bool {
	unit, sum := math.MaxInt, 0.0
	add := func(vp float64) {
		if vp > 0 {
			unit = min(unit, lowestBit(vp))
			sum += vp
		}
	}
	for _, b := range e.ballots {
		add(b.vp)
		for _, part := range b.split[:e.strategies] {
			add(part)
		}
	}
	// The sum itself may be rounded here; one bit less leaves room for that.
	return sum == 0 || sum*float64(e.choices) < math.Ldexp(1, unit+52)
}

// lowestBit returns the exponent of the lowest bit set in a positive x.
func lowestBit(x float64) int {
	fraction, exponent := math.Frexp(x)
	return exponent - 53 + bits.TrailingZeros64(uint64(math.Ldexp(fraction, 53)))
}

// differs reports whether two outcomes are apart in a score.
func (o Outcome) differs(other Outcome) bool { return !slices.EqualFunc(o.Scores, other.Scores, Agree) }

// addNew appends o unless it is one of the list or the strict outcome.
func addNew(list []Outcome, strict, o Outcome) []Outcome {
	known := func(other Outcome) bool { return !o.differs(other) }
	if known(strict) || slices.ContainsFunc(list, known) {
		return list
	}
	return append(list, o)
}
