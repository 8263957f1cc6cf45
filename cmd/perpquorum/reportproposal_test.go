package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// TestReportProposal: report reads the blocks of a proposal that check reads, and no votes.
func TestReportProposal(t *testing.T) {
	w, e := atSnapshotTallied(t, "basic")
	e.proposal.Strategies[1].Network = "137" // of no concern to the figures
	h, endpoint := e.start(t, 2)
	var got, want report.Document
	out := onChains(t, w, "report", "--proposal", e.proposal.Link, "--hub", endpoint, "--format", "json")
	if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
		t.Fatalf("exit code %d: %s", out.code, out.stderr)
	}
	ref := onChains(t, w, "report", "--block", "ethereum="+w.Ethereum.At(uint64(e.proposal.Created)).Number().String(), "--format", "json")
	if err := json.Unmarshal([]byte(ref.stdout), &want); err != nil {
		t.Fatal(err)
	}
	if out.code != exitDone || got.Vote != nil || got.Evidence != want.Evidence || got.Verdict != vote.Measured {
		t.Errorf("exit code %d, evidence %s, want %s", out.code, got.Evidence, want.Evidence)
	}
	if n := len(h.Requests()); n != 1 {
		t.Errorf("the hub was asked %d times, want once", n)
	}
	last := w.Optimism.At(uint64(e.proposal.Created)).NumberU64() + 1
	out = onChains(t, w, "report", "--proposal", e.proposal.ID, "--hub", endpoint, "--block", "optimism="+strconv.FormatUint(last, 10))
	if out.code != exitDone || !strings.Contains(out.stdout, "- Optimism block number: "+strconv.FormatUint(last, 10)) {
		t.Errorf("exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
	model := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(model, []byte(strings.ReplaceAll(builtInModel(t), `"decimals":18`, `"decimals":6`)), 0o600); err != nil {
		t.Fatal(err)
	}
	out = onChains(t, w, "report", "--proposal", e.proposal.ID, "--hub", endpoint, "--model", model)
	if out.code != exitTrouble || out.stdout != "" || !strings.Contains(out.stderr, "decimals") {
		t.Errorf("a model that the chains refute: exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
	for args, says := range map[string]string{
		"--proposal x": "not a Snapshot proposal",
		"--proposal " + e.proposal.ID + " --at 2023-05-19":  "exclude each other",
		"--proposal " + e.proposal.ID + " --bundle example": "exclude each other",
	} {
		if out := program(t, append([]string{"report"}, strings.Fields(args)...)...); out.code != exitUsage || !strings.Contains(out.stderr, says) {
			t.Errorf("%s: exit code %d: %s", args, out.code, out.stderr)
		}
	}
}
