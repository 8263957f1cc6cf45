package chains_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm/runtime"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/rpc"
	"go.uber.org/goleak"

	"github.com/perpdao/perpquorum/chains"
)

func TestMain(m *testing.M) {
	// What a node of go-ethereum in this process leaves behind when it is closed.
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/ethereum/go-ethereum/core.(*txSenderCacher).cache"),
		goleak.IgnoreTopFunction("github.com/syndtr/goleveldb/leveldb.(*DB).mpoolDrain"))
}

// The accounts and contracts of the node's made-up state.
var (
	token  = common.HexToAddress("0x00000000000000000000000000000000000000A1") // one word, different at each block
	broken = common.HexToAddress("0x00000000000000000000000000000000000000A2") // reverts
	sink   = common.HexToAddress("0x00000000000000000000000000000000000000A3") // code that returns nothing
	nobody = common.HexToAddress("0x00000000000000000000000000000000000000A4") // no code, no ether
	holder = common.HexToAddress("0x00000000000000000000000000000000000000A5") // ether

	multicall3 = common.HexToAddress("0xcA11bde05977b3631167028862bE2a173976CA11")
	weth       = common.HexToAddress("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
	wethOP     = common.HexToAddress("0x4200000000000000000000000000000000000006")
)

// node is a made-up JSON-RPC node: real headers with true hashes, made-up
// state, go-ethereum's own server on the wire. Its fields are the faults; they
// may be changed between requests with set.
type node struct {
	mu        sync.Mutex
	id        uint64
	blocks    map[uint64]*types.Header // the canonical chain
	byHash    map[common.Hash]*types.Header
	head      uint64
	finalized uint64

	noFinalized  error                // what asking for the finalized block gives
	blockHash    string               // EIP-1898: "" works, "refuse", "ignore"
	refusal      error                // the words of "refuse"
	deployless   error                // what a call without "to" gives
	multicall    bool                 // Multicall3 is deployed
	noParentHash bool                 // BLOCKHASH gives zero
	stateAt      uint64               // reads run here whatever was asked; 0: where asked
	pruned       func(n uint64) error // missing state
	hidden       map[uint64]int       // header is null that many times; -1: for ever
	bias         map[common.Address]int64
	nullState    bool // eth_getBalance answers null
	poor         bool // WETH holds nothing
	dressed      bool // reverts come as results
	down         bool // HTTP 503
	onRequest    func(methods []string)

	batchLimit int // calls in a batch; 0: no limit

	rounds   int
	unproved int // requests that read state without a deployless canary
	methods  []string
}

// rpcError is an error with a code, as nodes send it.
type rpcError struct {
	code int
	text string
	data any
}

func (e rpcError) Error() string  { return e.text }
func (e rpcError) ErrorCode() int { return e.code }
func (e rpcError) ErrorData() any { return e.data }

// newNode returns a chain whose blocks lie twelve seconds apart, from the first
// header to head, all finalized but the last ten.
func newNode(id uint64, first *types.Header, length int) *node {
	n := &node{id: id, blocks: map[uint64]*types.Header{}, byHash: map[common.Hash]*types.Header{}, hidden: map[uint64]int{}, bias: map[common.Address]int64{}, multicall: true}
	n.extend(first, length, 0)
	n.finalized = n.head - min(10, n.head)
	return n
}

// extend puts first and its children on the chain; salt tells forks apart.
func (n *node) extend(first *types.Header, length int, salt byte) {
	h := first
	for i := 0; ; i++ {
		number := h.Number.Uint64()
		n.blocks[number], n.byHash[h.Hash()] = h, h
		n.head = number
		if i == length {
			return
		}
		h = child(h, salt)
	}
}

func child(parent *types.Header, salt byte) *types.Header {
	return &types.Header{
		ParentHash: parent.Hash(), UncleHash: types.EmptyUncleHash, TxHash: types.EmptyTxsHash, ReceiptHash: types.EmptyReceiptsHash,
		Number: new(big.Int).Add(parent.Number, big.NewInt(1)), Time: parent.Time + 12, Extra: []byte{salt},
		Difficulty: new(big.Int), GasLimit: 30_000_000, BaseFee: big.NewInt(7),
	}
}

// ethereum passes for the public chain; dev is a chain of the same id that does not.
func ethereum() *node { return newNode(1, mergeHeader(), 200) }
func optimism() *node { return newNode(10, bedrockHeader(), 200) }
func dev(id uint64) *node {
	return newNode(id, &types.Header{Number: new(big.Int), Time: 1_700_000_000, Difficulty: new(big.Int), Extra: []byte("dev"), BaseFee: big.NewInt(7), GasLimit: 30_000_000,
		UncleHash: types.EmptyUncleHash, TxHash: types.EmptyTxsHash, ReceiptHash: types.EmptyReceiptsHash}, 200)
}

func (n *node) set(change func(*node)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	change(n)
}

// serve listens on a loopback port until the test ends and returns the URL.
func (n *node) serve(t testing.TB) string {
	t.Helper()
	url, stop := n.start()
	t.Cleanup(stop)
	return url
}

func (n *node) start() (url string, stop func()) {
	server := rpc.NewServer()
	if err := server.RegisterName("eth", &ethAPI{n}); err != nil {
		panic(err)
	}
	server.SetBatchLimits(n.batchLimit, 0)
	hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		methods := methodsOf(body)
		n.mu.Lock()
		n.rounds++
		n.methods = append(n.methods, methods...)
		if (slices.Contains(methods, "eth_call") || slices.Contains(methods, "eth_getBalance")) && !bytes.Contains(body, []byte("43600052")) {
			n.unproved++
		}
		hook := n.onRequest
		n.mu.Unlock()
		if hook != nil {
			hook(methods)
		}
		n.mu.Lock()
		down := n.down
		n.mu.Unlock()
		if down {
			http.Error(w, "upstream gone", http.StatusServiceUnavailable)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		server.ServeHTTP(w, r)
	}))
	return hs.URL, func() { hs.Close(); server.Stop() }
}

func methodsOf(body []byte) []string {
	type call struct{ Method string }
	var many []call
	if json.Unmarshal(body, &many) != nil {
		many = make([]call, 1)
		_ = json.Unmarshal(body, &many[0])
	}
	out := make([]string, len(many))
	for i := range many {
		out[i] = many[i].Method
	}
	return out
}

// ethAPI is the node's "eth" namespace.
type ethAPI struct{ n *node }

func (a *ethAPI) ChainId() hexutil.Uint64 { return hexutil.Uint64(a.n.id) }

func (a *ethAPI) GetBlockByNumber(tag string, full bool) (any, error) {
	n := a.n
	n.mu.Lock()
	defer n.mu.Unlock()
	number := n.head
	switch tag {
	case "latest":
	case "finalized":
		if n.noFinalized != nil {
			return nil, n.noFinalized
		}
		number = n.finalized
	default:
		v, err := hexutil.DecodeUint64(tag)
		if err != nil {
			return nil, err
		}
		number = v
	}
	if n.hidden[number] != 0 {
		n.hidden[number]--
		return nil, nil
	}
	h := n.blocks[number]
	if h == nil {
		return nil, nil
	}
	return blockJSON(h)
}

func blockJSON(h *types.Header) (map[string]any, error) {
	raw, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, err
	}
	out["transactions"], out["uncles"], out["size"] = []any{}, []any{}, "0x220"
	return out, nil
}

// at finds the block of a state read. A read without block parameter fails the run.
func (n *node) at(block *json.RawMessage) (*types.Header, error) {
	if block == nil {
		panic("state read without block parameter")
	}
	h, err := n.named(*block)
	if err == nil && n.pruned != nil {
		err = n.pruned(h.Number.Uint64())
	}
	if err == nil && n.stateAt != 0 {
		h = n.blocks[n.stateAt]
	}
	return h, err
}

func (n *node) named(block json.RawMessage) (*types.Header, error) {
	var number hexutil.Uint64
	if json.Unmarshal(block, &number) == nil {
		if h := n.blocks[uint64(number)]; h != nil {
			return h, nil
		}
		return nil, rpcError{-32000, "header not found", nil}
	}
	var named struct {
		BlockHash        common.Hash
		RequireCanonical bool
	}
	if err := json.Unmarshal(block, &named); err != nil {
		panic(fmt.Sprintf("state read at %s", block))
	}
	switch n.blockHash {
	case "refuse":
		if n.refusal != nil {
			return nil, n.refusal
		}
		return nil, rpcError{-32602, "invalid argument 1: json: cannot unmarshal object into Go value of type string", nil}
	case "ignore":
		return n.blocks[n.head], nil
	}
	h := n.byHash[named.BlockHash]
	if h == nil {
		return nil, rpcError{-32000, "header for hash not found", nil}
	}
	if n.blocks[h.Number.Uint64()].Hash() != h.Hash() {
		return nil, rpcError{-32000, "hash is not currently canonical", nil}
	}
	return h, nil
}

// balance depends on account, block and fork, so that each mix-up is another number.
func (n *node) balance(account common.Address, h *types.Header) *big.Int {
	switch {
	case account == nobody, account == weth && n.poor, account == wethOP && n.poor:
		return new(big.Int)
	}
	sum := new(big.Int).SetBytes(h.Hash().Bytes()[:8])
	sum.Add(sum, new(big.Int).SetBytes(account[10:]))
	return sum.Add(sum, big.NewInt(n.bias[account]))
}

func (a *ethAPI) GetBalance(account common.Address, block *json.RawMessage) (any, error) {
	n := a.n
	n.mu.Lock()
	defer n.mu.Unlock()
	h, err := n.at(block)
	if err != nil {
		return nil, err
	}
	if n.nullState {
		return nil, nil
	}
	return (*hexutil.Big)(n.balance(account, h)), nil
}

func (a *ethAPI) GetCode(account common.Address, block *json.RawMessage) (hexutil.Bytes, error) {
	n := a.n
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, err := n.at(block); err != nil {
		return nil, err
	}
	if account == sink || account == token || account == broken {
		return hexutil.Bytes{0x00}, nil
	}
	return hexutil.Bytes{}, nil
}

type callArgs struct {
	To   *common.Address
	Data hexutil.Bytes
}

func (a *ethAPI) Call(args callArgs, block *json.RawMessage) (hexutil.Bytes, error) {
	n := a.n
	n.mu.Lock()
	defer n.mu.Unlock()
	h, err := n.at(block)
	if err != nil {
		return nil, err
	}
	if args.To == nil {
		if n.deployless != nil {
			return nil, n.deployless
		}
		return n.run(args.Data, h)
	}
	switch *args.To {
	case token:
		return common.LeftPadBytes(n.balance(common.BytesToAddress(args.Data), h).Bytes(), 32), nil
	case broken:
		reason := common.FromHex("0x08c379a0000000000000000000000000000000000000000000000000000000000000002000000000000000000000000000000000000000000000000000000000000000036e6f210000000000000000000000000000000000000000000000000000000000")
		if n.dressed {
			return reason, nil
		}
		return nil, rpcError{3, "execution reverted: no!", hexutil.Encode(reason)}
	case multicall3:
		if n.multicall {
			return n.getters(args.Data, h), nil
		}
	}
	return hexutil.Bytes{}, nil
}

// run executes init code for real, under the rules of the first fork.
func (n *node) run(code []byte, h *types.Header) ([]byte, error) {
	out, _, _, err := runtime.Create(code, &runtime.Config{
		ChainConfig: &params.ChainConfig{ChainID: big.NewInt(1)}, Difficulty: big.NewInt(1), GasLimit: 1_000_000,
		BlockNumber: h.Number, Time: h.Time,
		GetHashFn: func(number uint64) common.Hash {
			if n.noParentHash || number+1 != h.Number.Uint64() {
				return common.Hash{}
			}
			return h.ParentHash
		},
	})
	return out, err
}

func (n *node) getters(selector []byte, h *types.Header) []byte {
	switch hexutil.Encode(selector) {
	case "0x42cbb15c":
		return common.BigToHash(h.Number).Bytes()
	case "0x0f28c97d":
		return common.BigToHash(new(big.Int).SetUint64(h.Time)).Bytes()
	case "0x27e86d6e":
		return h.ParentHash.Bytes()
	}
	return nil
}

// clock is time that passes only when somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept time.Duration
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept += d
	return ctx.Err()
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
		d.Clock = newClock()
	}
	c, err := d.Dial(t.Context(), id, urls...)
	if err == nil {
		t.Cleanup(c.Close)
	}
	return c, err
}
