package proof_test

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
)

// leaf is a trie of one value: its root.
func leaf(key []byte, value any) []byte {
	inner, err := rlp.EncodeToBytes(value)
	if err != nil {
		panic(err)
	}
	node, err := rlp.EncodeToBytes([][]byte{append([]byte{0x20}, crypto.Keccak256(key)...), inner})
	if err != nil {
		panic(err)
	}
	return node
}

// madeUp is a state of one contract, which returns its slot 0: 7.
func madeUp() (account, storage, code []byte) {
	code = common.FromHex("60005460005260206000f3")
	storage = leaf(make([]byte, 32), uint256.NewInt(7))
	account = leaf(contract[:], &types.StateAccount{
		Balance: uint256.NewInt(1), Root: crypto.Keccak256Hash(storage), CodeHash: crypto.Keccak256(code),
	})
	return account, storage, code
}

// runMadeUp runs calls of the contract under a header that names root.
func runMadeUp(root []byte, more ...hexutil.Bytes) ([]proof.Result, error) {
	h := &types.Header{
		Number: new(big.Int), Difficulty: new(big.Int), BaseFee: new(big.Int), Root: crypto.Keccak256Hash(root),
	}
	calls := []chains.Call{{To: contract}, chains.NativeBalance(contract)}
	w := sorted(append(chains.Witness{root}, more...))
	return proof.Run(chains.Ethereum, chains.Block{Hash: h.Hash(), Header: h}, w, calls)
}

// FuzzMadeUpState runs code in a state that somebody made up together with the
// header. It may prove anything about itself, but it ends, without a crash.
func FuzzMadeUpState(f *testing.F) {
	account, storage, code := madeUp()
	f.Add(account, storage, code)
	f.Add(storage, account, code)
	f.Add([]byte{0xc0}, []byte{0x80}, []byte{0xef, 1, 0})
	f.Fuzz(func(t *testing.T, root, one, other []byte) {
		if bytes.IndexByte(other, byte(vm.JUMP)) >= 0 || bytes.IndexByte(other, byte(vm.JUMPI)) >= 0 {
			t.Skip("it may jump, and so loop until it has no gas left")
		}
		if results, err := runMadeUp(root, one, other); err == nil && len(results) != 2 {
			t.Errorf("found %d results of two calls", len(results))
		}
	})
}

// The first seed of the fuzz target does run.
func TestMadeUpState(t *testing.T) {
	account, storage, code := madeUp()
	results, err := runMadeUp(account, storage, code)
	if err != nil || new(big.Int).SetBytes(results[0].Data).Int64() != 7 {
		t.Errorf("proven %v (%v), want 7", results, err)
	}
}
