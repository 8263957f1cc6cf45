//go:build !nogeth

package votingpower_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
)

// requests counts the HTTP requests that pass through it.
type requests struct {
	atomic.Int64
	http.Transport
}

func (r *requests) RoundTrip(q *http.Request) (*http.Response, error) {
	r.Add(1)
	return r.Transport.RoundTrip(q)
}

// BenchmarkReport measures everything that a report takes, from Dial to
// Compute, over HTTP at local nodes of go-ethereum, whose own work is most of
// the time. Requests to one chain wait for each other, so the most of any chain
// is the number of rounds. They are more than for times after the Merge and
// Bedrock on the public chains: block times here are scattered at random.
func BenchmarkReport(b *testing.B) {
	w := testchain.Start(b)
	model := votingpower.PERP()
	var rounds, all int64
	for b.Loop() {
		counts := []*requests{{}, {}}
		clients := make([]*chains.Client, len(counts))
		var g errgroup.Group
		for i, c := range []*testchain.Chain{w.Ethereum, w.Optimism} {
			g.Go(func() (err error) {
				clients[i], err = chains.Dialer{AllowDev: true, Transport: counts[i]}.Dial(b.Context(), chains.ID(c.ID), c.URL)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			b.Fatal(err)
		}
		nodes := map[chains.ID]chains.Node{chains.Ethereum: clients[0], chains.Optimism: clients[1]}
		evidence, err := votingpower.Collect(b.Context(), nodes, model, votingpower.When{At: unix(testchain.Snapshot)})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := votingpower.Compute(evidence); err != nil {
			b.Fatal(err)
		}
		for i, c := range clients {
			c.Close()
			counts[i].CloseIdleConnections()
		}
		rounds += max(counts[0].Load(), counts[1].Load())
		all += counts[0].Load() + counts[1].Load()
	}
	b.ReportMetric(float64(rounds)/float64(b.N), "rounds/op")
	b.ReportMetric(float64(all)/float64(b.N), "requests/op")
}
