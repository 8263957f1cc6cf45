package chains

import (
	"context"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
)

// BlockAt returns the first block whose timestamp is at or after t, with the
// header before it; Block.Proves(t) holds. Of a run of blocks with equal timestamps
// it is the first one. Block 0 of Ethereum and Optimism has timestamp 0, so that
// any later t up to the time of block 1 gives block 1; a chain whose block 0
// is not earlier than t gives block 0. A fraction of a second in t counts.
//
// ErrNoBlockYet says that t is after the head. ErrNotFinalized says that the block
// is newer than the finalized block, or that the endpoint does not tell which block
// that is; Dialer.AllowUnfinalized lets such a block pass with Block.Unfinalized
// set. ErrReorg says that the headers read are not those of one chain.
//
// The search reads a batch of headers per round: one or two rounds for times
// after the Merge and Bedrock, about four before, and on any chain no more than two
// for each factor of eight in its length.
func (c *Client) BlockAt(ctx context.Context, t time.Time) (Block, error) {
	return c.search(ctx, t, nil)
}

// LastBlockAt returns the last block that has the timestamp of b, where b is the
// first one or any other of the run; often it is b itself. The header after it was
// read too: it has a later timestamp and names the block as its parent, and it is
// under the same rule of finality. ErrNoBlockYet says that there is no later
// timestamp yet, so that the run may still grow. Other errors are those of BlockAt.
func (c *Client) LastBlockAt(ctx context.Context, b Block) (Block, error) {
	if err := b.Check(); err != nil {
		return Block{}, err
	}
	next, err := c.search(ctx, b.Time().Add(time.Second), &b)
	if err != nil {
		return Block{}, err
	}
	last := Block{Hash: next.Parent.Hash(), Header: next.Parent, Unfinalized: next.Unfinalized}
	if last.Hash == b.Hash {
		return b, nil
	}
	if last.Number() <= b.Number() || last.Header.Time != b.Header.Time {
		return Block{}, fmt.Errorf("%v: block %d (%v) is no longer part of the chain: %w", c.ID, b.Number(), b.Hash, ErrReorg)
	}
	parents, err := c.headers(ctx, []uint64{last.Number() - 1})
	if err != nil {
		return Block{}, err
	}
	last.Parent = parents[0]
	if err := last.Check(); err != nil {
		return Block{}, fmt.Errorf("%v: %w: %w", c.ID, ErrReorg, err)
	}
	return last, nil
}

// search finds the first block at or after t. If run is given, t lies just
// after that block's time, and the blocks next to it are asked for first.
func (c *Client) search(ctx context.Context, t time.Time, run *Block) (Block, error) {
	end, finalized, err := c.searchEnd(ctx, t)
	if err != nil {
		return Block{}, err
	}
	s := seeker{fetch: c.headers, seen: map[uint64]*types.Header{}}
	b := newBracket(seconds(t), s.see(end)[0])
	if run != nil {
		b, err = s.follow(ctx, b, hintsOf(c.ID), run.Header)
	}
	if err == nil {
		b, err = s.run(ctx, b, hintsOf(c.ID))
	}
	if err != nil {
		return Block{}, fmt.Errorf("%v: %w", c.ID, err)
	}
	block := s.block(b)
	block.Unfinalized = !finalized
	if err := block.Proves(t); err != nil {
		return Block{}, fmt.Errorf("%v: two headers read one after the other do not belong to one chain: %w: %w", c.ID, ErrReorg, err)
	}
	return block, nil
}

// searchEnd returns the block below which the search starts: the finalized
// block if that is not earlier than t, else the head, if unfinalized blocks are allowed.
func (c *Client) searchEnd(ctx context.Context, t time.Time) (end *types.Header, finalized bool, err error) {
	reaches := func(h *types.Header) bool { return h != nil && h.Time >= seconds(t) }
	tips, err := c.tips(ctx, false)
	if err == nil && !reaches(tips.finalized) {
		tips, err = c.tips(ctx, true) // refuse on fresh knowledge only
	}
	moment := t.UTC().Format(time.RFC3339Nano)
	switch {
	case err != nil:
		return nil, false, err
	case reaches(tips.finalized):
		return tips.finalized, true, nil
	case !reaches(tips.head):
		return nil, false, fmt.Errorf("%v: no block at or after %s yet, head is %d (%s): %w", c.ID, moment, tips.head.Number, utc(tips.head.Time), ErrNoBlockYet)
	case c.allowUnfinalized:
		return tips.head, false, nil
	case tips.finalized == nil:
		return nil, false, fmt.Errorf("%v: block at %s: %w", c.ID, moment, tips.unknown)
	}
	return nil, false, fmt.Errorf("%v: the first block at or after %s is newer than the finalized block %d (%s): %w",
		c.ID, moment, tips.finalized.Number, utc(tips.finalized.Time), ErrNotFinalized)
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

// seeker runs a search over a source of headers and keeps what it read.
type seeker struct {
	fetch func(ctx context.Context, numbers []uint64) ([]*types.Header, error)
	seen  map[uint64]*types.Header
}

// run asks for headers until the bracket is down to one block.
func (s *seeker) run(ctx context.Context, b bracket, h hints) (bracket, error) {
	var err error
	for err == nil && !b.done() {
		b, err = s.ask(ctx, b, b.probes(h))
	}
	return b, err
}

// follow starts a search whose target is just after the time of a known
// block. Unless a grid says how close the next timestamp is, it asks at
// distances that grow fourfold after the first few.
func (s *seeker) follow(ctx context.Context, b bracket, h hints, known *types.Header) (bracket, error) {
	if known.Number.Uint64() >= b.last {
		return b, nil // not before the block that ends the search: run finds out
	}
	b, err := b.narrow(s.see(known))
	if _, _, onGrid := b.grid(h); err != nil || onGrid || b.done() {
		return b, err
	}
	n := known.Number.Uint64()
	numbers := consecutive(n+1, 8)
	for d := uint64(16); d <= 1<<16; d *= 4 {
		numbers = append(numbers, n+d)
	}
	return s.ask(ctx, b, b.inside(numbers))
}

// ask is one round.
func (s *seeker) ask(ctx context.Context, b bracket, numbers []uint64) (bracket, error) {
	headers, err := s.fetch(ctx, numbers)
	if err != nil {
		return b, err
	}
	b, err = b.narrow(s.see(headers...))
	if err != nil {
		return b, fmt.Errorf("%w: %w", ErrReorg, err)
	}
	return b, nil
}

func (s *seeker) see(headers ...*types.Header) []moment {
	var read []moment
	for _, h := range headers {
		n := h.Number.Uint64()
		s.seen[n] = h
		read = append(read, moment{n, h.Time})
	}
	return read
}

// block returns the block found. The ends of a bracket have always been read.
func (s *seeker) block(b bracket) Block {
	found := Block{Hash: s.seen[b.last].Hash(), Header: s.seen[b.last]}
	if b.first > 0 {
		found.Parent = s.seen[b.first-1]
	}
	return found
}
