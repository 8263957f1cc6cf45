package chains

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// tips are the head and the finalized block of a chain, as one endpoint or all
// agreeing endpoints have them.
type tips struct {
	head      *header
	finalized *header   // nil if the endpoint does not say
	unknown   error     // why finalized is nil
	anchor    *header   // the known block that proved the chain, which is final
	at        time.Time // when they were read
}

// notBelow returns t with what is higher in old. Behind a load balancer the next answer may
// come from a node that lags, but blocks stay finalized.
func (t tips) notBelow(old tips) tips {
	if old.head != nil && old.head.Number.Cmp(t.head.Number) > 0 {
		t.head = old.head
	}
	if old.finalized != nil && (t.finalized == nil || old.finalized.Number.Cmp(t.finalized.Number) > 0) {
		t.finalized, t.unknown = old.finalized, nil
	}
	if t.anchor == nil {
		t.anchor = old.anchor
	}
	return t
}

// lastFinal is the newest block that is known to be final, or nil.
func (t tips) lastFinal() *header {
	if t.finalized == nil || t.anchor != nil && t.anchor.Number.Cmp(t.finalized.Number) > 0 {
		return t.anchor
	}
	return t.finalized
}

// tipAge is how long tips count as fresh: less than the slot time of Ethereum.
const tipAge = 10 * time.Second

// Finalized returns the header of the finalized block: the newest block that no
// reorg can replace. What an endpoint said less than ten seconds ago, for example
// to Dial, is not asked for again. With Agree N it is the oldest of N endpoints.
//
// ErrNotFinalized says that the endpoint does not know the finalized block, as
// is usual on development chains. The latest block never stands in for it.
func (c *Client) Finalized(ctx context.Context) (*types.Header, error) {
	t, err := c.tips(ctx, false)
	if err == nil && t.finalized == nil {
		err = t.unknown
	}
	if err != nil {
		return nil, onChain(c.ID, err)
	}
	return types.CopyHeader(t.finalized.Header), nil
}

// tips returns head and finalized block. They are read again if fresh is set or
// if they are older than tipAge. Of several agreeing endpoints, the lowest head and
// the lowest finalized block count, which all of them have.
func (c *Client) tips(ctx context.Context, fresh bool) (tips, error) {
	all, err := askAll(ctx, c.pool, func(ctx context.Context, n *node) (tips, error) {
		if t := n.headers.tips(); !fresh && n.endpoint.Clock().Now().Sub(t.at) < tipAge {
			return t, nil
		}
		return n.headers.freshTips(ctx)
	})
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
		if low.anchor != nil && (t.anchor == nil || t.anchor.Number.Cmp(low.anchor.Number) < 0) {
			low.anchor = t.anchor
		}
	}
	return low, nil
}

// reach returns the finalized block if it reaches what is asked for, else the head, if
// unfinalized blocks are allowed. Otherwise it fails with ErrNoBlockYet or
// ErrNotFinalized, as a copy of asked.
func (c *Client) reach(
	ctx context.Context, reaches func(*header) bool, asked TooNewError,
) (end *header, finalized bool, err error) {
	final := func(t tips) bool { return t.lastFinal() != nil && reaches(t.lastFinal()) }
	t, err := c.tips(ctx, false)
	if err == nil && !final(t) && (!c.allowUnfinalized || !reaches(t.head)) {
		t, err = c.tips(ctx, true) // refuse on fresh tips only
	}
	switch {
	case err != nil:
		return nil, false, err
	case final(t):
		return t.lastFinal(), true, nil
	case !reaches(t.head):
		asked.Newest, asked.Err = t.head.Header, ErrNoBlockYet
	case c.allowUnfinalized:
		return t.head, false, nil
	case t.finalized == nil:
		asked.Err = t.unknown
	default:
		asked.Newest, asked.Err = t.finalized.Header, ErrNotFinalized
	}
	return nil, false, &asked
}

func tipRequests() []jsonrpc.Request {
	return []jsonrpc.Request{
		{Method: "eth_getBlockByNumber", Params: []any{"latest", false}},
		{Method: "eth_getBlockByNumber", Params: []any{"finalized", false}, Optional: true},
	}
}

// parseTips reads the replies to tipRequests. An endpoint that does not know the
// finalized block refuses in one of several dialects, or answers null.
func (r *headerReader) parseTips(replies []jsonrpc.Reply) (tips, error) {
	t := tips{at: r.endpoint.Clock().Now()}
	var err error
	if t.head, err = r.parseTip(replies[0]); err != nil {
		return tips{}, err
	}
	if reply := replies[1]; reply.Err != nil || reply.Null() {
		said := ""
		if e, ok := errors.AsType[*EndpointError](reply.Err); ok {
			said = e.Said()
		}
		t.unknown = fmt.Errorf("%s does not say which block is finalized%s, so any block may still be replaced: %w",
			r.endpoint.Label(), said, ErrNotFinalized)
		return t, nil
	}
	if t.finalized, err = r.parseTip(replies[1]); err != nil {
		return tips{}, err
	}
	// Behind a load balancer the two may come from different nodes.
	if t.finalized.Number.Cmp(t.head.Number) > 0 {
		t.head = t.finalized
	}
	return t, nil
}

// parseTip reads the reply for the head or the finalized block. Only its number and time count,
// so one of an unknown form passes.
func (r *headerReader) parseTip(reply jsonrpc.Reply) (*header, error) {
	h, err := r.parseTagged(reply)
	if _, public := anchorOf(r.id); h != nil && (len(h.strange) > 0 || !public) {
		return h, nil
	}
	return h, err
}

// freshTips reads head and finalized block again.
func (r *headerReader) freshTips(ctx context.Context) (tips, error) {
	replies, err := r.endpoint.Send(ctx, tipRequests())
	if err != nil {
		return tips{}, err
	}
	t, err := r.parseTips(replies)
	if err != nil {
		return tips{}, err
	}
	return r.keep(t), nil
}

// keep takes newer tips and returns what is known then.
func (r *headerReader) keep(t tips) tips {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tip = t.notBelow(r.tip)
	return r.tip
}

// tips returns the tips that were read last.
func (r *headerReader) tips() tips {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tip
}
