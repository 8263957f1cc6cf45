package chains

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// headers reads the headers of the given blocks in one round. Every header has
// the number that was asked for, and hashes to what the endpoint says it does.
func (c *Client) headers(ctx context.Context, numbers []uint64) ([]*header, error) {
	if len(numbers) == 0 {
		return nil, nil
	}
	return c.readHeaders(ctx, numbers, (*headerReader).read)
}

func (c *Client) readHeaders(ctx context.Context, numbers []uint64,
	read func(*headerReader, context.Context, []uint64) ([]*header, error)) ([]*header, error) {
	all, err := ask(ctx, c.pool, func(ctx context.Context, n *node) ([]*header, error) {
		return read(n.headers, ctx, numbers)
	}, differentHeaders)
	if err != nil {
		return nil, err
	}
	return all[0].value, nil
}

// differentHeaders compares what two endpoints say about the same blocks.
func differentHeaders(x, y reading[[]*header]) error {
	for i, a := range x.value {
		b := y.value[i]
		if a == nil || b == nil || !a.sound || !b.sound || a.hash == b.hash {
			continue
		}
		return fmt.Errorf("block %d: %s has hash %v, %s has hash %v: %w",
			a.Number, x.label(), a.hash, y.label(), b.hash, ErrDisagree)
	}
	return nil
}

// headerReader reads headers from one endpoint and remembers which it showed.
type headerReader struct {
	id       ID
	endpoint *jsonrpc.Endpoint

	mu     sync.Mutex
	tip    tips
	shown  map[common.Hash]bool // sound headers
	newest uint64               // the highest number of one
}

// lagPauses are the waits before a block that must exist, and was answered with
// null, is asked for again: behind a load balancer another node may answer.
var lagPauses = [...]time.Duration{time.Second, 3 * time.Second, 6 * time.Second}

// look returns the headers of the given blocks as far as the endpoint shows them now, sound
// or not. What it does not show is nil.
func (r *headerReader) look(ctx context.Context, numbers []uint64) ([]*header, error) {
	reqs := make([]jsonrpc.Request, len(numbers))
	for i, n := range numbers {
		reqs[i] = headerRequest(n)
		reqs[i].Optional = true
	}
	replies, err := r.endpoint.Send(ctx, reqs)
	if err != nil {
		return nil, err
	}
	out := make([]*header, len(numbers))
	for i, reply := range replies {
		out[i], _ = r.parse(reply, numbers[i])
	}
	return out, nil
}

// read returns the headers of the given blocks. A header that cannot be read is asked for
// once more. So is a null answer, after a pause, if the block must exist.
func (r *headerReader) read(ctx context.Context, numbers []uint64) ([]*header, error) {
	out := make([]*header, len(numbers))
	missing, bad, err := r.fill(ctx, numbers, out)
	if err == nil && bad != nil {
		missing, bad, err = r.fill(ctx, numbers, out)
	}
	for attempt := 0; ; attempt++ {
		if err != nil || bad != nil || len(missing) == 0 {
			return out, cmp.Or(err, bad)
		}
		n := numbers[missing[0]]
		if attempt == 0 {
			t, err := r.freshTips(ctx)
			if err != nil {
				return nil, err
			}
			if n > t.head.Number.Uint64() {
				return nil, &TooNewError{Number: n, Newest: t.head.Header, Err: ErrNoBlockYet}
			}
		}
		if attempt == len(lagPauses) {
			return nil, r.missing(n)
		}
		if err := r.endpoint.Clock().Sleep(ctx, lagPauses[attempt]); err != nil {
			return nil, err
		}
		missing, bad, err = r.fill(ctx, numbers, out)
	}
}

// fill asks for the headers that out lacks. It returns the indices of those that
// were answered with null, and why another one cannot be used.
func (r *headerReader) fill(ctx context.Context, numbers []uint64, out []*header) (missing []int, bad, err error) {
	var want []int
	var reqs []jsonrpc.Request
	for i, h := range out {
		if h == nil {
			want, reqs = append(want, i), append(reqs, headerRequest(numbers[i]))
		}
	}
	replies, err := r.endpoint.Send(ctx, reqs)
	if err != nil {
		return nil, nil, err
	}
	for k, i := range want {
		if replies[k].Null() {
			missing = append(missing, i)
			continue
		}
		h, err := r.parse(replies[k], numbers[i])
		if err == nil {
			out[i] = h
		}
		bad = cmp.Or(bad, err)
	}
	return missing, bad, nil
}

func headerRequest(n uint64) jsonrpc.Request {
	return jsonrpc.Request{Method: "eth_getBlockByNumber", Params: []any{hexutil.Uint64(n), false}}
}

// parse reads the reply for block n. As from parseHeader, there may be a header beside
// the error.
func (r *headerReader) parse(reply jsonrpc.Reply, n uint64) (*header, error) {
	h, err := r.parseTagged(reply)
	if h != nil && h.Number.Uint64() != n {
		return nil, broken(r.endpoint, "asked for block %d, found block %d", n, h.Number)
	}
	return h, err
}

// parseTagged reads the reply for a block that was asked for by tag.
func (r *headerReader) parseTagged(reply jsonrpc.Reply) (*header, error) {
	if reply.Err != nil {
		return nil, reply.Err
	}
	if reply.Null() {
		return nil, broken(r.endpoint, "found null, want a block")
	}
	h, err := parseHeader(reply.Raw)
	if err != nil {
		return h, r.refuse(h, err)
	}
	r.remember(h)
	return h, nil
}

// refuse is the failure of an endpoint that shows a header which is not sound, or none. Of
// a fully known chain the form of all headers up to the newest sound one is known,
// so that it was altered. On others it may be of another form.
func (r *headerReader) refuse(h *header, why error) error {
	r.mu.Lock()
	newest := r.newest
	r.mu.Unlock()
	switch {
	case h != nil && len(h.strange) > 0 && newest > 0 && h.Number.Uint64() > newest:
		return r.endpoint.Fail(jsonrpc.ClassNewFork, fmt.Sprintf("%v; it has the unknown fields %s",
			why, strings.Join(h.strange, ", ")))
	case h == nil, fullyKnown(r.id), newest > 0 && h.full && len(h.strange) == 0:
		return broken(r.endpoint, "%v", why)
	case newest > 0:
		return fmt.Errorf("%w: block %d is older than this chain's change to Ethereum's form of headers: %w",
			ErrNotSupported, h.Number, why)
	}
	return fmt.Errorf("%w: this chain does not hash its headers as Ethereum does, or has fields in them "+
		"that only a newer version of this program knows: %w", ErrNotSupported, why)
}

// maxShown bounds the memory for header hashes of a long-lived client.
const maxShown = 4096

// remember notes that this endpoint showed a sound header.
func (r *headerReader) remember(h *header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.newest = max(r.newest, h.Number.Uint64())
	if r.shown == nil || len(r.shown) >= maxShown {
		r.shown = map[common.Hash]bool{}
	}
	r.shown[h.hash] = true
}

func (r *headerReader) hasShown(h common.Hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown[h]
}

// missing is the failure of an endpoint that does not show a block at or below its head.
func (r *headerReader) missing(n uint64) error {
	e := r.endpoint.Fail(jsonrpc.ClassMissingState,
		"it answers null for the block's header, though the block is not above its head")
	e.Block = fmt.Sprintf("block %d (%v)", n, r.id)
	return e
}

func utc(seconds uint64) string {
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
