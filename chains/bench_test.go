package chains_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/modelchain"
)

// BenchmarkBlockAt measures searches by time over modelled chains of real length,
// through the strict client and HTTP, and two baselines that read one block per
// round over the same connection, with its parent, as BlockByNumber does: half of
// their headers and bytes are not needed for the search. Per search: rounds and headers
// (median and 95 %), HTTP requests and kB (mean). The time is mostly that of the
// model, which chains hashes up to each block it serves.
//
//	go test ./chains -run '^$' -bench BlockAt -benchtime 100x
func BenchmarkBlockAt(b *testing.B) {
	eth, op := modelchain.Ethereum(), modelchain.Optimism()
	const merge, bedrock = 15537394, 105235063
	for _, era := range []struct {
		name        string
		chain       *modelchain.Chain
		first, last uint64
	}{
		{"ethereum-before-merge", eth, 1, merge - 1},
		{"ethereum-after-merge", eth, merge, eth.Finalized},
		{"optimism-before-bedrock", op, 1, bedrock - 1},
		{"optimism-after-bedrock", op, bedrock, op.Finalized},
	} {
		for _, method := range []struct {
			name string
			find func(ctx context.Context, c *chains.Client, m *modelchain.Chain, t time.Time) error
		}{
			{"batches", func(ctx context.Context, c *chains.Client, _ *modelchain.Chain, t time.Time) error {
				block, err := c.BlockAt(ctx, t)
				if err != nil {
					return err
				}
				return block.Proves(t)
			}},
			{"binary", binary},
			{"interpolation", interpolation},
		} {
			b.Run(era.name+"/"+method.name, func(b *testing.B) {
				client, served := dialModel(b, era.chain, chains.Dialer{Clock: still{}})
				r := rand.New(rand.NewPCG(2, era.first))
				from, to := era.chain.Time(era.first), era.chain.Time(era.last)
				var rounds, headers []int
				served.requests.Store(0)
				served.bytes.Store(0)
				for b.Loop() {
					requests, calls := served.requests.Load(), served.calls.Load()
					if err := method.find(context.Background(), client, era.chain,
						unix(from+r.Uint64N(to-from))); err != nil {
						b.Fatal(err)
					}
					rounds, headers = append(rounds, int(served.requests.Load()-requests)), append(headers,
						int(served.calls.Load()-calls))
				}
				report(b, "rounds", rounds)
				report(b, "headers", headers)
				b.ReportMetric(float64(served.requests.Load())/float64(b.N), "requests/op")
				b.ReportMetric(float64(served.bytes.Load())/1000/float64(b.N), "kB/op")
			})
		}
	}
}

// still is a clock that stands, so that what Dial read stays fresh.
type still struct{}

func (still) Now() time.Time                                   { return time.Unix(1_800_000_000, 0) }
func (still) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func report(b *testing.B, what string, values []int) {
	slices.Sort(values)
	b.ReportMetric(float64(values[len(values)/2]), what+"-p50")
	b.ReportMetric(float64(values[len(values)*95/100]), what+"-p95")
}

// header reads one block for a baseline.
func header(ctx context.Context, c *chains.Client, n uint64) (*types.Header, error) {
	block, err := c.BlockByNumber(ctx, n)
	return block.Header, err
}

// binary is a plain binary search.
func binary(ctx context.Context, c *chains.Client, m *modelchain.Chain, t time.Time) error {
	low, high := uint64(0), m.Finalized
	for low < high {
		middle := low + (high-low)/2
		h, err := header(ctx, c, middle)
		if err != nil {
			return err
		}
		if time.Unix(int64(h.Time), 0).Before(t) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return nil
}

// interpolation is a sequential search at the place where the time would be if
// blocks were evenly spaced, kept off the ends of the bracket by a hundredth of it.
func interpolation(ctx context.Context, c *chains.Client, m *modelchain.Chain, t time.Time) error {
	target := uint64(t.Unix())
	low, high := uint64(1), m.Finalized
	lowTime, highTime := m.Time(low), m.Time(high)
	for low+1 < high {
		share := float64(target-lowTime) / float64(highTime-lowTime)
		share = min(max(share, 0.01), 0.99)
		at := min(max(low+uint64(share*float64(high-low)), low+1), high-1)
		h, err := header(ctx, c, at)
		if err != nil {
			return err
		}
		if h.Time < target {
			low, lowTime = at, h.Time
		} else {
			high, highTime = at, h.Time
		}
	}
	return nil
}

// TestReportRounds bounds the rounds of a whole report: Dial and BlockAt on both
// chains side by side, and one round of calls at the blocks found, which is counted
// and not made, since modelled chains have no state. Few reports are enough here:
// TestModelledChains has the percentiles, and one round is one request.
func TestReportRounds(t *testing.T) {
	t.Parallel()
	eth, op := modelchain.Ethereum(), modelchain.Optimism()
	for _, test := range []struct {
		name     string
		from, to uint64
		runs     int
		rounds   int
	}{
		{"before both forks", op.Time(1), 1663224179, 5, 6},
		{"after both forks", 1686068903, op.Time(op.Finalized), 5, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, test.from))
			var rounds, headers []int
			for range test.runs {
				at := unix(test.from + r.Uint64N(test.to-test.from))
				var took, read [2]int
				var group sync.WaitGroup
				for i, c := range []*modelchain.Chain{eth, op} {
					group.Go(func() {
						client, served := dialModel(t, c, chains.Dialer{})
						if _, err := client.BlockAt(context.Background(), at); err != nil {
							t.Errorf("%v: %v", at.UTC(), err)
						}
						took[i], read[i] = int(served.requests.Load())+1, int(served.calls.Load())
					})
				}
				group.Wait()
				rounds, headers = append(rounds, max(took[0], took[1])), append(headers, max(read[0], read[1]))
			}
			slices.Sort(rounds)
			slices.Sort(headers)
			if got := rounds[len(rounds)-2]; got > test.rounds {
				t.Errorf("rounds %v: all but one take up to %d, want %d", rounds, got, test.rounds)
			}
			if got := headers[len(headers)-2]; got > 100 {
				t.Errorf("headers of the chain with more of them %v: all but one read up to %d, want 100", headers, got)
			}
			t.Log("rounds ", rounds, " headers ", headers)
		})
	}
}
