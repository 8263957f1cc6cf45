package vote_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Check a vote as the command check does: Collect reads everything, Check judges it.
func ExampleCollect() {
	ctx := context.Background()
	ref, err := snapshot.ParseProposalRef(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	dial := func(ctx context.Context, ids []chains.ID) (map[chains.ID]chains.Node, error) {
		nodes := map[chains.ID]chains.Node{}
		for _, id := range ids { // the chains that this vote reads
			client, err := chains.Dial(ctx, id, os.Getenv("RPC_"+id.String()))
			if err != nil {
				return nil, err
			}
			nodes[id] = client
		}
		return nodes, nil
	}

	evidence, err := vote.Collect(ctx, new(snapshot.Client), dial, votingpower.PERP(), ref, vote.Options{})
	if err != nil {
		log.Fatal(err)
	}
	outcome, err := vote.Check(evidence)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("verdict:", outcome.Verdict)
}

// Judge a vote offline, from the evidence in a published bundle.
func ExampleCheck() {
	bundle, err := report.ReadBundle(bytes.NewReader(fixtures.ExampleVote))
	if err != nil {
		log.Fatal(err)
	}
	evidence := bundle.Vote
	evidence.Circulating = bundle.Evidence // a bundle has a place of its own for it

	outcome, err := vote.Check(evidence)
	if err != nil {
		log.Fatal(err)
	}
	turnout := outcome.Turnout
	fmt.Println("verdict:", outcome.Verdict)
	fmt.Println("turnout:", votingpower.Decimal(turnout.Power), "from the", turnout.Source)
	fmt.Println("quorum: ", votingpower.Decimal(turnout.Quorum))
	for _, f := range outcome.Findings {
		fmt.Println(f.Level, f.Code)
	}
	// Output:
	// verdict: reached
	// turnout: 62669205.344669209711866131 from the chains
	// quorum:  7992084.4410227887027914309
	// warning development-chain
	// info block-pinned
	// info evidence-recomputed
	// info snapshot-block-matches
	// info proposal-id-not-checked
	// info vote-final
	// info votes-complete
	// info scores-agree
	// info voting-power-agrees
	// warning quorum-on-the-hub-differs
}
