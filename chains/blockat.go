package chains

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/blocksearch"
)

// BlockAt returns the first block whose timestamp is at or after t, with the
// header before it; Block.Proves(t) holds. Of a run of blocks with equal timestamps
// it is the first one. Block 0 of Ethereum and Optimism has timestamp 0, so any
// later t up to the time of block 1 gives block 1. On a chain whose block 0 is not
// earlier than t it is block 0. A fraction of a second in t counts.
//
// ErrNoBlockYet says that t is after the head. ErrNotFinalized says that the block
// is newer than the finalized block, or that the endpoint does not say which block
// that is. Dialer.AllowUnfinalized accepts such a block and marks it Unfinalized.
// ErrReorg says that the headers read are not those of one chain.
//
// The search reads a batch of headers per round: one or two rounds for times after
// the Merge and Bedrock, about four before, and on any chain at most two for each
// factor of eight in its length.
func (c *Client) BlockAt(ctx context.Context, t time.Time) (Block, error) {
	b, err := c.blockAt(ctx, t)
	return b, onChain(c.ID, err)
}

func (c *Client) blockAt(ctx context.Context, t time.Time) (Block, error) {
	reaches := func(h *types.Header) bool { return h.Time >= seconds(t) }
	end, finalized, err := c.reach(ctx, reaches, TooNewError{At: t})
	if err != nil {
		return Block{}, err
	}
	seen := map[uint64]*types.Header{end.Number.Uint64(): end}
	fetch := func(ctx context.Context, numbers []uint64) ([]blocksearch.Moment, error) {
		headers, err := c.headers(ctx, numbers)
		read := make([]blocksearch.Moment, len(headers))
		for i, h := range headers {
			read[i] = momentOf(h)
			seen[read[i].Number] = h
		}
		return read, err
	}
	n, err := blocksearch.First(ctx, fetch, seconds(t), momentOf(end), hintsOf(c.ID))
	if errors.Is(err, blocksearch.ErrNotOneChain) {
		err = fmt.Errorf("%w: %w", ErrReorg, err)
	}
	if err != nil {
		return Block{}, err
	}
	block := Block{Hash: seen[n].Hash(), Header: seen[n], Unfinalized: !finalized}
	if n > 0 {
		block.Parent = seen[n-1]
	}
	if err := block.Proves(t); err != nil {
		return Block{}, fmt.Errorf("two headers read one after the other are not of one chain: %w: %w", ErrReorg, err)
	}
	return block, nil
}

func momentOf(h *types.Header) blocksearch.Moment {
	return blocksearch.Moment{Number: h.Number.Uint64(), Time: h.Time}
}

// seconds returns t in Unix seconds, rounded up: blocks have whole seconds, so
// those at or after t and those at or after the next whole second are the same.
// Before 1970 it is 0.
func seconds(t time.Time) uint64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return uint64(max(s, 0))
}
