package snapshot_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

func ExampleParseProposalRef() {
	ref, err := snapshot.ParseProposalRef("https://snapshot.box/#/s:vote-perp.eth/proposal/" +
		"0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504/votes")
	fmt.Println(ref.ID, err)
	fmt.Println(ref.Space)

	_, err = snapshot.ParseProposalRef("0x2d4f7b1c")
	fmt.Println(errors.Is(err, snapshot.ErrProposalRef))
	// Output:
	// 0x2d4f7b1c0a9e8d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a392817060504 <nil>
	// vote-perp.eth
	// true
}

// The hub of this example is a fake on this machine; without Endpoint the client
// asks Snapshot's own.
func ExampleClient_Votes() {
	p := hub.NewProposal("vote-perp.eth", "raise the fee")
	p.Votes = 2
	votes := []hub.Vote{hub.NewVote(p, "alice", 1_700_000_500, 1, 60), hub.NewVote(p, "bob", 1_700_000_600, 2, 30.5)}
	endpoint, stop := hub.New(hub.Options{Proposals: []hub.Proposal{p}, Votes: votes}).Start()
	defer stop()

	client := snapshot.Client{Endpoint: endpoint}
	defer client.CloseIdleConnections()
	proposal, err := client.Proposal(context.Background(), p.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	list, err := client.Votes(context.Background(), proposal)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %d of %d votes\n", list.Proposal.Title, len(list.Votes), list.Proposal.Votes)
	for _, v := range list.Votes {
		fmt.Printf("choice %s with %v\n", v.Choice, v.VP)
	}
	// Output:
	// SYNTHETIC raise the fee: 2 of 2 votes
	// choice 1 with 60
	// choice 2 with 30.5
}

// An audit goes on with the votes of a final proposal that do not add up, and
// reports the difference.
func ExampleIncompleteError() {
	p := hub.NewProposal("vote-perp.eth", "withheld")
	p.Votes = 2
	endpoint, stop := hub.New(hub.Options{Proposals: []hub.Proposal{p},
		Votes: []hub.Vote{hub.NewVote(p, "alice", 1_700_000_500, 1, 60)}}).Start()
	defer stop()

	client := snapshot.Client{Endpoint: endpoint}
	defer client.CloseIdleConnections()
	list, err := client.Votes(context.Background(), &snapshot.Proposal{ID: p.ID})
	var incomplete *snapshot.IncompleteError
	if errors.As(err, &incomplete) {
		fmt.Printf("finding: %d votes listed, %d counted; going on with %d\n", incomplete.Rows, incomplete.Counted,
			len(list.Votes))
	}
	// Output:
	// finding: 1 votes listed, 2 counted; going on with 1
}
