package chains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/chains/blocksearch"
)

// BlockAt returns the first block whose timestamp is at or after t, with the
// header before it; Block.Proves(t) holds. Of a run of blocks with equal timestamps
// it is the first one. Block 0 of Ethereum and Optimism has timestamp 0, so any
// later t up to the time of block 1 gives block 1. On a chain whose block 0 is not
// earlier than t it is block 0. A fraction of a second in t counts.
//
// ErrNoBlockYet says that t is after the head. ErrNotFinalized says that the block
// is newer than the finalized block. Where no endpoint says which block that is, a block
// more than a day older than the head counts as final and is marked FinalByAge.
// Dialer.AllowUnfinalized accepts any block, and marks one that is not final Unfinalized.
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
	reaches := func(h *header) bool { return h.Time >= seconds(t) }
	r, err := c.reach(ctx, reaches, TooNewError{At: t})
	if err != nil {
		return Block{}, err
	}
	b, err := c.find(ctx, r.end, t)
	if err == nil {
		err = r.mark(&b, c.allowUnfinalized)
	}
	return b, err
}

// find returns the first block at or after t, which is not after end.
func (c *Client) find(ctx context.Context, end *header, t time.Time) (Block, error) {
	s := search{Client: c, seen: map[uint64]*header{}, unsound: true}
	b, err := s.run(ctx, end, t)
	if s.guessed && errors.Is(err, ErrReorg) { // perhaps one of the unsound headers misled it
		s.unsound = false
		b, err = s.run(ctx, end, t)
	}
	return b, err
}

// search looks for a block. Only the one found and its parent must be sound.
type search struct {
	*Client
	seen    map[uint64]*header // sound ones
	unsound bool               // the times of unsound headers are believed on the way
	guessed bool               // one was
}

func (s *search) run(ctx context.Context, end *header, t time.Time) (Block, error) {
	s.take([]*header{end})
	n, err := blocksearch.First(ctx, s.fetch, seconds(t), momentOf(end), s.hints())
	if errors.Is(err, blocksearch.ErrNotOneChain) {
		err = fmt.Errorf("%w: %w", ErrReorg, err)
	}
	if err != nil {
		return Block{}, err
	}
	b, err := s.block(ctx, n)
	if err != nil {
		return Block{}, err
	}
	if err := b.Proves(t); err != nil {
		return Block{}, fmt.Errorf("two headers read one after the other are not of one chain: %w: %w", ErrReorg, err)
	}
	return b, nil
}

func (s *search) fetch(ctx context.Context, numbers []uint64, must bool) ([]blocksearch.Moment, error) {
	read := (*headerReader).look
	if must {
		read = (*headerReader).read
	}
	hs, err := s.readHeaders(ctx, numbers, read)
	return s.take(hs), err
}

// take notes the headers and returns the moments of those that count.
func (s *search) take(hs []*header) (moments []blocksearch.Moment) {
	for _, h := range hs {
		switch {
		case h == nil || !h.sound && !s.unsound:
			continue
		case h.sound:
			s.seen[h.Number.Uint64()] = h
		default:
			s.guessed = true
		}
		moments = append(moments, momentOf(h))
	}
	s.note(moments)
	return moments
}

// mostTimes bounds the memory of Client.times, to 64 kB.
const mostTimes = 4096

// note remembers times of blocks as hints for the next search.
func (c *Client) note(moments []blocksearch.Moment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range moments {
		i, known := slices.BinarySearchFunc(c.times, m, byNumber)
		if !known && len(c.times) < mostTimes {
			c.times = slices.Insert(c.times, i, m)
		}
	}
}

// hints are the times that are known of a public chain, and those that earlier searches met.
func (c *Client) hints() blocksearch.Hints {
	h := hintsOf(c.ID)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.times) > 0 {
		h.Moments = slices.Concat(h.Moments, c.times)
		slices.SortFunc(h.Moments, byNumber)
	}
	return h
}

func byNumber(a, b blocksearch.Moment) int { return cmp.Compare(a.Number, b.Number) }

// block returns block n with its parent. It reads those of the two that were not seen.
func (s *search) block(ctx context.Context, n uint64) (Block, error) {
	pair := []uint64{n}
	if n > 0 {
		pair = append(pair, n-1)
	}
	hs, err := s.headers(ctx, slices.DeleteFunc(slices.Clone(pair), func(m uint64) bool { return s.seen[m] != nil }))
	if err != nil {
		return Block{}, err
	}
	s.take(hs)
	b := Block{Hash: s.seen[n].hash, Header: s.seen[n].Header, NewFields: s.seen[n].more}
	if n > 0 {
		b.Parent, b.ParentNewFields = s.seen[n-1].Header, s.seen[n-1].more
	}
	if err := b.Check(); err != nil {
		return Block{}, fmt.Errorf("two headers read together are not of one chain: %w: %w", ErrReorg, err)
	}
	return b, nil
}

func momentOf(h *header) blocksearch.Moment {
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
