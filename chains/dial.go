package chains

import (
	"context"
	"fmt"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Dial connects with the zero Dialer.
func Dial(ctx context.Context, id ID, urls ...string) (*Client, error) {
	return Dialer{}.Dial(ctx, id, urls...)
}

// Dial returns a client of the chain with the given id, over one or more HTTP
// endpoints in order of preference. In one batch round it proves that the
// endpoint serves the chain: eth_chainId must be id, and for Ethereum and
// Optimism the hash of a known block must be right, since forks and development
// chains often share the id. The first usable endpoint is enough; with Agree N
// the first N must be usable.
//
// ErrWrongChain is fatal whichever endpoint causes it. When no endpoint is
// usable, the error tells the reason for each. ErrEndpointURL says that a URL,
// or their number, is wrong; no request was sent then.
func (d Dialer) Dial(ctx context.Context, id ID, urls ...string) (*Client, error) {
	p, err := d.pool(id, d.options(), urls...)
	if err != nil {
		return nil, err
	}
	if err := p.open(ctx); err != nil {
		p.close()
		return nil, err
	}
	return d.client(id, p), nil
}

// pool prepares the endpoints of one chain; it sends nothing.
func (d Dialer) pool(id ID, o jsonrpc.Options, urls ...string) (*pool, error) {
	if len(urls) == 0 {
		return nil, fmt.Errorf("%v: no endpoint given: %w", id, ErrEndpointURL)
	}
	if d.Agree > len(urls) {
		return nil, fmt.Errorf("%v: %d endpoints shall agree, found %d: %w", id, d.Agree, len(urls), ErrEndpointURL)
	}
	p := &pool{agree: max(d.Agree, 1)}
	seen := map[string]bool{}
	for _, url := range urls {
		e, err := jsonrpc.New(url, o)
		if err == nil && seen[e.Label()] {
			err = fmt.Errorf("endpoint %s is given twice: %w", e.Label(), ErrEndpointURL)
		}
		if err != nil {
			p.close()
			return nil, fmt.Errorf("%v: %w", id, err)
		}
		seen[e.Label()] = true
		p.members = append(p.members, &member{id: id, endpoint: e, clock: e.Clock(), allowDev: d.AllowDev})
	}
	return p, nil
}

// client returns a client over a pool whose endpoints are proved.
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

// open proves as many endpoints as shall agree, the first usable ones.
func (p *pool) open(ctx context.Context) error {
	proved, err := askAll(ctx, p, func(_ context.Context, m *member) (bool, error) { return m.isDevelopment(), nil })
	if err != nil {
		return err
	}
	p.development = proved[0].value
	for _, r := range proved {
		if r.value != p.development {
			return r.member.otherKind(p.development)
		}
	}
	p.settled = true
	return nil
}
