package proof_test

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

var (
	contract = common.HexToAddress("0xE8a0000000000000000000000000000000c0de01")
	looper   = common.HexToAddress("0xE8a0000000000000000000000000000000c0de02")
	nobody   = common.HexToAddress("0xE8a0000000000000000000000000000000c0de03")
)

// top is code that returns the topmost word of the stack.
const top = "60005260206000f3"

// static is code that calls an address with the gas that the code before it
// puts on the stack, and looks at nothing that comes back.
func static(to common.Address, gas string) string {
	return fmt.Sprintf("6000600060006000%s%sfa50", "73"+common.Bytes2Hex(to[:]), gas)
}

// world starts a chain whose block 3 has contracts with the given codes, and
// returns the call of each.
func world(t *testing.T, codes ...string) (n proof.Node, b chains.Block, calls []chains.Call) {
	t.Helper()
	alloc := types.GenesisAlloc{looper: {Code: common.FromHex("5b600056"), Nonce: 1}}
	for i, code := range codes {
		to := common.BigToAddress(big.NewInt(0xc0de0000 + int64(i)))
		alloc[to] = types.Account{Code: common.FromHex(code), Balance: big.NewInt(5), Nonce: 1}
		calls = append(calls, chains.Call{To: to})
	}
	c := testchain.New(t, testchain.Options{
		ID: 5, Times: []uint64{1684503539, 1684503551, 1684503563, 1684503575}, Alloc: alloc,
	})
	n = dial(t, 5, nil, c.URL)
	return n, blockOf(t, n, 3), calls
}

// alone runs each call on its own.
func alone(t *testing.T, n proof.Node, b chains.Block, calls []chains.Call) (results []proof.Result) {
	for _, call := range calls {
		_, one := prove(t, n, b, []chains.Call{call})
		results = append(results, one...)
	}
	return results
}

func TestOpcodesRefused(t *testing.T) {
	cases := []struct{ uses, code string }{
		{"BALANCE", "3031" + top},
		{"ORIGIN", "32" + top},
		{"GASPRICE", "3a" + top},
		{"EXTCODECOPY", "600060006000303c"},
		{"COINBASE", "41" + top},
		{"DIFFICULTY", "44" + top},
		{"GASLIMIT", "45" + top},
		{"SELFBALANCE", "47" + top},
		{"BASEFEE", "48" + top},
		{"BLOBHASH", "600049" + top},
		{"BLOBBASEFEE", "4a" + top},
		{"CLZ", "60011e" + top},
		{"PUSH0", "5f" + top}, // the header shows no Shanghai
		{"SSTORE", "6001600055"},
		{"LOG0", "60006000a0"},
		{"CREATE", "600060006000f0"},
		{"CALLCODE", "600060006000600060003060fff2"},
		{"SELFDESTRUCT", "33ff"},
		{"opcode 0xc not defined", "0c"},

		{"GAS other than to make a call", "5a" + top},
		{"BLOCKHASH of another block than the one before", "6002430340" + top},
		{"CALL with a value", "600060006000600060013060fff1" + "6007" + top},
		{"which has no code", static(nobody, "5a") + "6007" + top},
		{"which may be precompiled", static(common.HexToAddress("0x100"), "5a") + "6007" + top},
		{"runs out of gas", "63ffffffff51"},
		{"runs out of gas or call depth", static(looper, "61ffff") + "6007" + top},
		{"it returns 65568 bytes, want at most 65536", "620100206000f3"},
	}
	var codes []string
	for _, c := range cases {
		codes = append(codes, c.code)
	}
	n, b, calls := world(t, codes...)
	for i, r := range alone(t, n, b, calls) {
		if uses := cases[i].uses; !errors.Is(r.Err, proof.ErrNotProvable) || !strings.Contains(r.Err.Error(), uses) {
			t.Errorf("found error %v, want that it is not provable because of %s", r.Err, uses)
		}
	}
}

func TestOpcodesProven(t *testing.T) {
	word := func(n int64) string { return common.BigToHash(big.NewInt(n)).Hex() }
	cases := []struct{ name, code, want string }{
		{"ADDRESS", "30" + top, word(0xc0de0000)},
		{"CALLER", "33" + top, word(0)},
		{"BLOCKHASH of the parent", "6001430340" + top, ""}, // filled in below
		{"TIMESTAMP", "42" + top, word(1684503575)},
		{"NUMBER", "43" + top, word(3)},
		{"CHAINID", "46" + top, word(5)},
		{"EXTCODESIZE", "73" + common.Bytes2Hex(looper[:]) + "3b" + top, word(4)},
		{"EXTCODESIZE of nothing", "73" + common.Bytes2Hex(nobody[:]) + "3b" + top, word(0)},
		{"SLOAD of nothing", "600954" + top, word(0)},
	}
	var codes []string
	for _, c := range cases {
		codes = append(codes, c.code)
	}
	n, b, calls := world(t, codes...)
	cases[2].want = b.Header.ParentHash.Hex()
	for i, r := range alone(t, n, b, calls) {
		if got := common.BytesToHash(r.Data).Hex(); r.Err != nil || got != cases[i].want {
			t.Errorf("%s: proven %s (%v), want %s", cases[i].name, got, r.Err, cases[i].want)
		}
	}
}

// The chain id is the caller's word, and nothing in a witness or a header can replace it.
func TestSwappedChain(t *testing.T) {
	n, b, calls := world(t, "46"+top) // CHAINID
	w, _ := prove(t, n, b, calls)
	results, err := proof.Run(6, b, w, calls)
	if err != nil || new(big.Int).SetBytes(results[0].Data).Int64() != 6 {
		t.Errorf("found %v and error %v, want 6", results, err)
	}
}

// What a call fails with is proven as well.
func TestFailures(t *testing.T) {
	n, b, calls := world(t, "60006000fd", "fe", "600056", "00")
	calls = append(calls, chains.Call{To: nobody})
	for i, want := range []error{
		chains.ErrReverted, // REVERT
		chains.ErrReverted, // INVALID
		chains.ErrReverted, // a jump to nowhere
		nil,                // STOP, which returns no data
		chains.ErrNoContract,
	} {
		_, results := prove(t, n, b, calls[i:i+1])
		if err := results[0].Err; err == nil || want != nil && !errors.Is(err, want) || errors.Is(err, proof.ErrNotProvable) {
			t.Errorf("call %d: found error %v, want %v", i, err, want)
		}
	}
}

// The fields of the header say which opcodes there are.
func TestForks(t *testing.T) {
	for name, c := range map[string]struct {
		code   string
		change func(*types.Header)
		proven bool
	}{
		"PUSH0 before Shanghai":  {"5f" + top, func(*types.Header) {}, false},
		"PUSH0 in Shanghai":      {"5f" + top, shanghai, true},
		"PUSH0 before the Merge": {"5f" + top, func(h *types.Header) { h.BaseFee = nil }, false},
		"MCOPY before Cancun":    {"6000600060005e6000" + top, shanghai, false},
		"MCOPY in Cancun":        {"6000600060005e6000" + top, cancun, true},
		"TLOAD in Cancun":        {"60005c" + top, cancun, true},
		"TSTORE in Cancun":       {"600060005d6000" + top, cancun, false},
		"NUMBER":                 {"43" + top, func(*types.Header) {}, true},
		"NUMBER on Arbitrum": {"43" + top, func(h *types.Header) {
			h.Difficulty, h.Extra = big.NewInt(1), make([]byte, 32)
		}, false},
		"SHL before London":   {"600160001b" + top, func(h *types.Header) { h.BaseFee = nil }, true},
		"SHL before Istanbul": {"600160001b" + top, func(h *types.Header) { h.BaseFee, h.Time = nil, 1575764708 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			n, b, calls := world(t, c.code)
			w, _ := prove(t, n, b, calls) // the state is the same in all forks
			parent := types.CopyHeader(b.Parent)
			parent.Time = 0
			b.Header, b.Parent = types.CopyHeader(b.Header), parent
			b.Header.ParentHash = parent.Hash()
			c.change(b.Header)
			b.Hash = b.Header.Hash()
			results, err := proof.Run(5, b, w, calls)
			if err != nil {
				t.Fatal(err)
			}
			if c.proven && results[0].Err != nil || !c.proven && !errors.Is(results[0].Err, proof.ErrNotProvable) {
				t.Errorf("proven 0x%x, error %v; want proven: %v", results[0].Data, results[0].Err, c.proven)
			}
		})
	}
}

// What a fork newer than the program does in its EVM is not known, so nothing is proven of it
// but balances.
func TestNewFork(t *testing.T) {
	t.Parallel()
	n, b, calls := world(t, "6001"+top)
	calls = append(calls, chains.NativeBalance(calls[0].To))
	w, _ := prove(t, n, b, calls)
	header, err := rlp.EncodeToBytes(b.Header)
	if err != nil {
		t.Fatal(err)
	}
	var fields []rlp.RawValue
	if err := rlp.DecodeBytes(header, &fields); err != nil {
		t.Fatal(err)
	}
	b.NewFields = []byte{0x84, 'n', 'e', 'w', '!'}
	if header, err = rlp.EncodeToBytes(append(fields, b.NewFields)); err != nil {
		t.Fatal(err)
	}
	b.Hash = crypto.Keccak256Hash(header)
	results, err := proof.Run(5, b, w, calls)
	if err != nil || !errors.Is(results[0].Err, proof.ErrNotProvable) || results[1].Err != nil {
		t.Errorf("found %v and error %v, want a proof of the balance alone", results, err)
	}
}

func shanghai(h *types.Header) { h.WithdrawalsHash = &types.EmptyWithdrawalsHash }

func cancun(h *types.Header) {
	shanghai(h)
	h.BlobGasUsed, h.ExcessBlobGas, h.ParentBeaconRoot = new(uint64), new(uint64), new(common.Hash)
}
