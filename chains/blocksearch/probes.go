package blocksearch

import "math"

// How many blocks a round asks for. The figures were measured over modelled chains (see
// BenchmarkBlockAt in package chains): four rounds read fewer than 100 headers.
const (
	fewCandidates  = 20 // up to so many candidates are all asked for
	lastCandidates = 44 // the same in the fourth round, to make it the last one
	milestones     = 17 // in the first round, if only the ends are known
	evenlySpaced   = 7  // after a slow round
	blindProbes    = 24 // if nothing can be interpolated
)

// rungs is how many blocks are asked for on either side of the guess.
func rungs(round int, onGrid bool) int {
	switch {
	case onGrid:
		return 7
	case round == 1:
		return 9
	case round > 3:
		return 7 // the search is nearly done, or the chain is a strange one
	}
	return 12
}

// probes returns the blocks to read in the next round, ascending, all of them from low
// to last−1. There is at least one if low is not last.
func (b bracket) probes(h Hints) []uint64 {
	if ask := b.inside(b.likely(h)); len(ask) > 0 {
		return ask
	}
	return b.inside(append(even(b.low(), b.last, evenlySpaced), b.low()))
}

// likely returns the blocks to read if none were missing.
func (b bracket) likely(h Hints) []uint64 {
	candidates := b.last - b.low()
	if candidates <= fewCandidates || b.rounds == 3 && candidates <= lastCandidates {
		return consecutive(b.low(), candidates)
	}
	if b.slow {
		h = Hints{}
	}
	lo, hi, onGrid := b.grid(h)
	if onGrid && hi-lo <= fewCandidates {
		return consecutive(lo, hi-lo+1)
	}
	left, right, ok := b.ends(h)
	switch {
	case !ok:
		return append(even(b.low(), b.last, blindProbes), 0, 1)
	case onGrid:
		return append(b.around(left, right, lo, hi, true), lo, hi)
	case b.rounds == 0:
		return append(spacedOut(left.Number, right.Number), left.Number, right.Number)
	}
	ask := append(b.around(left, right, b.low(), b.last, false), left.Number, right.Number) // the ends may be hints
	if b.slow {
		ask = append(ask, even(b.low(), b.last, evenlySpaced)...)
	}
	return ask
}

// consecutive returns count numbers from first on.
func consecutive(first, count uint64) []uint64 {
	out := make([]uint64, count)
	for i := range out {
		out[i] = first + uint64(i)
	}
	return out
}

// even returns n numbers that cut first … last into equal parts.
func even(first, last uint64, n int) []uint64 {
	out := make([]uint64, n)
	for i := range out {
		out[i] = first + mulDiv(last-first, uint64(i+1), uint64(n+1))
	}
	return out
}

// spacedOut returns the milestones between two blocks, closer together at the left end:
// chains grow busier with time, so early blocks span more time.
func spacedOut(left, right uint64) []uint64 {
	out := make([]uint64, milestones)
	for i := range out {
		x := float64(i+1) / (milestones + 1)
		out[i] = left + uint64(float64(right-left)*math.Pow(x, 1.5))
	}
	return out
}

// around returns numbers around the guess between two moments, dense next to it and ever
// sparser up to lo and hi. It computes in floating point, since it only says where to
// look.
func (b bracket) around(left, right Moment, lo, hi uint64, onGrid bool) []uint64 {
	guess, doubt := b.interpolate(left, right)
	guess = min(max(guess, lo), hi)
	n := rungs(b.rounds, onGrid)
	width, seconds := float64(right.Number-left.Number), float64(right.Time-left.Time)
	// The number of blocks in a given time is random. Where clocks advance by at most 15
	// seconds, so is the number of whole runs of blocks.
	scale := 0.08 * math.Sqrt(width*max(1, 15*width/seconds))
	switch {
	case onGrid:
		scale += 0.04 * float64(hi-lo)
	case b.rounds < 3:
		// Closer than 16 blocks would gain nothing, since so few are all asked for.
		scale = max(scale+0.4*doubt+0.004*width, 16*float64(n+1)/math.Sqrt2)
	default:
		scale += 0.4*doubt + 0.004*width
		if !b.slow && 1.2*scale < float64(n) {
			return consecutive(guess-min(guess, uint64(n)), uint64(2*n)) // likely the last round
		}
	}
	ask := []uint64{guess}
	for i := 1; i <= n; i++ {
		u := float64(i) / float64(n+1)
		step := scale * math.Sqrt2 * u * math.Pow(1-u*u, -0.65) // near the quantiles of a heavy-tailed error
		if step < float64(hi-guess) {
			ask = append(ask, guess+uint64(step))
		}
		if step < float64(guess-lo) {
			ask = append(ask, guess-uint64(step))
		}
	}
	return ask
}
