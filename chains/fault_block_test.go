package chains_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// hexOf is how a block is asked for by number.
func hexOf(n uint64) string { return `"` + hexutil.EncodeUint64(n) + `"` }

// altered changes the JSON of block n.
func altered(n uint64, change func(map[string]json.RawMessage)) *faultrpc.Rule {
	return &faultrpc.Rule{Method: "eth_getBlockByNumber", Has: hexOf(n),
		Fault: faultrpc.Fault{Value: func(_ faultrpc.Request, result json.RawMessage) json.RawMessage {
			var block map[string]json.RawMessage
			if err := json.Unmarshal(result, &block); err != nil {
				panic(err)
			}
			change(block)
			out, err := json.Marshal(block)
			if err != nil {
				panic(err)
			}
			return out
		}}}
}

// asHeader is a header with its own true hash, as JSON.
func asHeader(h *types.Header) string {
	raw, err := json.Marshal(h)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// Blocks that are missing, moving or altered: rows 40 to 49.
func TestMatrixBlocks(t *testing.T) {
	t.Parallel()
	null := func(r *faultrpc.Rule) func(*faultrpc.Server) {
		r.Method, r.Fault = "eth_getBlockByNumber", faultrpc.Result("null")
		return with(r)
	}
	rows := []row{
		{name: "row 40: block N null once, then there", set: null(&faultrpc.Rule{Has: hexOf(target), Nth: 1})},
		{name: "row 40: parent of block N null twice, then there",
			set: null(&faultrpc.Rule{Has: hexOf(target - 1), Until: 2})},
		{name: "row 41: block N null for ever", set: null(&faultrpc.Rule{Has: hexOf(target)}),
			want: chains.ErrArchive, text: "block 15537494"},
		{name: "row 42: N above head", at: merge + 5000, want: chains.ErrNoBlockYet, text: "does not exist yet"},
		{name: "row 43: N not final", at: merge + 295, want: chains.ErrNotFinalized},
		{name: "row 43: N not final, allowed", at: merge + 295, dialer: chains.Dialer{AllowUnfinalized: true}},
		{name: "row 44: head moves back", set: func(s *faultrpc.Server) {
			s.Nodes = append(s.Nodes, &faultrpc.Node{Chain: s.Nodes[0].Chain, Behind: 40})
		}},
		{name: "row 44: head is 0 later",
			set: with(&faultrpc.Rule{Method: "eth_getBlockByNumber", Has: `"latest"`, From: 2,
				Fault: faultrpc.Result(asHeader(&types.Header{Number: new(big.Int), Difficulty: new(big.Int)}))})},
		{name: "row 46: another number",
			set: with(&faultrpc.Rule{Method: "eth_getBlockByNumber", Has: hexOf(target),
				Fault: faultrpc.Result(asHeader(faultrpc.Public(1, 300).Header(target - 7)))}),
			want: chains.ErrProtocol,
			text: "asked for block 15537494, found block 15537487"},
	}
	for i, refusal := range []*faultrpc.Error{
		{Code: -39001, Message: "Unknown block"}, {Code: -32000, Message: "finalized block not found"},
		{Code: -32001, Message: "block not found: finalized"},
		{Code: -32602, Message: "malformed blocknumber"}, {Code: -32602, Message: "invalid block tag"},
		{Code: -32000, Message: "finalized is not a supported commitment level"}, faultrpc.Null,
	} {
		dialect := backend(func(n *faultrpc.Node) { n.NoFinal = refusal })
		rows = append(rows,
			row{name: fmt.Sprintf("row 43: finalized unsupported, dialect %d", i+1), set: dialect,
				want: chains.ErrNotFinalized, text: "does not say which block is finalized"},
			row{name: fmt.Sprintf("row 43: finalized unsupported, dialect %d, allowed", i+1), set: dialect,
				dialer: chains.Dialer{AllowUnfinalized: true}})
	}
	for _, field := range []string{"hash", "number", "timestamp", "parentHash", "stateRoot", "miner", "extraData",
		"gasLimit", "baseFeePerGas", "difficulty", "sha3Uncles"} {
		for _, value := range []string{`"0x1"`, `7`, `null`, `"0x` + strings.Repeat("12", 32) + `"`} {
			rows = append(rows,
				row{name: "row 46: " + field + " is " + value, paths: []path{batch}, want: chains.ErrProtocol,
					set: with(altered(target,
						func(block map[string]json.RawMessage) { block[field] = json.RawMessage(value) }))})
		}
		rows = append(rows, row{name: "row 46: no " + field, paths: []path{batch}, want: chains.ErrProtocol,
			set: with(altered(target, func(block map[string]json.RawMessage) { delete(block, field) }))})
	}
	for _, refusal := range []*faultrpc.Error{
		{Code: -32602, Message: "invalid argument 1: json: cannot unmarshal object into Go value of type " +
			"rpc.BlockNumber"},
		{Code: -32602, Message: "invalid type: map, expected BlockNumber, 'latest', 'earliest' or 'pending'"},
		{Code: -32602, Message: "Invalid params"}, {Code: -32602, Message: "unknown field `requireCanonical`"},
		{Code: -32000, Message: "blockHash objects are not for us"},
	} {
		rows = append(rows, row{name: "row 47: EIP-1898 refused: " + refusal.Message,
			set: backend(func(n *faultrpc.Node) { n.NoHash = refusal })})
	}
	rows = append(rows,
		row{name: "row 48: EIP-1898 accepted and ignored", set: backend(func(n *faultrpc.Node) { n.Deaf = true })},
		row{name: "row 48: EIP-1898 ignored, no calls without an address", set: backend(func(n *faultrpc.Node) {
			n.Deaf, n.NoDeploy = true, &faultrpc.Error{Code: -32602, Message: "missing value for required argument to"}
		})},
		row{name: "row 49: state reads name their block", after: func(t *testing.T, s *faultrpc.Server) {
			if log := s.Log(); log.Calls["eth_call"] == 0 || log.Calls["eth_getBalance"] == 0 || len(log.Unpinned) > 0 {
				t.Errorf("found %v, unpinned %v", log.Calls, log.Unpinned)
			}
		}},
		row{name: "row 64: method not found for EIP-1898", set: backend(func(n *faultrpc.Node) {
			n.NoHash = &faultrpc.Error{Code: -32601, Message: "the method eth_call does not exist/is not available"}
		})},
		row{name: "row 64: method not found for calls without an address",
			set: backend(func(n *faultrpc.Node) {
				n.NoDeploy = &faultrpc.Error{Code: -32601,
					Message: "Method not found"}
			})},
		row{name: "row 64: method not found for eth_call",
			set: with(&faultrpc.Rule{Method: "eth_call",
				Fault: faultrpc.Fail(-32601, "the method eth_call does not exist/is not available")}),
			want: chains.ErrUnsupported, most: 100},
	)
	matrix(t, rows)
}

// Row 45: a reorg between the header and the state, by hash and by number, and
// with the very last request.
func TestMatrixReorg(t *testing.T) {
	t.Parallel()
	for _, p := range everyPath {
		for name, node := range map[string]func(*faultrpc.Node){
			"by hash":   func(*faultrpc.Node) {},
			"by number": func(n *faultrpc.Node) { n.NoHash = &faultrpc.Error{Code: -32602, Message: "Invalid params"} },
		} {
			t.Run(fmt.Sprintf("row 45: reorg before the state reads, %s (%s)", name, p), func(t *testing.T) {
				a := newAttempt(t, 1, quiet1(node))
				a.path, a.during = p, func() { a.chain.Fork(target-3, 9) }
				if err := a.read(t); !errors.Is(err, chains.ErrReorg) {
					t.Errorf("found %v, want ErrReorg", err)
				}
			})
			t.Run(fmt.Sprintf("row 45: reorg with each request, %s (%s)", name, p), func(t *testing.T) {
				before := faultrpc.Public(1, 300)
				for k := 1; k <= 40; k++ {
					s := quiet1(node)
					fork := &faultrpc.Rule{Nth: k,
						Fault: faultrpc.Fault{Envelope: func(_ []faultrpc.Request,
							o []faultrpc.Object) []faultrpc.Object {
							s.Nodes[0].Chain.Fork(target-3, 9)
							return o
						}}}
					s.Rules = []*faultrpc.Rule{fork}
					a := newAttempt(t, 1, s)
					a.path = p
					err := a.readEither(t, before, s.Nodes[0].Chain)
					if err != nil && !errors.Is(err, chains.ErrReorg) && !errors.Is(err, chains.ErrLag) {
						t.Errorf("request %d: found %v, want ErrReorg", k, err)
					}
					if fork.Matches() < k {
						return // all requests were tried
					}
				}
			})
		}
	}
}

// quiet1 is one server with a changed node.
func quiet1(change func(*faultrpc.Node)) *faultrpc.Server {
	s := faultrpc.NewServer(faultrpc.Public(1, 300))
	s.Clock = faultrpc.NewClock()
	change(s.Nodes[0])
	return s
}

// Which chain it is: rows 50 and 51.
func TestMatrixChain(t *testing.T) {
	t.Parallel()
	id := func(text string) func(*faultrpc.Server) {
		return with(&faultrpc.Rule{Method: "eth_chainId", Fault: faultrpc.Result(text)})
	}
	classic := faultrpc.Public(1, 0).Header(faultrpc.Merge)
	classic = types.CopyHeader(classic)
	classic.Extra = []byte("another fork")
	rows := []row{
		{name: "row 50: chain id 61", set: id(`"0x3d"`), want: chains.ErrWrongChain, text: "chain id is 61", most: 4},
		{name: "row 50: chain id 10", set: id(`"0xa"`), want: chains.ErrWrongChain,
			text: "chain id is optimism, want ethereum", most: 4},
		{name: "row 50: chain id in decimals", set: id(`"1"`), want: chains.ErrProtocol},
		{name: "row 50: chain id is a number", set: id(`1`), want: chains.ErrProtocol},
		{name: "row 50: chain id null", set: id(`null`), want: chains.ErrProtocol},
		{name: "row 50: chain id of 256 bits", set: id(`"0x1` + strings.Repeat("0", 63) + `"`),
			want: chains.ErrWrongChain},
		{name: "row 50: chain id refused",
			set:  with(&faultrpc.Rule{Method: "eth_chainId", Fault: faultrpc.Fail(-32601, "Method not found")}),
			want: chains.ErrUnsupported},
		{name: "row 50: apikey is on another chain",
			set: always(faultrpc.Status(200,
				`{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"apikey is on another chain"}}`)),
			want: chains.ErrWrongChain},
		{name: "row 51: anchor of another fork",
			set: with(&faultrpc.Rule{Method: "eth_getBlockByNumber", Has: hexOf(faultrpc.Merge),
				Fault: faultrpc.Result(asHeader(classic))}),
			want: chains.ErrDevelopment, text: "not the public chain"},
		{name: "row 51: anchor null",
			set: with(&faultrpc.Rule{Method: "eth_getBlockByNumber", Has: hexOf(faultrpc.Merge),
				Fault: faultrpc.Result("null")}), want: chains.ErrArchive},
		{name: "row 51: development chain",
			set:  func(s *faultrpc.Server) { s.Nodes[0].Chain = faultrpc.Development(1, 300) },
			want: chains.ErrWrongChain, text: "not the public chain"},
	}
	matrix(t, rows)
	t.Run("row 51: development chain, allowed", func(t *testing.T) {
		s := faultrpc.NewServer(faultrpc.Development(1, 300))
		s.Clock = faultrpc.NewClock()
		a := newAttempt(t, 1, s)
		a.dialer.AllowDev, a.at = true, 100
		if err := a.read(t); err != nil || !a.client.Development {
			t.Errorf("found %v, want figures that are marked", err)
		}
	})
}

// Row 68: Optimism before Bedrock, with and without the legacy node.
func TestMatrixBedrock(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		at   uint64
		node func(*faultrpc.Node)
		want error
	}{
		{"-32801", faultrpc.Bedrock - 1, func(n *faultrpc.Node) {
			n.Oldest, n.Missing = faultrpc.Bedrock, &faultrpc.Error{Code: -32801,
				Message: "no historical RPC is available for this historical (pre-bedrock) execution request"}
		}, chains.ErrArchive},
		{"historical backend error", faultrpc.Bedrock - 1, func(n *faultrpc.Node) {
			n.Oldest, n.Missing = faultrpc.Bedrock, &faultrpc.Error{Code: -32000,
				Message: "historical backend error: something of l2geth's own"}
		}, chains.ErrArchive},
		{"-32801, at Bedrock", faultrpc.Bedrock, func(n *faultrpc.Node) { n.Oldest = faultrpc.Bedrock }, nil},
		{"legacy node", faultrpc.Bedrock - 1, func(*faultrpc.Node) {}, nil},
	} {
		for _, p := range everyPath {
			t.Run(fmt.Sprintf("row 68: %s, block %d (%s)", tt.name, tt.at, p), func(t *testing.T) {
				s := faultrpc.NewServer(faultrpc.Public(10, 300))
				s.Clock = faultrpc.NewClock()
				tt.node(s.Nodes[0])
				a := newAttempt(t, 10, s)
				a.at, a.path = tt.at, p
				if tt.at == faultrpc.Bedrock { // its real parent is not among the made-up blocks
					a.at++
				}
				err := a.read(t)
				if !errors.Is(err, tt.want) {
					t.Fatalf("found %v, want %v", err, tt.want)
				}
				if err != nil {
					wantText(t, err, "before block 105235063 (Bedrock")
				}
			})
		}
	}
}
