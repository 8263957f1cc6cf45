package chains

import (
	"context"
	"errors"
	"time"
)

// prober fills in one Probe.
type prober struct {
	dialer Dialer
	pool   *pool
	member *member // the pool's only one
	client *Client // nil until the chain is proven
	found  Probe
}

func (d Dialer) prober(target Target) (*prober, error) {
	d.Agree = 1
	o := d.options()
	o.Tries, o.MaxWait = 2, 2*time.Second // a probe reports trouble and does not wait for its end
	pool, err := d.pool(target.Chain, o, target.URL)
	if err != nil {
		return nil, err
	}
	p := &prober{dialer: d, pool: pool, member: pool.members[0]}
	p.found.Chain, p.found.Endpoint = target.Chain, p.member.endpoint.Label()
	return p, nil
}

// same tells whether two probers are for the same endpoint of the same chain.
func (p *prober) same(other *prober) bool {
	return p.found.Chain == other.found.Chain && p.found.Endpoint == other.found.Endpoint
}

// greet proves the chain and reads its ends.
func (p *prober) greet(ctx context.Context) {
	defer func() { p.found.Limits = p.member.endpoint.Limits() }()
	if p.found.Err = p.note(ctx, p.pool.open(ctx)); p.found.Err != nil {
		return
	}
	p.client = p.dialer.client(p.found.Chain, p.pool)
	p.found.Development, p.found.Anchored = p.client.Development, p.client.Anchored
	t := p.member.tip
	p.found.Head, p.found.Finalized, p.found.Seen = t.head, t.finalized, t.at
}

// examine tries what an endpoint can do, the important things first, so that a
// rate limit that the tries themselves run into spoils little.
func (p *prober) examine(ctx context.Context, at time.Time) {
	defer func() { p.found.Limits = p.member.endpoint.Limits() }()
	p.found.At = at
	if p.found.Err != nil {
		return
	}
	p.findBlock(ctx, at)
	if b := p.found.Block; b != nil {
		p.try(ctx, &p.found.State, func() error { return p.readAt(ctx, *b) })
	}
	if p.found.State.Works() {
		p.features(ctx, *p.found.Block)
	} else {
		p.recent(ctx)
	}
	p.legacy(ctx)
	p.measure(ctx)
	p.climb(ctx)
}

// try runs one check, unless the tries have been stopped.
func (p *prober) try(ctx context.Context, c *Check, run func() error) {
	if p.found.Stopped != nil {
		return
	}
	c.Tried, c.Err = true, p.note(ctx, run())
}

// note returns err, and stops all further tries if it says that they are not wanted.
func (p *prober) note(ctx context.Context, err error) error {
	stop := ctx.Err() != nil || permanent(err) || errors.Is(err, ErrRateLimit)
	if err != nil && stop && p.found.Stopped == nil {
		p.found.Stopped = err
	}
	return err
}

func (p *prober) findBlock(ctx context.Context, at time.Time) {
	if at.IsZero() {
		p.found.BlockErr = p.member.tip.unknown
		return
	}
	b, err := p.client.BlockAt(ctx, at)
	if p.found.BlockErr = p.note(ctx, err); err == nil {
		p.found.Block = &b
	}
}

// readAt reads an account's balance at b, as CallAt reads anything.
func (p *prober) readAt(ctx context.Context, b Block) error {
	account, _ := funded(p.client.ID, b.Number(), b.Header.Coinbase)
	_, err := p.client.CallAt(ctx, b, []Call{NativeBalance(account)})
	return err
}

func (p *prober) readAtNumber(ctx context.Context, n uint64) error {
	b, err := p.client.BlockByNumber(ctx, n)
	if err != nil {
		return err
	}
	return p.readAt(ctx, b)
}

// recent reads at the newest block that the Dialer accepts, if there is one.
func (p *prober) recent(ctx context.Context) {
	newest := p.found.Finalized
	if p.dialer.AllowUnfinalized {
		newest = p.found.Head
	}
	if newest != nil {
		p.try(ctx, &p.found.Recent, func() error { return p.readAtNumber(ctx, newest.Number.Uint64()) })
	}
}

// legacy reads at the last block before Bedrock, whose state an op-geth has to
// fetch from an l2geth behind it.
func (p *prober) legacy(ctx context.Context) {
	if p.client.ID != Optimism || !p.found.Anchored {
		return
	}
	if b := p.found.Block; b != nil && b.Number() < bedrockBlock {
		p.found.Legacy = p.found.State
		return
	}
	p.try(ctx, &p.found.Legacy, func() error { return p.readAtNumber(ctx, bedrockBlock-1) })
}
