package chains

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// chainProof proves that an endpoint serves its chain.
type chainProof struct {
	headers  *headerReader
	allowDev bool
	send     func(context.Context, []jsonrpc.Request) ([]jsonrpc.Reply, error)

	mu          sync.Mutex // held during the proof, so that it runs once
	proven      bool
	development bool // the anchor is missing or differs
}

// run asks for chain id, anchor and tips in one round and checks them. It does so
// once, and again after forget. It returns whether the chain is a development
// chain.
func (p *chainProof) run(ctx context.Context) (development bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proven {
		return p.development, nil
	}
	if name := otherHashes[p.headers.id]; name != "" && !p.allowDev {
		return false, fmt.Errorf("%w: %s does not hash its headers as Ethereum does, so that no block of it can be "+
			"proven", ErrNotSupported, name)
	}
	t, err := twice(func() (tips, error) { return p.ask(ctx) })
	development = p.allowDev && errors.Is(err, ErrDevelopment)
	if err != nil && !development {
		return false, err
	}
	p.proven, p.development = true, development
	p.headers.keep(t)
	return development, nil
}

// ask asks for chain id, anchor and tips, and checks them.
func (p *chainProof) ask(ctx context.Context) (tips, error) {
	reqs := append([]jsonrpc.Request{{Method: "eth_chainId"}}, tipRequests()...)
	a, known := anchorOf(p.headers.id)
	if known {
		r := headerRequest(a.Number)
		r.Optional = true // a short chain or a pruned node may answer with an error
		reqs = append(reqs, r)
	}
	replies, err := p.send(ctx, reqs)
	if err != nil {
		return tips{}, err
	}
	if err := p.checkID(replies[0]); err != nil {
		return tips{}, err
	}
	t, err := p.headers.parseTips(replies[1:3])
	if err == nil && known {
		t.anchor, err = p.checkAnchor(replies[3], a, t.head)
	}
	return t, err
}

// forget makes the next run prove the chain again.
func (p *chainProof) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.proven = false
}

// checkID demands the chain's id in a reply to eth_chainId.
func (p *chainProof) checkID(r jsonrpc.Reply) error {
	if r.Err != nil {
		return r.Err
	}
	n, err := r.Quantity()
	if err != nil {
		return broken(p.headers.endpoint, "eth_chainId: %v", err)
	}
	if n.IsUint64() && ID(n.Uint64()) == p.headers.id {
		return nil
	}
	got := n.String()
	if n.IsUint64() {
		got = ID(n.Uint64()).String()
	}
	return p.headers.endpoint.Fail(jsonrpc.ClassWrongChain, fmt.Sprintf("chain id is %s, want %v", got, p.headers.id))
}

// checkAnchor demands the known hash at the anchor's height and returns that block. It takes
// a bare l2geth by its head, behind which it will never have another block.
func (p *chainProof) checkAnchor(r jsonrpc.Reply, a anchor, head *header) (*header, error) {
	id, e := p.headers.id, p.headers.endpoint
	if r.Err != nil || r.Null() {
		switch {
		case id == Optimism && head.sound && head.hash == lastLegacyBlock:
			return head, nil
		case head.Number.Uint64() >= a.Number && !p.allowDev:
			why := fmt.Sprintf("it does not have block %d, whose hash proves the public chain", a.Number)
			failure := atBlock(e.Fail(jsonrpc.ClassArchive, why), id, a.Number, a.Time)
			failure.Err = errOdd
			return nil, failure
		}
		return nil, notPublic(e, id, fmt.Sprintf("there is no block %d, the head is %d", a.Number, head.Number))
	}
	h, err := p.headers.parse(r, a.Number)
	if err != nil {
		return nil, err
	}
	if h.hash != a.Hash {
		return nil, notPublic(e, id, fmt.Sprintf("block %d has hash %v, want %v", a.Number, h.hash, a.Hash))
	}
	return h, nil
}

// notPublic is the failure of an endpoint whose chain has the id of a public one.
func notPublic(e *jsonrpc.Endpoint, id ID, why string) error {
	failure := e.Fail(jsonrpc.ClassWrongChain, fmt.Sprintf("not the public chain %v: %s", id, why))
	failure.Err = ErrDevelopment
	return failure
}

// otherKind is the failure of an endpoint that is not of the same kind, public or
// development, as the one before it.
func otherKind(e *jsonrpc.Endpoint, development bool) error {
	if development {
		return e.Fail(jsonrpc.ClassWrongChain, "it is the public chain, the endpoint before it a development chain")
	}
	return e.Fail(jsonrpc.ClassWrongChain, "it is a development chain, the endpoint before it the public chain")
}
