package chains_test

import (
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"go.uber.org/goleak"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

func TestMain(m *testing.M) {
	// What a node of go-ethereum in this process leaves behind when it is closed.
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/ethereum/go-ethereum/core.(*txSenderCacher).cache"),
		goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
}

const (
	merge   = faultrpc.Merge
	bedrock = faultrpc.Bedrock
)

var (
	holder = common.HexToAddress("0x00000000000000000000000000000000000000A5") // ether and tokens
	nobody = faultrpc.Nobody                                                   // neither
	weth   = common.HexToAddress("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
	wethOP = common.HexToAddress("0x4200000000000000000000000000000000000006")
)

// node is a fault server in front of one node.
type node struct {
	*faultrpc.Server
	chain *faultrpc.Chain
	seen  faultrpc.Log // what was asked before the last forget
}

func newNode(c *faultrpc.Chain) *node {
	s := faultrpc.NewServer(c)
	s.Nodes[0].Proofs = true
	return &node{Server: s, chain: c}
}

// ethereum and optimism pass for the public chains; dev is a chain of the same id that
// does not. Each has 200 blocks after its first, all of them final but the last ten.
func ethereum() *node         { return newNode(faultrpc.Public(1, 200)) }
func optimism() *node         { return newNode(faultrpc.Public(10, 200)) }
func dev(id uint64) *node     { return newNode(faultrpc.Development(id, 200)) }
func (n *node) head() uint64  { return n.chain.Head() }
func (n *node) final() uint64 { return n.chain.Finalized() }

// set changes the node between requests.
func (n *node) set(change func(*faultrpc.Node)) { n.Nodes[0].Set(change) }

// down makes the server refuse everything.
func (n *node) down() { n.SetRules(&faultrpc.Rule{Fault: faultrpc.Status(503, "upstream gone")}) }

// serve listens on a loopback port until the test ends and returns the URL.
func (n *node) serve(t testing.TB) string {
	t.Helper()
	url, stop := n.Start()
	t.Cleanup(stop)
	return url
}

// forget makes rounds, methods and unproven count from here on.
func (n *node) forget() { n.seen = n.Log() }

// rounds is how many requests there were.
func (n *node) rounds() int { return n.Log().Requests - n.seen.Requests }

// methods are those of the calls, in order.
func (n *node) methods() []string { return n.Log().Methods[len(n.seen.Methods):] }

// unproven is how many requests read state without a deployless canary.
func (n *node) unproven() (count int) {
	for _, request := range n.Log().Seen[n.seen.Requests:] {
		read := strings.Contains(request, "eth_call") || strings.Contains(request, "eth_getBalance")
		if read && !strings.Contains(request, "60004381") {
			count++
		}
	}
	return count
}

// replace makes a rule that replaces the results of one method's calls whose parameters
// hold a text.
func replace(method, has, result string) *faultrpc.Rule {
	return &faultrpc.Rule{Method: method, Has: has, Fault: faultrpc.Result(result)}
}

// plain makes a server refuse each eth_call that asks more than one contract, so that every
// figure is read by itself.
func plain(s *faultrpc.Server) {
	s.Nodes[0].NoDeploy = &faultrpc.Error{Code: -32602, Message: "missing value for required argument: to"}
	s.Nodes[0].Chain.Deploy(faultrpc.Multicall3, s.Nodes[0].Chain.Head()+1)
}

// beforeByzantium makes init code fail that calls contracts: the EVM did not have the opcode.
func beforeByzantium() *faultrpc.Rule {
	return &faultrpc.Rule{Method: "eth_call", Has: "5afa8152", Fault: faultrpc.Fail(-32000, "invalid opcode: STATICCALL")}
}

// poor makes the accounts that are known to hold ether hold none.
func poor() []*faultrpc.Rule {
	return []*faultrpc.Rule{replace("eth_getBalance", weth.Hex(), `"0x0"`),
		replace("eth_getBalance", wethOP.Hex(), `"0x0"`)}
}

// pruned makes a node lack the state of the blocks before one, in its own words.
func pruned(from uint64, code int, text string) func(*faultrpc.Node) {
	return func(b *faultrpc.Node) { b.Oldest, b.Missing = from, &faultrpc.Error{Code: code, Message: text} }
}

// dial connects without waiting and closes when the test ends.
func dial(t testing.TB, d chains.Dialer, id chains.ID, urls ...string) *chains.Client {
	t.Helper()
	c, err := tryDial(t, d, id, urls...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tryDial(t testing.TB, d chains.Dialer, id chains.ID, urls ...string) (*chains.Client, error) {
	t.Helper()
	if d.Clock == nil {
		d.Clock = faultrpc.NewClock()
	}
	c, err := d.Dial(t.Context(), id, urls...)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}

func pinned(t testing.TB, c *chains.Client, number uint64) chains.Block {
	t.Helper()
	b, err := c.BlockByNumber(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// balanceOf is a call of the token.
func balanceOf(account common.Address) chains.Call { return of(faultrpc.Token, account) }

func of(token, account common.Address) chains.Call {
	call, err := chains.NewCall(token, "balanceOf(address)", account)
	if err != nil {
		panic(err)
	}
	return call
}

var twoCalls = []chains.Call{balanceOf(holder), chains.NativeBalance(nobody)}

// oracle is the right answer to a call after block n.
func oracle(c *faultrpc.Chain, n uint64, call chains.Call) []byte {
	h := c.Header(n)
	if len(call.Data) == 0 {
		return common.LeftPadBytes(c.Balance(call.To, h).Bytes(), 32)
	}
	data, _, _ := c.Run(call.To, call.Data, h, 50_000_000)
	return data
}

// wantAnswers compares answers to calls with the oracle.
func wantAnswers(t *testing.T, c *faultrpc.Chain, n uint64, calls []chains.Call, answers []chains.Answer) {
	t.Helper()
	if len(answers) != len(calls) {
		t.Fatalf("found %d answers, want %d", len(answers), len(calls))
	}
	for i, call := range calls {
		if want := oracle(c, n, call); string(answers[i].Data) != string(want) {
			t.Errorf("call %d, %s of %v: found %v, want 0x%x", i, call.Signature, call.To, answers[i].Data, want)
		}
	}
}

func wantText(t *testing.T, err error, want string) {
	t.Helper()
	if !strings.Contains(err.Error(), want) {
		t.Errorf("found error %q, want it to say %q", err, want)
	}
}
