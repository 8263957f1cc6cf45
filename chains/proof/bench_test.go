package proof_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// voters returns a block with the calls that read the balances and the locks of
// so many voters.
func voters(b *testing.B, n int, transport http.RoundTripper) (proof.Node, chains.Block, []chains.Call) {
	chain, list := testchain.StartVoters(b, n)
	node := dial(b, chains.Optimism, transport, chain.URL)
	calls := terms(b)
	for _, v := range list {
		calls = append(calls,
			call(b, testchain.OptimismPERP, "balanceOf(address)", v.Address),
			call(b, testchain.VePERP, "balanceOfWeighted(address)", v.Address))
	}
	return node, blockOf(b, node, chain.Head().NumberU64()), calls
}

func BenchmarkVoters(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint("prove ", n), func(b *testing.B) {
			counter := &between{}
			node, block, calls := voters(b, n, counter)
			counter.calls, counter.posts, counter.received, counter.raw = nil, 0, 0, 0
			runs := 0
			for b.Loop() {
				runs++
				if _, _, err := node.Prove(b.Context(), block, calls); err != nil {
					b.Fatal(err)
				}
			}
			requests := 0
			for _, n := range counter.calls {
				requests += n
			}
			b.ReportMetric(float64(requests/runs), "requests/op")
			b.ReportMetric(float64(counter.posts/runs), "posts/op")
			b.ReportMetric(float64(counter.received/runs), "received-B/op")
			b.ReportMetric(float64(counter.raw/runs), "unpacked-B/op")
		})
		b.Run(fmt.Sprint("run ", n), func(b *testing.B) {
			node, block, calls := voters(b, n, nil)
			_, w, err := node.Prove(b.Context(), block, calls)
			if err != nil {
				b.Fatal(err)
			}
			runAgain(b, node.ID, block, w, calls)
		})
	}
}

func BenchmarkRunTerms(b *testing.B) {
	world := testchain.Start(b)
	node := dial(b, chains.Optimism, nil, world.Optimism.URL)
	block := blockOf(b, node, world.Optimism.At(testchain.SnapshotRun).NumberU64())
	calls := terms(b)
	w, _ := prove(b, node, block, calls)
	runAgain(b, node.ID, block, w, calls)
}

func runAgain(b *testing.B, id chains.ID, block chains.Block, w chains.Witness, calls []chains.Call) {
	encoded, err := json.Marshal(w)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := proof.Run(id, block, w, calls); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(w)), "nodes")
	b.ReportMetric(float64(len(encoded)), "json-bytes")
}
