package tally

import "math"

// Quadratic: choices are weights as in weighted voting; each choice's raw
// result is the square of the sum of its voters' square roots, and the power
// of all valid ballots is divided in proportion to the raw results. The
// strategies' cells are a division of their own, so a row of them need not add
// up to the choice's score.

func countQuadratic(e election) (Outcome, error) {
	return proportional{
		part:  func(w, sum, power float64) float64 { return math.Sqrt(float64(fraction(w, sum) * power)) },
		raw:   func(parts float64) float64 { return float64(parts * parts) },
		share: func(raw, all, power float64) float64 { return float64(power * fraction(raw, all)) },
	}.count(e), nil
}

func fraction(a, b float64) float64 {
	if f := a / b; !math.IsNaN(f) {
		return f
	}
	return 0
}
