package chains

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// prober fills in one Probe.
type prober struct {
	dialer Dialer
	pool   *pool
	node   *node   // the pool's only one
	client *Client // nil until the chain is proven
	block  *Block  // the one of found.Block
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
	p := &prober{dialer: d, pool: pool, node: pool.nodes[0]}
	p.found.Chain, p.found.Endpoint = target.Chain, p.node.endpoint.Label()
	return p, nil
}

// same reports whether two probers are for the same endpoint of the same chain.
func (p *prober) same(other *prober) bool {
	return p.found.Chain == other.found.Chain && p.node.endpoint.Same(other.node.endpoint)
}

// greet proves the chain and reads its head and its finalized block.
func (p *prober) greet(ctx context.Context) {
	defer p.noteLimits()
	if p.found.Reason.Err = p.note(ctx, p.pool.open(ctx)); p.found.Reason.Err != nil {
		return
	}
	p.client = p.dialer.client(p.found.Chain, p.pool)
	p.found.Development, p.found.Anchored = p.client.Development, p.client.Anchored
	p.found.Head, p.found.Finalized = p.seen(p.node.headers.tips().head), p.seen(p.node.headers.tips().finalized)
}

// seen describes a block of the endpoint, or nil.
func (p *prober) seen(h *header) *ProbeBlock {
	if h == nil {
		return nil
	}
	age := p.node.headers.tips().at.Unix() - int64(h.Time)
	return &ProbeBlock{Number: h.Number.Uint64(), Hash: h.Hash(), Time: int64(h.Time), Age: age}
}

// examine tries what an endpoint can do. The important things come first, so that a rate
// limit that the tries themselves run into spoils little.
func (p *prober) examine(ctx context.Context, at time.Time) {
	defer p.noteLimits()
	p.found.At = at
	if p.found.Reason.Err != nil {
		return
	}
	p.findBlock(ctx, at)
	if p.block != nil {
		p.try(ctx, &p.found.State, func() error { return p.readAt(ctx, *p.block) })
	}
	if p.found.State.Works {
		p.features(ctx, *p.block)
	} else {
		p.recent(ctx)
	}
	p.legacy(ctx)
	if p.found.Stopped.Err == nil {
		// Few endpoints know the method. Only a rate limit says something of the others.
		if _, err := p.node.sendWithClaims(ctx, nil); errors.Is(err, ErrRateLimit) {
			p.found.Stopped.Err = err
		}
		p.found.Claims = p.node.claims.Load()
	}
	p.measure(ctx)
	p.climb(ctx)
	if p.found.Claims == nil && p.found.Stopped.Err == nil {
		p.found.Claims = p.proofHistory(ctx)
	}
}

func (p *prober) noteLimits() { p.found.Limits = append([]string{}, p.node.endpoint.Limits()...) }

// try runs one check, unless the tries have been stopped.
func (p *prober) try(ctx context.Context, c *Check, run func() error) {
	if p.found.Stopped.Err != nil {
		return
	}
	c.Tried, c.Reason.Err = true, p.note(ctx, run())
	c.Works = c.Reason.Err == nil
}

// note returns err. If err says that more tries are unwelcome, it stops them.
func (p *prober) note(ctx context.Context, err error) error {
	stop := ctx.Err() != nil || permanent(err) || errors.Is(err, ErrRateLimit)
	if err != nil && stop && p.found.Stopped.Err == nil {
		p.found.Stopped.Err = err
	}
	return err
}

func (p *prober) findBlock(ctx context.Context, at time.Time) {
	if at.IsZero() {
		p.found.BlockReason.Err = p.node.headers.tips().unknown
		return
	}
	b, err := p.client.blockAt(ctx, at)
	if p.found.BlockReason.Err = p.note(ctx, err); err == nil {
		p.block, p.found.Block = &b, p.seen(&header{Header: b.Header, hash: b.Hash})
		p.found.Block.Unfinalized, p.found.Block.FinalByAge = b.Unfinalized, b.FinalByAge
	}
}

// echo calls the precompiled contract of every EVM that returns its input.
var echo = Call{To: common.Address{19: 4}, Data: make([]byte, word), Signature: "identity"}

// readAt reads an account's balance at b, as CallAt does, and makes a call.
func (p *prober) readAt(ctx context.Context, b Block) error {
	account, _ := knownAccount(p.client.ID, b.Number(), b.Header.Coinbase)
	answers, err := p.client.answers(ctx, b, []Call{NativeBalance(account), echo}, (*stateReader).callAt)
	if call, ok := errors.AsType[*CallError](err); ok && call.Call.To == echo.To { // it says nothing of the chain
		err = p.node.endpoint.Fail(jsonrpc.ClassUnsupported, "a call that returns its input: "+Reason{call.Err}.String())
	} else if err == nil && !bytes.Equal(answers[1].Data, echo.Data) {
		err = broken(p.node.endpoint, "a call that returns its input returned %v", answers[1].Data)
	}
	if err == nil && p.block != nil && b.Hash == p.block.Hash {
		p.found.Level = answers[0].Level
	}
	return err
}

func (p *prober) readAtNumber(ctx context.Context, n uint64) error {
	b, err := p.client.blockByNumber(ctx, n)
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
		p.try(ctx, &p.found.Recent, func() error { return p.readAtNumber(ctx, newest.Number) })
	}
}

// legacy reads at the last block before Bedrock, whose state an op-geth gets from an
// l2geth behind it.
func (p *prober) legacy(ctx context.Context) {
	if p.client.ID != Optimism || !p.found.Anchored {
		return
	}
	if p.block != nil && p.block.Number() < bedrockBlock {
		p.found.Legacy = p.found.State
		return
	}
	p.try(ctx, &p.found.Legacy, func() error { return p.readAtNumber(ctx, bedrockBlock-1) })
}

// samples is how many calls measure the latency.
const samples = 5

// measure times single calls, one after the other.
func (p *prober) measure(ctx context.Context) {
	var took []time.Duration
	for len(took) < samples && p.found.Stopped.Err == nil {
		d, err := p.chainIDs(ctx, 1)
		if p.note(ctx, err) != nil {
			break
		}
		took = append(took, d)
	}
	if len(took) > 0 {
		slices.Sort(took)
		p.found.Latency = Latency(took[len(took)/2])
	}
}

// climb sends ever larger batches, up to the first that is refused. Providers allow these
// sizes.
func (p *prober) climb(ctx context.Context) {
	for _, size := range []int{1, 3, 10, 100, 1000} {
		tooLarge := size > p.node.endpoint.Burst() || p.dialer.MaxBatch > 0 && size > p.dialer.MaxBatch
		if tooLarge || p.found.Stopped.Err != nil {
			return
		}
		if _, p.found.BatchReason.Err = p.chainIDs(ctx, size); p.found.BatchReason.Err != nil {
			p.note(ctx, p.found.BatchReason.Err)
			return
		}
		p.found.Batch = size
	}
}

// chainIDs asks for the chain id n times in one HTTP request, which is not repeated, and
// returns the time that it took.
func (p *prober) chainIDs(ctx context.Context, n int) (time.Duration, error) {
	replies, took, err := p.node.endpoint.SendOnce(ctx, slices.Repeat([]jsonrpc.Request{{Method: "eth_chainId"}}, n))
	for i := 0; err == nil && i < n; i++ {
		err = p.node.proof.checkID(replies[i])
	}
	return took, err
}
