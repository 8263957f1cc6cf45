package blocksearch

import (
	"math"
	"math/bits"
)

// interpolate guesses the number of the first block at or after the target between two
// moments, by a monotone cubic (Fritsch and Carlson) through them, with slopes from the
// blocks known beyond them. doubt is the distance to a straight line.
func (b bracket) interpolate(left, right Moment) (number uint64, doubt float64) {
	rate := slope(left, right)
	span := float64(right.Time - left.Time)
	leftRate, rightRate := rate, rate
	// Further away the pace of the chain is another.
	near := func(seconds uint64) bool { return seconds > 0 && float64(seconds) < 4*span }
	for _, m := range b.known {
		if m.Number > 0 && m.Number < left.Number && near(left.Time-m.Time) {
			leftRate = mean(slope(m, left), float64(left.Time-m.Time), rate, span)
		}
	}
	for i := len(b.known) - 1; i >= 0; i-- {
		if m := b.known[i]; m.Number > right.Number && near(m.Time-right.Time) {
			rightRate = mean(rate, span, slope(right, m), float64(m.Time-right.Time))
		}
	}
	x := float64(b.target-left.Time) / span
	line := float64(right.Number-left.Number) * x
	cubic := float64(right.Number-left.Number)*x*x*(3-2*x) + span*x*(1-x)*(leftRate*(1-x)-rightRate*x)
	return left.Number + uint64(math.Round(max(cubic, 0))), math.Abs(cubic - line)
}

// slope is the number of blocks per second.
func slope(p, q Moment) float64 { return float64(q.Number-p.Number) / float64(q.Time-p.Time) }

// mean is the weighted harmonic mean of the slopes of two neighbouring spans,
// which keeps the cubic monotone.
func mean(a, spanA, b, spanB float64) float64 {
	wa, wb := 2*spanB+spanA, spanB+2*spanA
	return (wa + wb) / (wa/a + wb/b)
}

// mulDiv returns a·b/c, rounded down, for results below 2^64.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}
