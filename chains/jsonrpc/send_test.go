package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
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

func TestSendShrinksBatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		limit  int
		status int
		body   string
	}{
		{"geth", 10, 200, `GETH`},
		{"Erigon", 50, 200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"batch limit 50 exceeded (can increase ` +
				`by --rpc.batch.limit). Requested batch of size: 100"}}`},
		{"Nethermind", 20, 200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Batch size limit exceeded"}}`},
		{"jsonrpsee without batches", 1, 200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Batched requests are not supported by ` +
				`this server"}}`},
		{"proxyd", 10, 413,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32014,"message":"too many RPC calls in batch request"}}`},
		{"dRPC", 3, 500, `{"message":"Batch of more than 3 requests are not allowed on free tier, to use this ` +
			`feature register paid account at drpc.org","code":31}`},
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
			n, clock := serve(t, h), faultrpc.NewClock()
			e := connect(t, Options{Clock: clock}, n.URL)
			mustAnswer(t, e, 120)
			if clock.Slept() != 0 {
				t.Errorf("slept %v over the size of a batch", clock.Slept())
			}
			wasted := 0
			for _, size := range n.sizes {
				if size > tt.limit {
					wasted++
				}
			}
			if wasted > 3 {
				t.Errorf("%d requests were refused, sizes %v", wasted, n.sizes)
			}
			before := len(n.sizes)
			mustAnswer(t, e, 30) // the size is remembered
			if largest := slices.Max(n.sizes[before:]); largest > tt.limit {
				t.Errorf("sent a batch of %d again", largest)
			}
		})
	}
}

// TestSendShrinksWhateverTheStatus: an endpoint that takes no batches of more than 3 calls, and
// says so by a status or by closing the connection, gets no size more than twice.
func TestSendShrinksWhateverTheStatus(t *testing.T) {
	t.Parallel()
	hangUp := func(*node, http.ResponseWriter, []message, bool) bool { panic(http.ErrAbortHandler) }
	tests := []struct {
		name   string
		refuse handler
		sizes  []int // of the first requests
	}{
		{"400", body(400, ""), []int{60, 10, 3}},
		{"400 with an odd error", body(400, `{"error":{"code":-32700,"message":"Parse error"}}`), []int{60, 10, 3}},
		{"405", body(405, ""), []int{60, 10, 3}},
		{"405 with a page", body(405, "<html><title>405 Not Allowed</title></html>"), []int{60, 10, 3}},
		{"413", body(413, ""), []int{60, 10, 3}},
		{"415", body(415, ""), []int{60, 10, 3}},
		{"422", body(422, `{"detail":"value is not a valid dict"}`), []int{60, 10, 3}},
		{"500", body(500, ""), []int{60, 60, 10, 3}},
		{"500 with an internal error", body(500, `{"id":null,"error":{"code":-32603,"message":"Internal error"}}`),
			[]int{60, 60, 10, 3}},
		{"200 with an internal error", body(200, `{"id":null,"error":{"code":-32603,"message":"Internal error"}}`),
			[]int{60, 60, 10, 3}},
		{"502 with a page", body(502, "<html><title>502 Bad Gateway</title></html>"), []int{60, 60, 10, 3}},
		{"200 with a page", body(200, "<html></html>"), []int{60, 60, 10, 3}},
		{"200 with half a reply", body(200, `[{"jsonrpc":"2.0","id":1,"resu`), []int{60, 60, 10, 3}},
		{"connection closed", hangUp, []int{60, 60, 10, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := serve(t, func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
				return len(msgs) > 3 && tt.refuse(n, w, msgs, batch)
			})
			e := connect(t, Options{}, n.URL)
			mustAnswer(t, e, 60)
			if got := n.sizes[:min(len(tt.sizes), len(n.sizes))]; !slices.Equal(got, tt.sizes) {
				t.Errorf("sizes %v, want %v", n.sizes, tt.sizes)
			}
			if most := len(tt.sizes) - 1 + 60/3; n.count() > most {
				t.Errorf("%d requests, want at most %d", n.count(), most)
			}
			before := n.count()
			mustAnswer(t, e, 9) // the size is remembered
			if n.count() > before+3 {
				t.Errorf("then %d requests for 9 calls", n.count()-before)
			}
		})
	}
}

// TestSendGivesUpOnADeadEndpoint: no request is repeated more often because batches become
// smaller on the way, and an endpoint that cannot be reached is not asked in other sizes.
func TestSendGivesUpOnADeadEndpoint(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		all   handler
		class Class
		sizes []int
	}{
		"400":       {body(400, ""), ClassProtocol, []int{60, 10, 3, 0}},
		"405":       {body(405, ""), ClassNotRPC, []int{60, 10, 3, 0}},
		"503":       {body(503, ""), ClassServer, []int{60, 60, 10, 3, 0, 0}},
		"not found": {body(404, ""), ClassNotRPC, []int{60}},
		"no key":    {body(401, ""), ClassAuth, []int{60}},
		"no quota":  {body(402, ""), ClassQuota, []int{60}},
	} {
		n := serve(t, tt.all)
		mustFail(t, connect(t, Options{}, n.URL), 60, tt.class)
		if !slices.Equal(n.sizes, tt.sizes) {
			t.Errorf("%s: sizes %v, want %v", name, n.sizes, tt.sizes)
		}
	}
	busy := serve(t, func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool {
		if n.count() > 1 {
			w.Header().Set("Retry-After", "3600")
		}
		return body(503, "")(n, w, msgs, batch)
	})
	clock := faultrpc.NewClock()
	mustFail(t, connect(t, Options{Clock: clock}, busy.URL), 60, ClassServer)
	if clock.Slept() > time.Minute || !slices.Equal(busy.sizes, []int{60, 60}) {
		t.Errorf("slept %v, sizes %v", clock.Slept(), busy.sizes)
	}
	gone := serve(t, nil)
	gone.Close()
	e := connect(t, Options{}, gone.URL)
	mustFail(t, e, 60, ClassTransport)
	if size := e.BatchSize(); size != defaultBatch {
		t.Errorf("batches of %d after connections were refused, want %d", size, defaultBatch)
	}
}

func TestSendKeepsTheHeadOfACutBatch(t *testing.T) {
	t.Parallel()
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
		mustAnswer(t, connect(t, Options{}, n.URL), 40)
		for i := range 7 {
			if times := asked[fmt.Sprint(i)]; times != 1 {
				t.Errorf("%s: call %d was answered, and asked %d times", name, i, times)
			}
		}
	}
}

func TestSendObeysTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	n := serve(t, func(_ *node, w http.ResponseWriter, _ []message, _ bool) bool {
		cancel()
		w.WriteHeader(429)
		return true
	})
	replies, err := connect(t, Options{Clock: RealClock{}}, n.URL).Send(ctx, numbered(5))
	if replies != nil || !errors.Is(err, context.Canceled) || n.count() != 1 {
		t.Errorf("got %v, %v after %d requests", replies, err, n.count())
	}
	expired, cancel2 := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel2()
	_, err = connect(t, Options{}, n.URL).Send(expired, numbered(5))
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) || n.count() != 1 {
		t.Errorf("got %v after %d requests, want a timeout and no request", err, n.count())
	}
}

func TestSendKeepsRequestsSmall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	largest := 0
	n := serve(t, func(_ *node, w http.ResponseWriter, msgs []message, _ bool) bool {
		raw, _ := json.Marshal(msgs)
		mu.Lock()
		largest = max(largest, len(raw))
		mu.Unlock()
		return false
	})
	reqs := make([]Request, 20)
	for i := range reqs {
		reqs[i] = Request{Method: "test_echo", Params: []any{i, strings.Repeat("x", 200_000)}}
	}
	e := connect(t, Options{}, n.URL)
	if _, err := e.Send(context.Background(), reqs); err != nil || largest > 1<<20 || n.count() != 5 {
		t.Errorf("largest request %d bytes, %d requests, %v", largest, n.count(), err)
	}
	reqs[0].Params[1] = strings.Repeat("x", 1<<20)
	if _, err := e.Send(context.Background(), reqs); !errors.Is(err, ErrTooLarge) || n.count() != 5 {
		t.Errorf("got %v, want ErrTooLarge before any request", err)
	}
}

func TestSendIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	n := serve(t, refuseAbove(10, 413, ""))
	e := connect(t, Options{RPS: 1000}, n.URL)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() { mustAnswer(t, e, 57) })
	}
	group.Wait()
}

// TestIDsAreUnique: an answer that comes late, or to another request, fits no
// later one.
func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
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
	e := connect(t, Options{MaxBatch: 7}, n.URL)
	for range 3 {
		mustAnswer(t, e, 30)
	}
}
