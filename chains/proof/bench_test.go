package proof_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// holders returns n addresses with a balance each.
func holders(n int) (list []common.Address, balances map[common.Address]*big.Int) {
	balances = map[common.Address]*big.Int{}
	for i := range n {
		a := common.Address(crypto.Keccak256([]byte(fmt.Sprint("holder ", i)))[12:])
		list, balances[a] = append(list, a), big.NewInt(int64(i+1)*1e15)
	}
	return list, balances
}

// voters starts a chain with a token of 200,000 holders and returns the calls
// that read what n of them hold.
func voters(b *testing.B, n int) (proof.Node, chains.Block, []chains.Call) {
	list, balances := holders(200_000)
	chain := testchain.New(b, testchain.Options{
		ID: 5, Times: []uint64{1700000000, 1700000012},
		Alloc: types.GenesisAlloc{testchain.PERP: testchain.TokenAccount(b, 18, balances)},
	})
	node := dial(b, 5, nil, chain.URL)
	var calls []chains.Call
	for _, voter := range list[:n] {
		calls = append(calls, call(b, testchain.PERP, "balanceOf(address)", voter))
	}
	return node, blockOf(b, node, 1), calls
}

func BenchmarkProveVoters(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			node, block, calls := voters(b, n)
			for b.Loop() {
				if _, _, err := node.Prove(b.Context(), block, calls); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRunVoters(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			node, block, calls := voters(b, n)
			_, w, err := node.Prove(b.Context(), block, calls)
			if err != nil {
				b.Fatal(err)
			}
			runAgain(b, node.ID, block, w, calls)
		})
	}
}

func BenchmarkRunTerms(b *testing.B) {
	world := testchain.Start(b)
	node := dial(b, chains.Optimism, nil, world.Optimism.URL)
	block := blockOf(b, node, world.Optimism.At(testchain.SnapshotRun).NumberU64())
	calls := terms(b)
	w, _ := prove(b, node, block, calls)
	runAgain(b, node.ID, block, w, calls)
}

func runAgain(b *testing.B, id chains.ID, block chains.Block, w chains.Witness, calls []chains.Call) {
	encoded, err := json.Marshal(w)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := proof.Run(id, block, w, calls); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(w)), "nodes")
	b.ReportMetric(float64(len(encoded)), "json-bytes")
}
