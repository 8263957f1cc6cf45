package chains_test

import (
	"bytes"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
)

// balanceOf is a call of the token for the given account; the node answers with
// the account's balance there.
func balanceOf(account common.Address) chains.Call {
	return chains.Call{To: token, Data: account.Bytes(), Signature: "balanceOf(address)"}
}

func pinned(t testing.TB, c *chains.Client, number uint64) chains.Block {
	t.Helper()
	b, err := c.BlockByNumber(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantBalances checks answers to balanceOf(holder) and NativeBalance(nobody) at block number.
func wantBalances(t *testing.T, n *node, number uint64, answers []chains.Answer) {
	t.Helper()
	want := []*big.Int{n.balance(holder, n.blocks[number]), new(big.Int)}
	for i, a := range answers {
		if got, err := a.Uint256(); err != nil || got.Cmp(want[i]) != 0 {
			t.Errorf("answer %d: found %v, %v, want %v", i, got, err, want[i])
		}
	}
	if len(answers) != len(want) {
		t.Errorf("found %d answers, want %d", len(answers), len(want))
	}
}

var twoCalls = []chains.Call{balanceOf(holder), chains.NativeBalance(nobody)}

func TestCallAtTakesOneRound(t *testing.T) {
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.rounds, n.methods = 0, nil
	answers, err := c.CallAt(t.Context(), b, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantBalances(t, n, merge+50, answers)
	if n.rounds != 1 {
		t.Errorf("CallAt took %d rounds, want 1", n.rounds)
	}
	slices.Sort(n.methods) // canary and call, canary and balance
	if got := strings.Join(n.methods, " "); got != "eth_call eth_call eth_getBalance eth_getBalance" {
		t.Errorf("found %s", got)
	}
	if from := answers[0].From; len(from) != 1 || !strings.HasPrefix(from[0], "127.0.0.1") || !strings.Contains(from[0], "#") {
		t.Errorf("answer is from %q, want host#hash", answers[0].From)
	}
}

func TestCallAtNothing(t *testing.T) {
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.rounds = 0
	if answers, err := c.CallAt(t.Context(), b, nil); err != nil || len(answers) != 0 || n.rounds != 0 {
		t.Errorf("found %v, %v after %d rounds", answers, err, n.rounds)
	}
	b.Hash[0]++
	if _, err := c.CallAt(t.Context(), b, twoCalls); err == nil || n.rounds != 0 {
		t.Errorf("block that does not pass Check: found %v after %d rounds", err, n.rounds)
	}
}

// Every way to ask gives the same numbers, and what the ways guard against is noticed.
func TestCallAtWays(t *testing.T) {
	noCanary := rpcError{-32602, "missing value for required argument: to", nil}
	tests := []struct {
		name   string
		fault  func(*node)
		rounds int // of the second CallAt, when the way is known
	}{
		{"by hash, deployless canary", func(n *node) {}, 1},
		{"by hash, Multicall3 canary", func(n *node) { n.deployless = noCanary }, 1},
		{"by number after refusal, deployless canary", func(n *node) { n.blockHash = "refuse" }, 3},
		{"by number after it was ignored, deployless canary", func(n *node) { n.blockHash = "ignore" }, 3},
		{"by number, Multicall3 canary", func(n *node) { n.blockHash, n.deployless = "refuse", noCanary }, 3},
		{"by number after it was ignored, Multicall3 canary", func(n *node) { n.blockHash, n.deployless = "ignore", noCanary }, 3},
		{"by number, no canary", func(n *node) { n.deployless, n.multicall = noCanary, false }, 3},
		{"hash refused, no canary", func(n *node) { n.blockHash, n.deployless, n.multicall = "refuse", noCanary, false }, 3},
		{"hash ignored, no canary", func(n *node) { n.blockHash, n.deployless, n.multicall = "ignore", noCanary, false }, 3},
		{"canary reverts", func(n *node) { n.deployless = rpcError{3, "execution reverted", nil} }, 1},
		{"canary refused in unknown words", func(n *node) { n.deployless = rpcError{-32000, "we do not like this", nil} }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := ethereum()
			tt.fault(n)
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			b := pinned(t, c, merge+50)
			for range 2 {
				n.rounds = 0
				answers, err := c.CallAt(t.Context(), b, twoCalls)
				if err != nil {
					t.Fatal(err)
				}
				wantBalances(t, n, merge+50, answers)
			}
			if n.rounds != tt.rounds {
				t.Errorf("second CallAt took %d rounds, want %d", n.rounds, tt.rounds)
			}
		})
	}
}

// The words in which nodes refuse a block hash as block parameter.
func TestCallAtBlockHashDialects(t *testing.T) {
	for _, refusal := range []rpcError{
		{-32602, "invalid argument 1: json: cannot unmarshal object into Go value of type rpc.BlockNumber", nil},
		{-32602, "invalid type: map, expected BlockNumber or tag", nil},
		{-32602, "Invalid params", nil},
		{-32000, "we have never seen such a thing", nil},
	} {
		t.Run(refusal.text, func(t *testing.T) {
			n := ethereum()
			n.blockHash, n.refusal = "refuse", refusal
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), twoCalls)
			if err != nil {
				t.Fatal(err)
			}
			wantBalances(t, n, merge+50, answers)
		})
	}
}

// An endpoint that refuses each state read, by hash and by number.
func TestCallAtUnsupported(t *testing.T) {
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.set(func(n *node) {
		n.pruned = func(uint64) error {
			return rpcError{-32601, "the method eth_call does not exist/is not available", nil}
		}
	})
	if answers, err := c.CallAt(t.Context(), b, twoCalls); !errors.Is(err, chains.ErrUnsupported) || answers != nil {
		t.Errorf("found %v, %v, want ErrUnsupported", answers, err)
	}
}

func TestCallAtLaggingBackend(t *testing.T) {
	n := ethereum()
	now := newClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.set(func(n *node) { n.stateAt = merge + 49 })
	_, err := c.CallAt(t.Context(), b, twoCalls)
	if !errors.Is(err, chains.ErrProtocol) {
		t.Fatalf("found %v, want ErrProtocol", err)
	}
	wantText(t, err, "answered as of block 15537443")
	// Another node behind the same address is up to date.
	requests := 0
	n.set(func(n *node) {
		n.onRequest = func([]string) {
			if requests++; requests == 5 {
				n.set(func(n *node) { n.stateAt = 0 })
			}
		}
	})
	answers, err := c.CallAt(t.Context(), b, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantBalances(t, n, merge+50, answers)
}

func TestCallAtReorg(t *testing.T) {
	for _, blockHash := range []string{"", "refuse"} {
		t.Run("EIP-1898 "+blockHash, func(t *testing.T) {
			n := ethereum()
			n.blockHash = blockHash
			c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
			b := pinned(t, c, merge+198)
			n.set(func(n *node) { n.extend(child(n.blocks[merge+196], 9), 5, 9) })
			_, err := c.CallAt(t.Context(), b, twoCalls)
			if !errors.Is(err, chains.ErrReorg) {
				t.Fatalf("found %v, want ErrReorg", err)
			}
			wantText(t, err, "block 15537592 (ethereum, 2022-09-15)")
			if answers, err := c.CallAt(t.Context(), pinned(t, c, merge+198), twoCalls); err != nil {
				t.Errorf("after a new pin: %v", err)
			} else {
				wantBalances(t, n, merge+198, answers)
			}
		})
	}
}

// By number, a reorg between the first and the last request of one CallAt is noticed too.
func TestCallAtReorgDuringTheReads(t *testing.T) {
	for _, when := range []string{"eth_call", "after"} {
		n := ethereum()
		n.blockHash = "refuse"
		c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
		b := pinned(t, c, merge+198)
		if _, err := c.CallAt(t.Context(), b, twoCalls); err != nil {
			t.Fatal(err)
		}
		reads := 0
		n.onRequest = func(methods []string) {
			if slices.Contains(methods, "eth_call") {
				reads++
			}
			if reads == 1 && slices.Contains(methods, "eth_call") == (when == "eth_call") {
				n.set(func(n *node) { n.extend(child(n.blocks[merge+196], 9), 5, 9) })
				reads++
			}
		}
		if _, err := c.CallAt(t.Context(), b, twoCalls); !errors.Is(err, chains.ErrReorg) {
			t.Errorf("reorg at %s: found %v, want ErrReorg", when, err)
		}
	}
}

// A node that does not know the block any more: pruned, or replaced by one it never had.
func TestCallAtUnknownBlock(t *testing.T) {
	n := ethereum()
	c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
	old, recent := pinned(t, c, merge+50), pinned(t, c, merge+198)
	n.set(func(n *node) { n.byHash = map[common.Hash]*types.Header{} })
	if _, err := c.CallAt(t.Context(), old, twoCalls); !errors.Is(err, chains.ErrArchive) {
		t.Errorf("deep block: found %v, want ErrArchive", err)
	}
	if _, err := c.CallAt(t.Context(), recent, twoCalls); !errors.Is(err, chains.ErrLag) {
		t.Errorf("recent block: found %v, want ErrLag", err)
	}
	n.set(func(n *node) { n.blocks[merge+198] = child(n.blocks[merge+197], 9) })
	if _, err := c.CallAt(t.Context(), recent, twoCalls); !errors.Is(err, chains.ErrReorg) {
		t.Errorf("replaced block: found %v, want ErrReorg", err)
	}
}

func TestCallAtMissingState(t *testing.T) {
	old := func(text string, code int) func(*node) {
		return func(n *node) { n.pruned = func(uint64) error { return rpcError{code, text, nil} } }
	}
	tests := []struct {
		name  string
		node  *node
		at    uint64
		fault func(*node)
		text  string
	}{
		{"geth", ethereum(), merge + 50, old("missing trie node 56e8 (path )", -32000), "has no state for block 15537444 (ethereum, 2022-09-15)"},
		{"reth", ethereum(), merge + 50, old("state at block #15537444 is pruned", -32603), "give an archive endpoint"},
		{"Besu's null", ethereum(), merge + 50, func(n *node) { n.nullState = true }, "null for eth_getBalance"},
		{"zero of a rich account", ethereum(), merge + 50, func(n *node) { n.poor = true }, "holds none"},
		{"zero on Optimism", optimism(), bedrock + 50, func(n *node) { n.poor = true }, "block 105235113 (optimism, 2023-06-06)"},
		{"before Bedrock", legacy(), bedrock - 1, old("no historical RPC is available for this historical (pre-bedrock) execution request", -32801), "before block 105235063 (Bedrock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, chains.Dialer{}, chains.ID(tt.node.id), tt.node.serve(t))
			b := pinned(t, c, tt.at)
			tt.node.set(tt.fault)
			answers, err := c.CallAt(t.Context(), b, twoCalls)
			if !errors.Is(err, chains.ErrArchive) || answers != nil {
				t.Fatalf("found %v, %v, want ErrArchive", answers, err)
			}
			wantText(t, err, tt.text)
		})
	}
}

const bedrock = 105235063

// legacy is Optimism with made-up blocks before Bedrock.
func legacy() *node {
	n := optimism()
	head, finalized := n.head, n.finalized
	first := child(bedrockHeader(), 1)
	first.Number, first.Time = big.NewInt(bedrock-3), 1686060000
	n.extend(first, 2, 1)
	n.head, n.finalized = head, finalized
	return n
}

// l2geth may not know the parent's hash; number and timestamp still bind.
func TestCallAtBeforeBedrockWithoutParentHash(t *testing.T) {
	n := legacy()
	n.noParentHash = true
	c := dial(t, chains.Dialer{}, 10, n.serve(t))
	answers, err := c.CallAt(t.Context(), pinned(t, c, bedrock-1), twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantBalances(t, n, bedrock-1, answers)
	if _, err := c.CallAt(t.Context(), pinned(t, c, bedrock+1), twoCalls); !errors.Is(err, chains.ErrProtocol) {
		t.Errorf("after Bedrock: found %v, want ErrProtocol", err)
	}
}

func TestCallAtFailingCalls(t *testing.T) {
	call := func(to common.Address) chains.Call {
		return chains.Call{To: to, Data: []byte{1, 2, 3, 4}, Signature: "totalSupply()"}
	}
	tests := []struct {
		name  string
		call  chains.Call
		fault func(*node)
		want  error
		text  string
	}{
		{"no contract", call(nobody), nil, chains.ErrNoContract, "no contract at " + nobody.Hex() + " at block 15537444"},
		{"empty answer", call(sink), nil, nil, "empty answer"},
		{"revert", call(broken), nil, chains.ErrReverted, "no!"},
		{"revert as a result", call(broken), func(n *node) { n.dressed = true }, chains.ErrReverted, "reason of a revert"},
	}
	for _, tt := range tests {
		for _, blockHash := range []string{"", "refuse"} {
			t.Run(tt.name+" EIP-1898 "+blockHash, func(t *testing.T) {
				n := ethereum()
				n.blockHash = blockHash
				if tt.fault != nil {
					tt.fault(n)
				}
				other := ethereum()
				c := dial(t, chains.Dialer{}, 1, n.serve(t), other.serve(t))
				answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), append(slices.Clone(twoCalls), tt.call))
				var call *chains.CallError
				if !errors.As(err, &call) || answers != nil {
					t.Fatalf("found %v, %v, want a CallError", answers, err)
				}
				if tt.want != nil && !errors.Is(err, tt.want) {
					t.Errorf("found %v, want %v", err, tt.want)
				}
				if call.Chain != 1 || call.Block != merge+50 || call.Call.To != tt.call.To {
					t.Errorf("found %+v", call)
				}
				wantText(t, err, tt.text)
				wantText(t, err, "totalSupply()")
				if other.rounds != 0 {
					t.Errorf("an answer of the chain was asked for elsewhere")
				}
			})
		}
	}
}

// Values that are not what their method returns are errors, never numbers.
func TestCallAtMalformedValues(t *testing.T) {
	for _, value := range []string{`""`, `"0"`, `0`, `"100"`, `1e18`, `"-0x1"`, `" 0x1"`, `"0x1\n"`, `true`, `{}`, `[]`, `"0xzz"`} {
		for method, calls := range map[string][]chains.Call{
			"eth_getBalance": {chains.NativeBalance(holder)},
			"eth_call":       {balanceOf(holder)},
		} {
			n := ethereum()
			fault := replaceResult(method, strings.ToLower(holder.Hex()[2:]), value)
			c := dial(t, chains.Dialer{Transport: fault}, 1, n.serve(t))
			answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), calls)
			if !errors.Is(err, chains.ErrProtocol) || answers != nil {
				t.Errorf("%s %s: found %v, %v, want ErrProtocol", method, value, answers, err)
			}
		}
	}
}

// Each batch carries its own canary, however small the endpoint's batches are.
func TestCallAtManyCalls(t *testing.T) {
	calls := make([]chains.Call, 250)
	for i := range calls {
		calls[i] = balanceOf(common.BigToAddress(big.NewInt(int64(1000 + i))))
	}
	var want [][]byte
	for _, size := range []int{0, 100, 10, 3, 2, 1} {
		for _, deployless := range []error{nil, rpcError{-32601, "the method eth_call without to is not supported", nil}} {
			n := ethereum()
			n.deployless = deployless
			c := dial(t, chains.Dialer{MaxBatch: size}, 1, n.serve(t))
			answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), calls)
			if err != nil {
				t.Fatalf("batches of %d: %v", size, err)
			}
			var got [][]byte
			for _, a := range answers {
				got = append(got, a.Data)
			}
			if want == nil {
				want = got
			}
			if !slices.EqualFunc(got, want, bytes.Equal) || len(got) != len(calls) {
				t.Errorf("batches of %d: other bytes", size)
			}
			if deployless == nil && size != 1 && n.unproved > 0 {
				t.Errorf("batches of %d: %d of %d requests had no canary", size, n.unproved, n.rounds)
			}
		}
	}
	for i, call := range calls {
		n := ethereum()
		if got := new(big.Int).SetBytes(want[i]); got.Cmp(n.balance(common.BytesToAddress(call.Data), n.blocks[merge+50])) != 0 {
			t.Fatalf("call %d: found %v", i, got)
		}
	}
}

// A limit that shows only in the middle of CallAt: all is asked again, so that
// the smaller batches have their canaries.
func TestCallAtLearnsTheBatchSize(t *testing.T) {
	n := ethereum()
	n.batchLimit = 10
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	calls := slices.Repeat(twoCalls, 30)
	for pass := range 2 {
		n.rounds, n.unproved = 0, 0
		answers, err := c.CallAt(t.Context(), b, calls)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(answers); i += 2 {
			wantBalances(t, n, merge+50, answers[i:i+2])
		}
		if pass == 0 && n.rounds-n.unproved < 7 {
			t.Errorf("while learning: %d of %d requests with canary", n.rounds-n.unproved, n.rounds)
		}
		if pass == 1 && (n.unproved > 0 || n.rounds != 7) { // 60 calls and the WETH balance, 9 and a canary at a time
			t.Errorf("once learned: %d rounds, %d without canary", n.rounds, n.unproved)
		}
	}
}
