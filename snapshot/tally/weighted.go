package tally

import (
	"math"
	"slices"
	"strconv"
)

// Weighted: a choice is an object from choice numbers to weights, and the
// voter's power is divided in proportion. Quadratic voting has the same choices.

// validWeights wants keys that JavaScript takes for choice numbers, and
// weights of at least 0, not all of them 0. A key such as "01" is valid.
func validWeights(v value, choices int) bool {
	positive := slices.ContainsFunc(v.fields(), func(f field) bool { return f.value.number > 0 })
	return positive && validAnyWeights(v, choices)
}

func validKeys(v value, choices int, valid func(weight float64) bool) bool {
	return !slices.ContainsFunc(v.fields(), func(f field) bool {
		_, ok := wholeWithin(stringToNumber(f.key), choices)
		return !ok || f.value.other != nil || !valid(f.value.number)
	})
}

// validAnyWeights is as Snapshot had it in August 2022: all weights may be zero.
func validAnyWeights(v value, choices int) bool {
	return len(v.fields()) > 0 && validKeys(v, choices, func(weight float64) bool { return weight >= 0 })
}

// validPositiveWeights is as Snapshot had it from June to August 2022.
func validPositiveWeights(v value, choices int) bool {
	return len(v.fields()) > 0 && validKeys(v, choices, func(weight float64) bool { return weight > 0 })
}

// weight is that of one choice, from 0.
type weight struct {
	choice int
	weight float64
}

// weights are the weights of a valid choice. A weight whose key is not written
// as the choice's plain number counts towards the sum alone: its part is lost.
type weights struct {
	of  []weight
	sum float64
}

func weightsOf(v value, choices int) (w weights) {
	entries := v.entries()
	for _, f := range entries {
		i, ok := wholeWithin(stringToNumber(f.key), choices)
		if ok && f.key == strconv.Itoa(i) {
			w.of = append(w.of, weight{i - 1, f.value.toNumber()})
		}
	}
	w.sum = addUp(entries)
	return w
}

// proportional is a rule that first gives each choice a part of each ballot,
// and then divides the power of all ballots in proportion to the sums of parts.
type proportional struct {
	part  func(weight, sum, power float64) float64 // one ballot's part for a choice; 0 without weight
	raw   func(parts float64) float64              // what the sum of a choice's parts is worth
	share func(raw, all, power float64) float64    // the choice's share of all power
}

func (p proportional) count(e election) (count, error) {
	votes := make([]weights, len(e.ballots))
	for i, b := range e.ballots {
		votes[i] = weightsOf(b.choice, e.choices)
	}
	column := func(power func(ballot) float64) []float64 {
		parts := make([]float64, e.choices)
		for i, b := range e.ballots {
			for _, w := range votes[i].of {
				parts[w.choice] += p.part(w.weight, votes[i].sum, power(b))
			}
		}
		for i := range parts {
			parts[i] = p.raw(parts[i])
		}
		return parts
	}
	cells := make([]float64, e.choices*e.strategies) // of all strategies, which are scaled together
	for k := range e.strategies {
		for i, raw := range column(partOfPower(k)) {
			cells[i*e.strategies+k] = raw
		}
	}
	o := Outcome{Scores: p.divide(column(wholePower), e.power()), ScoresByStrategy: grid(e.choices, e.strategies)}
	for c, share := range p.divide(cells, e.power()) {
		o.ScoresByStrategy[c/e.strategies][c%e.strategies] = share
	}
	return count{Outcome: o, weighted: true}, nil
}

func (p proportional) divide(raw []float64, power float64) []float64 {
	all := fold(raw)
	shares := make([]float64, len(raw))
	for i, x := range raw {
		shares[i] = p.share(x, all, power)
	}
	return shares
}

// The conversions to float64 forbid fused multiply-add, which on some processors
// would round differently from JavaScript.

func countWeighted(e election) (count, error) {
	return proportional{
		part:  func(w, sum, power float64) float64 { return float64(percent(w, sum) / 100 * power) },
		raw:   func(parts float64) float64 { return parts },
		share: func(raw, all, power float64) float64 { return float64(power / 100 * percent(raw, all)) },
	}.count(e)
}

func percent(a, b float64) float64 {
	if p := float64(a / b * 100); !math.IsNaN(p) {
		return p
	}
	return 0
}

func fold(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum
}

// Quadratic: choices are weights as in weighted voting; each choice's raw
// result is the square of the sum of its voters' square roots, and the power
// of all valid ballots is divided in proportion to the raw results. The
// strategies' cells are divided separately, so a row of them need not add up to
// the choice's score.

func countQuadratic(e election) (count, error) {
	return proportional{
		part:  func(w, sum, power float64) float64 { return math.Sqrt(float64(fraction(w, sum) * power)) },
		raw:   func(parts float64) float64 { return float64(parts * parts) },
		share: func(raw, all, power float64) float64 { return float64(power * fraction(raw, all)) },
	}.count(e)
}

func fraction(a, b float64) float64 {
	if f := a / b; !math.IsNaN(f) {
		return f
	}
	return 0
}
