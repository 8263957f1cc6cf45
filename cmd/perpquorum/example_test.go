package main

import (
	"bytes"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

var update = flag.Bool("update", false, "rewrite the built-in example and the expected output in scripts")

// TestExample records the built-in example anew from the test chains, with the
// code that a live run uses, and demands the same bytes. Only the labels of the
// endpoints are replaced: they hold a port that is another one in each run.
func TestExample(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	nodes := map[chains.ID]chains.Node{}
	for id, chain := range map[chains.ID]*testchain.Chain{chains.Ethereum: w.Ethereum, chains.Optimism: w.Optimism} {
		client, err := chains.Dialer{AllowDev: true}.Dial(t.Context(), id, chain.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		nodes[id] = proof.Node{Client: client}
	}
	when := votingpower.When{At: time.Unix(testchain.Snapshot, 0)}
	evidence, err := votingpower.Collect(t.Context(), nodes, votingpower.PERP(), when)
	if err != nil {
		t.Fatal(err)
	}
	for i := range evidence.Reads {
		evidence.Reads[i].From = "local test chain"
	}
	r, err := report.New(&report.Bundle{
		Generator: "perpquorum's own tests",
		Synthetic: "recorded from local test chains with made-up locks and balances; " +
			"the times are those of real blocks, the figures are not",
		Evidence: evidence,
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := b.Write(&got, false); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("../../fixtures/example.json", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got.Bytes(), fixtures.Example) {
		t.Errorf("recorded anew, the example has other bytes (rewrite with -update):\n%s", got.Bytes())
	}
}
