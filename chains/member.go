package chains

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// member is one endpoint of a client with what is known about it.
type member struct {
	id       ID
	endpoint *jsonrpc.Endpoint
	clock    jsonrpc.Clock
	allowDev bool

	proving sync.Mutex // held while the chain is proved, so that it happens once

	mu          sync.Mutex
	proved      bool
	development bool // the anchor is missing or differs
	tip         tips
	shown       map[common.Hash]bool // headers this endpoint showed
	way         way                  // how this endpoint is asked for state
	chunk       int                  // calls in a multicall, as learned; 0: nothing yet
	chunkLimit  int                  // the most that is worth trying; 0: mostChunk
	failures    int                  // consecutive failures
	dropped     error                // why the endpoint is not used any more
}

// tips are the ends of a chain as one endpoint, or all agreeing ones, saw them.
type tips struct {
	head      *types.Header
	finalized *types.Header // nil when the endpoint does not tell
	unknown   error         // why finalized is nil
	at        time.Time     // when they were read
}

func (t tips) finalizes(n uint64) bool { return t.finalized != nil && n <= t.finalized.Number.Uint64() }

// prove asks for chain id, anchor and tips in one round and checks them. It
// does so once, and again after the endpoint failed.
func (m *member) prove(ctx context.Context) error {
	m.proving.Lock()
	defer m.proving.Unlock()
	m.mu.Lock()
	proved := m.proved
	m.mu.Unlock()
	if proved {
		return nil
	}
	t, development, err := m.proof(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.proved, m.development, m.tip = true, development, t.notBelow(m.tip)
	m.mu.Unlock()
	return nil
}

func (m *member) proof(ctx context.Context) (t tips, development bool, err error) {
	reqs := append([]jsonrpc.Request{{Method: "eth_chainId"}}, tipRequests()...)
	a, known := anchorOf(m.id)
	if known {
		r := headerRequest(a.Number)
		r.Optional = true // a short chain or a pruned node may answer with an error
		reqs = append(reqs, r)
	}
	replies, err := m.endpoint.Send(ctx, reqs)
	if err != nil {
		return tips{}, false, err
	}
	if err := m.checkID(replies[0]); err != nil {
		return tips{}, false, err
	}
	if t, err = m.readTips(replies[1:3]); err != nil || !known {
		return t, false, err
	}
	err = m.checkAnchor(replies[3], a, t.head)
	if m.allowDev && errors.Is(err, ErrWrongChain) {
		return t, true, nil
	}
	return t, false, err
}

func (m *member) checkID(r jsonrpc.Reply) error {
	if r.Err != nil {
		return r.Err
	}
	n, err := r.Quantity()
	if err != nil {
		return m.broken("eth_chainId: %v", err)
	}
	if !n.IsUint64() || ID(n.Uint64()) != m.id {
		got := n.String()
		if n.IsUint64() {
			got = ID(n.Uint64()).String()
		}
		return m.endpoint.Fail(jsonrpc.ClassWrongChain, fmt.Sprintf("chain id is %s, want %v", got, m.id))
	}
	return nil
}

// checkAnchor demands the known hash at the anchor's height.
func (m *member) checkAnchor(r jsonrpc.Reply, a anchor, head *types.Header) error {
	if r.Err != nil || r.Null() {
		if head.Number.Uint64() >= a.Number && !m.allowDev {
			return atBlock(m.endpoint.Fail(jsonrpc.ClassArchive, fmt.Sprintf("it does not show block %d, whose hash proves that it is the public chain", a.Number)), m.id, a.Number, a.Time)
		}
		return m.notPublic(fmt.Sprintf("there is no block %d, head is %d", a.Number, head.Number))
	}
	h, err := m.header(r, a.Number)
	if err != nil {
		return err
	}
	if h.Hash() != a.Hash {
		return m.notPublic(fmt.Sprintf("block %d has hash %v, want %v", a.Number, h.Hash(), a.Hash))
	}
	return nil
}

// notPublic says that the id is right and the chain is not.
func (m *member) notPublic(why string) error {
	return m.endpoint.Fail(jsonrpc.ClassWrongChain, fmt.Sprintf("not the public chain %v: %s; a development chain has to be allowed (--allow-dev-chain)", m.id, why))
}

func (m *member) otherKind(development bool) error {
	if development {
		return m.endpoint.Fail(jsonrpc.ClassWrongChain, "it is the public chain, the endpoint before it a development chain")
	}
	return m.endpoint.Fail(jsonrpc.ClassWrongChain, "it is a development chain, the endpoint before it the public chain")
}

func tipRequests() []jsonrpc.Request {
	return []jsonrpc.Request{
		{Method: "eth_getBlockByNumber", Params: []any{"latest", false}},
		{Method: "eth_getBlockByNumber", Params: []any{"finalized", false}, Optional: true},
	}
}

// readTips reads the replies to tipRequests. An endpoint that does not know the
// finalized block refuses in one of several dialects, or answers null; the
// latest block never stands in for it.
func (m *member) readTips(replies []jsonrpc.Reply) (tips, error) {
	t := tips{at: m.clock.Now()}
	var err error
	if t.head, err = m.tagged(replies[0]); err != nil {
		return tips{}, err
	}
	if r := replies[1]; r.Err != nil || r.Null() {
		t.unknown = fmt.Errorf("%s does not tell which block is finalized%s, so that any block may still be replaced: %w", m.endpoint.Label(), refusal(r.Err), ErrNotFinalized)
		return t, nil
	}
	if t.finalized, err = m.tagged(replies[1]); err != nil {
		return tips{}, err
	}
	// Behind a load balancer the two may come from different nodes.
	if t.finalized.Number.Cmp(t.head.Number) > 0 {
		t.head = t.finalized
	}
	return t, nil
}

// freshTips reads head and finalized block anew.
func (m *member) freshTips(ctx context.Context) (tips, error) {
	replies, err := m.endpoint.Send(ctx, tipRequests())
	if err != nil {
		return tips{}, err
	}
	t, err := m.readTips(replies)
	if err != nil {
		return tips{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tip = t.notBelow(m.tip)
	return m.tip, nil
}

// notBelow keeps what is higher in old: behind a load balancer the next answer
// may come from a node that lags, but blocks stay finalized.
func (t tips) notBelow(old tips) tips {
	if old.head != nil && old.head.Number.Cmp(t.head.Number) > 0 {
		t.head = old.head
	}
	if old.finalized != nil && (t.finalized == nil || old.finalized.Number.Cmp(t.finalized.Number) > 0) {
		t.finalized, t.unknown = old.finalized, nil
	}
	return t
}

func (m *member) broken(format string, args ...any) error {
	return m.endpoint.Fail(jsonrpc.ClassProtocol, fmt.Sprintf(format, args...))
}

// missingBlock is the failure of an endpoint that does not show a block at or below its head.
func (m *member) missingBlock(n uint64) error {
	e := m.endpoint.Fail(jsonrpc.ClassMissingState, "it answers null for the block's header, though the block is not above its head")
	e.Block = fmt.Sprintf("block %d (%v)", n, m.id)
	return e
}

// refusal is what an endpoint said when it refused, without its label.
func refusal(err error) string {
	var e *EndpointError
	if errors.As(err, &e) {
		return e.Said()
	}
	return ""
}
