// Package blocksearch decides which block headers to read next to find the first
// block at or after a time. It reads nothing itself.
//
// A search is a bracket of candidates that narrows round by round. Each round
// costs a round trip, and each header 1 to 13 kB, so a round asks for two dozen
// blocks at most, where the block is likely to be: near an interpolation, and
// where hints say. Neither is trusted. If a round leaves more than an eighth of
// the candidates, the next one also asks for evenly spaced blocks, which always
// leave less. So a factor of eight takes at most two rounds, however the times are
// distributed.
package blocksearch

import (
	"context"
	"errors"
)

// Moment is a block number with its timestamp in Unix seconds.
type Moment struct{ Number, Time uint64 }

// Hints is what is known about a chain beforehand. It only decides which headers are
// read: with wrong hints a search takes more rounds and finds the same block.
type Hints struct {
	Moments []Moment // ascending
	// From block Fork on, timestamps lie on a grid: the time of Fork plus multiples
	// of Step seconds, with at most one block each. Step 0: there is no grid.
	Fork Moment
	Step uint64
}

// ErrNotOneChain says that timestamps run backwards between two blocks, so that
// their headers are not of one chain.
var ErrNotOneChain = errors.New("these are not headers of one chain")

// Fetch returns the moments of those of the given blocks, whose numbers ascend, that can be
// read. With must set there is one, and that it cannot be read is an error.
type Fetch func(ctx context.Context, numbers []uint64, must bool) ([]Moment, error)

// First returns the number of the first block at or after target, in Unix
// seconds. The block end must not be earlier than target. Unless it is 0, the block
// before the one found was fetched too. Blocks that cannot be read are worked around:
// only where the answer depends on one of them must it be read.
func First(ctx context.Context, fetch Fetch, target uint64, end Moment, h Hints) (uint64, error) {
	b := newBracket(target, end)
	if left, right, ok := b.ends(h); ok && right.Number-left.Number < end.Number/8 {
		b.rounds = 1 // the hints are as good as a first round
	}
	for !b.done() {
		var must bool
		if b.low() == b.last {
			b, must = b.aside()
		}
		ask := b.probes(h)
		if must {
			ask = []uint64{b.last - 1}
		}
		read, err := fetch(ctx, ask, must)
		if err != nil {
			return 0, err
		}
		if b, err = b.narrow(ask, read); err != nil {
			return 0, err
		}
	}
	return b.last, nil
}
