package chains_test

import (
	"context"
	"fmt"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Two made-up endpoints: a full node, which has dropped the state of the time
// asked for, and a free plan that refuses larger batches.
func ExampleDialer_Probe() {
	var targets []chains.Target
	for _, provider := range []string{"geth-full", "drpc-free"} {
		url, stop := faultrpc.As(provider, faultrpc.Public(1, 300), nil).Start()
		defer stop()
		targets = append(targets, chains.Target{Chain: chains.Ethereum, URL: url})
	}
	at := time.Date(2022, 9, 15, 6, 45, 0, 0, time.UTC)
	probes, err := chains.Dialer{}.Probe(context.Background(), at, targets...)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range probes {
		fmt.Printf("%s: batches of %d, state %t, EIP-1898 %t\n", p.Verdict, p.Batch, p.State.Works, p.BlockHash.Works)
	}
	fmt.Println("ready:", chains.Ready(probes, chains.Ethereum, 1) == nil)
	// Output:
	// good for recent blocks: batches of 1000, state false, EIP-1898 false
	// good for this job: batches of 3, state true, EIP-1898 true
	// ready: true
}
