package proof_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// sorted puts a witness into the order that is demanded, as a forger would.
func sorted(w chains.Witness) chains.Witness {
	slices.SortFunc(w, func(a, b hexutil.Bytes) int { return bytes.Compare(crypto.Keccak256(a), crypto.Keccak256(b)) })
	return w
}

// A witness with a random change is refused.
func TestTamper(t *testing.T) {
	n, b, calls := snapshot(t, nil)
	w, _ := prove(t, n, b, calls)
	other, _ := prove(t, n, blockOf(t, n, b.Number()-100), calls)
	rng := rand.New(rand.NewPCG(3, 4))
	changes := map[string]func(w chains.Witness, i int) chains.Witness{
		"a byte": func(w chains.Witness, i int) chains.Witness {
			w[i] = bytes.Clone(w[i])
			w[i][rng.IntN(len(w[i]))] ^= byte(1 + rng.IntN(255))
			return w
		},
		"a byte more": func(w chains.Witness, i int) chains.Witness {
			w[i] = append(bytes.Clone(w[i]), byte(rng.IntN(256)))
			return w
		},
		"a byte less":     func(w chains.Witness, i int) chains.Witness { w[i] = w[i][:len(w[i])-1]; return w },
		"one left out":    func(w chains.Witness, i int) chains.Witness { return slices.Delete(w, i, i+1) },
		"one of another":  func(w chains.Witness, i int) chains.Witness { w[i] = other[rng.IntN(len(other))]; return w },
		"one that is not": func(w chains.Witness, _ int) chains.Witness { return append(w, []byte{byte(rng.IntN(256))}) },
	}
	for name, change := range changes {
		for range times(t, 170) {
			changed := sorted(change(slices.Clone(w), rng.IntN(len(w))))
			if slices.EqualFunc(changed, w, func(x, y hexutil.Bytes) bool { return bytes.Equal(x, y) }) {
				continue
			}
			if _, err := proof.Run(n.ID, b, changed, calls); !errors.Is(err, proof.ErrWitness) {
				t.Fatalf("%s: found error %v, want %v", name, err, proof.ErrWitness)
			}
		}
	}
	for i := range w {
		if _, err := proof.Run(n.ID, b, slices.Delete(slices.Clone(w), i, i+1), calls); !errors.Is(err, proof.ErrWitness) {
			t.Errorf("without item %d: found error %v, want %v", i, err, proof.ErrWitness)
		}
	}
}

// A witness proves nothing for other calls, another block or another chain.
func TestForeign(t *testing.T) {
	n, b, calls := snapshot(t, nil)
	w, _ := prove(t, n, b, calls)
	run := func(name string, b chains.Block, w chains.Witness, calls []chains.Call) {
		t.Run(name, func(t *testing.T) {
			if results, err := proof.Run(n.ID, b, w, calls); !errors.Is(err, proof.ErrWitness) {
				t.Errorf("found %v and error %v, want %v", results, err, proof.ErrWitness)
			}
		})
	}
	with := func(i int, c chains.Call) []chains.Call {
		changed := slices.Clone(calls)
		changed[i] = c
		return changed
	}
	run("another contract", b, w, with(0, call(t, testchain.VePERP, "totalSupply()")))
	run("another account", b, w, with(0, call(t, testchain.OptimismPERP, "balanceOf(address)", testchain.Bridge)))
	run("a call more", b, w, append(slices.Clone(calls), call(t, testchain.VePERP, "admin()")))
	run("a call less", b, w, calls[:len(calls)-2])
	run("no calls", b, w, nil)
	run("the next block", blockOf(t, n, b.Number()+1), w, calls)
	run("an empty witness", b, nil, calls)
	run("items out of order", b, slices.Concat(w[1:], w[:1]), calls)
	run("an item twice", b, slices.Concat(w[:1], w), calls)

	ethereum := testchain.Start(t).Ethereum
	run("another chain", blockOf(t, dial(t, chains.Ethereum, nil, ethereum.URL), 100), w, calls)

	altered := b
	altered.Header = types.CopyHeader(b.Header)
	altered.Header.Time++
	run("an altered header", altered, w, calls)
}

// A header that is made up around the state of another block has another hash:
// whoever trusts the block's own hash cannot be deceived with it.
func TestAlteredHeader(t *testing.T) {
	n, b, calls := snapshot(t, nil)
	w, want := prove(t, n, b, calls)
	forged := b
	forged.Header = types.CopyHeader(b.Header)
	forged.Header.Time += 5 * testchain.Week
	forged.Hash = forged.Header.Hash()
	got, err := proof.Run(n.ID, forged, w, calls)
	if err == nil && bytes.Equal(got[6].Data, want[6].Data) {
		t.Error("the weighted supply is the same five weeks later")
	}
	if forged.Hash == b.Hash {
		t.Error("the forged header has the hash of the real one")
	}
}
