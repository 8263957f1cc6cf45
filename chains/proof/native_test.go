package proof_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

func TestNativeBalance(t *testing.T) {
	w := testchain.Start(t)
	for name, number := range map[string]uint64{
		"before Bedrock": w.Optimism.At(testchain.SnapshotRun).NumberU64(), "after it": w.Optimism.Head().NumberU64(),
	} {
		t.Run(name, func(t *testing.T) {
			n := dial(t, chains.Optimism, nil, w.Optimism.URL)
			b := blockOf(t, n, number)
			var calls []chains.Call
			for _, voter := range w.Voters {
				calls = append(calls, chains.NativeBalance(voter.Address))
			}
			_, results := prove(t, n, b, calls)
			for i, voter := range w.Voters {
				want, err := w.Optimism.Client.BalanceAtHash(t.Context(), voter.Address, b.Hash)
				if err != nil {
					t.Fatal(err)
				}
				if got := new(big.Int).SetBytes(results[i].Data); len(results[i].Data) != 32 || got.Cmp(want) != 0 {
					t.Errorf("%s: proven 0x%x (%v), the node says %v", voter.Name, results[i].Data, results[i].Err, want)
				}
			}
		})
	}
}

// Before Bedrock the ether of Optimism is in the storage of a contract, and the accounts that are
// proven have none. The balances that l2geth gives beside the proofs are not looked at.
func TestLegacyBalance(t *testing.T) {
	rich, poor := common.Address{1}, common.Address{2}
	c := testchain.StartLegacy(t, map[common.Address]*big.Int{rich: big.NewInt(1e18)}, nil, common.Address{})
	transport := &between{}
	n := dial(t, chains.Optimism, transport, c.URL)
	calls := []chains.Call{chains.NativeBalance(rich), chains.NativeBalance(poor)}
	_, results := prove(t, n, blockOf(t, n, 1), calls)
	for i, want := range []int64{1e18, 0} {
		if got := new(big.Int).SetBytes(results[i].Data); results[i].Err != nil || got.Int64() != want {
			t.Errorf("%v: proven %v (%v), want %d", calls[i].To, got, results[i].Err, want)
		}
	}
	if transport.calls["eth_createAccessList"] > 0 {
		t.Error("an access list was asked for before Bedrock")
	}
}

// TestLegacyHole: l2geth reads zero from a hole in its trie and does not say so. It proves the
// account beside it, so that a refusal of the slot alone gives it away.
func TestLegacyHole(t *testing.T) {
	holder, other := common.Address{1}, common.Address{2}
	c := testchain.StartLegacy(t, nil, map[common.Address]*big.Int{holder: big.NewInt(5), other: big.NewInt(7)}, holder)
	n := dial(t, chains.Optimism, nil, c.URL)
	b := blockOf(t, n, 1)
	of := func(a common.Address) []chains.Call {
		return []chains.Call{call(t, testchain.OptimismPERP, "balanceOf(address)", a)}
	}
	if _, results := prove(t, n, b, of(other)); new(big.Int).SetBytes(results[0].Data).Int64() != 7 {
		t.Errorf("proven %v, want 7", results[0])
	}
	answers, err := n.CallAt(t.Context(), b, of(holder))
	if err != nil || new(big.Int).SetBytes(answers[0].Data).Sign() != 0 {
		t.Fatalf("the premise does not hold: found %v and %v, want zero", answers, err)
	}
	if _, _, err := n.Prove(t.Context(), b, of(holder)); !errors.Is(err, chains.ErrNoProofs) {
		t.Errorf("found error %v, want %v", err, chains.ErrNoProofs)
	}
	if f := n.Faults(); len(f) != 1 || f[0].Code != chains.IncompleteState {
		t.Errorf("found the faults %q, want one with code %s", f, chains.IncompleteState)
	}
}
