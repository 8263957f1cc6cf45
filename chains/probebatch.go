package chains

import (
	"context"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// samples is how many calls the latency is measured by.
const samples = 5

// measure takes the time of single calls, one after the other.
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

// climb sends ever larger batches up to the first that is refused. Providers
// allow these sizes.
func (p *prober) climb(ctx context.Context) {
	for _, size := range []int{1, 3, 10, 100, 1000} {
		if p.found.Stopped.Err != nil || size > p.member.endpoint.Burst() || p.dialer.MaxBatch > 0 && size > p.dialer.MaxBatch {
			return
		}
		if _, p.found.BatchReason.Err = p.chainIDs(ctx, size); p.found.BatchReason.Err != nil {
			p.note(ctx, p.found.BatchReason.Err)
			return
		}
		p.found.Batch = size
	}
}

// chainIDs asks for the chain id n times in one HTTP request that is not
// repeated, and returns the time that it took.
func (p *prober) chainIDs(ctx context.Context, n int) (time.Duration, error) {
	replies, took, err := p.member.endpoint.SendOnce(ctx, slices.Repeat([]jsonrpc.Request{{Method: "eth_chainId"}}, n))
	for i := 0; err == nil && i < n; i++ {
		err = p.member.checkID(replies[i])
	}
	return took, err
}
