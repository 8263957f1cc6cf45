package chains_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// worlds are chains on which each kind of mark binds the state, and a block of each.
var worlds = []struct {
	name  string
	id    chains.ID
	make  func(id uint64, length int) *faultrpc.Chain
	block uint64
}{
	{"nonces", chains.Ethereum, faultrpc.Public, faultrpc.Merge + 100},
	{"nonces before Bedrock", chains.Optimism, faultrpc.Public, faultrpc.Bedrock - 5},
	{"nonces of another chain", 137, development, 100},
	{"beacon roots", chains.Ethereum, faultrpc.Cancun, faultrpc.Merge + 100},
	{"L1Block", chains.Optimism, faultrpc.Public, faultrpc.Bedrock + 100},
	{"beacon roots of Optimism", chains.Optimism, faultrpc.Cancun, faultrpc.Bedrock + 100},
}

func development(id uint64, length int) *faultrpc.Chain { return faultrpc.Development(id, length) }

// A node with the header of the block and the state of another one is left, and the next one
// is asked. Without another there is no answer.
func TestWrongStateIsLeft(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		chain := w.make(uint64(w.id), 300)
		for _, off := range []int64{-1, 1, -2, 2, 100} {
			for _, p := range everyPath {
				t.Run(fmt.Sprintf("%s, %+d (%s)", w.name, off, p), func(t *testing.T) {
					wrongState(t, w.id, chain, w.block, off, p)
				})
			}
		}
	}
}

// At 8191 blocks above, the beacon roots of all newer blocks but one are there.
func TestWrongStateFarAbove(t *testing.T) {
	t.Parallel()
	for _, w := range worlds[3:4] {
		chain := w.make(uint64(w.id), 8400)
		for _, off := range []int64{8190, 8191, 8192} {
			for _, p := range everyPath {
				t.Run(fmt.Sprintf("%s, %+d (%s)", w.name, off, p), func(t *testing.T) {
					wrongState(t, w.id, chain, w.block, off, p)
				})
			}
		}
	}
}

func wrongState(t *testing.T, id chains.ID, chain *faultrpc.Chain, block uint64, off int64, p path) {
	wrong, good := faultrpc.NewServer(chain), faultrpc.NewServer(chain)
	wrong.Clock, wrong.Nodes[0].Off = faultrpc.NewClock(), off
	a := newAttempt(t, id, wrong, good)
	a.at, a.path = block, p
	if err := a.read(t); err != nil {
		t.Fatalf("found %v, want the right figures", err)
	}
	if a.level != chains.Bound {
		t.Errorf("found level %s, want bound", a.level)
	}
	if f := a.client.Faults(); len(f) != 1 || f[0].Code != chains.WrongState {
		t.Errorf("found the faults %v", f)
	}
	a = newAttempt(t, id, wrong)
	a.at, a.path = block, p
	err := a.read(t)
	if !errors.Is(err, chains.ErrProtocol) {
		t.Fatalf("found %v, want an error", err)
	}
	wantText(t, err, "answers with the state of another block")
	wantText(t, err, "give another endpoint")
}
