package main

import (
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// TestCheckEveryType: honest votes of every type, on both generations of the hub.
func TestCheckEveryType(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	for _, typ := range votingTypes {
		e := honest(t, typ)
		for _, g := range hub.Generations {
			t.Run(typ+" "+g.String(), func(t *testing.T) {
				out, d := e.check(t, w, g)
				if out.code != exitDone || d.Verdict != vote.Reached || len(failures(d)) > 0 || out.stderr != "" {
					t.Errorf("exit code %d, verdict %q: %q %s", out.code, d.Verdict, failures(d), out.stderr)
				}
				turnout, recomputed := d.Vote.Turnout, d.Vote.Power.Recomputed
				if turnout.BaseUnits != e.turnout.String() || turnout.Source != "chains" || recomputed != len(e.votes) {
					t.Errorf("turnout %s from %s with %d votes recomputed, want %v from chains with %d",
						turnout.BaseUnits, turnout.Source, recomputed, e.turnout, len(e.votes))
				}
				if d.Vote.Recount != "agrees" {
					t.Errorf("recount %q", d.Vote.Recount)
				}
			})
		}
	}
}

// modelWithQuorum writes a model file like the built-in one whose quorum is the
// given number of wei at the snapshot.
func modelWithQuorum(t testing.TB, w *testchain.World, wei *big.Int) string {
	t.Helper()
	ethereum := w.Ethereum.At(testchain.Snapshot)
	optimism := w.Optimism.At(ethereum.Time())
	_, power := ledgerFigures(w, ethereum.NumberU64(), optimism.NumberU64(), optimism.Time())
	m := votingpower.PERP()
	m.Quorum.Fraction = new(big.Rat).SetFrac(wei, power)
	return modelFile(t, m)
}

// modelFile writes a model to a file, and returns its name.
func modelFile(t testing.TB, m *votingpower.Model) string {
	t.Helper()
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCheckQuorum decides at the line, to the wei.
func TestCheckQuorum(t *testing.T) {
	t.Parallel()
	w, e := atSnapshotTallied(t, "basic")
	wei := big.NewInt(1)
	tests := map[string]struct {
		quorum *big.Int
		code   int
		margin string
	}{
		"exactly met":   {e.turnout, exitDone, "0"},
		"one wei above": {new(big.Int).Sub(e.turnout, wei), exitDone, "0.000000000000000001"},
		"one wei short": {new(big.Int).Add(e.turnout, wei), exitNotReached, "-0.000000000000000001"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			out, d := e.check(t, w, hub.H2, "--model", modelWithQuorum(t, w, test.quorum))
			if out.code != test.code || d.Vote.Turnout.Margin != test.margin {
				t.Errorf("exit code %d with margin %s, want %d with %s: %q",
					out.code, d.Vote.Turnout.Margin, test.code, test.margin, failures(d))
			}
		})
	}
}

// TestCheckOtherNetwork: the proposal's snapshot is on another chain than the
// model's; everything is read at its time, and the difference is named.
func TestCheckOtherNetwork(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	e := atSnapshot(w, "basic")
	block := w.Optimism.At(testchain.Snapshot)
	e.proposal.Network, e.proposal.Snapshot = "10", block.NumberU64()
	params := string(e.proposal.Strategies[0].Params)
	params = strings.Replace(params, testchain.PERP.Hex(), testchain.OptimismPERP.Hex(), 1)
	e.proposal.Strategies = []hub.Strategy{{Name: "erc20-balance-of", Network: "10", Params: []byte(params)}}
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
	e.sign()
	out, d := e.check(t, w, hub.H1)
	found := failures(d)
	want := []string{"Network differs: the proposal takes its snapshot on chain optimism, the model on ethereum"}
	if out.code != exitDisagree || !slices.Equal(found, want) {
		t.Errorf("exit code %d, %q", out.code, found)
	}
	number, turnout := d.Chains[1].Number, d.Vote.Turnout.BaseUnits
	if number != block.NumberU64() || d.At.Unix != int64(block.Time()) || turnout != e.turnout.String() {
		t.Errorf("read at block %d at %d, turnout %s; want %d, %d, %v",
			number, d.At.Unix, turnout, block.NumberU64(), block.Time(), e.turnout)
	}
}

// keep leaves out votes.
func (e *election) keep(some func(hub.Vote) bool) {
	var votes []hub.Vote
	var voters []*testchain.Account
	for i, v := range e.votes {
		if some(v) {
			votes, voters = append(votes, v), append(voters, e.voters[i])
		}
	}
	e.votes, e.voters, e.proposal.Votes = votes, voters, len(votes)
}
