package chains_test

import (
	endian "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

var onlyBulk = []path{bulk}

// many is n calls of one contract with different calldata.
func many(to common.Address, n int) []chains.Call {
	calls := make([]chains.Call, n)
	for i := range calls {
		calls[i] = chains.Call{To: to, Data: endian.BigEndian.AppendUint32(nil, uint32(0x01020300+i%3)),
			Signature: "value()"}
		calls[i].Data = append(calls[i].Data, byte(i))
	}
	return calls
}

// aggregated changes the results of multicalls.
func aggregated(change func(data []byte) []byte) faultrpc.Fault {
	return faultrpc.Fault{Value: func(r faultrpc.Request, result json.RawMessage) json.RawMessage {
		if !strings.Contains(string(r.Params[0]), "82ad56cb") {
			return result
		}
		data, err := hex.DecodeString(strings.Trim(string(result), `"`)[2:])
		if err != nil {
			panic(err)
		}
		return json.RawMessage(`"0x` + hex.EncodeToString(change(data)) + `"`)
	}}
}

// at puts a word into data, counted in words from the start.
func at(i int, value byte) func([]byte) []byte {
	return func(data []byte) []byte {
		out := slices.Clone(data)
		copy(out[32*i:], make([]byte, 31))
		out[32*i+31] = value
		return out
	}
}

// Multicall3: rows 33 to 39.
func TestMatrixMulticall(t *testing.T) {
	t.Parallel()
	deployed := func(n uint64) func(*faultrpc.Server) {
		return func(s *faultrpc.Server) { s.Nodes[0].Chain.Deploy(faultrpc.Multicall3, n) }
	}
	gas := func(limit uint64) func(*faultrpc.Server) {
		return backend(func(n *faultrpc.Node) { n.GasCap = limit })
	}
	uses := func(multicalls bool) func(*testing.T, *faultrpc.Server) {
		return func(t *testing.T, s *faultrpc.Server) {
			if got := strings.Contains(strings.Join(s.Log().Seen, ""), "82ad56cb"); got != multicalls {
				t.Errorf("found multicalls: %v, want %v", got, multicalls)
			}
		}
	}
	sink := chains.Call{To: faultrpc.Sink, Data: []byte{1, 2, 3, 4}}
	empty := chains.Call{To: faultrpc.Nobody, Data: []byte{1, 2, 3, 4}}
	last := usual(t, 10)[4:]
	rows := []row{
		{name: "row 33: Multicall3 deployed after N", set: deployed(target + 1), after: uses(false)},
		{name: "row 33: Multicall3 deployed at N", set: deployed(target), after: uses(true)},
		{name: "row 34: inner call succeeds with no data, no code", calls: []chains.Call{empty},
			want: chains.ErrNoContract},
		{name: "row 34: inner call succeeds with no data, code", calls: []chains.Call{sink}, want: errAny,
			text: "empty answer"},
		{name: "row 35: inner calls fail for want of gas", set: gas(25_000_000), calls: many(faultrpc.Heavy, 30)},
		{name: "row 35: an inner call burns all gas", calls: slices.Concat(many(faultrpc.Broken, 1), last),
			want: errAny},
		{name: "row 36: inner calls swallow the want of gas, last", set: gas(25_000_000),
			calls: many(faultrpc.Swallower, 30)},
		{name: "row 36: inner calls swallow the want of gas, in the middle", set: gas(25_000_000),
			calls: slices.Concat(many(faultrpc.Swallower, 30), last)},
		{name: "row 36: one inner call swallows the want of gas, and enough is left for others",
			set: func(s *faultrpc.Server) {
				s.Nodes[0].Chain.Demand(faultrpc.Swallower, 20_000_000)
			}, calls: slices.Concat(many(faultrpc.Swallower, 3), last)},
		{name: "row 36: inner calls swallow the want of gas, among others", set: gas(50_000_000),
			calls: slices.Concat(last, many(faultrpc.Swallower, 40), last, many(faultrpc.Heavy, 5), last)},
		{name: "row 38: multicalls of another block", set: staleMulticalls},
		{name: "row 38: multicalls of another block, last calls alike at both", set: staleMulticalls,
			calls: []chains.Call{chains.NativeBalance(faultrpc.Nobody), of(faultrpc.Token, faultrpc.Nobody)}},
		{name: "row 38: state reads of another block", set: backend(func(n *faultrpc.Node) { n.Shift = 1 }),
			want: chains.ErrProtocol, paths: everyPath, text: "block 15537493"},
		{name: "row 39: gas cap of 1 million", set: gas(1_000_000), paths: everyPath},
		{name: "row 39: gas cap of 100 thousand", set: gas(100_000), paths: everyPath},
		{name: "row 39: five seconds for a call", set: backend(func(n *faultrpc.Node) { n.TimeCap = 200_000 }),
			paths: everyPath},
		{name: "row 39: HTTP 408 for large calls",
			set: with(&faultrpc.Rule{Has: "82ad56cb",
				Fault: faultrpc.Status(408,
					`{"message":"Request timeout on the free tier, please upgrade your tier to the paid one",`+
						`"code":30}`)})},
		{name: "row 39: Erigon's limit of returned data", set: backend(func(n *faultrpc.Node) { n.ReturnCap = 3000 }),
			paths: everyPath},
	}
	for _, cap := range []uint64{1e6, 2e6, 5e6, 10e6, 16_777_216, 25e6, 30e6, 50e6} {
		rows = append(rows, row{name: fmt.Sprintf("row 39: gas cap of %d, 700 more calls", cap), set: gas(cap),
			calls: usual(t, 700), paths: []path{batch, bulk}})
	}
	for name, change := range map[string]func([]byte) []byte{
		"shorter":           func(d []byte) []byte { return d[:len(d)-160] },
		"longer":            func(d []byte) []byte { return append(slices.Clone(d), make([]byte, 32)...) },
		"empty":             func([]byte) []byte { return nil },
		"of a wrong length": at(1, 3),
		"of a huge length": func(d []byte) []byte {
			return append(slices.Clone(d[:32]),
				slices.Repeat([]byte{0xff}, len(d)-32)...)
		},
		"with the first offset 0": at(2, 0),
		"with two equal offsets": func(d []byte) []byte {
			out := slices.Clone(d)
			copy(out[64:96],
				out[96:128])
			return out
		},
		"with a success of 2": func(d []byte) []byte {
			return at(2+int(endian.BigEndian.Uint64(d[88:96])/32),
				2)(d)
		},
		"with a word taken away":   func(d []byte) []byte { return append(slices.Clone(d[:320]), d[352:]...) },
		"with the array offset 64": at(0, 64),
	} {
		rows = append(rows, row{name: "row 37: results " + name,
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: aggregated(change)})})
	}
	for i := range rows {
		if rows[i].paths == nil {
			rows[i].paths = onlyBulk
		}
	}
	matrix(t, rows)
}

// staleMulticalls runs multicalls one block too low, and all else where it should.
func staleMulticalls(s *faultrpc.Server) {
	s.Rules = []*faultrpc.Rule{{Method: "eth_call",
		Fault: faultrpc.Fault{Value: func(r faultrpc.Request, result json.RawMessage) json.RawMessage {
			var call struct{ Data hexutil.Bytes }
			if err := json.Unmarshal(r.Params[0], &call); err != nil {
				panic(err)
			}
			if !strings.HasPrefix(call.Data.String(), "0x82ad56cb") {
				return result
			}
			c := s.Nodes[0].Chain
			stale, _, _ := c.Run(faultrpc.Multicall3, call.Data, c.Header(target-1), 50_000_000)
			return json.RawMessage(`"` + hexutil.Encode(stale) + `"`)
		}}}}
}

// Row 38, passing: one node of two behind an address is one block behind in its
// state; what it says is refused, and the reading ends with the right figures or
// with none.
func TestMatrixStaleBackend(t *testing.T) {
	t.Parallel()
	for _, p := range everyPath {
		t.Run(fmt.Sprintf("row 38: one backend of two stale (%s)", p), func(t *testing.T) {
			s := faultrpc.NewServer(faultrpc.Public(1, 300))
			s.Clock = faultrpc.NewClock()
			s.Nodes = append(s.Nodes, &faultrpc.Node{Chain: s.Nodes[0].Chain, Behind: 250})
			a := newAttempt(t, 1, s)
			a.path = p
			if err := a.read(t); err != nil {
				t.Logf("ended with %v", err)
			}
		})
	}
}
