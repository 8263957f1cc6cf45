//go:build !nogeth

package chains_test

import (
	"errors"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
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
