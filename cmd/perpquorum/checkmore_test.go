package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestCheckExitCodesInEveryFormat: a lie and an open vote, as TestCheckQuorum does for the quorum.
func TestCheckExitCodesInEveryFormat(t *testing.T) {
	w, e := atSnapshotTallied(t, "basic")
	lie, open := e.clone(), e.clone()
	lie.proposal.Scores[0]++
	open.proposal.ScoresState = "pending"
	for code, e := range map[int]*election{exitDisagree: lie, exitNotFinal: open} {
		_, endpoint := e.start(t, hub.H2)
		for _, format := range report.Formats() {
			out := onChains(t, w, "check", e.proposal.ID, "--hub", endpoint, "--format", string(format))
			if out.code != code || out.stdout == "" || out.stderr != "" {
				t.Errorf("%s: exit code %d, want %d; %s", format, out.code, code, out.stderr)
			}
		}
	}
}

// TestCheckAgree reads two endpoints of each chain, which give the same.
func TestCheckAgree(t *testing.T) {
	w, e := atSnapshotTallied(t, "copeland")
	out, d := e.check(t, w, hub.H2, "--agree", "2", "--rpc", "ethereum="+w.Ethereum.URL+"/", "--rpc", "optimism="+w.Optimism.URL+"/")
	if out.code != exitDone || len(d.Vote.Power.Blocks[0].ServedBy) != 2 {
		t.Errorf("exit code %d, served by %q; %s", out.code, d.Vote.Power.Blocks[0].ServedBy, out.stderr)
	}
}

// TestCheckOtherNetwork: the proposal's snapshot is on another chain than the
// model's; everything is read at its time, and the difference is named.
func TestCheckOtherNetwork(t *testing.T) {
	w := testchain.Start(t)
	e := atSnapshot(w, "basic")
	block := w.Optimism.At(testchain.Snapshot)
	e.proposal.Network, e.proposal.Snapshot = "10", block.NumberU64()
	e.proposal.Strategies = []hub.Strategy{{Name: "erc20-balance-of", Network: "10", Params: e.proposal.Strategies[0].Params}}
	e.proposal.Strategies[0].Params = []byte(strings.Replace(string(e.proposal.Strategies[0].Params), testchain.PERP.Hex(), testchain.OptimismPERP.Hex(), 1))
	e.turnout.SetInt64(0)
	for i := range e.votes {
		balance := w.OptimismLedger.Balance(testchain.OptimismPERP, w.Voters[i].Address, block.NumberU64())
		e.turnout.Add(e.turnout, balance)
		first, second, _ := ledgerPower(w, w.Voters[i].Address, w.Ethereum.Blocks[0], block)
		weight := w.OptimismLedger.Weight(testchain.VePERP, w.Voters[i].Address, block.NumberU64(), block.Time())
		if weight.Sign() > 0 { // leave those out whose second figure holds a lock
			e.turnout.Sub(e.turnout, balance)
			e.votes[i].VP = -1
			continue
		}
		e.votes[i].VP, e.votes[i].VPByStrategy = first+second, []float64{first + second}
	}
	e.keep(func(v hub.Vote) bool { return v.VP >= 0 })
	tallied(t, e)
	out, d := e.check(t, w, hub.H1)
	found := failures(d)
	if out.code != exitDisagree || len(found) != 1 || found[0] != "Network differs: the proposal takes its snapshot on chain optimism, the model on ethereum" {
		t.Errorf("exit code %d, %q", out.code, found)
	}
	if d.Chains[1].Number != block.NumberU64() || d.At.Unix != int64(block.Time()) || d.Vote.Turnout.BaseUnits != e.turnout.String() {
		t.Errorf("read at block %d at %d, turnout %s; want %d, %d, %v", d.Chains[1].Number, d.At.Unix, d.Vote.Turnout.BaseUnits, block.NumberU64(), block.Time(), e.turnout)
	}
}

// keep leaves out votes.
func (e *election) keep(some func(hub.Vote) bool) {
	var votes []hub.Vote
	for _, v := range e.votes {
		if some(v) {
			votes = append(votes, v)
		}
	}
	e.votes, e.proposal.Votes = votes, len(votes)
}

// TestCheckUnreadableEvidence: a choice in which a key stands twice is valid
// JSON, and no bundle takes it.
func TestCheckUnreadableEvidence(t *testing.T) {
	w, e := atSnapshotTallied(t, "basic")
	e.votes[5].Override = map[string]string{"choice": `{"1":1,"1":1}`}
	_, endpoint := e.start(t, hub.H1)
	name := filepath.Join(t.TempDir(), "vote.json")
	out := onChains(t, w, "check", e.proposal.ID, "--hub", endpoint, "--evidence", name)
	if out.code != exitTrouble || out.stdout != "" || !strings.Contains(out.stderr, "could not be read again") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("a bundle was written that cannot be read")
	}
}

// FuzzAddress: no text makes the program fail, and what is taken is an address in EIP-55.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"0xD374225abB84DCA94e121F0B8A06B93E39aD7a99", "0xd374225abb84dca94e121f0b8a06b93e39ad7a99", "0X12", "x.eth", "0x", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var l addressList
		if l.add(text) != nil {
			return
		}
		if len(l.addresses) != 1 || !strings.EqualFold(l.addresses[0], text) {
			t.Errorf("%q was read as %q", text, l.addresses)
		}
		if l.add(l.addresses[0]) != nil || len(l.addresses) != 1 {
			t.Errorf("%q is not read again, or counts twice", l.addresses)
		}
	})
}
