package chains

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/perpdao/perpquorum/chains/blocksearch"
	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Client reads one chain through one or more endpoints. It is safe for concurrent
// use. Its errors name the chain. See Dialer for how to get one.
type Client struct {
	// ID is the chain id. Every endpoint in use reports it.
	ID ID
	// Development says that the chain is not the public chain of this id: the
	// block that proves it is missing or has another hash, and Dialer.AllowDev
	// accepted that.
	Development bool
	// Anchored says that the hash of a known block proves this to be the public
	// chain. It is false for development chains, and for chains of
	// which no block is known, for which eth_chainId is the only proof.
	Anchored bool

	pool             *pool
	allowUnfinalized bool

	mu    sync.Mutex
	times []blocksearch.Moment // of blocks that searches read, ascending; see hints
}

var _ Node = (*Client)(nil)

// Chain returns ID and Development.
func (c *Client) Chain() (id ID, development bool) { return c.ID, c.Development }

// Close releases idle connections. It does not cut off requests under way.
func (c *Client) Close() { c.pool.close() }

// BlockByNumber reads block number n and the block before it, and checks that the
// two are adjacent by hash. The block is marked Pinned.
//
// ErrNoBlockYet says that n is above the head. ErrNotFinalized, FinalByAge and
// Unfinalized mean what they mean to BlockAt.
func (c *Client) BlockByNumber(ctx context.Context, n uint64) (Block, error) {
	b, err := c.blockByNumber(ctx, n)
	return b, onChain(c.ID, err)
}

func (c *Client) blockByNumber(ctx context.Context, n uint64) (Block, error) {
	reaches := func(h *header) bool { return h.Number.Uint64() >= n }
	r, err := c.reach(ctx, reaches, TooNewError{Number: n})
	if err != nil {
		return Block{}, err
	}
	s := search{Client: c, seen: map[uint64]*header{}}
	b, err := s.block(ctx, n)
	if err == nil {
		b.Pinned, err = true, r.mark(&b, c.allowUnfinalized)
	}
	return b, err
}

// chainError names the chain that an error is about.
type chainError struct {
	id  ID
	err error
}

func (e *chainError) Error() string { return fmt.Sprintf("%v: %v", e.id, e.err) }
func (e *chainError) Unwrap() error { return e.err }

// onChain names the chain in err, unless err is nil or names it already.
func onChain(id ID, err error) error {
	if err == nil || errors.As(err, new(*chainError)) || errors.As(err, new(*CallError)) {
		return err
	}
	return &chainError{id, err}
}

// SideBySide calls f for all keys at once and returns the results in the order of keys.
// Of several errors it returns that of the first key, so that the error does not depend
// on timing: a failure cancels only the calls for the keys after it.
func SideBySide[K, T any](ctx context.Context, keys []K, f func(context.Context, K) (T, error)) ([]T, error) {
	results, errs := make([]T, len(keys)), make([]error, len(keys))
	own, cancel := make([]context.Context, len(keys)), make([]context.CancelFunc, len(keys))
	for i := range keys {
		own[i] = ctx
		ctx, cancel[i] = context.WithCancel(ctx)
		defer cancel[i]()
	}
	jsonrpc.SideBySide(len(keys), func(i int) {
		if results[i], errs[i] = f(own[i], keys[i]); errs[i] != nil {
			cancel[i]()
		}
	})
	return results, cmp.Or(errs...)
}
