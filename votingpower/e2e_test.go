//go:build !nogeth

package votingpower_test

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
)

// These tests go the whole way: real nodes, real contracts, HTTP. What they
// want comes from the scenario's own accounts (testchain.Ledger) and from the
// escrow's public points, never from the calls that the model makes.

// dial connects to both chains of a world.
func dial(t *testing.T, d chains.Dialer, w *testchain.World) map[chains.ID]chains.Node {
	t.Helper()
	nodes := map[chains.ID]chains.Node{}
	for _, c := range []*testchain.Chain{w.Ethereum, w.Optimism} {
		client, err := d.Dial(t.Context(), chains.ID(c.ID), c.URL)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		nodes[client.ID] = client
	}
	return nodes
}

func unix(t uint64) time.Time { return time.Unix(int64(t), 0).UTC() }

// checkMoments computes the PERP model at every moment of a world.
func checkMoments(t *testing.T, w *testchain.World, nodes map[chains.ID]chains.Node) {
	seen := map[string]string{}
	for _, moment := range w.Moments {
		t.Run(moment.Name, func(t *testing.T) {
			ethereum, optimism := w.Ethereum.At(moment.Time), w.Optimism.At(moment.Time)
			result := compute(t, nodes, votingpower.PERP(), votingpower.When{At: unix(moment.Time)})
			checkBlock(t, result.Evidence.Chains[chains.Ethereum], ethereum)
			checkBlock(t, result.Evidence.Chains[chains.Optimism], optimism)
			checkLines(t, result, wantPERP(t, w, ethereum, optimism))
			for id, c := range result.Evidence.Chains {
				if moment.Time == testchain.Snapshot && c.Level != chains.Bound {
					t.Errorf("%v: found level %q, want bound", id, c.Level)
				}
			}
			key := fmt.Sprint(ethereum.NumberU64(), optimism.NumberU64())
			if other, ok := seen[result.VotingPower.String()]; ok && other != key {
				t.Errorf("the same voting power at blocks %s and %s", key, other)
			}
			seen[result.VotingPower.String()] = key
		})
	}
}

// TestEndToEnd runs the same checks on both implementations.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	for _, implementation := range []struct {
		name  string
		start func(testing.TB) *testchain.World
	}{{"geth", testchain.Start}, {"anvil", testchain.StartAnvil}} {
		t.Run(implementation.name, func(t *testing.T) {
			t.Parallel()
			w := implementation.start(t)
			nodes := dial(t, chains.Dialer{AllowDev: true}, w)
			t.Run("moments", func(t *testing.T) { checkMoments(t, w, nodes) })
			t.Run("block at", func(t *testing.T) { checkBlockAt(t, w, nodes) })
			t.Run("pinned", func(t *testing.T) { checkPinned(t, w, nodes) })
			t.Run("before the contract", func(t *testing.T) { checkBeforeContract(t, w, nodes) })
			t.Run("other model", func(t *testing.T) { checkOtherModel(t, w, nodes) })
		})
	}
}

// checkPinned reads at each block of a run of equal timestamps by number:
// the query time is the same, the figures are not.
func checkPinned(t *testing.T, w *testchain.World, nodes map[chains.ID]chains.Node) {
	ethereum := w.Ethereum.At(testchain.Snapshot)
	powers := map[string]bool{}
	for n := w.Optimism.At(testchain.Snapshot).NumberU64(); n <= w.Optimism.LastAt(testchain.Snapshot).NumberU64(); n++ {
		result := compute(t, nodes, votingpower.PERP(), votingpower.When{
			Blocks: map[chains.ID]uint64{chains.Ethereum: ethereum.NumberU64(), chains.Optimism: n},
		})
		if !result.Evidence.At.Equal(unix(testchain.Snapshot)) {
			t.Errorf("query time %v", result.Evidence.At)
		}
		checkBlock(t, result.Evidence.Chains[chains.Optimism], w.Optimism.Blocks[n])
		checkLines(t, result, wantPERP(t, w, ethereum, w.Optimism.Blocks[n]))
		powers[result.VotingPower.String()] = true
	}
	if len(powers) < 3 {
		t.Errorf("%d different figures in the run, want at least 3", len(powers))
	}
}

// checkBeforeContract asks for times at which a contract did not exist.
func checkBeforeContract(t *testing.T, w *testchain.World, nodes map[chains.ID]chains.Node) {
	justBefore := w.Optimism.Blocks[w.Optimism.At(testchain.EscrowTime).NumberU64()-1]
	for _, c := range []struct {
		name     string
		model    *votingpower.Model
		time     uint64
		chain    *testchain.Chain
		contract common.Address
	}{
		{"just before vePERP", votingpower.PERP(), justBefore.Time(), w.Optimism, testchain.VePERP},
		{"before PERP on Optimism", votingpower.PERP(), testchain.LondonTime, w.Optimism, testchain.OptimismPERP},
		{"before the made-up token", exampleModel(w), testchain.MergeTime, w.Ethereum, testchain.ExampleToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := c.chain.At(c.time)
			evidence, err := votingpower.Collect(t.Context(), nodes, c.model, votingpower.When{At: unix(c.time)})
			if evidence != nil || !errors.Is(err, chains.ErrNoContract) {
				t.Fatalf("got %v, %v", evidence, err)
			}
			var call *chains.CallError
			if !errors.As(err, &call) || call.Call.To != c.contract || call.Block != at.NumberU64() {
				t.Errorf("names %+v, want %v at block %d", call, c.contract, at.NumberU64())
			}
			for _, want := range []string{c.contract.Hex(), at.Number().String()} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %s", err, want)
				}
			}
		})
	}
	t.Run("the block in which vePERP comes to be", func(t *testing.T) {
		compute(t, nodes, votingpower.PERP(), votingpower.When{At: unix(testchain.EscrowTime)})
	})
}

// exampleModel is the made-up DAO: one chain, 6 decimals, an escrow of its own.
func exampleModel(w *testchain.World) *votingpower.Model {
	return &votingpower.Model{
		Name: "Synthetic Example", Symbol: "SYNX", Decimals: 6, Synthetic: "a made-up DAO for tests",
		Definition: "Total supply less the treasury, plus what locks add.",
		Network:    chains.Ethereum, Quorum: votingpower.FractionOf(1, 10),
		Tokens: []votingpower.Token{{Chain: chains.Ethereum, Address: testchain.ExampleToken, Label: "SYNX", Supply: true,
			Source: "made up"}},
		Excluded: []votingpower.Wallet{{Chain: chains.Ethereum, Address: testchain.ExampleTreasury, Label: "treasury",
			Source: "made up"}},
		Escrows: []votingpower.Escrow{{
			Chain: chains.Ethereum, Address: w.ExampleEscrow, Label: "veSYNX",
			Weight: "totalSupplyWeighted()", Locked: "totalPERPSupply()", Source: "made up",
		}},
	}
}

func checkOtherModel(t *testing.T, w *testchain.World, nodes map[chains.ID]chains.Node) {
	l := w.EthereumLedger
	for _, at := range []uint64{testchain.ExampleTime + 60, testchain.TreasuryEmpty, testchain.Snapshot,
		testchain.LocksExpired, testchain.EndTime} {
		block := w.Ethereum.At(at)
		result := compute(t, nodes, exampleModel(w), votingpower.When{At: unix(at)})
		checkBlock(t, result.Evidence.Chains[chains.Ethereum], block)
		checkLines(t, result, []*big.Int{
			l.Supply(testchain.ExampleToken, block.NumberU64()),
			l.Balance(testchain.ExampleToken, testchain.ExampleTreasury, block.NumberU64()),
			escrowWeight(t, w.Ethereum, l, w.ExampleEscrow, block),
			l.Locked(w.ExampleEscrow, block.NumberU64()),
		})
	}
	wrong := exampleModel(w)
	wrong.Decimals = 18
	evidence, err := votingpower.Collect(t.Context(), nodes, wrong, votingpower.When{At: unix(testchain.Snapshot)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := votingpower.Compute(evidence); err == nil || !strings.Contains(err.Error(), "decimals") {
		t.Errorf("a model with wrong decimals: %v", err)
	}
}

// TestEndToEndFinality reads around the finalized blocks and after the heads.
func TestEndToEndFinality(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	nodes := dial(t, chains.Dialer{AllowDev: true}, w)
	result := compute(t, nodes, votingpower.PERP(), votingpower.When{})
	earliest := min(w.Ethereum.Finalized.Time(), w.Optimism.Finalized.Time())
	if !result.Evidence.At.Equal(unix(earliest)) {
		t.Errorf("without a time: %v, want %v", result.Evidence.At, unix(earliest))
	}
	checkLines(t, result, wantPERP(t, w, w.Ethereum.At(earliest), w.Optimism.At(earliest)))

	late := min(w.Ethereum.Head().Time(), w.Optimism.Head().Time())
	_, err := votingpower.Collect(t.Context(), nodes, votingpower.PERP(), votingpower.When{At: unix(late)})
	if !errors.Is(err, chains.ErrNotFinalized) {
		t.Errorf("newer than finalized: %v", err)
	}
	loose := dial(t, chains.Dialer{AllowDev: true, AllowUnfinalized: true}, w)
	result = compute(t, loose, votingpower.PERP(), votingpower.When{At: unix(late)})
	if !result.Evidence.Chains[chains.Optimism].Block.Unfinalized {
		t.Error("a block newer than finalized is not marked")
	}
	checkLines(t, result, wantPERP(t, w, w.Ethereum.At(late), w.Optimism.At(late)))

	after := max(w.Ethereum.Head().Time(), w.Optimism.Head().Time()) + 1
	_, err = votingpower.Collect(t.Context(), loose, votingpower.PERP(), votingpower.When{At: unix(after)})
	if !errors.Is(err, chains.ErrNoBlockYet) {
		t.Errorf("after the head: %v", err)
	}
}

// TestEndToEndPublicOnly checks that a test chain is not taken for a public one.
func TestEndToEndPublicOnly(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	for _, c := range []*testchain.Chain{w.Ethereum, w.Optimism} {
		if _, err := chains.Dial(context.Background(), chains.ID(c.ID), c.URL); !errors.Is(err, chains.ErrWrongChain) {
			t.Errorf("chain %d: %v", c.ID, err)
		}
	}
}

// checkBlockAt compares the search for a block with a scan of all blocks, at
// block times and a second beside them.
func checkBlockAt(t *testing.T, w *testchain.World, nodes map[chains.ID]chains.Node) {
	for _, c := range []*testchain.Chain{w.Ethereum, w.Optimism} {
		for n := uint64(0); n < c.Finalized.NumberU64(); n += 31 {
			for _, at := range []uint64{c.Blocks[n].Time(), c.Blocks[n].Time() + 1} {
				got, err := nodes[chains.ID(c.ID)].BlockAt(t.Context(), unix(at))
				if err != nil {
					t.Fatalf("chain %d at %d: %v", c.ID, at, err)
				}
				if want := c.At(at); got.Hash != want.Hash() {
					t.Errorf("chain %d at %d: block %d, want %d", c.ID, at, got.Number(), want.NumberU64())
				}
			}
		}
	}
}
