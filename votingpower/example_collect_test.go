package votingpower_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// Read the quorum of PERP at a moment, with endpoints of one's own. For a
// moment that is not recent they must be archive nodes.
func ExampleCollect() {
	ctx := context.Background()
	nodes := map[chains.ID]chains.Node{}
	for id, url := range map[chains.ID]string{
		chains.Ethereum: os.Getenv("PERPQUORUM_RPC_ETHEREUM"),
		chains.Optimism: os.Getenv("PERPQUORUM_RPC_OPTIMISM"),
	} {
		client, err := chains.Dial(ctx, id, url)
		if err != nil {
			log.Fatal(err)
		}
		defer client.Close()
		nodes[id] = client
	}

	at := time.Date(2023, 5, 19, 13, 39, 35, 0, time.UTC)
	evidence, err := votingpower.Collect(ctx, nodes, votingpower.PERP(), votingpower.When{At: at})
	if err != nil {
		log.Fatal(err)
	}
	result, err := votingpower.Compute(evidence)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("circulating voting power in wei:", result.VotingPower)
	fmt.Println("quorum in wei:", result.Quorum.FloatString(1))
}
