package chains_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

const (
	archiveWords = `{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"Archive requests require a ` +
		`personal token. Get one at: https://www.allnodes.com/publicnode"}}`
	beacon = `{"code":404,"message":"NOT_FOUND: beacon block not found"}`
	page   = "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head></html>"
)

// What comes over HTTP: rows 52, 53, 55, 58 and 61 to 63.
func TestMatrixHTTP(t *testing.T) {
	t.Parallel()
	state := func(f faultrpc.Fault) func(*faultrpc.Server) {
		return with(&faultrpc.Rule{Method: "eth_call", Fault: f})
	}
	rows := []row{
		{name: "row 52: 401", set: always(faultrpc.Status(401, "Must be authenticated!")), want: chains.ErrAuth,
			text: "refused the credentials", most: 4},
		{name: "row 52: 401 without words", set: always(faultrpc.Status(401, "")), want: chains.ErrAuth, most: 4},
		{name: "row 52: 403, key",
			set: always(faultrpc.Status(403,
				`{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid api key"}}`)),
			want: chains.ErrAuth,
			text: "refused the credentials", most: 4},
		{name: "row 52: 403, archive words", set: state(faultrpc.Status(403, archiveWords)), want: chains.ErrArchive,
			text: "on this plan", most: 16},
		{name: "row 52: 403, HTML", set: always(faultrpc.Status(403, "<html><title>Just a moment...</title></html>")),
			want: chains.ErrAuth, text: "blocks this program", most: 4},
		{name: "row 52: 404", set: always(faultrpc.Status(404, "404 page not found")), want: chains.ErrProtocol,
			text: "does not look like an execution-layer JSON-RPC endpoint", most: 4},
		{name: "row 53: 200 and HTML", set: always(faultrpc.Status(200, page)), want: chains.ErrProtocol,
			text: "Welcome to nginx!"},
		{name: "row 53: 200 and HTML, once", set: with(&faultrpc.Rule{Nth: 2, Fault: faultrpc.Status(200, page)})},
		{name: "row 53: error code: 1015", set: always(faultrpc.Status(200, "error code: 1015")),
			want: chains.ErrRateLimit},
		{name: "row 53: error code: 1015, once",
			set: with(&faultrpc.Rule{Nth: 2, Fault: faultrpc.Status(200, "error code: 1015")})},
		{name: "row 53: error code: 521", set: always(faultrpc.Status(200, "error code: 521")),
			want: chains.ErrUnavailable},
		{name: "row 53: 204", set: always(faultrpc.Status(204, "")), want: chains.ErrProtocol},
		{name: "row 53: 200 and nothing", set: always(faultrpc.Whole("")), want: chains.ErrProtocol,
			text: "empty body"},
		{name: "row 53: beacon API", set: always(faultrpc.Status(200, beacon)), want: chains.ErrProtocol,
			text: "does not look like an execution-layer"},
		{name: "row 53: beacon API, 404", set: always(faultrpc.Status(404, beacon)), want: chains.ErrProtocol,
			text: "does not look like an execution-layer"},
		{name: "row 55: trailing bytes", set: always(faultrpc.Append(" x")), want: chains.ErrProtocol},
		{name: "row 55: trailing bytes after state reads", set: state(faultrpc.Append("]")), want: chains.ErrProtocol},
		{name: "row 55: second object",
			set:  always(faultrpc.Append("\n{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}")),
			want: chains.ErrProtocol},
		{name: "row 55: white space around",
			set: with(&faultrpc.Rule{Fault: faultrpc.Append(" \r\n\t")},
				&faultrpc.Rule{Fault: faultrpc.Prepend("\n ")})},
		{name: "row 56: gzip without header", set: always(faultrpc.Zip(false, same)), want: chains.ErrProtocol,
			text: "compressed reply without"},
		{name: "row 56: gzip", set: always(faultrpc.Zip(true, same))},
		{name: "row 56: gzip of another checksum",
			set:  state(faultrpc.Zip(true, func(b []byte) []byte { b[len(b)-8] ^= 1; return b })),
			want: chains.ErrProtocol},
		{name: "row 56: gzip cut short",
			set: state(faultrpc.Zip(true, func(b []byte) []byte { return b[:len(b)-9] })), want: chains.ErrUnavailable},
		{name: "row 56: gzip without its footer",
			set: state(faultrpc.Zip(true, func(b []byte) []byte { return b[:len(b)-8] })), want: chains.ErrUnavailable},
		{name: "row 56: header without gzip",
			set: state(faultrpc.Zip(true, func([]byte) []byte { return []byte(`[]`) })), want: errAny},
		{name: "row 56: another compression", set: always(faultrpc.Status(200, "[]", "Content-Encoding", "br")),
			want: chains.ErrProtocol, text: "Content-Encoding br"},
		{name: "row 57: connection closed", set: always(faultrpc.Close()), want: chains.ErrUnavailable},
		{name: "row 57: connection closed once", set: with(&faultrpc.Rule{Nth: 2, Fault: faultrpc.Close()})},
		{name: "row 57: connection reset in the body", set: always(faultrpc.Reset()), want: chains.ErrUnavailable},
		{name: "row 57: connection reset in the body once", set: with(&faultrpc.Rule{Nth: 2, Fault: faultrpc.Reset()})},
		{name: "row 57: body shorter than announced", set: state(faultrpc.Short()), want: chains.ErrUnavailable},
		{name: "row 58: connection closed after each reply", set: always(faultrpc.Shut())},
		{name: "row 58: connection closed after each third reply",
			set: with(&faultrpc.Rule{Every: 3, Fault: faultrpc.Shut()})},
		{name: "row 62: error is null", set: with(&faultrpc.Rule{Fault: faultrpc.Member("null", true)})},
		{name: "row 62: error is {}",
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Member("{}", false)}), want: errAny,
			text: "error object without message"},
		{name: "row 62: error is a text",
			set: with(&faultrpc.Rule{Fault: faultrpc.Member(`"the text is kept"`, false)}), want: errAny,
			text: "the text is kept"},
		{name: "row 62: error code is a text",
			set:  with(&faultrpc.Rule{Fault: faultrpc.Member(`{"code":"429","message":"the text is kept"}`, false)}),
			want: chains.ErrRateLimit, text: "the text is kept"},
		{name: "row 62: error code is a fraction",
			set:  with(&faultrpc.Rule{Fault: faultrpc.Member(`{"code":429.0,"message":"the text is kept"}`, false)}),
			want: chains.ErrRateLimit, text: "the text is kept"},
		{name: "row 62: neither result nor error",
			set:  with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Text(`{"jsonrpc":"2.0","id":$id}`)}),
			want: chains.ErrProtocol},
		{name: "row 63: result and error",
			set: with(&faultrpc.Rule{Method: "eth_call",
				Fault: faultrpc.Member(`{"code":-32000,"message":"half done"}`, true)}), want: errAny,
			text: "half done"},
	}
	for name, object := range map[string]string{
		"result twice":        `{"jsonrpc":"2.0","id":$id,"result":"0x7","result":$result}`,
		"RESULT after result": `{"jsonrpc":"2.0","id":$id,"result":$result,"RESULT":"0x7"}`,
		"Result alone":        `{"jsonrpc":"2.0","id":$id,"Result":$result}`,
		"id twice":            `{"jsonrpc":"2.0","id":1,"id":$id,"result":$result}`,
		"ID after id":         `{"jsonrpc":"2.0","id":$id,"ID":$id,"result":$result}`,
		"message beside it":   `{"jsonrpc":"2.0","id":$id,"result":$result,"message":"stale"}`,
		"version 3.0":         `{"jsonrpc":"3.0","id":$id,"result":$result}`,
		"id as another text":  `{"jsonrpc":"2.0","id":"0$id","result":$result}`,
		"the long s":          `{"jsonrpc":"2.0","id":$id,"result":$result,"reſult":"0x7"}`,
	} {
		rows = append(rows, row{name: "row 55: " + name,
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Text(object)}), want: chains.ErrProtocol})
	}
	loud := strings.Join(sentinels, " ") + " http://" + sentinels[0] + ":" + sentinels[1] + "@node.example/v2/" +
		sentinels[2] + "?apikey=" + sentinels[3] + "\x1b[31m\x1b]0;title\x07\r\n\x00 " +
		strings.Repeat("words and more words ", 50_000)
	for _, status := range []int{200, 400, 401, 403, 429, 500} {
		rows = append(rows, row{name: fmt.Sprintf("row 61: HTTP %d, text with URL, key, escapes and a megabyte",
			status), set: always(faultrpc.Status(status, loud)), want: errAny, paths: []path{batch}})
	}
	loud = loud[:20_000] // in each of many calls
	rows = append(rows,
		row{name: "row 61: error with URL, key, escapes and many words",
			set: with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Fail(-32000, loud)}), want: errAny},
		row{name: "row 61: revert with URL, key, escapes and many words",
			set:  with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.Fail(3, "execution reverted: "+loud)}),
			want: errAny},
		row{name: "row 61: result with URL, key and escapes",
			set: with(&faultrpc.Rule{Method: "eth_call",
				Fault: faultrpc.Result(fmt.Sprintf("%q", "0x"+sentinels[2]+loud[:400]))}), want: errAny},
		row{name: "row 61: id with a key",
			set:  with(&faultrpc.Rule{Method: "eth_call", Fault: faultrpc.ID(fmt.Sprintf("%q", sentinels[2]))}),
			want: errAny})
	matrix(t, rows)
}

func same(b []byte) []byte { return b }

// Row 59: redirects are not followed, and the other host sees nothing.
func TestMatrixRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(fmt.Sprintf("row 59: %d", status), func(t *testing.T) {
			visited := 0
			other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visited++ }))
			defer other.Close()
			s := good()
			s.Rules = []*faultrpc.Rule{{Fault: faultrpc.Status(status, "", "Location", other.URL+"/"+sentinels[2])}}
			err := newAttempt(t, 1, s).read(t)
			if !errors.Is(err, chains.ErrProtocol) || visited > 0 || s.Log().Requests != 1 {
				t.Errorf("found %v, %d visits to the other host, %d requests", err, visited, s.Log().Requests)
			}
			wantText(t, err, "redirect")
		})
	}
}

// Row 72: bursts of gateway errors pass. A call is given up after six failures,
// which at three errors in ten replies are rare, but do happen.
func TestMatrixBursts(t *testing.T) {
	t.Parallel()
	statuses := []int{502, 503, 504, 520, 521, 522, 523, 524, 525}
	failures := 0
	for seed := range uint64(20) {
		for _, p := range everyPath {
			t.Run(fmt.Sprintf("row 72: seed %d (%s)", seed, p), func(t *testing.T) {
				s := good()
				for i, status := range statuses {
					s.Rules = append(s.Rules,
						&faultrpc.Rule{Prob: 0.035, Seed: seed + uint64(100*i),
							Fault: faultrpc.Status(status, "<html><title>error</title></html>")})
				}
				a := newAttempt(t, 1, s)
				a.path = p
				err := a.read(t)
				if err != nil {
					failures++
				}
				if err != nil && !errors.Is(err, chains.ErrUnavailable) {
					t.Errorf("found %v, want the right figures", err)
				}
			})
		}
	}
	if failures > 6 {
		t.Errorf("row 72: %d of 60 readings failed", failures)
	}
}
