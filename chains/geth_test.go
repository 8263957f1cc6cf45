//go:build !nogeth

package chains_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// A real node of go-ethereum: it honours EIP-1898, runs the deployless canary,
// and says itself which block is finalized.
func TestRealNode(t *testing.T) {
	const funds = 123_456_789
	height := common.HexToAddress("0x00000000000000000000000000000000000000C1") // returns block.number
	node := testchain.New(t, testchain.Options{
		ID: 10,
		Times: []uint64{0, 1_600_000_000, 1_600_000_015, 1_600_000_015, 1_600_000_015, 1_600_003_600,
			1_600_003_602},
		Unfinalized: 2,
		Alloc: types.GenesisAlloc{
			height: {Code: common.FromHex("0x4360005260206000f3"), Balance: new(big.Int)},
			holder: {Balance: big.NewInt(funds)},
		},
	})
	c := dial(t, chains.Dialer{AllowDev: true}, 10, node.URL)
	if !c.Development || c.Anchored {
		t.Error("the local chain passes for the public one")
	}
	if h, err := c.Finalized(t.Context()); err != nil || h.Hash() != node.Finalized.Hash() {
		t.Errorf("finalized: found %v, %v", h, err)
	}
	if _, err := c.BlockByNumber(t.Context(), 5); !errors.Is(err, chains.ErrNotFinalized) {
		t.Errorf("block 5: found %v, want ErrNotFinalized", err)
	}
	if _, err := c.BlockByNumber(t.Context(), 7); !errors.Is(err, chains.ErrNoBlockYet) {
		t.Errorf("block 7: found %v, want ErrNoBlockYet", err)
	}
	for n := range uint64(5) {
		b := pinned(t, c, n)
		if b.Hash != node.Blocks[n].Hash() {
			t.Errorf("block %d: found hash %v", n, b.Hash)
		}
		answers, err := c.CallAt(t.Context(), b,
			[]chains.Call{{To: height, Signature: "height()"}, chains.NativeBalance(holder),
				chains.NativeBalance(nobody)})
		if err != nil {
			t.Fatalf("block %d: %v", n, err)
		}
		for i, want := range []uint64{n, funds, 0} {
			if got, err := answers[i].Uint256(); err != nil || got.Uint64() != want {
				t.Errorf("block %d, answer %d: found %v, %v, want %d", n, i, got, err, want)
			}
		}
		if _, err := c.CallAt(t.Context(), b, []chains.Call{balanceOf(holder)}); !errors.Is(err, chains.ErrNoContract) {
			t.Errorf("block %d: found %v, want ErrNoContract", n, err)
		}
	}
}

// The real contract for beacon roots, in go-ethereum's EVM. All blocks have the same state: that
// of block 3, with what older blocks wrote 8191 seconds before blocks 1 and 4.
func TestBeaconRootsOfGoEthereum(t *testing.T) {
	t.Parallel()
	const ring, start = 8191, uint64(1_700_000_000)
	times := []uint64{start, start + 12, start + 24, start + 36, start + 48, start + 60}
	storage := map[common.Hash]common.Hash{}
	word := func(n uint64) common.Hash { return common.BigToHash(new(big.Int).SetUint64(n)) }
	for n, time := range times[:5] {
		stored := time
		if n == 1 || n == 4 {
			stored -= ring
		}
		storage[word(time%ring)], storage[word(time%ring+ring)] = word(stored), word(uint64(n))
	}
	node := testchain.New(t, testchain.Options{ID: 8453, Times: times, Cancun: true, Alloc: types.GenesisAlloc{
		holder:               {Balance: big.NewInt(1)},
		faultrpc.BeaconRoots: {Balance: new(big.Int), Code: params.BeaconRootsCode, Storage: storage},
	}})
	for n, want := range map[uint64]string{2: "its state is newer", 3: "", 4: "its state is older or much newer"} {
		c := dial(t, chains.Dialer{}, 8453, node.URL)
		answers, err := c.CallAt(t.Context(), pinned(t, c, n), []chains.Call{chains.NativeBalance(holder)})
		switch {
		case want != "" && err == nil:
			t.Errorf("block %d: found %v", n, answers)
		case want != "":
			wantText(t, err, want)
		case err != nil || answers[0].Level != chains.Bound:
			t.Errorf("block %d: found %v, %v, want it bound", n, answers, err)
		}
	}
}
