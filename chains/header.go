package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// headers reads the headers of the given blocks in one round. Every header has
// the number that was asked for and hashes to what the endpoint says it does.
func (c *Client) headers(ctx context.Context, numbers []uint64) ([]*types.Header, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	hs, _, err := ask(ctx, c.pool, func(ctx context.Context, m *member) ([]*types.Header, error) {
		return m.headers(ctx, numbers)
	}, func(x, y reading[[]*types.Header]) error { return differentHeaders(c.ID, x, y) })
	return hs, err
}

// BlockByNumber reads block number n and the block before it, and checks that
// the two are adjacent by hash. The block is marked Pinned.
//
// ErrNoBlockYet says that n is above the head. ErrNotFinalized says that n is
// newer than the finalized block, or that the endpoint does not tell which block
// is finalized; Dialer.AllowUnfinalized lets such a block pass with
// Block.Unfinalized set.
func (c *Client) BlockByNumber(ctx context.Context, n uint64) (Block, error) {
	unfinalized, err := c.finality(ctx, n)
	if err != nil {
		return Block{}, err
	}
	numbers := []uint64{n}
	if n > 0 {
		numbers = append(numbers, n-1)
	}
	hs, err := c.headers(ctx, numbers)
	if err != nil {
		return Block{}, err
	}
	b := Block{Hash: hs[0].Hash(), Header: hs[0], Pinned: true, Unfinalized: unfinalized}
	if n > 0 {
		b.Parent = hs[1]
	}
	if err := b.Check(); err != nil {
		return Block{}, fmt.Errorf("%v: two headers read together do not belong to one chain: %w: %w", c.ID, ErrReorg, err)
	}
	return b, nil
}

// finality tells whether block n is newer than the finalized block. It fails
// with ErrNoBlockYet above the head, and with ErrNotFinalized for an
// unfinalized block unless the Dialer allows it.
func (c *Client) finality(ctx context.Context, n uint64) (unfinalized bool, err error) {
	t, err := c.tips(ctx, false)
	if err == nil && !t.finalizes(n) && (!c.allowUnfinalized || n > t.head.Number.Uint64()) {
		t, err = c.tips(ctx, true) // refuse on fresh knowledge only
	}
	switch {
	case err != nil:
		return false, err
	case t.finalizes(n):
		return false, nil
	case n > t.head.Number.Uint64():
		return false, noBlockYet(c.ID, n, t.head)
	case c.allowUnfinalized:
		return true, nil
	case t.finalized == nil:
		return false, &TooNewError{Chain: c.ID, Number: n, Err: t.unknown}
	}
	return false, &TooNewError{Chain: c.ID, Number: n, Newest: t.finalized, Err: ErrNotFinalized}
}

func noBlockYet(id ID, n uint64, head *types.Header) error {
	return &TooNewError{Chain: id, Number: n, Newest: head, Err: ErrNoBlockYet}
}

// lagPauses are the waits before a block that must exist, and was answered with
// null, is asked for again: behind a load balancer another node may answer.
var lagPauses = [...]time.Duration{time.Second, 3 * time.Second, 6 * time.Second}

// headers is the same for one endpoint. A null answer is asked again after a
// pause as long as the block must exist.
func (m *member) headers(ctx context.Context, numbers []uint64) ([]*types.Header, error) {
	reqs := make([]jsonrpc.Request, len(numbers))
	for i, n := range numbers {
		reqs[i] = headerRequest(n)
	}
	out := make([]*types.Header, len(numbers))
	for attempt := 0; ; attempt++ {
		missing, err := m.fill(ctx, reqs, numbers, out)
		if err != nil || len(missing) == 0 {
			return out, err
		}
		n := numbers[missing[0]]
		if attempt == 0 {
			t, err := m.freshTips(ctx)
			if err != nil {
				return nil, err
			}
			if n > t.head.Number.Uint64() {
				return nil, noBlockYet(m.id, n, t.head)
			}
		}
		if attempt == len(lagPauses) {
			return nil, m.missingBlock(n)
		}
		if err := m.clock.Sleep(ctx, lagPauses[attempt]); err != nil {
			return nil, err
		}
	}
}

// fill asks for the headers that out lacks and returns the indices that were answered with null.
func (m *member) fill(ctx context.Context, reqs []jsonrpc.Request, numbers []uint64, out []*types.Header) (missing []int, err error) {
	var want []int
	var batch []jsonrpc.Request
	for i, h := range out {
		if h == nil {
			want, batch = append(want, i), append(batch, reqs[i])
		}
	}
	replies, err := m.endpoint.Send(ctx, batch)
	if err != nil {
		return nil, err
	}
	for k, i := range want {
		if replies[k].Null() && replies[k].Err == nil {
			missing = append(missing, i)
			continue
		}
		if out[i], err = m.header(replies[k], numbers[i]); err != nil {
			return nil, err
		}
	}
	return missing, nil
}

func headerRequest(n uint64) jsonrpc.Request {
	return jsonrpc.Request{Method: "eth_getBlockByNumber", Params: []any{hexutil.Uint64(n), false}}
}

// header reads the reply for block n and remembers that this endpoint showed it.
func (m *member) header(r jsonrpc.Reply, n uint64) (*types.Header, error) {
	h, err := m.tagged(r)
	if err != nil {
		return nil, err
	}
	if h.Number.Uint64() != n {
		return nil, m.broken("asked for block %d, found block %d", n, h.Number)
	}
	return h, nil
}

// tagged reads the reply for a block that was asked for by tag.
func (m *member) tagged(r jsonrpc.Reply) (*types.Header, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	if r.Null() {
		return nil, m.broken("found null, want a block")
	}
	h, err := parseHeader(r.Raw)
	if err != nil {
		return nil, m.broken("%v", err)
	}
	m.remember(h.Hash())
	return h, nil
}

// parseHeader decodes a block object and demands that the header hashes to the
// object's own hash, so that each field that matters was really read.
func parseHeader(raw json.RawMessage) (*types.Header, error) {
	var h types.Header
	var named struct {
		Hash *common.Hash `json:"hash"`
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, fmt.Errorf("block header: %w", err)
	}
	if err := json.Unmarshal(raw, &named); err != nil {
		return nil, fmt.Errorf("block header: %w", err)
	}
	if named.Hash == nil {
		return nil, errors.New("block header: found no hash")
	}
	if !h.Number.IsUint64() || h.Time > math.MaxInt64 {
		return nil, fmt.Errorf("block header: number %v or timestamp %d is out of range", h.Number, h.Time)
	}
	if got := h.Hash(); got != *named.Hash {
		return nil, fmt.Errorf("block %d: the header hashes to %v, but its hash is given as %v: the header was altered, "+
			"or it has fields of a fork that is newer than this program", h.Number, got, *named.Hash)
	}
	return &h, nil
}

// differentHeaders compares what two endpoints say about the same blocks.
func differentHeaders(id ID, x, y reading[[]*types.Header]) error {
	for i, a := range x.value {
		if b := y.value[i]; a.Hash() != b.Hash() {
			return fmt.Errorf("%v block %d: %s has hash %v, %s has hash %v: %w", id, a.Number, x.label, a.Hash(), y.label, b.Hash(), ErrDisagree)
		}
	}
	return nil
}

func utc(seconds uint64) string {
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
