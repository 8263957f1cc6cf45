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

	known  []Moment // all blocks read so far, ascending
	rounds int
	slow   bool // the latest round left more than an eighth of the candidates
}

// newBracket starts a search for the first block at or after target. The time of block
// last is not before target.
func newBracket(target uint64, last Moment) bracket {
	return bracket{target: target, last: last.Number, after: last.Time, known: []Moment{last}}
}

func (b bracket) done() bool { return b.first == b.last }

// narrow takes the times of blocks inside the bracket. If time runs backwards, the error
// names the two blocks.
func (b bracket) narrow(read []Moment) (bracket, error) {
	width := b.last - b.first
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
			b.last, b.after = m.Number, m.Time
		}
	}
	b.rounds++
	b.slow = b.last-b.first > width/8
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

// inside sorts numbers and drops duplicates and those outside the bracket.
func (b bracket) inside(numbers []uint64) []uint64 {
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return slices.DeleteFunc(numbers, func(n uint64) bool { return n < b.first || n >= b.last })
}

func byNumber(a, b Moment) int { return cmp.Compare(a.Number, b.Number) }
