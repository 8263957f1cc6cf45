package jsonrpc

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

func TestSendLagging(t *testing.T) {
	t.Parallel()
	behind := change(func(msgs []message, r []any) []any {
		r[0] = failed(msgs[0], -32000, "header not found")
		return r
	})
	n, clock := serve(t, behind), faultrpc.NewClock()
	_, err := connect(t, Options{Clock: clock}, n.URL).Send(context.Background(), numbered(1))
	if !errors.Is(err, ErrLag) || n.count() != 3 {
		t.Errorf("got %v after %d requests, want ErrLag after 3", err, n.count())
	}
	if clock.Slept() < 8*time.Second || clock.Slept() > 12*time.Second {
		t.Errorf("waited %v for a block, want about 10 s", clock.Slept())
	}
}

func TestSendRateLimits(t *testing.T) {
	t.Parallel()
	t.Run("Retry-After", func(t *testing.T) {
		at := faultrpc.NewClock().Now().Add(7 * time.Second).Format(http.TimeFormat)
		for value, least := range map[string]time.Duration{"2": 2 * time.Second, at: 7 * time.Second, "0": 0, "-1": 0,
			"soon": 0, "60": time.Minute} {
			clock := faultrpc.NewClock()
			mustAnswer(t, connect(t, Options{Clock: clock},
				serve(t, first(1, body(429, "slow down", "Retry-After", value))).URL), 3)
			if clock.Slept() < least || clock.Slept() > least+time.Second {
				t.Errorf("Retry-After %q: waited %v", value, clock.Slept())
			}
		}
	})
	t.Run("too long", func(t *testing.T) {
		clock := faultrpc.NewClock()
		n := serve(t, body(429, "slow down", "Retry-After", "86400"))
		failure := mustFail(t, connect(t, Options{Clock: clock}, n.URL), 3, ClassRate)
		if n.count() != 1 || clock.Slept() != 0 || !strings.Contains(failure.Error(), "2026-01-02T00:00:00Z") {
			t.Errorf("%d requests, slept %v: %v", n.count(), clock.Slept(), failure)
		}
	})
	t.Run("forever", func(t *testing.T) {
		clock := faultrpc.NewClock()
		n := serve(t, body(429, ""))
		failure := mustFail(t, connect(t, Options{Clock: clock}, n.URL), 3, ClassRate)
		if n.count() != 6 || failure.Tries != 6 || !errors.Is(failure, ErrRateLimit) || clock.Slept() > time.Minute {
			t.Errorf("%d requests, slept %v: %v", n.count(), clock.Slept(), failure)
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
			mustAnswer(t, connect(t, Options{}, n.URL), 100)
			for param, times := range answered {
				if times != 1 {
					t.Errorf("call %s was answered %d times", param, times)
				}
			}
		}
	})
	t.Run("batch dearer than the bucket", func(t *testing.T) {
		clock := faultrpc.NewClock()
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
		mustAnswer(t, connect(t, Options{Clock: clock, MaxBatch: 1000}, n.URL), 1000)
		if clock.Slept() > 3*time.Minute {
			t.Errorf("20,000 units at 500 per second took %v", clock.Slept())
		}
	})
}

func TestSendGivesUpAtOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		class  Class
		is     error
		most   int // requests
	}{
		{"quota", 402, `{"jsonrpc":"2.0","id":1,"error":{"code":-32005,"message":"daily request count exceeded, ` +
			`request rate limited"}}`, ClassQuota, ErrQuota, 1},
		{"quota, 200", 200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"daily request count exceeded, request ` +
				`rate limited"}}`, ClassQuota, ErrQuota, 1},
		{"401", 401, `Must be authenticated!`, ClassAuth, ErrAuth, 1},
		{"403", 403, `{"error":"invalid api key"}`, ClassAuth, ErrAuth, 1},
		{"403 archive", 403,
			`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"Archive requests require a personal ` +
				`token. Get one at: https://www.allnodes.com/publicnode"}}`, ClassArchive, ErrArchive, 1},
		{"403 HTML", 403, `<html><title>Just a moment...</title></html>`, ClassBlocked, ErrAuth, 1},
		{"404", 404, `not found`, ClassNotRPC, ErrProtocol, 1},
		{"other chain", 400, `{"message":"apikey is on another chain"}`, ClassWrongChain, ErrWrongChain, 1},
		{"no state", 200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"missing trie node 12 (path )"}}`,
			ClassMissingState, ErrArchive, 2},
		{"pre-Bedrock", 200,
			`{"jsonrpc":"2.0","id":null,"error":{"code":-32801,"message":"no historical RPC is available for ` +
				`this historical (pre-bedrock) execution request"}}`, ClassLegacy, ErrArchive, 1},
	}
	for _, tt := range tests {
		for _, calls := range []int{1, 8} {
			n := serve(t, body(tt.status, tt.body))
			reqs := calls
			if strings.Contains(tt.body, `"id":1,`) && calls > 1 && tt.status == 200 {
				reqs = 1
			}
			failure := mustFail(t, connect(t, Options{}, n.URL), reqs, tt.class)
			if !errors.Is(failure, tt.is) || n.count() > tt.most {
				t.Errorf("%s, %d calls: %v after %d requests", tt.name, calls, failure, n.count())
			}
		}
	}
}

func TestSendSurvivesGatewayErrors(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 2))
		var mu sync.Mutex
		failures := map[string]int{} // by call; the sixth failure would be one too many
		n := serve(t, func(_ *node, w http.ResponseWriter, msgs []message, _ bool) bool {
			mu.Lock()
			defer mu.Unlock()
			tired := func(m message) bool { return failures[string(m.Params[0])] == 5 }
			if random.Float64() > 0.3 || slices.ContainsFunc(msgs, tired) {
				return false
			}
			for _, m := range msgs {
				failures[string(m.Params[0])]++
			}
			w.WriteHeader([]int{502, 503, 504, 520, 521, 522, 523, 524, 525}[random.IntN(9)])
			return true
		})
		mustAnswer(t, connect(t, Options{MaxBatch: 10}, n.URL), 100)
	}
	dead := serve(t, body(503, ""))
	failure := mustFail(t, connect(t, Options{}, dead.URL), 1000, ClassServer)
	if dead.count() > 30 {
		t.Errorf("a dead endpoint got %d requests: %v", dead.count(), failure)
	}
}
