package blocksearch

import (
	"cmp"
	"fmt"
	"slices"
)

// bracket is the state of a search: the block sought is one of first … last.
type bracket struct {
	target      uint64 // Unix seconds: the first block at or after it is sought
	first, last uint64
	// before is the time of block first−1, earlier than target. It means nothing if first
	// is 0. after is the time of block last, not earlier than target.
	before, after uint64

	known []Moment // all blocks read so far, ascending
	holes []uint64 // blocks that could not be read
	// below says that the search goes on below block last, which is a hole. after is the
	// time of the block above it.
	below  bool
	rounds int
	slow   bool // the latest round left more than an eighth of the candidates
}

// newBracket starts a search for the first block at or after target. The time of block
// last is not before target.
func newBracket(target uint64, last Moment) bracket {
	return bracket{target: target, last: last.Number, after: last.Time, known: []Moment{last}}
}

func (b bracket) done() bool { return b.first == b.last && !b.below }

// low is the first candidate above all holes. Where old blocks are missing the one sought
// is most likely above them, and elsewhere a hole is seldom in the way.
func (b bracket) low() uint64 {
	low := b.first
	for _, n := range b.holes {
		if n >= low && n < b.last {
			low = n + 1
		}
	}
	return low
}

// aside leaves a place where the candidates above a hole are used up: it goes on below the
// hole, once. If that is done, the block before last must be read.
func (b bracket) aside() (_ bracket, must bool) {
	if !b.below {
		b.last, b.below = b.last-1, true
		if b.low() < b.last {
			return b, false
		}
	}
	b.last, b.below = b.last+1, false
	b.holes = nil // another endpoint may have them
	return b, true
}

// narrow takes the times of those blocks among the ones asked for that could be read. If
// time runs backwards, the error names the two blocks.
func (b bracket) narrow(ask []uint64, read []Moment) (bracket, error) {
	width := b.last - b.low()
	for _, n := range ask {
		if !slices.ContainsFunc(read, func(m Moment) bool { return m.Number == n }) {
			b.holes = append(b.holes, n)
		}
	}
	b.known = slices.Concat(b.known, read)
	slices.SortFunc(b.known, byNumber)
	b.known = slices.Compact(b.known)
	for i, m := range b.known[1:] {
		if p := b.known[i]; m.Time < p.Time || m.Number == p.Number {
			return b, fmt.Errorf("block %d has time %d, but block %d has time %d: %w",
				p.Number, p.Time, m.Number, m.Time, ErrNotOneChain)
		}
	}
	for _, m := range b.known {
		switch {
		case m.Time < b.target && m.Number >= b.first:
			b.first, b.before = m.Number+1, m.Time
		case m.Time >= b.target && m.Number < b.last:
			b.last, b.after, b.below = m.Number, m.Time, false
		}
	}
	b.rounds++
	b.slow = b.last-b.low() > width/8
	return b, nil
}

// grid returns the candidates that a grid of timestamps leaves, and the block before
// them. With w blocks in Δt seconds there is one for each of the Δt/step − w missed
// slots.
func (b bracket) grid(h Hints) (lo, hi uint64, ok bool) {
	low := Moment{b.first - 1, b.before}
	if b.first <= h.Fork.Number {
		low = h.Fork
	}
	if h.Step == 0 || low.Number >= b.last || low.Time >= b.target {
		return 0, 0, false
	}
	latest := low.Number + (b.target-low.Time+h.Step-1)/h.Step
	earliest := max(b.first, b.last-min(b.last, (b.after-b.target)/h.Step))
	if earliest > latest {
		return 0, 0, false // no such grid
	}
	return earliest - min(earliest, 1), min(latest, b.last), true
}

// ends returns the closest two moments around the target, read or hinted. Block 0 does
// not count, since its timestamp is 0 on many chains.
func (b bracket) ends(h Hints) (left, right Moment, ok bool) {
	right = Moment{b.last, b.after}
	if b.first > 1 {
		left, ok = Moment{b.first - 1, b.before}, true
	}
	for _, m := range h.Moments {
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

// inside sorts numbers and drops duplicates and those that are not candidates above all holes.
func (b bracket) inside(numbers []uint64) []uint64 {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	low := b.low()
	return slices.DeleteFunc(numbers, func(n uint64) bool { return n < low || n >= b.last })
}

func byNumber(a, b Moment) int { return cmp.Compare(a.Number, b.Number) }
