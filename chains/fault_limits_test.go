package chains_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// limit refuses batches of more than n calls with a status and a body.
func limit(n, status int, body string) func(*faultrpc.Server) {
	return with(&faultrpc.Rule{BatchOver: n, Fault: faultrpc.Status(status, body)})
}

const (
	gethTooLarge = `[{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"batch too large"}}]`
	drpcTooLarge = `{"message":"Batch of more than 3 requests are not allowed on free tier, to use this feature ` +
		`register paid account at drpc.org","code":31}`
)

// The size of batches, replies and requests: rows 12 to 17.
func TestMatrixSizes(t *testing.T) {
	t.Parallel()
	geth := func(n int) func(*faultrpc.Server) {
		return func(s *faultrpc.Server) {
			s.Rules = []*faultrpc.Rule{{BatchOver: n,
				Fault: faultrpc.Fault{Envelope: func(asked []faultrpc.Request, _ []faultrpc.Object) []faultrpc.Object {
					return []faultrpc.Object{{ID: asked[0].ID,
						Error: []byte(`{"code":-32600,"message":"batch too large"}`)}}
				}}}}
		}
	}
	quick := func(t *testing.T, s *faultrpc.Server) {
		if slept := s.Clock.Slept(); slept > 2*time.Second {
			t.Errorf("waited %v for a batch to become smaller", slept)
		}
	}
	rows := []row{
		{name: "row 12: geth, batch over 1000", set: geth(1000), dialer: chains.Dialer{MaxBatch: 2000},
			calls: usual(t, 1500), paths: []path{batch}, after: quick},
		{name: "row 12: geth, batch over 100", set: geth(100), dialer: chains.Dialer{MaxBatch: 1000},
			calls: usual(t, 300), after: quick},
		{name: "row 12: geth, batch over 10", set: geth(10), after: quick},
		{name: "row 12: geth, batch over 3", set: geth(3), after: quick},
		{name: "row 12: geth, batch over 1", set: geth(1), after: quick},
		{name: "row 13: batch over 3, HTTP 500 code 31", set: limit(3, http.StatusInternalServerError, drpcTooLarge),
			after: quick, paths: []path{batch}, most: 1 + 2 + 2 + 5 + 5},
		{name: "row 13: batch over 3, HTTP 500 code 31", set: limit(3, http.StatusInternalServerError, drpcTooLarge),
			after: quick, paths: []path{single, bulk}},
		{name: "row 14: -32005 Batch size limit exceeded",
			set: limit(5, 200,
				`{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Batch size limit exceeded"}}`),
			after: quick},
		{name: "row 15: batched requests are not supported",
			set: limit(1, 200,
				`{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"Batched requests are not supported by `+
					`this server"}}`), after: quick},
		{name: "row 16: tail of the batch is too large", set: func(s *faultrpc.Server) {
			s.Persona = faultrpc.Persona{MaxReply: 1800,
				Cut: &faultrpc.Error{Code: -32003, Message: "response too large"}}
		}, paths: []path{batch, single}, after: quick},
		{name: "row 17: HTTP 413 page",
			set: limit(4, http.StatusRequestEntityTooLarge,
				"<html><title>413 Request Entity Too Large</title></html>"), after: quick},
		{name: "row 17: HTTP 413 text", set: func(s *faultrpc.Server) { s.Persona.MaxBody = 3000 }, after: quick,
			paths: []path{batch, single}},
		{name: "row 17: HTTP 413 for all", set: always(faultrpc.Status(http.StatusRequestEntityTooLarge, "")),
			want: chains.ErrTooLarge, text: "size"},
	}
	matrix(t, rows)
}

// Rates and quotas: rows 18 to 22.
func TestMatrixRates(t *testing.T) {
	t.Parallel()
	limited := func(header string) faultrpc.Fault {
		return faultrpc.Status(http.StatusTooManyRequests, "", "Retry-After", header)
	}
	slept := func(least, most time.Duration) func(*testing.T, *faultrpc.Server) {
		return func(t *testing.T, s *faultrpc.Server) {
			if d := s.Clock.Slept(); d < least || d > most {
				t.Errorf("waited %v, want %v to %v", d, least, most)
			}
		}
	}
	perCall := &faultrpc.Error{Code: 429, Message: "Your app has exceeded its compute units per second capacity."}
	rows := []row{
		{name: "row 18: 429, Retry-After 2", set: with(&faultrpc.Rule{Nth: 2, Fault: limited("2")}),
			after: slept(2*time.Second, time.Minute)},
		{name: "row 18: 429, Retry-After a date",
			set:   with(&faultrpc.Rule{Nth: 2, Fault: limited("Thu, 01 Jan 2026 00:00:30 GMT")}),
			after: slept(20*time.Second, time.Minute)},
		{name: "row 18: 429, Retry-After 0", set: with(&faultrpc.Rule{Nth: 2, Fault: limited("0")}),
			after: slept(0, time.Minute)},
		{name: "row 18: 429, Retry-After -1", set: with(&faultrpc.Rule{Nth: 2, Fault: limited("-1")}),
			after: slept(0, time.Minute)},
		{name: "row 18: 429, Retry-After garbage", set: with(&faultrpc.Rule{Nth: 2, Fault: limited("soon")}),
			after: slept(0, time.Minute)},
		{name: "row 18: 429, Retry-After 86400", set: with(&faultrpc.Rule{From: 2, Fault: limited("86400")}),
			want: chains.ErrRateLimit, text: "2026-01-02", after: slept(0, time.Second), most: 5},
		{name: "row 19: 429 for ever", set: always(faultrpc.Status(http.StatusTooManyRequests, "slow down")),
			want: chains.ErrRateLimit, text: "lower the rate"},
		{name: "row 19: 429 for ever on state reads",
			set: with(&faultrpc.Rule{Method: "eth_call",
				Fault: faultrpc.Status(http.StatusTooManyRequests, "slow down")}), want: chains.ErrRateLimit,
			text: "gave up after"},
		{name: "row 20: 200, three items in ten with code 429",
			set: with(&faultrpc.Rule{Method: "eth_call", Prob: 0.3, Seed: 1,
				Fault: faultrpc.Fail(429, perCall.Message)}), paths: []path{batch, bulk}},
		{name: "row 21: batch dearer than the bucket, refused as a whole", set: func(s *faultrpc.Server) {
			s.Persona.Rate = &faultrpc.Rate{Size: 5000, PerSecond: 500,
				Cost: map[string]float64{"eth_call": 26,
					"eth_chainId": 0}, Status: 429, Body: `{"jsonrpc":"2.0","id":null,"error":{"code":429,"message":"` +
					perCall.Message + `"}}`}
		}, dialer: chains.Dialer{MaxBatch: 1000}, calls: usual(t, 400), paths: []path{batch, bulk}},
		{name: "row 21: batch dearer than the bucket, refused by item", set: func(s *faultrpc.Server) {
			s.Persona.Rate = &faultrpc.Rate{Size: 1000, PerSecond: 500,
				Cost: map[string]float64{"eth_call": 26, "eth_chainId": 0}, Call: perCall}
		}, dialer: chains.Dialer{MaxBatch: 1000}, calls: usual(t, 400), paths: []path{batch, bulk}},
		{name: "row 22: daily quota, HTTP 402", set: always(faultrpc.Status(http.StatusPaymentRequired, "")),
			want: chains.ErrQuota, most: 2},
		{name: "row 22: daily quota, -32005",
			set:  always(faultrpc.Fail(-32005, "daily request count exceeded, request rate limited")),
			want: chains.ErrQuota, most: 2},
		{name: "row 22: monthly capacity, in the middle",
			set: with(&faultrpc.Rule{Method: "eth_call", From: 2,
				Fault: faultrpc.Status(429,
					`{"jsonrpc":"2.0","id":null,"error":{"code":429,"message":"Monthly capacity limit exceeded. Visit `+
						`https://dashboard.alchemyapi.io/settings/billing to upgrade your scaling policy"}}`)}),
			want: chains.ErrQuota, paths: []path{single}},
	}
	matrix(t, rows)
}

// Row 20, counted: what was answered is not asked for again.
func TestMatrixOnlyRefusedItemsAreAskedAgain(t *testing.T) {
	t.Parallel()
	s := faultrpc.NewServer(faultrpc.Public(1, 300))
	s.Clock = faultrpc.NewClock()
	rule := &faultrpc.Rule{Method: "eth_call", Has: `"0x70a08231`, Until: 3,
		Fault: faultrpc.Fail(429, "too many requests")}
	s.Rules = []*faultrpc.Rule{rule}
	plain(s)
	a := newAttempt(t, 1, s)
	if err := a.read(t); err != nil {
		t.Fatal(err)
	}
	calls := usual(t, 12)
	tokens := 0
	for _, call := range calls {
		if len(call.Data) > 0 {
			tokens++
		}
	}
	if got, want := rule.Matches(), tokens+3; got != want {
		t.Errorf("row 20: asked %d times for %d balances of which 3 were refused once, want %d", got, tokens, want)
	}
	if errors.Is(a.read(t), chains.ErrRateLimit) {
		t.Error("row 20: found a rate limit afterwards")
	}
}
