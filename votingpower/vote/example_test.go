package vote_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Check a vote as the command check does: Collect reads everything, Check judges it. Here hub and
// nodes replay the built-in example; a program takes new(snapshot.Client) and a function that
// opens its endpoints with chains.Dial.
func ExampleCollect() {
	recorded := exampleVote()
	hub, dial, stop := replay(recorded)
	defer stop()
	ref, err := snapshot.ParseProposalRef(recorded.Proposal.ID)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	evidence, err := vote.Collect(ctx, hub, dial, recorded.Circulating.Model, ref, vote.Options{})
	if err != nil {
		log.Fatal(err)
	}
	outcome, err := vote.Check(evidence)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("votes:  ", len(evidence.Votes), "on", len(evidence.Circulating.Chains), "chains")
	fmt.Println("verdict:", outcome.Verdict)
	// Output:
	// votes:   24 on 2 chains
	// verdict: reached
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
