package chains

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Dialer holds the choices of a connection. Its zero value is good: public chains
// only, finalized blocks only, endpoints tried in order, no limit on the pace.
type Dialer struct {
	// AllowDev accepts a chain that fails the proof of being the public one (the
	// hash of an anchor block). Client.Development is then true.
	AllowDev bool
	// AllowUnfinalized accepts blocks newer than the finalized block.
	// Block.Unfinalized marks them.
	AllowUnfinalized bool
	// Agree is how many endpoints must give the same bytes. 0 and 1: endpoints
	// are used in order, the next one when one fails or says that it lacks the state.
	Agree int
	// RPS bounds the JSON-RPC calls per second and endpoint. Each call of a batch
	// counts, as providers count them. 0: no bound.
	RPS float64
	// MaxBatch bounds the calls per JSON-RPC batch. 0: 100. 1: no batches.
	MaxBatch int
	// Transport carries the HTTP requests. Nil: a transport with timeouts that
	// takes proxies from the environment. Replies are checked outside of it. One
	// that is given closes each connection after one reply; see jsonrpc.Options.
	Transport http.RoundTripper
	// UserAgent is sent with each request. Empty: "perpquorum". Some providers
	// refuse the default agents of HTTP libraries.
	UserAgent string
	// Clock measures the waits. Nil: real time.
	Clock jsonrpc.Clock
	// Observe is told of each request; see jsonrpc.Options.
	Observe func(jsonrpc.Exchange)
}

// Dial connects with the zero Dialer.
func Dial(ctx context.Context, id ID, urls ...string) (*Client, error) {
	return Dialer{}.Dial(ctx, id, urls...)
}

// Dial returns a client of the chain with the given id, over one or more HTTP
// endpoints in order of preference. In one batch it proves that the endpoint
// serves the chain: eth_chainId must be id, and for a chain with a known block the hash
// of a known block must be right, since forks and development chains often share
// the id. The first usable endpoint is enough. With Agree N, N endpoints must be
// usable.
//
// ErrWrongChain is fatal, whichever endpoint causes it. If no endpoint is usable,
// the error gives the reason for each. ErrEndpointURL says that a URL, or the
// number of URLs, is wrong; then no request was sent. Two URLs of one scheme, host,
// port and path are one endpoint that is given twice, whatever keys they have.
func (d Dialer) Dial(ctx context.Context, id ID, urls ...string) (*Client, error) {
	p, err := d.pool(id, d.options(), urls...)
	if err != nil {
		return nil, onChain(id, err)
	}
	if err := p.open(ctx); err != nil {
		p.close()
		return nil, onChain(id, err)
	}
	return d.client(id, p), nil
}

// options are the choices that concern one endpoint.
func (d Dialer) options() jsonrpc.Options {
	return jsonrpc.Options{
		RPS: d.RPS, MaxBatch: d.MaxBatch, Transport: d.Transport, UserAgent: d.UserAgent, Clock: d.Clock,
		Observe: d.Observe,
	}
}

// pool prepares the endpoints of one chain. It sends nothing.
func (d Dialer) pool(id ID, o jsonrpc.Options, urls ...string) (*pool, error) {
	if len(urls) == 0 {
		return nil, fmt.Errorf("no endpoint given: %w", ErrEndpointURL)
	}
	if d.Agree > len(urls) {
		return nil, fmt.Errorf("%d endpoints must agree, found %d: %w", d.Agree, len(urls), ErrEndpointURL)
	}
	p := &pool{agree: max(d.Agree, 1)}
	for _, url := range urls {
		e, err := jsonrpc.New(url, o)
		if err == nil && slices.ContainsFunc(p.nodes, func(n *node) bool { return n.endpoint.Same(e) }) {
			err = givenTwice(e.Label())
		}
		if err != nil {
			p.close()
			return nil, err
		}
		p.nodes = append(p.nodes, newNode(id, e, d.AllowDev))
	}
	for _, n := range p.nodes {
		if len(urls) > 1 && p.agree == 1 { // else nothing depends on it
			n.proof.send = n.sendWithClaims
		}
	}
	return p, nil
}

func givenTwice(label string) error {
	return fmt.Errorf("endpoint %s is given twice: %w", label, ErrEndpointURL)
}

// client returns a client over a pool of proven endpoints.
func (d Dialer) client(id ID, p *pool) *Client {
	_, known := anchorOf(id)
	return &Client{
		ID:               id,
		Development:      p.development,
		Anchored:         known && !p.development,
		pool:             p,
		allowUnfinalized: d.AllowUnfinalized,
	}
}
