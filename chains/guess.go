package chains

import (
	"cmp"
	"math"
	"math/bits"
)

// hints is what is known of a public chain beforehand. It only chooses which
// headers are read: on a chain of which it is not true, a search takes more rounds
// and finds the same block.
type hints struct {
	moments []moment // ascending
	// From block fork on, timestamps lie on a grid: that of fork plus multiples of
	// step seconds, at most one block each. step 0: there is none.
	fork moment
	step uint64
}

// hintsOf returns the hints for the public chain with the given id.
func hintsOf(id ID) hints {
	h := hints{moments: momentsOf(id)}
	switch id {
	case Ethereum: // slots of 12 seconds, some of them missed
		h.fork, h.step = moment{mergeBlock, mergeTime}, 12
	case Optimism: // exactly one block every 2 seconds
		h.fork, h.step = moment{bedrockBlock, bedrockTime}, 2
	}
	return h
}

// grid returns the candidates that a grid of timestamps leaves, and the block before them.
// With w blocks in Δt seconds that is one for each of the Δt/step − w missed slots.
func (b bracket) grid(h hints) (lo, hi uint64, ok bool) {
	low := moment{b.first - 1, b.before}
	if b.first <= h.fork.Number {
		low = h.fork
	}
	if h.step == 0 || low.Number >= b.last || low.Time >= b.target {
		return 0, 0, false
	}
	latest := low.Number + (b.target-low.Time+h.step-1)/h.step
	earliest := max(b.first, b.last-min(b.last, (b.after-b.target)/h.step))
	if earliest > latest {
		return 0, 0, false // no such grid
	}
	return earliest - min(earliest, 1), min(latest, b.last), true
}

// ends returns the closest two moments around the target, read or hinted.
// Block 0 is none: its timestamp is 0 on many chains.
func (b bracket) ends(h hints) (left, right moment, ok bool) {
	right = moment{b.last, b.after}
	if b.first > 1 {
		left, ok = moment{b.first - 1, b.before}, true
	}
	for _, m := range h.moments {
		switch {
		case m.Number < b.first || m.Number >= right.Number:
		case m.Time < b.target:
			left, ok = m, true
		default:
			right = m
		}
	}
	return left, right, ok && left.Number < right.Number
}

// guess interpolates the number of the first block at or after the target
// between two moments: a monotone cubic (Fritsch and Carlson) through them, with slopes
// from the blocks known beyond. doubt is how far a straight line would be off it.
func (b bracket) guess(left, right moment) (number uint64, doubt float64) {
	rate := slope(left, right)
	span := float64(right.Time - left.Time)
	leftRate, rightRate := rate, rate
	near := func(seconds uint64) bool { return seconds > 0 && float64(seconds) < 4*span } // further off, the pace is another
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
func slope(p, q moment) float64 { return float64(q.Number-p.Number) / float64(q.Time-p.Time) }

// mean is the weighted harmonic mean of the slopes of two neighbouring spans,
// which keeps the cubic monotone.
func mean(a, spanA, b, spanB float64) float64 {
	wa, wb := 2*spanB+spanA, spanB+2*spanA
	return (wa + wb) / (wa/a + wb/b)
}

func byNumber(a, b moment) int { return cmp.Compare(a.Number, b.Number) }

// mulDiv returns a·b/c, rounded down, for results below 2^64.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi, lo, c)
	return q
}
