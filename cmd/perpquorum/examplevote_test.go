package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestExampleVote records the built-in vote anew from the test chains and the
// fake hub, with the program itself, and demands the same bytes. Only what is
// another one in each run is replaced: the hub, the labels of the endpoints,
// which hold ports, and the time. Its ids are made up, and it has no texts, as when
// it was recorded first.
func TestExampleVote(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	ethereum := w.Ethereum.At(testchain.Snapshot)
	voters := w.Voters[:24]
	const title = "example: renew the mandate of the example committee"
	e := newElection(w, "basic", title, threeChoices, ethereum,
		w.Optimism.At(ethereum.Time()), voters, cycle(choicesOf("basic"), len(voters)))
	e.proposal.Quorum = 200000
	tallied(t, e)
	name := filepath.Join(t.TempDir(), "vote.json")
	if out, _ := e.check(t, w, hub.H2, "--evidence", name); out.code != exitDone {
		t.Fatalf("exit code %d: %s", out.code, out.stderr)
	}
	b, err := openBundle(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Generator = "perpquorum's own tests"
	b.Synthetic = "recorded from local test chains and a fake hub, with made-up balances, locks and votes; " +
		"the times are those of real blocks, the figures are not"
	p, made := b.Vote.Proposal, hub.NewProposal(voteSpace, title)
	p.ID, p.Link, p.Body, p.App, p.Plugins = made.ID, made.Link, "", "", nil
	for i := range b.Vote.Votes {
		v := &b.Vote.Votes[i]
		v.ID = hub.NewVote(made, voters[i].Name, v.Created, nil, 0).ID
		v.Reason, v.App, v.Metadata = "", "", nil
	}
	b.Vote.Signatures = nil // nobody signed for voters that are made up
	b.Vote.Hub, b.Vote.ReadAt = "local test hub", e.proposal.End+86400
	for i := range b.Evidence.Reads {
		b.Evidence.Reads[i].From = "local test chain"
	}
	for _, reading := range b.Vote.Power.Places {
		for i := range reading.Sampled {
			reading.Sampled[i].From, reading.Sampled[i].Assurance = "local test chain", chains.Assurance{}
		}
	}
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = r.Bundle(); err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := b.Write(&got, false); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../../fixtures/examplevote.json", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got.Bytes(), fixtures.ExampleVote) {
		t.Errorf("recorded anew, the example has other bytes (rewrite with -update)")
	}
}
