package chains

import (
	"context"
	"errors"
	"fmt"
	"time"

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
		t.unknown = fmt.Errorf("%s does not say which block is finalized%s, so a block of the last day "+
			"may still be replaced: %w", r.endpoint.Label(), said, ErrNotFinalized)
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
	if h != nil && (len(h.strange) > 0 || !fullyKnown(r.id)) {
		return h, nil
	}
	return h, err
}

// recentTips returns what was read less than tipAge ago, or reads it again.
func (r *headerReader) recentTips(ctx context.Context) (tips, error) {
	if t := r.tips(); r.endpoint.Clock().Now().Sub(t.at) < tipAge {
		return t, nil
	}
	return r.freshTips(ctx)
}

// freshTips reads head and finalized block again.
func (r *headerReader) freshTips(ctx context.Context) (tips, error) {
	t, err := twice(func() (tips, error) {
		replies, err := r.endpoint.Send(ctx, tipRequests())
		if err != nil {
			return tips{}, err
		}
		return r.parseTips(replies)
	})
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
