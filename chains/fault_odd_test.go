package chains_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// withAndWithout runs rows as matrix does, and once more with a second endpoint that is
// good: then the figures are right, whatever the first does.
func withAndWithout(t *testing.T, rows []row) {
	t.Helper()
	matrix(t, rows)
	for _, r := range rows {
		for _, p := range everyPath {
			t.Run(fmt.Sprintf("%s, then a good endpoint (%s)", r.name, p), func(t *testing.T) {
				first := good()
				r.set(first)
				a := newAttempt(t, 1, first, good())
				a.path, a.dialer = p, r.dialer
				if err := a.read(t); err != nil {
					t.Errorf("found %v, want the right figures", err)
				}
			})
		}
	}
}

// Deviations from the standard in which nothing can be mistaken: row 77.
func TestMatrixHarmless(t *testing.T) {
	t.Parallel()
	rows := []row{
		{name: "row 77: byte order mark", set: always(faultrpc.Prepend("\xef\xbb\xbf"))},
		{name: "row 77: older standard", set: always(faultrpc.Old())},
		{name: "row 77: quantities of headers with leading zeros", set: always(faultrpc.Pad())},
		{name: "row 77: all at once",
			set: func(s *faultrpc.Server) { s.Rules = faultrpc.As("odd", faultrpc.Public(1, 1), s.Clock).Rules }},
	}
	for status := http.StatusCreated; status <= http.StatusNonAuthoritativeInfo; status++ {
		rows = append(rows, row{name: fmt.Sprintf("row 77: HTTP %d", status), set: always(faultrpc.Created(status))})
	}
	matrix(t, rows)
}

// Batches that are refused without a word about their size: row 78.
func TestMatrixRefusedBatches(t *testing.T) {
	t.Parallel()
	var rows []row
	for _, status := range []int{400, 405, 413, 415, 422, 500, 502} {
		rows = append(rows, row{name: fmt.Sprintf("row 78: batch over 3, HTTP %d", status), set: limit(3, status, "")},
			row{name: fmt.Sprintf("row 78: no batches, HTTP %d", status), set: limit(1, status, "")})
	}
	rows = append(rows,
		row{name: "row 78: batch over 3, Internal error",
			set: limit(3, 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"Internal error"}}`)},
		row{name: "row 78: batch over 3, connection closed",
			set: with(&faultrpc.Rule{BatchOver: 3, Fault: faultrpc.Close()})},
		row{name: "row 78: batch over 3, connection reset",
			set: with(&faultrpc.Rule{BatchOver: 3, Fault: faultrpc.Reset()})},
		row{name: "row 78: batch over 3, half a reply",
			set: with(&faultrpc.Rule{BatchOver: 3, Fault: faultrpc.Cut(-9)})})
	for i := range rows {
		rows[i].most = 1 + 4 + 60*2 // to the smallest size, and then all calls by themselves
		rows[i].after = sizesAtMostTwice
	}
	withAndWithout(t, rows)
}

// sizesAtMostTwice demands that no size that was refused was sent three times.
func sizesAtMostTwice(t *testing.T, s *faultrpc.Server) {
	t.Helper()
	times := map[int]int{}
	for _, size := range s.Log().Sizes {
		if times[size]++; size > 3 && times[size] > 2 {
			t.Errorf("found %d calls in one request three times: %v", size, s.Log().Sizes)
			return
		}
	}
}

// Words that may mean something else: row 79.
func TestMatrixAmbiguousWords(t *testing.T) {
	t.Parallel()
	const exception = "Nethermind.Trie.MissingTrieNodeException: Node A: P:2 H:0x992e is missing from the DB\n" +
		"   at Nethermind.Trie.Pruning.ReadOnlyTrieStore in /src/archive/RateLimiter.cs:line 337"
	missing := func(e *faultrpc.Error) func(*faultrpc.Server) {
		return backend(func(n *faultrpc.Node) { n.Oldest, n.Missing = target+1, e })
	}
	noHash := func(code int, words string) func(*faultrpc.Server) {
		return backend(func(n *faultrpc.Node) { n.NoHash = &faultrpc.Error{Code: code, Message: words} })
	}
	withAndWithout(t, []row{
		{name: "row 79: Internal error with an exception, state is missing", want: chains.ErrArchive,
			text: "has no state for block 15537494",
			set:  missing(&faultrpc.Error{Code: -32603, Message: "Internal error", Data: exception})},
		{name: "row 79: StateUnavailable", want: chains.ErrArchive, text: "has no state for block 15537494",
			set: missing(&faultrpc.Error{Code: -32603, Message: "StateUnavailable"})},
		{name: "row 79: Internal error, state is missing", want: chains.ErrArchive,
			text: "has no state for block 15537494", set: missing(&faultrpc.Error{Code: -32603, Message: "Internal error"})},
		{name: "row 79: EIP-1898 refused as Internal error", set: noHash(-32603, "Internal error")},
		{name: "row 79: EIP-1898 refused as an unknown block", set: noHash(-32000, "header for hash not found")},
		{name: "row 79: EIP-1898 refused as an unknown block, code -32001", set: noHash(-32001, "Block not found")},
		{name: "row 79: header is a text", want: chains.ErrProtocol, text: "which is not a header",
			set: with(&faultrpc.Rule{Method: "eth_getBlockByNumber", Has: hexOf(target), Fault: faultrpc.Result(`"0x1234"`)})},
		{name: "row 79: header is a list", want: chains.ErrProtocol, text: "which is not a header",
			set: with(&faultrpc.Rule{Method: "eth_getBlockByNumber", Has: hexOf(target), Fault: faultrpc.Result(`[]`)})},
	})
}
