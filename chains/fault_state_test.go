package chains_test

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// errAny stands for an error without a sentinel of its own.
var errAny = errors.New("any error")

// missingState is what nodes and providers say when they lack old state, or
// access to it.
var missingState = []string{
	"missing trie node 1f2a3c (path 0a0b)", "state 0x9f88bd is not available",
	"historical state 0x9f88bd is not available",
	"state histories haven't been fully indexed yet", "historical state not available in path scheme yet",
	"state 0x9f88bd is not canonical",
	"metadata is not found", "required historical state unavailable (reexec=128)", "pruned history unavailable",
	"old data not available due to pruning", "empty reader set",
	"requested block is too old, block must be within 100000 blocks of the head block number (currently 20000000)",
	"No state available for block 0x9f88bd", "World state unavailable", "state at block #15537494 is pruned",
	"distance to target block exceeds maximum proof window",
	"state at block #15537494 is not available, block has not been executed yet (latest executed: #15000000)",
	"Archive requests require a personal token. Get one at: https://www.allnodes.com/publicnode",
	"public endpoint only serves recent blocks (last 1024)",
	"access to archival, debug, or trace data is not included in your current plan", "node state is pruned",
	"state is not available, lowest height is 17000000",
	"state already discarded for 0x9f88bd", "state already been pruned", "your node is running with state pruning",
	"version has either been pruned, or is for a future block", "purged for block 15537494", "no state data",
	"state is not available",
	"state at block 15537494", "unexpected state root", "no state found for block 15537494",
	"state not found for block 15537494",
	"state does not maintain archive data", "request might be querying historical state that is not available",
	"has been pruned",
	"earliest available is 17000000", "height is not available", "missing state", "trie does not contain the key",
	"requested data is not available", "body not found for block", "proofs are available only for the 'latest' block",
	"no historical RPC is available for this historical (pre-bedrock) execution request",
	"historical backend error: missing trie node 1f2a3c (path )",
	"header not found", "header for hash not found", "Block not found", "could not find block",
}

// Missing state in all words: row 23.
func TestMatrixMissingState(t *testing.T) {
	t.Parallel()
	codes := []int{-32000, -32001, -32002, -32005, -32601, -32602, -32603, -32801, 4444}
	var rows []row
	for i, words := range missingState {
		for j, status := range []int{200, 400, 403, 500} {
			code := codes[(i+j)%len(codes)]
			body := fmt.Sprintf(`{"jsonrpc":"2.0","id":null,"error":{"code":%d,"message":%q}}`, code, words)
			rules := []*faultrpc.Rule{{Method: "eth_call", Fault: faultrpc.Status(status, body)}}
			if status == 200 {
				rules = nil
				for _, method := range []string{"eth_call", "eth_getBalance", "eth_getCode"} {
					rules = append(rules, &faultrpc.Rule{Method: method, Fault: faultrpc.Fail(code, words)})
				}
			}
			rows = append(rows,
				row{name: fmt.Sprintf("row 23: %q, code %d, HTTP %d", words, code, status), set: with(rules...),
					paths: []path{batch}, want: chains.ErrArchive, text: "block 15537494 (ethereum, 2022-09-15)",
					most: 12})
		}
	}
	matrix(t, rows)
}

// Missing state with another endpoint at hand: the second half of row 23.
func TestMatrixMissingStateIsReadElsewhere(t *testing.T) {
	t.Parallel()
	for _, p := range everyPath {
		t.Run(fmt.Sprintf("row 23: next endpoint used (%s)", p), func(t *testing.T) {
			poor, good := faultrpc.NewServer(faultrpc.Public(1, 300)), faultrpc.NewServer(faultrpc.Public(1, 300))
			poor.Clock = faultrpc.NewClock()
			poor.Nodes[0].Window = 128
			a := newAttempt(t, 1, poor, good)
			a.path = p
			if err := a.read(t); err != nil {
				t.Errorf("found %v, want the right figures", err)
			}
			if n := poor.Log().Requests; n > 8 && p != single {
				t.Errorf("found %d requests to an endpoint without the state", n)
			}
		})
	}
}

// State that is not there, or not what it should be: rows 24 to 32.
func TestMatrixState(t *testing.T) {
	t.Parallel()
	account := common.BytesToAddress([]byte{0xAA, 0, 5})
	getter := chains.Call{To: faultrpc.Sink, Data: []byte{1, 2, 3, 4}, Signature: "totalSupply()"}
	late := of(faultrpc.Late, account)
	later := func(s *faultrpc.Server) { s.Nodes[0].Chain.Deploy(faultrpc.Late, target+1) }
	rows := []row{
		{name: "row 24: archive good elsewhere, bad at N",
			set: backend(func(n *faultrpc.Node) { n.Oldest = target + 1 }), want: chains.ErrArchive,
			text: "has no state for block 15537494"},
		{name: "row 24: archive good elsewhere, good at N", set: backend(func(n *faultrpc.Node) { n.Oldest = target })},
		{name: "row 24: empty state at N reads as zero",
			set: backend(func(n *faultrpc.Node) { n.Oldest, n.Hollow = target+1, true }), want: chains.ErrArchive,
			text: "holds none"},
		{name: "row 25: getBalance is null (Besu)",
			set: backend(func(n *faultrpc.Node) { n.Oldest, n.Nulls = target+1, true }), want: chains.ErrArchive},
		{name: "row 25: getBalance alone is null",
			set:  with(&faultrpc.Rule{Method: "eth_getBalance", Fault: faultrpc.Result(`null`)}),
			want: chains.ErrArchive, text: "null", paths: []path{batch, single}},
		{name: "row 25: eth_call alone is null",
			set:  with(&faultrpc.Rule{Method: "eth_call", Has: "70a08231", Fault: faultrpc.Result(`null`)}),
			want: chains.ErrArchive, text: "null", paths: []path{batch, single}},
		{name: "row 28: no code at N", set: later, calls: []chains.Call{late}, want: chains.ErrNoContract,
			text: "no contract at " + faultrpc.Late.Hex() + " at block 15537494"},
		{name: "row 28: code since N", set: later, calls: []chains.Call{late}, at: target + 1},
		{name: "row 29: code that returns nothing", calls: []chains.Call{getter}, want: errAny, text: "empty answer"},
		{name: "row 29: eth_call is 0x, code exists",
			set:  with(&faultrpc.Rule{Method: "eth_call", Has: account.Hex()[2:], Fault: faultrpc.Result(`"0x"`)}),
			want: errAny, text: "empty answer", paths: []path{batch, single}},
		{name: "row 31: reason of a revert as a result", paths: []path{batch, single}, want: chains.ErrReverted,
			set: with(&faultrpc.Rule{Method: "eth_call", Has: account.Hex()[2:],
				Fault: faultrpc.Result(`"0x08c379a0` + strings.Repeat("00", 96) + `"`)})},
		{name: "row 32: revert with a reason",
			calls: []chains.Call{{To: faultrpc.Reverter, Data: []byte{1, 2, 3, 4}}}, want: chains.ErrReverted,
			text: "no such luck"},
		{name: "row 32: code 3, unknown block",
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Fail(3, "Unknown block")},
				&faultrpc.Rule{Method: "eth_getBalance",
					Fault: faultrpc.Fail(3, "block not found with number 0xed1536")}),
			want: chains.ErrArchive},
		{name: "row 32: code 3, unknown block, once",
			set: with(&faultrpc.Rule{Method: "eth_call", Has: account.Hex()[2:], Nth: 1,
				Fault: faultrpc.Fail(3, "Unknown block")})},
	}
	for _, value := range []string{`""`, `"0"`, `0`, `"100"`, `1e18`, `"0x` + strings.Repeat("1", 65) + `"`, `"-0x1"`,
		`" 0x1"`, `"0x1\n"`, `true`, `{}`, `[]`, `"0xzz"`, `["0x1"]`, `"\u0030x1"`, `"0X10"`} {
		for _, method := range []string{"eth_getBalance", "eth_call"} {
			has := account // read by eth_call
			if method == "eth_getBalance" {
				has = common.BytesToAddress([]byte{0xAA, 0, 6})
			}
			rows = append(rows,
				row{name: fmt.Sprintf("row 26: %s is %s", method, value),
					set: func(s *faultrpc.Server) {
						with(&faultrpc.Rule{Method: method, Has: has.Hex()[2:], Fault: faultrpc.Result(value)})(s)
						plain(s)
					},
					want: chains.ErrProtocol, paths: []path{batch, single}})
		}
		rows = append(rows, row{name: "row 26: every eth_call is " + value,
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Result(value)}), want: chains.ErrProtocol})
	}
	rows = append(rows, row{name: "row 26: getBalance is 0x",
		set: with(&faultrpc.Rule{Method: "eth_getBalance",
			Fault: faultrpc.Result(`"0x"`)}), want: chains.ErrProtocol, paths: []path{batch, single}})
	matrix(t, rows)
}

// Row 27: leading zeros are read, a capital X is not.
func TestMatrixSpelling(t *testing.T) {
	t.Parallel()
	account := common.BytesToAddress([]byte{0xBB})
	for value, want := range map[string]int64{`"0x00ff"`: 255, `"0xFF"`: 255, `"0x0"`: 0, `"0XFF"`: -1,
		`"0x` + strings.Repeat("0", 62) + `ff"`: 255} {
		t.Run("row 27: "+value, func(t *testing.T) {
			s := faultrpc.NewServer(faultrpc.Public(1, 300))
			s.Rules = []*faultrpc.Rule{replace("eth_getBalance", account.Hex()[2:], value)}
			plain(s)
			url, stop := s.Start()
			defer stop()
			c := dial(t, chains.Dialer{}, 1, url)
			answers, err := c.CallAt(t.Context(), pinned(t, c, target), []chains.Call{chains.NativeBalance(account)})
			if want < 0 {
				if !errors.Is(err, chains.ErrProtocol) || answers != nil {
					t.Errorf("found %v, %v, want ErrProtocol", answers, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got, err := answers[0].Uint256(); err != nil || got.Cmp(big.NewInt(want)) != 0 {
				t.Errorf("found %v, %v, want %d", got, err, want)
			}
		})
	}
}

// Row 30: 31, 33 and 64 bytes are no uint256.
func TestMatrixLengthOfAWord(t *testing.T) {
	t.Parallel()
	account := common.BytesToAddress([]byte{0xBB})
	for _, n := range []int{1, 31, 33, 64} {
		t.Run(fmt.Sprintf("row 30: %d bytes", n), func(t *testing.T) {
			s := faultrpc.NewServer(faultrpc.Public(1, 300))
			s.Rules = []*faultrpc.Rule{{Method: "eth_call", Has: account.Hex()[2:],
				Fault: faultrpc.Result(`"0x` + strings.Repeat("01", n) + `"`)}}
			url, stop := s.Start()
			defer stop()
			c := dial(t, chains.Dialer{}, 1, url)
			answers, err := c.CallAt(t.Context(), pinned(t, c, target),
				slices.Repeat([]chains.Call{of(faultrpc.Token, account)}, 2))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := answers[0].Uint256(); err == nil || got != nil {
				t.Errorf("found %v, %v, want an error", got, err)
			}
		})
	}
}
