package chains

import (
	"context"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
)

// Client reads one chain through one or more endpoints. It is safe for
// concurrent use. See Dialer for how to get one.
type Client struct {
	// ID is the chain id; every endpoint in use reports it.
	ID ID
	// Development says that the chain is not the public chain of this id: the
	// block that proves it is missing or has another hash, and Dialer.AllowDev let
	// it pass.
	Development bool
	// Anchored says that the hash of a known block proves this to be the public
	// chain. It is false for development chains, and for chains other than
	// Ethereum and Optimism, of which eth_chainId is the only proof.
	Anchored bool

	pool             *pool
	allowUnfinalized bool
}

// Chain returns ID and Development, for callers that hold a client behind an
// interface.
func (c *Client) Chain() (id ID, development bool) { return c.ID, c.Development }

// Close releases idle connections. Requests under way are not cut off.
func (c *Client) Close() { c.pool.close() }

// Finalized returns the header of the finalized block: the newest block that no
// reorg can replace any more. What an endpoint said less than ten seconds ago,
// by Dial in particular, is not asked for again. With Agree N it is the oldest
// one of N endpoints.
//
// ErrNotFinalized says that the endpoint does not know the finalized block, as
// is usual on development chains; the latest block never stands in for it.
func (c *Client) Finalized(ctx context.Context) (*types.Header, error) {
	t, err := c.tips(ctx, false)
	if err != nil {
		return nil, err
	}
	if t.finalized == nil {
		return nil, t.unknown
	}
	return types.CopyHeader(t.finalized), nil
}

// tipAge is how long head and finalized block pass as fresh: less than the slot time of Ethereum.
const tipAge = 10 * time.Second

// tips returns head and finalized block, read anew if fresh is set or if they
// are older than tipAge. Of several agreeing endpoints the lowest head and the
// lowest finalized block count, which all of them have.
func (c *Client) tips(ctx context.Context, fresh bool) (tips, error) {
	read := func(ctx context.Context, m *member) (tips, error) {
		m.mu.Lock()
		t := m.tip
		m.mu.Unlock()
		if !fresh && m.clock.Now().Sub(t.at) < tipAge {
			return t, nil
		}
		return m.freshTips(ctx)
	}
	all, err := askAll(ctx, c.pool, read)
	if err != nil {
		return tips{}, err
	}
	low := all[0].value
	for _, r := range all[1:] {
		t := r.value
		if t.head.Number.Cmp(low.head.Number) < 0 {
			low.head = t.head
		}
		if low.finalized != nil && (t.finalized == nil || t.finalized.Number.Cmp(low.finalized.Number) < 0) {
			low.finalized, low.unknown = t.finalized, t.unknown
		}
	}
	return low, nil
}
