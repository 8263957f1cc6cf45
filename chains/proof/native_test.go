package proof_test

import (
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

// Before Bedrock the ether of Optimism is in the storage of a contract. The
// node's own answers, of zero here, are not looked at.
func TestLegacyBalance(t *testing.T) {
	rich, poor := common.Address{1}, common.Address{2}
	c := testchain.StartLegacy(t, map[common.Address]*big.Int{rich: big.NewInt(1e18)})
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
