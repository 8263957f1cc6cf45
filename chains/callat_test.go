package chains_test

import (
	"errors"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// What the marks of a block are is asked once: in one round, or in two for nonces.
func TestCallAtTakesOneRound(t *testing.T) {
	t.Parallel()
	n, cancun := ethereum(), newNode(faultrpc.Cancun(1, 200))
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.forget()
	answers, err := c.CallAt(t.Context(), b, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, n.chain, merge+50, twoCalls, answers)
	if n.rounds() != 3 {
		t.Errorf("the first CallAt took %d rounds, want 3", n.rounds())
	}
	n.forget()
	if _, err := c.CallAt(t.Context(), b, twoCalls); err != nil || n.rounds() != 1 {
		t.Errorf("found %v after %d rounds, want 1", err, n.rounds())
	}
	// WETH, and the calls from each of the two accounts whose nonces bind the state
	if got := strings.Join(n.methods(), " "); got != "eth_getBalance eth_call eth_call" {
		t.Errorf("found %s", got)
	}
	c = dial(t, chains.Dialer{}, 1, cancun.serve(t))
	b = pinned(t, c, merge+50)
	cancun.forget()
	if _, err := c.CallAt(t.Context(), b, twoCalls); err != nil || cancun.rounds() != 2 {
		t.Errorf("with beacon roots: found %v after %d rounds, want 2", err, cancun.rounds())
	}
	if from := answers[0].From; len(from) != 1 || !strings.HasPrefix(from[0], "127.0.0.1") ||
		!strings.Contains(from[0], "#") {
		t.Errorf("answer is from %q, want host#hash", answers[0].From)
	}
}

func TestCallAtNothing(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.forget()
	if answers, err := c.CallAt(t.Context(), b, nil); err != nil || len(answers) != 0 || n.rounds() != 0 {
		t.Errorf("found %v, %v after %d rounds", answers, err, n.rounds())
	}
	b.Hash[0]++
	if _, err := c.CallAt(t.Context(), b, twoCalls); err == nil || n.rounds() != 0 {
		t.Errorf("block that does not pass Check: found %v after %d rounds", err, n.rounds())
	}
}

// noObject is how geth refuses a block hash as block parameter, if it is too old for it.
var noObject = &faultrpc.Error{Code: -32602,
	Message: "invalid argument 1: json: cannot unmarshal object into Go value of type rpc.BlockNumber"}

// Every way to ask gives the same numbers, and what the ways guard against is noticed.
func TestCallAtWays(t *testing.T) {
	t.Parallel()
	type backend = faultrpc.Node
	noTo := &faultrpc.Error{Code: -32602, Message: "missing value for required argument: to"}
	tests := []struct {
		name        string
		noMulticall bool
		fault       func(*backend)
		rounds      int // of the second CallAt, when the way is known
	}{
		{"by hash, deployless canary", false, func(b *backend) {}, 1},
		{"by hash, Multicall3 canary", false, func(b *backend) { b.NoDeploy = noTo }, 1},
		{"by number after refusal, deployless canary", false, func(b *backend) { b.NoHash = noObject }, 3},
		{"by number after it was ignored, deployless canary", false, func(b *backend) { b.Deaf = true }, 3},
		{"by number, Multicall3 canary", false, func(b *backend) { b.NoHash, b.NoDeploy = noObject, noTo }, 3},
		{"by number after it was ignored, Multicall3 canary", false,
			func(b *backend) { b.Deaf, b.NoDeploy = true, noTo }, 3},
		{"by number, no canary", true, func(b *backend) { b.NoDeploy = noTo }, 3},
		{"hash refused, no canary", true, func(b *backend) { b.NoHash, b.NoDeploy = noObject, noTo }, 3},
		{"hash ignored, no canary", true, func(b *backend) { b.Deaf, b.NoDeploy = true, noTo }, 3},
		{"canary reverts", false,
			func(b *backend) { b.NoDeploy = &faultrpc.Error{Code: 3, Message: "execution reverted"} }, 1},
		{"canary refused in unknown words", false, func(b *backend) {
			b.NoDeploy = &faultrpc.Error{Code: -32000, Message: "we do not like this"}
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := ethereum()
			tt.fault(n.Nodes[0])
			if tt.noMulticall {
				n.chain.Deploy(faultrpc.Multicall3, n.head()+1)
			}
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			b := pinned(t, c, merge+50)
			for range 2 {
				n.forget()
				answers, err := c.CallAt(t.Context(), b, twoCalls)
				if err != nil {
					t.Fatal(err)
				}
				wantAnswers(t, n.chain, merge+50, twoCalls, answers)
			}
			if n.rounds() != tt.rounds {
				t.Errorf("second CallAt took %d rounds, want %d", n.rounds(), tt.rounds)
			}
		})
	}
}

// The words in which nodes refuse a block hash as block parameter.
func TestCallAtBlockHashDialects(t *testing.T) {
	t.Parallel()
	for _, refusal := range []faultrpc.Error{
		*noObject,
		{Code: -32602, Message: "invalid type: map, expected BlockNumber or tag"},
		{Code: -32602, Message: "Invalid params"},
		{Code: -32000, Message: "we have never seen such a thing"},
	} {
		t.Run(refusal.Message, func(t *testing.T) {
			n := ethereum()
			n.Nodes[0].NoHash = &refusal
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), twoCalls)
			if err != nil {
				t.Fatal(err)
			}
			wantAnswers(t, n.chain, merge+50, twoCalls, answers)
		})
	}
}

// An endpoint that refuses each state read, by hash and by number.
func TestCallAtUnsupported(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.set(pruned(merge+300, -32601, "the method eth_call does not exist/is not available"))
	if answers, err := c.CallAt(t.Context(), b, twoCalls); !errors.Is(err, chains.ErrUnsupported) || answers != nil {
		t.Errorf("found %v, %v, want ErrUnsupported", answers, err)
	}
}

func TestCallAtLaggingBackend(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	n.set(func(b *faultrpc.Node) { b.Shift = 1 })
	_, err := c.CallAt(t.Context(), b, twoCalls)
	if !errors.Is(err, chains.ErrProtocol) {
		t.Fatalf("found %v, want ErrProtocol", err)
	}
	wantText(t, err, "answered as of block 15537443")
	// Another node behind the same address is up to date.
	n.set(func(b *faultrpc.Node) { b.Shift = 0 })
	late := &faultrpc.Node{Chain: n.chain, Shift: 1}
	n.SetRules(&faultrpc.Rule{Until: 4,
		Fault: faultrpc.Fault{Backend: func(*faultrpc.Chain) *faultrpc.Node { return late }}})
	answers, err := c.CallAt(t.Context(), b, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, n.chain, merge+50, twoCalls, answers)
}

func TestCallAtReorg(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]*faultrpc.Error{"by hash": nil, "by number": noObject} {
		t.Run(name, func(t *testing.T) {
			n := ethereum()
			n.Nodes[0].NoHash = refusal
			c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
			b := pinned(t, c, merge+198)
			n.chain.Fork(merge+197, 9)
			_, err := c.CallAt(t.Context(), b, twoCalls)
			if !errors.Is(err, chains.ErrReorg) {
				t.Fatalf("found %v, want ErrReorg", err)
			}
			wantText(t, err, "block 15537592 (ethereum, 2022-09-15)")
			if answers, err := c.CallAt(t.Context(), pinned(t, c, merge+198), twoCalls); err != nil {
				t.Errorf("after a new pin: %v", err)
			} else {
				wantAnswers(t, n.chain, merge+198, twoCalls, answers)
			}
		})
	}
}

// By number, a reorg between the first and the last request of one CallAt is noticed too.
func TestCallAtReorgDuringTheReads(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]*faultrpc.Rule{
		"at the reads":    {Method: "eth_call"},
		"after the reads": {Method: "eth_getBlockByNumber", Nth: 2}, // the header is read before and after
	} {
		n := ethereum()
		n.Nodes[0].NoHash = noObject
		c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
		b := pinned(t, c, merge+198)
		if _, err := c.CallAt(t.Context(), b, twoCalls); err != nil {
			t.Fatal(err)
		}
		var once sync.Once
		when.Fault.Backend = func(c *faultrpc.Chain) *faultrpc.Node {
			once.Do(func() { c.Fork(merge+197, 9) })
			return n.Nodes[0]
		}
		n.SetRules(when)
		if _, err := c.CallAt(t.Context(), b, twoCalls); !errors.Is(err, chains.ErrReorg) {
			t.Errorf("reorg %s: found %v, want ErrReorg", name, err)
		}
	}
}

// A node that no longer knows the block: pruned, or replaced by one it never had.
func TestCallAtUnknownBlock(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
	old, recent := pinned(t, c, merge+50), pinned(t, c, merge+198)
	unknown := faultrpc.Fail(-32000, "header for hash not found")
	n.SetRules(&faultrpc.Rule{Method: "eth_call", Fault: unknown},
		&faultrpc.Rule{Method: "eth_getBalance", Fault: unknown})
	if _, err := c.CallAt(t.Context(), old, twoCalls); !errors.Is(err, chains.ErrArchive) {
		t.Errorf("deep block: found %v, want ErrArchive", err)
	}
	if _, err := c.CallAt(t.Context(), recent, twoCalls); !errors.Is(err, chains.ErrLag) {
		t.Errorf("recent block: found %v, want ErrLag", err)
	}
	n.chain.Fork(merge+198, 9)
	if _, err := c.CallAt(t.Context(), recent, twoCalls); !errors.Is(err, chains.ErrReorg) {
		t.Errorf("replaced block: found %v, want ErrReorg", err)
	}
}

func TestCallAtMissingState(t *testing.T) {
	t.Parallel()
	words := func(code int, text string) func(*node) {
		return func(n *node) { n.set(pruned(n.head()+1, code, text)) }
	}
	rules := func(rules ...*faultrpc.Rule) func(*node) { return func(n *node) { n.SetRules(rules...) } }
	tests := []struct {
		name  string
		node  *node
		at    uint64
		fault func(*node)
		text  string
	}{
		{"geth", ethereum(), merge + 50, words(-32000, "missing trie node 56e8 (path )"),
			"has no state for block 15537444 (ethereum, 2022-09-15)"},
		{"reth", ethereum(), merge + 50, words(-32603, "state at block #15537444 is pruned"),
			"give an archive endpoint"},
		{"Besu's null", ethereum(), merge + 50, rules(replace("eth_getBalance", "", "null")),
			"null for eth_getBalance"},
		{"zero of a rich account", ethereum(), merge + 50, rules(poor()...), "holds none"},
		{"zero on Optimism", optimism(), bedrock + 50, rules(poor()...), "block 105235113 (optimism, 2023-06-06)"},
		{"before Bedrock", optimism(), bedrock - 1,
			words(-32801, "no historical RPC is available for this historical (pre-bedrock) execution request"),
			"before block 105235063 (Bedrock"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, chains.Dialer{}, chains.ID(tt.node.chain.ID), tt.node.serve(t))
			b := pinned(t, c, tt.at)
			tt.fault(tt.node)
			answers, err := c.CallAt(t.Context(), b, twoCalls)
			if !errors.Is(err, chains.ErrArchive) || answers != nil {
				t.Fatalf("found %v, %v, want ErrArchive", answers, err)
			}
			wantText(t, err, tt.text)
		})
	}
}

func TestCallAtFailingCalls(t *testing.T) {
	t.Parallel()
	call := func(to common.Address) chains.Call {
		return chains.Call{To: to, Data: []byte{1, 2, 3, 4}, Signature: "totalSupply()"}
	}
	asResult := &faultrpc.Rule{Method: "eth_call", Has: faultrpc.Reverter.Hex(),
		Fault: faultrpc.Text(`{"jsonrpc":"2.0","id":$id,"result":"0x08c379a0` + strings.Repeat("00", 96) + `"}`)}
	tests := []struct {
		name string
		call chains.Call
		rule *faultrpc.Rule
		want error
		text string
	}{
		{"no contract", call(nobody), nil, chains.ErrNoContract,
			"no contract at " + nobody.Hex() + " at block 15537444"},
		{"empty answer", call(faultrpc.Sink), nil, nil, "empty answer"},
		{"revert", call(faultrpc.Reverter), nil, chains.ErrReverted, "no such luck"},
		{"revert as a result", call(faultrpc.Reverter), asResult, chains.ErrReverted, "reason of a revert"},
	}
	for _, tt := range tests {
		for way, refusal := range map[string]*faultrpc.Error{"by hash": nil, "by number": noObject} {
			t.Run(tt.name+" "+way, func(t *testing.T) {
				n := ethereum()
				n.Nodes[0].NoHash = refusal
				if tt.rule != nil {
					n.Rules = []*faultrpc.Rule{tt.rule}
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
				if other.rounds() == 0 {
					t.Errorf("one endpoint was believed before the other was asked")
				}
			})
		}
	}
}

// Values that are not what their method returns are errors, never numbers.
func TestCallAtMalformedValues(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`""`, `"0"`, `0`, `"100"`, `1e18`, `"-0x1"`, `" 0x1"`, `"0x1\n"`, `true`, `{}`,
		`[]`, `"0xzz"`} {
		for method, calls := range map[string][]chains.Call{
			"eth_getBalance": {chains.NativeBalance(holder)},
			"eth_call":       {balanceOf(holder)},
		} {
			n := ethereum()
			n.Rules = []*faultrpc.Rule{replace(method, holder.Hex()[2:], value)}
			plain(n.Server)
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), calls)
			if !errors.Is(err, chains.ErrProtocol) || answers != nil {
				t.Errorf("%s %s: found %v, %v, want ErrProtocol", method, value, answers, err)
			}
		}
	}
}

// Each batch carries its own canary, however small the endpoint's batches are.
func TestCallAtManyCalls(t *testing.T) {
	t.Parallel()
	calls := make([]chains.Call, 250)
	for i := range calls {
		calls[i] = balanceOf(common.BigToAddress(big.NewInt(int64(1000 + i))))
	}
	for _, size := range []int{0, 100, 10, 3, 2, 1} {
		for _, noDeploy := range []*faultrpc.Error{nil,
			{Code: -32601, Message: "the method eth_call without to is not supported"}} {
			n := ethereum()
			n.Nodes[0].NoDeploy = noDeploy
			c := dial(t, chains.Dialer{MaxBatch: size}, 1, n.serve(t))
			answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), calls)
			if err != nil {
				t.Fatalf("batches of %d: %v", size, err)
			}
			wantAnswers(t, n.chain, merge+50, calls, answers)
			if noDeploy == nil && size != 1 && n.unproven() > 0 {
				t.Errorf("batches of %d: %d of %d requests had no canary", size, n.unproven(), n.rounds())
			}
		}
	}
}

// A limit that shows only in the middle of CallAt: plain reads are all asked again, so that
// the smaller batches have their canaries.
func TestCallAtLearnsTheBatchSize(t *testing.T) {
	t.Parallel()
	n := ethereum()
	n.Persona = faultrpc.Geth(10)
	n.Rules = []*faultrpc.Rule{beforeByzantium()}
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b := pinned(t, c, merge+50)
	calls := slices.Repeat(twoCalls, 30)
	for pass := range 2 {
		n.forget()
		answers, err := c.CallAt(t.Context(), b, calls)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(answers); i += 2 {
			wantAnswers(t, n.chain, merge+50, twoCalls, answers[i:i+2])
		}
		if pass == 0 && n.rounds()-n.unproven() < 7 {
			t.Errorf("while learning: %d of %d requests with canary", n.rounds()-n.unproven(), n.rounds())
		}
		// WETH and pairs of runs with all calls, with 20 and with one, and then the 30 calls of contracts,
		// WETH and two nonces, 9 and a canary at a time
		if pass == 1 && (n.unproven() > 0 || n.rounds() != 1+1+13+4) {
			t.Errorf("once learned: %d rounds, %d without canary", n.rounds(), n.unproven())
		}
	}
}
