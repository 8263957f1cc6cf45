package jsonrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
)

func TestSendTakesAnyOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		n := serve(t, change(func(_ []message, replies []any) []any {
			random.Shuffle(len(replies), func(i, j int) { replies[i], replies[j] = replies[j], replies[i] })
			return replies
		}))
		mustAnswer(t, connect(t, Options{}, n.URL), 20)
	}
}

func TestSendAsksAgainForMissingReplies(t *testing.T) {
	t.Parallel()
	drop := change(func(_ []message, replies []any) []any {
		if len(replies) == 1 {
			return replies
		}
		return slices.Delete(replies, 3, 4) // not the single call: it is asked alone
	})
	n := serve(t, first(1, drop))
	mustAnswer(t, connect(t, Options{}, n.URL), 10)
	if want := []int{10, 0}; !slices.Equal(n.sizes, want) {
		t.Errorf("sizes %v, want %v", n.sizes, want)
	}
	never := serve(t, func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
		if batch {
			return drop(n, w, msgs, batch)
		}
		io.WriteString(w, `[]`)
		return true
	})
	failure := mustFail(t, connect(t, Options{}, never.URL), 10, ClassProtocol)
	if !errors.Is(failure, ErrProtocol) {
		t.Errorf("%v is not a protocol error", failure)
	}
}

func TestSendRefusesBrokenReplies(t *testing.T) {
	t.Parallel()
	tests := map[string]handler{
		"duplicate id": change(func(_ []message, r []any) []any { return append(r, r[0]) }),
		"duplicate, other": change(func(m []message,
			r []any) []any {
			return append(r, map[string]any{"id": m[0].ID, "result": 99})
		}),
		"unknown id": change(func(m []message,
			r []any) []any {
			return append(r, map[string]any{"id": 999999, "result": 99})
		}),
		"null element": change(func(m []message, r []any) []any { return append(r, nil) }),
		"padded id": change(func(m []message,
			r []any) []any {
			r[0].(map[string]any)["id"] = fmt.Sprint("0", m[0].ID)
			return r
		}),
		"HTML":                 body(200, "<!DOCTYPE html><title>Welcome</title>"),
		"empty":                body(200, ""),
		"no content":           body(204, ""),
		"created":              body(201, `{"jsonrpc":"2.0","id":1,"result":5}`),
		"partial":              body(206, `{"jsonrpc":"2.0","id":1,"result":5}`),
		"empty list":           body(200, "[]"),
		"null":                 body(200, "null"),
		"text":                 body(200, `""`),
		"empty object":         body(200, "{}"),
		"one success":          body(200, `{"jsonrpc":"2.0","id":1,"result":"0x1"}`),
		"claims gzip":          body(200, `{"jsonrpc":"2.0","id":1,"result":"0x1"}`, "Content-Encoding", "gzip"),
		"claims brotli":        body(200, `{"jsonrpc":"2.0","id":1,"result":"0x1"}`, "Content-Encoding", "br"),
		"compressed, unmarked": body(200, "\x1f\x8b\x08\x00\x00\x00\x00\x00", "Content-Type", "application/json"),
	}
	for name, bad := range tests {
		t.Run(name, func(t *testing.T) {
			once := connect(t, Options{}, serve(t, first(2, bad)).URL)
			mustAnswer(t, once, 5)
			n := serve(t, bad)
			replies, err := connect(t, Options{}, n.URL).Send(context.Background(), numbered(5))
			if replies != nil || !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrUnavailable) {
				t.Fatalf("got %v, %v, want a protocol error", replies, err)
			}
			if n.count() > 12 {
				t.Errorf("%d requests", n.count())
			}
		})
	}
}

func TestSendGivesCallsTheirOwnFailures(t *testing.T) {
	t.Parallel()
	wants := []error{nil, ErrReverted, ErrTooLarge, ErrUnsupported, ErrUnsupported, nil}
	n := serve(t, change(func(msgs []message, r []any) []any {
		r[1] = failed(msgs[1], 3, "execution reverted: no luck")
		r[2] = failed(msgs[2], -32000, "out of gas")
		r[3] = failed(msgs[3], -32601, "the method x does not exist/is not available")
		r[4] = failed(msgs[4], -39001, "Unknown block")
		return r
	}))
	replies, err := connect(t, Options{}, n.URL).Send(context.Background(), numbered(6))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range wants {
		if !errors.Is(replies[i].Err, want) || (want == nil) != (replies[i].Raw != nil) {
			t.Errorf("call %d: got %s, %v, want %v", i, replies[i].Raw, replies[i].Err, want)
		}
	}
	if n.count() != 1 {
		t.Errorf("%d requests, want 1", n.count())
	}
}

// TestDoAsksSinglyWhoIsMeant: one error for a whole batch that only one call can
// have earned.
func TestSendAsksSinglyWhoIsMeant(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"code":-32601,"message":"Method not found"}`,
		`{"code":-32602,"message":"invalid params"}`, `{"code":3,"message":"execution reverted"}`,
		`{"code":-32600,"message":"Invalid Request"}`} {
		n := serve(t, func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
			return batch && body(200, `{"jsonrpc":"2.0","id":null,"error":`+text+`}`)(n, w, msgs, batch)
		})
		mustAnswer(t, connect(t, Options{}, n.URL), 8)
		if n.count() > 11 {
			t.Errorf("%s: %d requests", text, n.count())
		}
	}
}

func TestSendOptional(t *testing.T) {
	t.Parallel()
	n := serve(t, change(func(msgs []message, r []any) []any {
		if len(msgs) == 4 {
			r[1] = failed(msgs[1], -32000, "missing trie node 12 (path )")
			r[2] = failed(msgs[2], -32000, "header not found")
			r[3] = map[string]any{"id": msgs[3].ID, "result": nil}
		}
		return r
	}))
	reqs := numbered(4)
	reqs[1].Optional, reqs[2].Optional, reqs[3].Optional = true, true, true
	replies, err := connect(t, Options{}, n.URL).Send(context.Background(), reqs)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(replies[1].Err, ErrArchive) || !errors.Is(replies[2].Err, ErrLag) ||
		string(replies[3].Raw) != "null" {
		t.Errorf("got %+v", replies[1:])
	}
}
