//go:build !nogeth

package votingpower_test

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
)

// compute collects and computes, and demands that the evidence says the same
// after a trip through its file form.
func compute(t *testing.T, nodes map[chains.ID]chains.Node, m *votingpower.Model,
	when votingpower.When) *votingpower.Result {
	t.Helper()
	evidence, err := votingpower.Collect(t.Context(), nodes, m, when)
	if err != nil {
		t.Fatal(err)
	}
	result, err := votingpower.Compute(evidence)
	if err != nil {
		t.Fatal(err)
	}
	file, err := json.Marshal(evidence)
	if err != nil {
		t.Fatal(err)
	}
	var again votingpower.Evidence
	if err := json.Unmarshal(file, &again); err != nil {
		t.Fatal(err)
	}
	offline, err := votingpower.Compute(&again)
	if err != nil {
		t.Fatal(err)
	}
	if offline.VotingPower.Cmp(result.VotingPower) != 0 {
		t.Errorf("voting power %v offline, %v live", offline.VotingPower, result.VotingPower)
	}
	return result
}

// escrowWeight is what an escrow's weighted total supply must be at a block, in
// two ways: from its public points, and from each holder's lock.
func escrowWeight(t *testing.T, c *testchain.Chain, l *testchain.Ledger, escrow common.Address,
	block *types.Block) *big.Int {
	t.Helper()
	points, err := testchain.ReadPoints(t.Context(), c, escrow, block)
	if err != nil {
		t.Fatal(err)
	}
	weight := points.Weighted(block.Time())
	if locks := l.TotalWeight(escrow, block.NumberU64(), block.Time()); locks.Cmp(weight) != 0 {
		t.Fatalf("block %d: weight %v by points, %v by locks", block.NumberU64(), weight, locks)
	}
	return weight
}

// wantPERP returns the amounts of the built-in model's lines at the given
// blocks, in the model's order.
func wantPERP(t *testing.T, w *testchain.World, ethereum, optimism *types.Block) []*big.Int {
	t.Helper()
	amounts := []*big.Int{w.EthereumLedger.Supply(testchain.PERP, ethereum.NumberU64())}
	for _, wallet := range []common.Address{testchain.LockedWallet, testchain.Treasury, testchain.Rewards} {
		amounts = append(amounts, w.EthereumLedger.Balance(testchain.PERP, wallet, ethereum.NumberU64()))
	}
	for _, wallet := range []common.Address{testchain.OptimismRewards, testchain.OptimismTreasury} {
		amounts = append(amounts, w.OptimismLedger.Balance(testchain.OptimismPERP, wallet, optimism.NumberU64()))
	}
	return append(amounts, escrowWeight(t, w.Optimism, w.OptimismLedger, testchain.VePERP, optimism),
		w.OptimismLedger.Locked(testchain.VePERP, optimism.NumberU64()))
}

// checkLines compares every line, the sums and the quorum of one tenth. The
// first line is added, the last but one too, the others are taken away.
func checkLines(t *testing.T, got *votingpower.Result, want []*big.Int) {
	t.Helper()
	if len(got.Lines) != len(want) {
		t.Fatalf("%d lines, want %d", len(got.Lines), len(want))
	}
	power := new(big.Int)
	for i, amount := range want {
		if got.Lines[i].Amount.Cmp(amount) != 0 {
			t.Errorf("%s: %v, want %v", got.Lines[i].Label, got.Lines[i].Amount, amount)
		}
		if i == 0 || i == len(want)-2 {
			power.Add(power, amount)
		} else {
			power.Sub(power, amount)
		}
	}
	if got.VotingPower.Cmp(power) != 0 {
		t.Errorf("voting power %v, want %v", got.VotingPower, power)
	}
	supply := new(big.Int).Sub(power, want[len(want)-2])
	if supply.Add(supply, want[len(want)-1]); got.CirculatingSupply.Cmp(supply) != 0 {
		t.Errorf("circulating supply %v, want %v", got.CirculatingSupply, supply)
	}
	if quorum := new(big.Rat).SetFrac(power, big.NewInt(10)); got.Quorum.Cmp(quorum) != 0 {
		t.Errorf("quorum %v, want %v", got.Quorum, quorum)
	}
}

func checkBlock(t *testing.T, got votingpower.ChainEvidence, want *types.Block) {
	t.Helper()
	if got.Block.Hash != want.Hash() {
		t.Errorf("block %d %v, want %d %v", got.Block.Number(), got.Block.Hash, want.NumberU64(), want.Hash())
	}
	if !got.Development {
		t.Error("a test chain passes for a public one")
	}
}
