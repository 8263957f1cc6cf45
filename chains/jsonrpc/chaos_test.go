package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// faults is what chaos draws from: each answers a request in a way that holds no
// right reply, or not all of them.
var faults = []handler{
	body(200, ""), body(204, ""), body(200, "[]"), body(200, "null"), body(200, "{}"), body(200, "<html>"),
	body(200, "error code: 1015"),
	body(429, "", "Retry-After", "2"), body(429, "too many requests"), body(500, ""), body(502, "<html>"),
	body(503, ""), body(521, "error code: 521"),
	body(500, `{"message":"Batch of more than 3 requests are not allowed on free tier","code":31}`), body(413, ""),
	body(200, `{"id":null,"error":{"code":-32005,"message":"Batch size limit exceeded"}}`),
	body(200, `{"id":null,"error":{"code":-32000,"message":"something new"}}`), body(408, ""),
	body(200, `{"jsonrpc":"2.0","id":1,"result":"0x7"}`),
	func(*node, http.ResponseWriter, []message, bool) bool { panic(http.ErrAbortHandler) },
	change(func(_ []message, r []any) []any { return append(r, r[0]) }),
	change(func(_ []message, r []any) []any { return append(r, nil) }),
	change(func(_ []message, r []any) []any { return r[:len(r)/2] }),
	change(func(_ []message, r []any) []any { return append(r, map[string]any{"id": 1 << 40, "result": 7}) }),
	change(func(m []message, r []any) []any { r[0] = map[string]any{"id": nil, "result": 7}; return r }),
	change(func(m []message, r []any) []any { r[0] = failed(m[0], 429, "slow down"); return r }),
	change(func(m []message, r []any) []any { r[0] = failed(m[0], -32003, "response too large"); return r }),
	change(func(m []message, r []any) []any { r[0] = failed(m[0], -32000, "header not found"); return r }),
	change(func(m []message, r []any) []any { r[0] = failed(m[0], -32603, "missing trie node 12"); return r }),
	change(func(_ []message, r []any) []any { slices.Reverse(r); return r }),
}

// TestChaos: with one reply in five faulty, all figures are right, or there are
// none, but an error of a known class.
func TestChaos(t *testing.T) {
	t.Parallel()
	completed := 0
	const seeds = 50
	for seed := range uint64(seeds) {
		random := rand.New(rand.NewPCG(seed, 3))
		var mu sync.Mutex
		draw := func() handler {
			mu.Lock()
			defer mu.Unlock()
			if random.Float64() > 0.2 {
				return nil
			}
			return faults[random.IntN(len(faults))]
		}
		n := serve(t, func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
			bad := draw()
			return bad != nil && bad(n, w, msgs, batch)
		})
		e := connect(t, Options{MaxBatch: 10}, n.URL)
		replies, err := e.Send(context.Background(), numbered(60))
		var failure *EndpointError
		switch {
		case err == nil && len(replies) == 60:
			completed++
		case replies != nil, !errors.As(err, &failure):
			t.Fatalf("seed %d: %d replies and %v", seed, len(replies), err)
		}
		for i, r := range replies {
			var got int
			if r.Err == nil && (json.Unmarshal(r.Raw, &got) != nil || got != i) {
				t.Fatalf("seed %d: call %d gave %s", seed, i, r.Raw)
			}
		}
	}
	if completed < seeds/2 {
		t.Errorf("only %d of %d runs came through", completed, seeds)
	}
	t.Logf("%d of %d runs came through", completed, seeds)
}
