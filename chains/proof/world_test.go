package proof_test

import (
	"errors"
	"math/big"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// dial connects to test chains, through a transport if there is one.
func dial(t testing.TB, id chains.ID, transport http.RoundTripper, urls ...string) proof.Node {
	t.Helper()
	d := chains.Dialer{AllowDev: true, AllowUnfinalized: true, Transport: transport}
	c, err := d.Dial(t.Context(), id, urls...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return proof.Node{Client: c}
}

func blockOf(t testing.TB, n proof.Node, number uint64) chains.Block {
	t.Helper()
	b, err := n.BlockByNumber(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func call(t testing.TB, to common.Address, signature string, args ...any) chains.Call {
	t.Helper()
	c, err := chains.NewCall(to, signature, args...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ethereumTerms and terms are the calls of a report on the chains of the scenario.
func ethereumTerms(t testing.TB) []chains.Call {
	calls := []chains.Call{call(t, testchain.PERP, "totalSupply()"), call(t, testchain.PERP, "decimals()")}
	for _, wallet := range []common.Address{testchain.LockedWallet, testchain.Treasury, testchain.Rewards} {
		calls = append(calls, call(t, testchain.PERP, "balanceOf(address)", wallet))
	}
	return calls
}

func terms(t testing.TB) (calls []chains.Call) {
	for _, wallet := range []common.Address{testchain.OptimismRewards, testchain.OptimismTreasury, testchain.VePERP} {
		calls = append(calls, call(t, testchain.OptimismPERP, "balanceOf(address)", wallet))
	}
	return append(calls,
		call(t, testchain.OptimismPERP, "totalSupply()"),
		call(t, testchain.OptimismPERP, "decimals()"),
		call(t, testchain.VePERP, "totalPERPSupply()"),
		call(t, testchain.VePERP, "totalSupplyWeighted()"),
		call(t, testchain.VePERP, "token()"),
	)
}

// prove returns the witness of the calls and what they are proven to give.
func prove(t testing.TB, n proof.Node, b chains.Block, calls []chains.Call) (chains.Witness, []proof.Result) {
	t.Helper()
	answers, w, err := n.Prove(t.Context(), b, calls)
	if err != nil {
		t.Fatal(err)
	}
	results, err := proof.Run(n.ID, b, w, calls)
	if err != nil {
		t.Fatalf("the collected witness: %v", err)
	}
	for i, r := range results {
		if string(r.Data) != string(answers[i].Data) {
			t.Fatalf("%s: Run gives 0x%x, Prove gave 0x%x", calls[i].Signature, r.Data, answers[i].Data)
		}
	}
	return w, results
}

// times is how often a random test is repeated: n times, and PROOF_FACTOR times
// as often where that is set.
func times(t testing.TB, n int) int {
	value := os.Getenv("PROOF_FACTOR")
	if value == "" {
		return n
	}
	factor, err := strconv.Atoi(value)
	if err != nil {
		t.Fatalf("PROOF_FACTOR: %v", err)
	}
	return n * factor
}

// compare demands that the proof and eth_call agree on random calls at random
// blocks from the first one on: on the data, or on there being none.
func compare(t *testing.T, n proof.Node, c *testchain.Chain, first uint64, random func(*rand.Rand) chains.Call) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range times(t, 20) {
		b := blockOf(t, n, first+rng.Uint64N(uint64(len(c.Blocks))-first))
		call := random(rng)
		_, results := prove(t, n, b, []chains.Call{call})
		message := ethereum.CallMsg{To: &call.To, Data: call.Data}
		want, err := c.Client.CallContractAtHash(t.Context(), message, b.Hash)
		got := results[0]
		switch {
		case errors.Is(got.Err, chains.ErrReverted) && err != nil:
		case errors.Is(got.Err, chains.ErrNoContract) && err == nil && len(want) == 0:
		case got.Err == nil && err == nil && string(got.Data) == string(want):
		default:
			t.Fatalf("block %d: %s of %v: proven 0x%x (%v), eth_call gives 0x%x (%v)",
				b.Number(), call.Signature, call.To, got.Data, got.Err, want, err)
		}
	}
}

func anyOf[T any](rng *rand.Rand, choices ...T) T { return choices[rng.IntN(len(choices))] }

// escrowCall is a random view of vePERP or its token.
func escrowCall(t *testing.T, w *testchain.World) func(*rand.Rand) chains.Call {
	return func(rng *rand.Rand) chains.Call {
		voter := anyOf(rng, w.Voters...).Address
		when := new(big.Int).SetUint64(testchain.EscrowTime + rng.Uint64N(testchain.EndTime-testchain.EscrowTime))
		return anyOf(rng,
			call(t, testchain.VePERP, "balanceOf(address)", voter),
			call(t, testchain.VePERP, "balanceOfWeighted(address)", voter),
			call(t, testchain.VePERP, "balanceOfWeighted(address,uint256)", voter, when),
			call(t, testchain.VePERP, "locked__end(address)", voter),
			call(t, testchain.VePERP, "totalSupply()"),
			call(t, testchain.VePERP, "totalSupplyWeighted()"),
			call(t, testchain.VePERP, "totalPERPSupply()"),
			call(t, testchain.VePERP, "noSuchFunction()"),
			call(t, testchain.OptimismPERP, "balanceOf(address)", voter),
			call(t, testchain.OptimismPERP, "totalSupply()"),
		)
	}
}

func TestEscrow(t *testing.T) {
	w := testchain.Start(t)
	compare(t, dial(t, chains.Optimism, nil, w.Optimism.URL), w.Optimism, 0, escrowCall(t, w))
}

// What anvil is told to put into a block, it answers at the block before as well,
// whose state root does not have it. So no such block is compared.
func TestEscrowOnAnvil(t *testing.T) {
	w := testchain.StartAnvil(t)
	first := w.Optimism.At(testchain.EscrowTime).NumberU64()
	compare(t, dial(t, chains.Optimism, nil, w.Optimism.URL), w.Optimism, first, escrowCall(t, w))
}

func TestViews(t *testing.T)        { compareViews(t, testchain.StartViews(t), 0) }
func TestViewsOnAnvil(t *testing.T) { compareViews(t, testchain.StartViewsOnAnvil(t), 1) }

func compareViews(t *testing.T, v *testchain.Views, first uint64) {
	n := dial(t, chains.Ethereum, nil, v.URL)
	for name, token := range map[string]common.Address{"transparent proxy": v.Proxy, "EIP-1167 clone": v.Clone} {
		t.Run(name, func(t *testing.T) {
			compare(t, n, v.Chain, first, func(rng *rand.Rand) chains.Call {
				return anyOf(rng,
					call(t, token, "balanceOf(address)", anyOf(rng, v.Holders...).Address),
					call(t, token, "totalSupply()"),
					call(t, token, "allowance(address,address)", v.Holders[0].Address, v.Holders[1].Address))
			})
		})
	}
	for name, token := range map[string]common.Address{"MiniMe": v.MiniMe, "MiniMe with a parent": v.Child} {
		t.Run(name, func(t *testing.T) {
			compare(t, n, v.Chain, first, func(rng *rand.Rand) chains.Call {
				holder, at := anyOf(rng, v.Holders...).Address, big.NewInt(rng.Int64N(int64(len(v.Blocks))))
				return anyOf(rng,
					call(t, token, "balanceOf(address)", holder),
					call(t, token, "balanceOfAt(address,uint256)", holder, at),
					call(t, token, "totalSupply()"),
					call(t, token, "totalSupplyAt(uint256)", at))
			})
		})
	}
}
