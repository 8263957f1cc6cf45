package chains

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// prober fills in one Probe.
type prober struct {
	dialer Dialer
	pool   *pool
	member *member // the pool's only one
	client *Client // nil until the chain is proven
	limits *limitRecorder
	idle   func() // closes idle connections of a transport of our own
	found  Probe
}

// hasty is how much a probe puts up with: it shall report trouble, not sit it out.
var hasty = patience{tries: 2, wait: 2 * time.Second}

func (d Dialer) prober(target Target) (*prober, error) {
	p := &prober{idle: func() {}}
	inner := d.Transport
	if inner == nil {
		own := newTransport()
		inner, p.idle = own, own.CloseIdleConnections
	}
	p.limits = &limitRecorder{inner: inner, seen: http.Header{}}
	d.Transport, d.Agree = p.limits, 1
	var err error
	if p.pool, err = d.pool(target.Chain, target.URL); err != nil {
		return nil, err
	}
	p.dialer, p.member = d, p.pool.members[0]
	p.member.endpoint.patience = hasty
	p.found.Chain, p.found.Endpoint = target.Chain, p.member.endpoint.label
	return p, nil
}

func (p *prober) close() {
	p.pool.close()
	p.idle()
}

// same tells whether two probers are for the same endpoint of the same chain.
func (p *prober) same(other *prober) bool {
	return p.found.Chain == other.found.Chain && p.found.Endpoint == other.found.Endpoint
}

// greet proves the chain and reads its ends.
func (p *prober) greet(ctx context.Context) {
	defer p.noteLimits()
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
	defer p.noteLimits()
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

// noteLimits takes over the headers about rate limits.
func (p *prober) noteLimits() {
	p.found.Limits = nil
	for _, line := range p.limits.lines() {
		p.found.Limits = append(p.found.Limits, p.member.endpoint.redact.text(line))
	}
}

// failure makes the error of one request that was made without do.
func (p *prober) failure(f *fault) error {
	r := run{endpoint: p.member.endpoint, start: p.member.endpoint.clock.Now()}
	return r.failure(f, classify(f), 1)
}

// stopped says what ended ctx.
func (p *prober) stopped(ctx context.Context) error {
	return fmt.Errorf("%s: %w", p.found.Endpoint, ctx.Err())
}
