package chains

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// member is one endpoint of a client with what is known about it.
type member struct {
	id       ID
	endpoint *endpoint
	clock    Clock
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
	reqs := append([]request{{method: "eth_chainId"}}, tipRequests()...)
	a, known := anchorOf(m.id)
	if known {
		r := headerRequest(a.Number)
		r.optional = true // a short chain or a pruned node may answer with an error
		reqs = append(reqs, r)
	}
	replies, err := m.endpoint.do(ctx, reqs)
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

func (m *member) checkID(r reply) error {
	if r.err != nil {
		return r.err
	}
	n, err := parseQuantity(r.raw)
	if err != nil {
		return m.broken("eth_chainId: %v", err)
	}
	if !n.IsUint64() || ID(n.Uint64()) != m.id {
		got := n.String()
		if n.IsUint64() {
			got = ID(n.Uint64()).String()
		}
		return m.fail(classWrongChain, fmt.Sprintf("chain id is %s, want %v", got, m.id))
	}
	return nil
}

// checkAnchor demands the known hash at the anchor's height.
func (m *member) checkAnchor(r reply, a anchor, head *types.Header) error {
	if r.err != nil || isNull(r.raw) {
		if head.Number.Uint64() >= a.Number && !m.allowDev {
			return m.fail(classArchive, fmt.Sprintf("it does not show block %d, whose hash proves that it is the public chain", a.Number)).at(m.id, a.Number, a.Time)
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
	return m.fail(classWrongChain, fmt.Sprintf("not the public chain %v: %s; a development chain has to be allowed (--allow-dev-chain)", m.id, why))
}

func (m *member) otherKind(development bool) error {
	if development {
		return m.fail(classWrongChain, "it is the public chain, the endpoint before it a development chain")
	}
	return m.fail(classWrongChain, "it is a development chain, the endpoint before it the public chain")
}

func tipRequests() []request {
	return []request{
		{method: "eth_getBlockByNumber", params: []any{"latest", false}},
		{method: "eth_getBlockByNumber", params: []any{"finalized", false}, optional: true},
	}
}

// readTips reads the replies to tipRequests. An endpoint that does not know the
// finalized block refuses in one of several dialects, or answers null; the
// latest block never stands in for it.
func (m *member) readTips(replies []reply) (tips, error) {
	t := tips{at: m.clock.Now()}
	var err error
	if t.head, err = m.tagged(replies[0]); err != nil {
		return tips{}, err
	}
	if r := replies[1]; r.err != nil || isNull(r.raw) {
		t.unknown = fmt.Errorf("%s does not tell which block is finalized%s, so that any block may still be replaced: %w", m.endpoint.label, refusal(r.err), ErrNotFinalized)
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
	replies, err := m.endpoint.do(ctx, tipRequests())
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

// fail is a failure that this package finds itself, in a reply that the
// endpoint meant as a success.
func (m *member) fail(class Class, detail string) *EndpointError {
	return &EndpointError{Endpoint: m.endpoint.label, Class: class, Detail: detail}
}

func (m *member) broken(format string, args ...any) error {
	return m.fail(classProtocol, fmt.Sprintf(format, args...))
}

// missingBlock is the failure of an endpoint that does not show a block at or below its head.
func (m *member) missingBlock(n uint64) error {
	e := m.fail(classMissingState, "it answers null for the block's header, though the block is not above its head")
	e.Block = fmt.Sprintf("block %d (%v)", n, m.id)
	return e
}

// refusal is what an endpoint said when it refused, without its label.
func refusal(err error) string {
	var e *EndpointError
	if errors.As(err, &e) {
		return e.found()
	}
	return ""
}
