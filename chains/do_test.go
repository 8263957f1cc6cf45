package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type handler = func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool

// first makes a handler misbehave for its first k requests only.
func first(k int, bad handler) handler {
	return func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
		return n.count() <= k && bad(n, w, msgs, batch)
	}
}

// body answers every request with one text and status.
func body(status int, text string, headers ...string) handler {
	return func(n *node, w http.ResponseWriter, _ []message, _ bool) bool {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, text)
		return true
	}
}

// refuseAbove refuses batches of more than limit calls with one body.
func refuseAbove(limit, status int, text string) handler {
	refuse := body(status, text)
	return func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
		return batch && len(msgs) > limit && refuse(n, w, msgs, batch)
	}
}

// change edits the list of replies to a request; a single call gets the list too
// if there is not one reply in it.
func change(edit func(msgs []message, replies []any) []any) handler {
	return func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
		var replies []any
		for _, m := range msgs {
			replies = append(replies, result(m))
		}
		if replies = edit(msgs, replies); batch || len(replies) != 1 {
			json.NewEncoder(w).Encode(replies)
		} else {
			json.NewEncoder(w).Encode(replies[0])
		}
		return true
	}
}

func TestDoShrinksBatches(t *testing.T) {
	tests := []struct {
		name   string
		limit  int
		status int
		body   string
	}{
		{"geth", 10, 200, `GETH`},
		{"Erigon", 50, 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"batch limit 50 exceeded (can increase by --rpc.batch.limit). Requested batch of size: 100"}}`},
		{"Nethermind", 20, 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Batch size limit exceeded"}}`},
		{"jsonrpsee without batches", 1, 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Batched requests are not supported by this server"}}`},
		{"proxyd", 10, 413, `{"jsonrpc":"2.0","id":null,"error":{"code":-32014,"message":"too many RPC calls in batch request"}}`},
		{"dRPC", 3, 500, `{"message":"Batch of more than 3 requests are not allowed on free tier, to use this feature register paid account at drpc.org","code":31}`},
		{"HTML 413", 3, 413, `<html><head><title>413 Request Entity Too Large</title></head></html>`},
		{"text 413", 10, 413, `content length too large (6000000>5242880)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := refuseAbove(tt.limit, tt.status, tt.body)
			if tt.body == "GETH" {
				h = func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
					if len(msgs) <= tt.limit {
						return false
					}
					return json.NewEncoder(w).Encode([]any{failed(msgs[0], -32600, "batch too large")}) == nil
				}
			}
			n, clock := serve(t, h), newFakeClock()
			e := connect(t, Dialer{Clock: clock}, n.URL)
			mustAnswer(t, e, 120)
			if clock.slept != 0 {
				t.Errorf("slept %v over the size of a batch", clock.slept)
			}
			wasted := 0
			for _, size := range n.sizes {
				if size > tt.limit {
					wasted++
				}
			}
			if wasted > 3 {
				t.Errorf("%d requests in vain, sizes %v", wasted, n.sizes)
			}
			before := len(n.sizes)
			mustAnswer(t, e, 30) // the size is remembered
			if largest := slices.Max(n.sizes[before:]); largest > tt.limit {
				t.Errorf("sent a batch of %d again", largest)
			}
		})
	}
}

func TestDoKeepsTheHeadOfACutBatch(t *testing.T) {
	for name, fail := range map[string]struct {
		code int
		text string
	}{"bytes": {-32003, "response too large"}, "time": {-32002, "request timed out"}} {
		var mu sync.Mutex
		asked := map[string]int{}
		n := serve(t, change(func(msgs []message, replies []any) []any {
			mu.Lock()
			defer mu.Unlock()
			for i, m := range msgs {
				asked[string(m.Params[0])]++
				if i >= 7 {
					replies[i] = failed(m, fail.code, fail.text)
				}
			}
			return replies
		}))
		mustAnswer(t, connect(t, Dialer{}, n.URL), 40)
		for i := range 7 {
			if times := asked[fmt.Sprint(i)]; times != 1 {
				t.Errorf("%s: call %d was answered, and asked %d times", name, i, times)
			}
		}
	}
}

func TestDoTakesAnyOrder(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		n := serve(t, change(func(_ []message, replies []any) []any {
			random.Shuffle(len(replies), func(i, j int) { replies[i], replies[j] = replies[j], replies[i] })
			return replies
		}))
		mustAnswer(t, connect(t, Dialer{}, n.URL), 20)
	}
}

func TestDoAsksAgainForMissingReplies(t *testing.T) {
	drop := change(func(_ []message, replies []any) []any {
		if len(replies) == 1 {
			return replies
		}
		return slices.Delete(replies, 3, 4) // not the single call: it is asked alone
	})
	n := serve(t, first(1, drop))
	mustAnswer(t, connect(t, Dialer{}, n.URL), 10)
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
	failure := mustFail(t, connect(t, Dialer{}, never.URL), 10, classProtocol)
	if !errors.Is(failure, ErrProtocol) {
		t.Errorf("%v is not a protocol error", failure)
	}
}

func TestDoRefusesBrokenReplies(t *testing.T) {
	tests := map[string]handler{
		"duplicate id":         change(func(_ []message, r []any) []any { return append(r, r[0]) }),
		"duplicate, other":     change(func(m []message, r []any) []any { return append(r, map[string]any{"id": m[0].ID, "result": 99}) }),
		"unknown id":           change(func(m []message, r []any) []any { return append(r, map[string]any{"id": 999999, "result": 99}) }),
		"null element":         change(func(m []message, r []any) []any { return append(r, nil) }),
		"string id":            change(func(m []message, r []any) []any { r[0].(map[string]any)["id"] = fmt.Sprint(m[0].ID); return r }),
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
			once := connect(t, Dialer{}, serve(t, first(2, bad)).URL)
			mustAnswer(t, once, 5)
			n := serve(t, bad)
			replies, err := connect(t, Dialer{}, n.URL).do(context.Background(), numbered(5))
			if replies != nil || !errors.Is(err, ErrProtocol) && !errors.Is(err, ErrUnavailable) {
				t.Fatalf("got %v, %v, want a protocol error", replies, err)
			}
			if n.count() > 12 {
				t.Errorf("%d requests", n.count())
			}
		})
	}
}

func TestDoGivesCallsTheirOwnFailures(t *testing.T) {
	wants := []error{nil, ErrReverted, ErrTooLarge, ErrUnsupported, ErrUnsupported, nil}
	n := serve(t, change(func(msgs []message, r []any) []any {
		r[1] = failed(msgs[1], 3, "execution reverted: no luck")
		r[2] = failed(msgs[2], -32000, "out of gas")
		r[3] = failed(msgs[3], -32601, "the method x does not exist/is not available")
		r[4] = failed(msgs[4], -39001, "Unknown block")
		return r
	}))
	replies, err := connect(t, Dialer{}, n.URL).do(context.Background(), numbered(6))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range wants {
		if !errors.Is(replies[i].err, want) || (want == nil) != (replies[i].raw != nil) {
			t.Errorf("call %d: got %s, %v, want %v", i, replies[i].raw, replies[i].err, want)
		}
	}
	if n.count() != 1 {
		t.Errorf("%d requests, want 1", n.count())
	}
}

// TestDoAsksSinglyWhoIsMeant: one error for a whole batch that only one call can
// have earned.
func TestDoAsksSinglyWhoIsMeant(t *testing.T) {
	for _, text := range []string{`{"code":-32601,"message":"Method not found"}`, `{"code":-32602,"message":"invalid params"}`, `{"code":3,"message":"execution reverted"}`, `{"code":-32600,"message":"Invalid Request"}`} {
		n := serve(t, func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
			return batch && body(200, `{"jsonrpc":"2.0","id":null,"error":`+text+`}`)(n, w, msgs, batch)
		})
		mustAnswer(t, connect(t, Dialer{}, n.URL), 8)
		if n.count() > 10 {
			t.Errorf("%s: %d requests", text, n.count())
		}
	}
}

func TestDoOptionalAndNotNull(t *testing.T) {
	n := serve(t, change(func(msgs []message, r []any) []any {
		if len(msgs) == 4 {
			r[1] = failed(msgs[1], -32000, "missing trie node 12 (path )")
			r[2] = failed(msgs[2], -32000, "header not found")
			r[3] = map[string]any{"id": msgs[3].ID, "result": nil}
		}
		return r
	}))
	reqs := numbered(4)
	reqs[1].optional, reqs[2].optional, reqs[3].optional = true, true, true
	replies, err := connect(t, Dialer{}, n.URL).do(context.Background(), reqs)
	if err != nil {
		t.Fatal(err)
	}
	if !errors.Is(replies[1].err, ErrArchive) || !errors.Is(replies[2].err, ErrLag) || string(replies[3].raw) != "null" {
		t.Errorf("got %+v", replies[1:])
	}
	reqs[3].notNull, reqs[3].optional = true, false // asked again, alone, and answered
	if replies, err = connect(t, Dialer{}, n.URL).do(context.Background(), reqs); err != nil || string(replies[3].raw) != "3" {
		t.Errorf("got %+v, %v", replies, err)
	}
}

func TestDoLagging(t *testing.T) {
	null := change(func(msgs []message, r []any) []any {
		r[0] = map[string]any{"id": msgs[0].ID, "result": nil}
		return r
	})
	reqs := numbered(1)
	reqs[0].notNull = true
	n, clock := serve(t, null), newFakeClock()
	_, err := connect(t, Dialer{Clock: clock}, n.URL).do(context.Background(), reqs)
	if !errors.Is(err, ErrLag) || n.count() != 3 {
		t.Errorf("got %v after %d requests, want ErrLag after 3", err, n.count())
	}
	if clock.slept < 8*time.Second || clock.slept > 12*time.Second {
		t.Errorf("waited %v for a block, want about 10 s", clock.slept)
	}
}

func TestDoRateLimits(t *testing.T) {
	t.Run("Retry-After", func(t *testing.T) {
		at := newFakeClock().Now().Add(7 * time.Second).Format(http.TimeFormat)
		for value, least := range map[string]time.Duration{"2": 2 * time.Second, at: 7 * time.Second, "0": 0, "-1": 0, "soon": 0, "60": time.Minute} {
			clock := newFakeClock()
			mustAnswer(t, connect(t, Dialer{Clock: clock}, serve(t, first(1, body(429, "slow down", "Retry-After", value))).URL), 3)
			if clock.slept < least || clock.slept > least+time.Second {
				t.Errorf("Retry-After %q: waited %v", value, clock.slept)
			}
		}
	})
	t.Run("too long", func(t *testing.T) {
		clock := newFakeClock()
		n := serve(t, body(429, "slow down", "Retry-After", "86400"))
		failure := mustFail(t, connect(t, Dialer{Clock: clock}, n.URL), 3, classRate)
		if n.count() != 1 || clock.slept != 0 || !strings.Contains(failure.Error(), "2026-01-02T00:00:00Z") {
			t.Errorf("%d requests, slept %v: %v", n.count(), clock.slept, failure)
		}
	})
	t.Run("forever", func(t *testing.T) {
		clock := newFakeClock()
		n := serve(t, body(429, ""))
		failure := mustFail(t, connect(t, Dialer{Clock: clock}, n.URL), 3, classRate)
		if n.count() != 6 || failure.Tries != 6 || !errors.Is(failure, ErrRateLimit) || clock.slept > time.Minute {
			t.Errorf("%d requests, slept %v: %v", n.count(), clock.slept, failure)
		}
	})
	t.Run("some items", func(t *testing.T) {
		for seed := range uint64(30) {
			random := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex
			answered := map[string]int{}
			n := serve(t, change(func(msgs []message, r []any) []any {
				mu.Lock()
				defer mu.Unlock()
				for i, m := range msgs {
					if random.Float64() < 0.3 {
						r[i] = failed(m, 429, "Your app has exceeded its compute units per second capacity.")
					} else {
						answered[string(m.Params[0])]++
					}
				}
				return r
			}))
			mustAnswer(t, connect(t, Dialer{}, n.URL), 100)
			for param, times := range answered {
				if times != 1 {
					t.Errorf("call %s was answered %d times", param, times)
				}
			}
		}
	})
	t.Run("batch dearer than the bucket", func(t *testing.T) {
		clock := newFakeClock()
		var mu sync.Mutex
		tokens, last := 5000.0, clock.Now()
		n := serve(t, func(_ *node, w http.ResponseWriter, msgs []message, batch bool) bool {
			mu.Lock()
			defer mu.Unlock()
			now := clock.Now()
			tokens = min(5000, tokens+500*now.Sub(last).Seconds())
			last = now
			if cost := 20 * float64(len(msgs)); cost <= tokens {
				tokens -= cost
				return false
			}
			w.WriteHeader(429)
			return true
		})
		mustAnswer(t, connect(t, Dialer{Clock: clock, MaxBatch: 1000}, n.URL), 1000)
		if clock.slept > 3*time.Minute {
			t.Errorf("20,000 units at 500 per second took %v", clock.slept)
		}
	})
}

func TestDoGivesUpAtOnce(t *testing.T) {
	tests := []struct {
		name   string
		status int
		body   string
		class  Class
		is     error
		most   int // requests
	}{
		{"quota", 402, `{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"daily request count exceeded, request rate limited"}}`, classQuota, ErrQuota, 1},
		{"quota, 200", 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"daily request count exceeded, request rate limited"}}`, classQuota, ErrQuota, 1},
		{"401", 401, `Must be authenticated!`, classAuth, ErrAuth, 1},
		{"403", 403, `{"error":"invalid api key"}`, classAuth, ErrAuth, 1},
		{"403 archive", 403, `{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Archive requests require a personal token. Get one at: https://www.allnodes.com/publicnode"}}`, classArchive, ErrArchive, 1},
		{"403 HTML", 403, `<html><title>Just a moment...</title></html>`, classBlocked, ErrAuth, 1},
		{"404", 404, `not found`, classNotRPC, ErrProtocol, 1},
		{"other chain", 400, `{"message":"apikey is on another chain"}`, classWrongChain, ErrWrongChain, 1},
		{"no state", 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"missing trie node 12 (path )"}}`, classMissingState, ErrArchive, 2},
		{"pre-Bedrock", 200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32801,"message":"no historical RPC is available for this historical (pre-bedrock) execution request"}}`, classLegacy, ErrArchive, 1},
	}
	for _, tt := range tests {
		for _, calls := range []int{1, 8} {
			n := serve(t, body(tt.status, tt.body))
			reqs := calls
			if strings.Contains(tt.body, `"id":1,`) && calls > 1 && tt.status == 200 {
				reqs = 1
			}
			failure := mustFail(t, connect(t, Dialer{}, n.URL), reqs, tt.class)
			if !errors.Is(failure, tt.is) || n.count() > tt.most {
				t.Errorf("%s, %d calls: %v after %d requests", tt.name, calls, failure, n.count())
			}
		}
	}
}

func TestDoSurvivesGatewayErrors(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		var mu sync.Mutex
		failures := map[string]int{} // by first call; the sixth failure would be one too many
		n := serve(t, func(_ *node, w http.ResponseWriter, msgs []message, _ bool) bool {
			mu.Lock()
			defer mu.Unlock()
			key := string(msgs[0].Params[0])
			if random.Float64() > 0.4 || failures[key] == 5 {
				return false
			}
			failures[key]++
			w.WriteHeader([]int{502, 503, 504, 520, 521, 522, 523, 524, 525}[random.IntN(9)])
			return true
		})
		mustAnswer(t, connect(t, Dialer{MaxBatch: 10}, n.URL), 100)
	}
	dead := serve(t, body(503, ""))
	failure := mustFail(t, connect(t, Dialer{}, dead.URL), 1000, classTransport)
	if dead.count() > 30 {
		t.Errorf("a dead endpoint got %d requests: %v", dead.count(), failure)
	}
}

func TestDoObeysTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	n := serve(t, func(_ *node, w http.ResponseWriter, _ []message, _ bool) bool {
		cancel()
		w.WriteHeader(429)
		return true
	})
	replies, err := connect(t, Dialer{Clock: realClock{}}, n.URL).do(ctx, numbered(5))
	if replies != nil || !errors.Is(err, context.Canceled) || n.count() != 1 {
		t.Errorf("got %v, %v after %d requests", replies, err, n.count())
	}
	expired, cancel2 := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel2()
	_, err = connect(t, Dialer{}, n.URL).do(expired, numbered(5))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) || n.count() != 1 {
		t.Errorf("got %v after %d requests, want a timeout and no request", err, n.count())
	}
}

func TestDoKeepsRequestsSmall(t *testing.T) {
	var mu sync.Mutex
	largest := 0
	n := serve(t, func(_ *node, w http.ResponseWriter, msgs []message, _ bool) bool {
		raw, _ := json.Marshal(msgs)
		mu.Lock()
		largest = max(largest, len(raw))
		mu.Unlock()
		return false
	})
	reqs := make([]request, 20)
	for i := range reqs {
		reqs[i] = request{method: "test_echo", params: []any{i, strings.Repeat("x", 200_000)}}
	}
	e := connect(t, Dialer{}, n.URL)
	if _, err := e.do(context.Background(), reqs); err != nil || largest > 1<<20 || n.count() != 5 {
		t.Errorf("largest request %d bytes, %d requests, %v", largest, n.count(), err)
	}
	reqs[0].params[1] = strings.Repeat("x", 1<<20)
	if _, err := e.do(context.Background(), reqs); !errors.Is(err, ErrTooLarge) || n.count() != 5 {
		t.Errorf("got %v, want ErrTooLarge before any request", err)
	}
}

func TestDoIsSafeForConcurrentUse(t *testing.T) {
	n := serve(t, refuseAbove(10, 413, ""))
	e := connect(t, Dialer{RPS: 1000}, n.URL)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { mustAnswer(t, e, 57) })
	}
	group.Wait()
}

// TestIDsAreUnique: an answer that comes late, or to another request, fits no
// later one.
func TestIDsAreUnique(t *testing.T) {
	var mu sync.Mutex
	seen := map[int]bool{}
	n := serve(t, func(_ *node, _ http.ResponseWriter, msgs []message, _ bool) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, m := range msgs {
			if m.ID == 0 || seen[m.ID] {
				t.Errorf("id %d used again", m.ID)
			}
			seen[m.ID] = true
		}
		return false
	})
	e := connect(t, Dialer{MaxBatch: 7}, n.URL)
	for range 3 {
		mustAnswer(t, e, 30)
	}
}
