package chains_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// headersOf changes the JSON of the headers that the condition chooses by number.
func headersOf(which func(n uint64) bool, change func(json.RawMessage) json.RawMessage) *faultrpc.Rule {
	return &faultrpc.Rule{Method: "eth_getBlockByNumber",
		Fault: faultrpc.Fault{Value: func(r faultrpc.Request, result json.RawMessage) json.RawMessage {
			n, err := hexutil.DecodeUint64(strings.Trim(string(r.Params[0]), `"`))
			if err != nil || !which(n) { // a tag
				return result
			}
			return change(result)
		}}}
}

func null(json.RawMessage) json.RawMessage { return json.RawMessage("null") }

// field sets a key of a header to a JSON text, or takes it out.
func field(key, value string) func(json.RawMessage) json.RawMessage {
	return func(result json.RawMessage) json.RawMessage {
		var block map[string]json.RawMessage
		if json.Unmarshal(result, &block) != nil || block == nil {
			return result
		}
		if block[key] = json.RawMessage(value); value == "" {
			delete(block, key)
		}
		out, err := json.Marshal(block)
		if err != nil {
			panic(err)
		}
		return out
	}
}

// A search where headers on the way are missing, altered or of another form: only the block
// found and its parent count. Block n of the chain has time 1,700,000,000 + 12·n.
func TestMatrixSearch(t *testing.T) {
	t.Parallel()
	const found = 2003
	below := func(floor uint64) func(uint64) bool { return func(n uint64) bool { return n < floor } }
	only := func(numbers ...uint64) func(uint64) bool {
		return func(n uint64) bool { return n == numbers[0] || n == numbers[len(numbers)-1] }
	}
	others := func(n uint64) bool { return n != found && n != found-1 }
	fifth := func(n uint64) bool { return n%5 == 0 }
	once := func(r *faultrpc.Rule) *faultrpc.Rule { r.Nth = 1; return r }
	root := field("stateRoot", `"0x`+strings.Repeat("12", 32)+`"`)
	for _, test := range []struct {
		name string
		rule *faultrpc.Rule
		want error // with no second endpoint; with a healthy one the block is always found
	}{
		{"no old blocks", headersOf(below(1500), null), nil},
		{"no old blocks but block 0", headersOf(func(n uint64) bool { return n > 0 && n < 1500 }, null), nil},
		{"no blocks up to the parent", headersOf(below(found-1), null), nil},
		{"the parent is missing", headersOf(below(found), null), chains.ErrArchive},
		{"the block and its time are missing", headersOf(below(2500), null), chains.ErrArchive},
		{"the block is null", headersOf(only(found), null), chains.ErrArchive},
		{"the block is null once", once(headersOf(only(found), null)), nil},
		{"a block of the last round is null", headersOf(only(found-2, found+1), null), nil},
		{"old blocks are refused", &faultrpc.Rule{Method: "eth_getBlockByNumber", Has: `"0x0"`,
			Fault: faultrpc.Fail(4444, "pruned history unavailable")}, nil},
		{"all others are altered", headersOf(others, root), nil},
		{"all others lack a field", headersOf(others, field("mixHash", "")), nil},
		{"all others lack a field that each header has", headersOf(others, field("logsBloom", "")), nil},
		{"others have wrong times", headersOf(fifth, field("timestamp", `"0x1"`)), nil},
		{"others have times that are no numbers", headersOf(fifth, field("timestamp", `"soon"`)), nil},
		{"the block is altered", headersOf(only(found), root), chains.ErrProtocol},
		{"the block is altered once", once(headersOf(only(found), root)), nil},
		{"the parent is altered", headersOf(only(found-1), root), chains.ErrProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, second := range []bool{false, true} {
				chain := faultrpc.Development(4242, 3000)
				servers := []*faultrpc.Server{faultrpc.NewServer(chain), faultrpc.NewServer(chain)}
				servers[0].Clock, servers[0].Rules = faultrpc.NewClock(), []*faultrpc.Rule{test.rule.Fresh()}
				a := newAttempt(t, 4242, servers...)
				if !second {
					a.urls = a.urls[:1]
				}
				b, err := a.blockAt(t, unix(1_700_000_000+12*found-11))
				switch {
				case second && err != nil, !second && !errors.Is(err, test.want):
					t.Errorf("second endpoint %v: found error %v, want %v", second, err, test.want)
				case err == nil && b.Number() != found:
					t.Errorf("second endpoint %v: found block %d, want %d", second, b.Number(), found)
				}
			}
		})
	}
}

// newFork serves a chain whose headers have two more fields from block first on: a number and
// a hash, in this order. With hidden, the number is not what the hash covers.
func newFork(chain *faultrpc.Chain, first uint64, hidden bool) *faultrpc.Rule {
	blocks := map[uint64]string{}
	var parent common.Hash
	for n := first; n <= chain.Head(); n++ {
		h := types.CopyHeader(chain.Header(n))
		if n > first {
			h.ParentHash = parent
		}
		raw, err := rlp.EncodeToBytes(h)
		if err != nil {
			panic(err)
		}
		content, _, _ := rlp.SplitList(raw)
		buf := rlp.NewEncoderBuffer(nil)
		list := buf.List()
		buf.Write(content)
		buf.WriteUint64(n)
		buf.WriteBytes(h.Root[:])
		buf.ListEnd(list)
		parent = crypto.Keccak256Hash(buf.ToBytes())
		number := n
		if hidden {
			number++
		}
		blocks[n] = strings.TrimSuffix(asHeader(h), "}") +
			fmt.Sprintf(`,"aHash":"%v","newNumber":"0x%x"}`, h.Root, number)
		blocks[n] = strings.Replace(blocks[n], h.Hash().Hex(), parent.Hex(), 1)
	}
	return &faultrpc.Rule{Method: "eth_getBlockByNumber",
		Fault: faultrpc.Fault{Value: func(_ faultrpc.Request, result json.RawMessage) json.RawMessage {
			var h types.Header
			if json.Unmarshal(result, &h) != nil || blocks[h.Number.Uint64()] == "" {
				return result
			}
			return json.RawMessage(blocks[h.Number.Uint64()])
		}}}
}

// A fork newer than the program adds fields to the headers. They are tried at the headers' end.
func TestMatrixNewFork(t *testing.T) {
	t.Parallel()
	const fork = 2000
	for _, test := range []struct {
		name   string
		hidden bool
		block  uint64
		says   string
	}{
		{"fields that complete the hash", false, fork + 500, ""},
		{"the first block of the fork", false, fork, ""},
		{"the second block of the fork", false, fork + 1, ""},
		{"before the fork", false, fork - 100, ""},
		{"fields that do not, before the fork", true, fork - 100, ""},
		{"fields that do not, the last block before the fork", true, fork - 1, ""},
		{"fields that do not", true, fork + 500, "aHash, newNumber\"); update this program"},
		{"fields that do not, the first block of the fork", true, fork, "aHash, newNumber\"); update this program"},
	} {
		t.Run(test.name, func(t *testing.T) {
			chain := faultrpc.Development(4242, 3000)
			s := faultrpc.NewServer(chain)
			s.Clock, s.Rules = faultrpc.NewClock(), []*faultrpc.Rule{newFork(chain, fork, test.hidden)}
			b, err := newAttempt(t, 4242, s).blockAt(t, unix(1_700_000_000+12*test.block-5))
			if test.says != "" {
				wantText(t, err, test.says)
				if strings.Contains(err.Error(), "JSON-RPC") || strings.Contains(err.Error(), "endpoint") {
					t.Errorf("the endpoint is not to blame: %v", err)
				}
				return
			}
			if err != nil || b.Number() != test.block || (len(b.NewFields) > 0) != (test.block >= fork) {
				t.Fatalf("found block %v, new fields %x and error %v", b.Header, b.NewFields, err)
			}
			raw, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			var back chains.Block
			if err := json.Unmarshal(raw, &back); err != nil || back.Check() != nil {
				t.Fatalf("read back: %v, %v", err, back.Check())
			}
			if again, err := json.Marshal(back); err != nil || string(again) != string(raw) {
				t.Errorf("written %s, after reading it %s (%v)", raw, again, err)
			}
		})
	}
}
