package jsonrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sent is what a reply answers: one call, or a batch.
type sent struct {
	ids   []string
	batch bool
}

var (
	one = sent{ids: []string{"7"}}
	two = sent{ids: []string{"7", "8"}, batch: true}
)

// read returns what the reply says for each call: its result, its error, or "missing".
func (s sent) read(body string) ([]string, *fault) {
	out, f := readReplies([]byte(body), s.ids, s.batch)
	var says []string
	for _, o := range out {
		switch {
		case o.missing:
			says = append(says, "missing")
		case o.fault != nil:
			says = append(says, fmt.Sprintf("%d %s", o.fault.code, o.fault.text))
		default:
			says = append(says, string(o.raw))
		}
	}
	return says, f
}

func TestReplyAccepts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		sent
		body string
		want []string
	}{
		{"single", one, `{"jsonrpc":"2.0","id":7,"result":"0x1"}`, []string{`"0x1"`}},
		{"white space around", one, " {\"id\":7,\"result\":\"0x1\"}\r\n", []string{`"0x1"`}},
		{"byte order mark", one, "\xef\xbb\xbf{\"id\":7,\"result\":\"0x1\"}", []string{`"0x1"`}},
		{"old version", one, `{"jsonrpc":"1.0","id":7,"result":"0x1","error":null}`, []string{`"0x1"`}},
		{"id as text", one, `{"id":"7","result":"0x1"}`, []string{`"0x1"`}},
		{"ids as texts", two, `[{"id":"8","result":"0x2"},{"id":7,"result":"0x1"}]`, []string{`"0x1"`, `"0x2"`}},
		{"other keys", one, `{"id":7,"result":"0x1","usOut":5,"stale":false,"node":{"id":8,"result":"0x2"}}`,
			[]string{`"0x1"`}},
		{"null result", one, `{"id":7,"result":null}`, []string{`null`}},
		{"null error beside a result", one, `{"id":7,"result":"0x1","error":null}`, []string{`"0x1"`}},
		{"batch", two, `[{"id":7,"result":"0x1"},{"id":8,"result":"0x2"}]`, []string{`"0x1"`, `"0x2"`}},
		{"any order", two, `[{"id":8,"result":"0x2"},{"id":7,"result":"0x1"}]`, []string{`"0x1"`, `"0x2"`}},
		{"missing element", two, `[{"id":8,"result":"0x2"}]`, []string{"missing", `"0x2"`}},
		{"empty list", two, `[]`, []string{"missing", "missing"}},
		{"error of one", two, `[{"id":8,"result":"0x2"},{"id":7,"error":{"code":3,"message":"execution reverted"}}]`,
			[]string{"3 execution reverted", `"0x2"`}},
		{"error without id is for the rest", two,
			`[{"id":8,"result":"0x2"},{"id":null,"error":{"code":429,"message":"slow"}}]`,
			[]string{"429 slow", `"0x2"`}},
		{"error wins over a result", two,
			`[{"id":8,"result":"0x2"},{"id":7,"result":"0x1","error":{"code":5,"message":"no"}}]`,
			[]string{"5 no", `"0x2"`}},
		{"hex data does not join the words", two,
			`[{"id":8,"result":"0x2"},{"id":7,"error":{"code":3,"message":"execution reverted","data":"0x08c379a0"}}]`,
			[]string{"3 execution reverted", `"0x2"`}},
		{"string data joins the words", two,
			`[{"id":8,"result":"0x2"},{"id":7,"error":{"code":-32015,"message":"VM","data":"Reverted 0x"}}]`,
			[]string{"-32015 VM: Reverted 0x", `"0x2"`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, f := tt.read(tt.body)
			if f != nil || !slices.Equal(got, tt.want) {
				t.Errorf("got %q, %v, want %q", got, f, tt.want)
			}
		})
	}
}

func TestReplyRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		sent
		body  string
		class Class
		says  string // part of what was found
	}{
		{"empty", one, "", ClassProtocol, "empty body"},
		{"white space", one, " \n", ClassProtocol, "empty body"},
		{"HTML", one, "<html><title>Hello</title></html>", ClassProtocol, "HTML page: Hello"},
		{"plain text", one, "error code: 1015", ClassRate, "1015"},
		{"gzip without header", one, "\x1f\x8b\x08\x00", ClassProtocol, "compressed"},
		{"string", one, `"0x1"`, ClassProtocol, "not of the kind"},
		{"number", one, `1`, ClassProtocol, "not of the kind"},
		{"null", one, `null`, ClassProtocol, "not of the kind"},
		{"null for a batch", two, `null`, ClassProtocol, "not of the kind"},
		{"string for a batch", two, `""`, ClassProtocol, "not of the kind"},
		{"list for a single call", one, `[{"id":7,"result":"0x1"}]`, ClassProtocol, "not of the kind"},
		{"empty object", one, `{}`, ClassProtocol, "neither result nor error"},
		{"empty object for a batch", two, `{}`, ClassProtocol, "neither result nor error"},
		{"one result for a batch", two, `{"id":7,"result":"0x1"}`, ClassProtocol, "one result for a batch of 2"},
		{"one error for a batch", two, `{"id":null,"error":{"code":-32005,"message":"Batch size limit exceeded"}}`,
			ClassSize, "Batch size"},
		{"one error for a batch, with an id", two, `{"id":7,"error":{"code":429,"message":"x"}}`, ClassRate, "x"},
		{"null element", two, `[{"id":7,"result":"0x1"},null]`, ClassProtocol, "not an object"},
		{"string element", two, `[{"id":7,"result":"0x1"},"0x1"]`, ClassProtocol, "not an object"},
		{"duplicate id, same value", two, `[{"id":7,"result":"0x1"},{"id":7,"result":"0x1"},{"id":8,"result":"0x1"}]`,
			ClassProtocol, "id 7 twice"},
		{"duplicate id, other value", two,
			`[{"id":7,"result":"0x1"},{"id":7,"result":"0x2"},{"id":8,"result":"0x1"}]`, ClassProtocol, "id 7 twice"},
		{"duplicate id, error after result", two,
			`[{"id":7,"result":"0x1"},{"id":7,"error":{"code":1,"message":"x"}}]`, ClassProtocol, "id 7 twice"},
		{"unknown id", two, `[{"id":7,"result":"0x1"},{"id":8,"result":"0x1"},{"id":9,"result":"0x1"}]`,
			ClassProtocol, "id 9, which was not asked"},
		{"unknown id of an error", two, `[{"id":9,"error":{"code":1,"message":"x"}}]`, ClassProtocol, "id 9"},
		{"null id", one, `{"id":null,"result":"0x1"}`, ClassProtocol, "id null, want 7"},
		{"missing id", one, `{"result":"0x1"}`, ClassProtocol, "id missing, want 7"},
		{"float id", one, `{"id":7.0,"result":"0x1"}`, ClassProtocol, "id 7.0, want 7"},
		{"exponent id", one, `{"id":7e0,"result":"0x1"}`, ClassProtocol, "id 7e0, want 7"},
		{"other id", one, `{"id":6,"result":"0x1"}`, ClassProtocol, "id 6, want 7"},
		{"other id of an error", one, `{"id":6,"error":{"code":1,"message":"x"}}`, ClassProtocol, "id 6, want 7"},
		{"null id in a batch", two, `[{"id":null,"result":"0x1"}]`, ClassProtocol, "id null"},
		{"missing id in a batch", two, `[{"result":"0x1"}]`, ClassProtocol, "id missing"},
		{"float id in a batch", two, `[{"id":7.0,"result":"0x1"}]`, ClassProtocol, "id 7.0"},
		{"trailing bytes", one, `{"id":7,"result":"0x1"}x`, ClassProtocol, "malformed"},
		{"second object", one, `{"id":7,"result":"0x1"}{"id":7,"result":"0x2"}`, ClassProtocol, "malformed"},
		{"duplicate key", one, `{"id":7,"result":"0x1","result":"0x2"}`, ClassProtocol, "key result twice"},
		{"folded key", one, `{"id":7,"result":"0x1","RESULT":"0x2"}`, ClassProtocol, "key RESULT beside"},
		{"key folded beyond ASCII", one, "{\"id\":7,\"result\":\"0x1\",\"re\u017fult\":\"0x2\"}", ClassProtocol,
			"key reſult beside"},
		{"escaped duplicate key", one, `{"id":7,"result":"0x1","re\u0073ult":"0x2"}`, ClassProtocol, "twice"},
		{"only a folded key", one, `{"id":7,"Result":"0x1"}`, ClassProtocol, "key Result beside"},
		{"duplicate key inside the result", one, `{"id":7,"result":{"number":"0x1","number":"0x2"}}`, ClassProtocol,
			"key number twice"},
		{"folded error", one, `{"id":7,"result":"0x1","Error":{"code":1}}`, ClassProtocol, "key Error beside"},
		{"folded id", one, `{"id":7,"result":"0x1","ID":8}`, ClassProtocol, "key ID beside"},
		{"errors", one, `{"id":7,"result":"0x1","errors":["stale"]}`, ClassProtocol, "key errors beside"},
		{"code beside a result", one, `{"id":7,"result":"0x1","code":429}`, ClassProtocol, "key code beside"},
		{"message beside a result", one, `{"id":7,"result":"0x1","message":"slow"}`, ClassProtocol, "message beside"},
		{"two byte order marks", one, "\xef\xbb\xbf\xef\xbb\xbf{\"id\":7,\"result\":\"0x1\"}", ClassProtocol, ""},
		{"byte order mark at the end", one, "{\"id\":7,\"result\":\"0x1\"}\xef\xbb\xbf", ClassProtocol, "malformed"},
		{"UTF-16", one, "\xff\xfe{\x00}\x00", ClassProtocol, ""},
		{"padded id text", one, `{"id":"07","result":"0x1"}`, ClassProtocol, "id 07, want 7"},
		{"id text in quotes", one, `{"id":"\"7\"","result":"0x1"}`, ClassProtocol, "want 7"},
		{"escaped id text", one, `{"id":"\u0037","result":"0x1"}`, ClassProtocol, "want 7"},
		{"id text with a space", one, `{"id":" 7","result":"0x1"}`, ClassProtocol, "want 7"},
		{"hex id text", one, `{"id":"0x7","result":"0x1"}`, ClassProtocol, "want 7"},
		{"empty id text", one, `{"id":"","result":"0x1"}`, ClassProtocol, "want 7"},
		{"one id as text and as number", two, `[{"id":"7","result":"0x1"},{"id":7,"result":"0x2"}]`, ClassProtocol,
			"id 7 twice"},
		{"text of an unknown id", two, `[{"id":"9","result":"0x1"}]`, ClassProtocol, "id 9, which was not asked"},
		{"other version", one, `{"jsonrpc":"3.0","id":7,"result":"0x1"}`, ClassProtocol, "jsonrpc"},
		{"version as a number", one, `{"jsonrpc":2.0,"id":7,"result":"0x1"}`, ClassProtocol, "jsonrpc 2.0"},
		{"version null", one, `{"jsonrpc":null,"id":7,"result":"0x1"}`, ClassProtocol, "jsonrpc null"},
		{"neither", one, `{"jsonrpc":"2.0","id":7}`, ClassProtocol, "neither"},
		{"null error only", one, `{"jsonrpc":"2.0","id":7,"error":null}`, ClassProtocol, "neither"},
		{"empty error", one, `{"id":7,"error":{}}`, ClassUnknown, "without message"},
		{"text error", one, `{"id":7,"error":"rate limit reached"}`, ClassRate, "rate limit reached"},
		{"error true", one, `{"id":7,"error":true}`, ClassUnknown, "true"},
		{"code as text", one, `{"id":7,"error":{"code":"429","message":"x"}}`, ClassRate, "x"},
		{"code as fraction", one, `{"id":7,"error":{"code":429.0,"message":"x"}}`, ClassRate, "x"},
		{"error beside a result", one, `{"id":7,"result":"0x1","error":{"code":429,"message":"x"}}`, ClassRate, "x"},
		{"error without id", one, `{"error":{"code":-32000,"message":"Unauthorized"}}`, ClassAuth, "Unauthorized"},
		{"gateway message", one, `{"message":"rate limit reached"}`, ClassRate, "rate limit reached"},
		{"gateway error text", one, `{"error":"invalid api key"}`, ClassAuth, "invalid api key"},
		{"not UTF-8", one, "{\"id\":7,\"result\":\"\xff\"}", ClassProtocol, "not UTF-8"},
		{"beacon API", one, `{"code":404,"message":"NOT_FOUND: beacon block at slot 7"}`, ClassNotRPC, "beacon"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, f := tt.read(tt.body)
			if f == nil {
				t.Fatalf("got %q, want a fault", got)
			}
			if class := classify(f); class != tt.class {
				t.Errorf("got class %v (%q), want %v", class, f.text, tt.class)
			}
			if !strings.Contains(f.text, tt.says) {
				t.Errorf("found %q, want words with %q", f.text, tt.says)
			}
		})
	}
}

// TestReplyTruncated cuts valid replies at every byte: none may pass.
func TestReplyTruncated(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sent
		body string
	}{
		{one, `{"jsonrpc":"2.0","id":7,"result":"0x1234567890"}`},
		{two, `[{"jsonrpc":"2.0","id":7,"result":"0x12"},{"jsonrpc":"2.0","id":8,"result":{"number":"0x3",` +
			`"logs":[1,2]}}]`},
	} {
		if _, f := tt.read(tt.body); f != nil {
			t.Fatal(f)
		}
		for i := range len(tt.body) {
			if got, f := tt.read(tt.body[:i]); f == nil {
				t.Errorf("cut at %d: got %q", i, got)
			}
		}
	}
}

func FuzzReply(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":7,"result":"0x1"}`), false)
	f.Add([]byte(`[{"jsonrpc":"2.0","id":7,"result":"0x1"},{"id":8,"result":{"a":[1,{"b":null}]}}]`), true)
	f.Add([]byte(`[{"id":null,"error":{"code":-32005,"message":"limit","data":{"rate":{"backoff_seconds":2}}}}]`), true)
	f.Add([]byte(`{"id":7,"error":"text"}`), true)
	f.Add([]byte("<html>"), false)
	f.Add([]byte("\xef\xbb\xbf{\"jsonrpc\":\"1.0\",\"id\":\"7\",\"cost\":1,\"result\":\"0x1\"}"), false)
	f.Add([]byte(`[{"id":"8","result":"0x2"},{"id":7,"result":"0x1","RESULT":"0x3"}]`), true)
	f.Add([]byte(`[{"id":"7","result":"0x2"},{"id":7,"result":"0x1"}]`), true)
	f.Fuzz(func(t *testing.T, body []byte, batch bool) {
		calls := one
		if batch {
			calls = two
		}
		out, whole := readReplies(body, calls.ids, batch)
		if whole != nil {
			classify(whole)
			return
		}
		if len(out) != len(calls.ids) {
			t.Fatalf("%d outcomes for %d calls", len(out), len(calls.ids))
		}
		// Each result stands in the reply beside its id. Written anew, the reply reads
		// as the same results.
		var parts []string
		for i, o := range out {
			if (o.raw == nil) == (o.fault == nil) {
				t.Fatalf("call %d: result %s and fault %v", i, o.raw, o.fault)
			}
			if o.fault != nil {
				classify(o.fault)
				continue
			}
			if found := named(body, calls.ids[i]); len(found) != 1 || !bytes.Equal(found[0], o.raw) {
				t.Fatalf("call %d: result %s, but the reply has %q under that id", i, o.raw, found)
			}
			parts = append(parts, `{"id":`+calls.ids[i]+`,"result":`+string(o.raw)+`}`)
		}
		clean := strings.Join(parts, ",")
		if batch {
			clean = "[" + clean + "]"
		}
		if len(parts) == 0 && !batch {
			return
		}
		again, f := readReplies([]byte(clean), calls.ids, batch)
		if f != nil {
			t.Fatalf("%s\nreads again as %v", clean, f)
		}
		for i, o := range out {
			if o.fault == nil && !bytes.Equal(again[i].raw, o.raw) {
				t.Fatalf("call %d: result %s reads again as %s", i, o.raw, again[i].raw)
			}
		}
	})
}

// named finds the results that stand beside an id, in any letter case and as a number or a text.
func named(body []byte, id string) (found []json.RawMessage) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	var list []map[string]json.RawMessage
	if json.Unmarshal(body, &list) != nil {
		list = make([]map[string]json.RawMessage, 1)
		json.Unmarshal(body, &list[0])
	}
	for _, object := range list {
		ours := false
		for key, value := range object {
			ours = ours || strings.EqualFold(key, "id") && strings.Trim(string(value), `"`) == id
		}
		for key, value := range object {
			if ours && strings.EqualFold(key, "result") {
				found = append(found, value)
			}
		}
	}
	return found
}

// BenchmarkReply reads a batch of 100 headers with 150 transaction hashes
// each, 1 MB in all: what a search for a block asks for at most.
func BenchmarkReply(b *testing.B) {
	hash := `"0x` + strings.Repeat("ab", 32) + `"`
	header := `{"number":"0x1","hash":` + hash + `,"transactions":[` + strings.Repeat(hash+",", 149) + hash + `]}`
	var ids []string
	var parts []string
	for i := range 100 {
		id := strconv.Itoa(i + 1)
		ids = append(ids, id)
		parts = append(parts, `{"jsonrpc":"2.0","id":`+id+`,"result":`+header+`}`)
	}
	body := []byte("[" + strings.Join(parts, ",") + "]")
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, f := readReplies(body, ids, true); f != nil {
			b.Fatal(f)
		}
	}
}
