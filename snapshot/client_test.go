package snapshot_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

// Failures are told apart by body, whatever the status says.
func TestFailures(t *testing.T) {
	answer := func(status int, body string) *hub.Fault { return &hub.Fault{Status: status, Body: body} }
	tests := []struct {
		name  string
		fault *hub.Fault
		want  error
		tries int
		says  string
	}{
		{"limit, older hub", answer(200, `{"errors":[{"message":"The `+"`first`"+` argument must not be greater than 1000","locations":[{"line":1,"column":1}],"path":["votes"]}],"data":{"votes":null}}`),
			snapshot.ErrRefused, 1, "must not be greater than 1000"},
		{"limit, newer hub", answer(500, `{"errors":[{"message":"The `+"`first`"+` argument must not be greater than 1000"}],"data":null}`),
			snapshot.ErrRefused, 1, "must not be greater than 1000"},
		{"limit, this generation", &hub.Fault{Message: "The `skip` argument must not be greater than 5000"}, snapshot.ErrRefused, 1, "5000"},
		{"variable missing", answer(500, `{"errors":[{"message":"Variable \"$id\" of required type \"String!\" was not provided."}]}`),
			snapshot.ErrRefused, 1, "was not provided"},
		{"unknown field", answer(400, `{"errors":[{"message":"Cannot query field \"nope\" on type \"Vote\"."}]}`), snapshot.ErrRefused, 1, "Cannot query field"},
		{"data with errors", answer(200, `{"errors":[{"message":"half done"}],"data":{"proposal":{},"votes":[]}}`), snapshot.ErrRefused, 1, "half done"},
		{"database, this generation", hub.RequestFailed(), snapshot.ErrUnavailable, 5, "request failed"},
		{"database, older hub", answer(200, `{"errors":[{"message":"request failed"}],"data":{"votes":null}}`), snapshot.ErrUnavailable, 5, "request failed"},
		{"database, newer hub", answer(500, `{"errors":[{"message":"request failed"}],"data":null}`), snapshot.ErrUnavailable, 5, "request failed"},
		{"database and a limit", answer(500, `{"errors":[{"message":"request failed"},{"message":"no"}],"data":null}`), snapshot.ErrRefused, 1, "no"},
		{"bad key", answer(401, `{"error":"unauthorized","error_description":"invalid api key"}`), snapshot.ErrAuth, 1, "invalid api key"},
		{"401 page", hub.ServerError(401), snapshot.ErrAuth, 1, "401"},
		{"rate limit", hub.RateLimited(60), snapshot.ErrRateLimit, 5, "too many requests"},
		{"rate limit with status 200", answer(200, `{"error":"unauthorized","error_description":"too many requests, refer to x"}`), snapshot.ErrRateLimit, 5, "too many requests"},
		{"rate limit as GraphQL", answer(200, `{"errors":[{"message":"Too many requests"}]}`), snapshot.ErrRateLimit, 5, "Too many requests"},
		{"429 page", hub.ServerError(429), snapshot.ErrRateLimit, 5, "429"},
		{"500 page", hub.ServerError(500), snapshot.ErrUnavailable, 5, "HTTP status 500"},
		{"502 page", hub.ServerError(502), snapshot.ErrUnavailable, 5, "nginx"},
		{"503 empty", answer(503, ``), snapshot.ErrUnavailable, 5, "503"},
		{"504 JSON", answer(504, `{"message":"upstream"}`), snapshot.ErrUnavailable, 5, "504"},
		{"good data with 500", answer(500, `{"data":{"proposal":null,"votes":[]}}`), snapshot.ErrUnavailable, 5, "500"},
		{"403 page", hub.ServerError(403), snapshot.ErrRefused, 1, "403"},
		{"404 page", hub.ServerError(404), snapshot.ErrRefused, 1, "ends in /graphql"},
		{"400 page", hub.ServerError(400), snapshot.ErrRefused, 1, "400"},
		{"redirect", &hub.Fault{Status: 302, Header: map[string]string{"Location": "https://elsewhere.example/"}}, snapshot.ErrRefused, 1, "redirect"},
		{"page with 200", hub.HTML(), snapshot.ErrProtocol, 5, "Just a moment"},
		{"page with 204", answer(204, ``), snapshot.ErrProtocol, 1, "204"},
		{"empty", answer(200, ``), snapshot.ErrProtocol, 5, ""},
		{"no data", answer(200, `{}`), snapshot.ErrProtocol, 1, "without data"},
		{"null data", answer(200, `{"data":null}`), snapshot.ErrProtocol, 1, "null"},
		{"data is a list", answer(200, `{"data":[]}`), snapshot.ErrProtocol, 1, "[]"},
		{"other data", answer(200, `{"data":{"space":{}}}`), snapshot.ErrProtocol, 1, "nothing"},
		{"a list", answer(200, `[]`), snapshot.ErrProtocol, 5, "[]"},
		{"errors of numbers", answer(200, `{"errors":[1]}`), snapshot.ErrProtocol, 1, ""},
		{"trailing data", answer(200, `{"data":{"proposal":null,"votes":[]}} {}`), snapshot.ErrProtocol, 5, "where a GraphQL answer should be"},
		{"half a body", answer(200, `{"data":{"votes":[`), snapshot.ErrProtocol, 5, "where a GraphQL answer should be"},
		{"cut", &hub.Fault{Cut: true}, snapshot.ErrUnavailable, 5, "unexpected EOF"},
		{"closed", &hub.Fault{Close: true}, snapshot.ErrUnavailable, 5, "no complete answer"},
		{"bomb", answer(200, `{"data":"`+strings.Repeat("x", 17<<20)), snapshot.ErrProtocol, 1, "more than 16 MiB"},
	}
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				p, votes := election("failing", 3, onePerSecond)
				o := hubFor(g, p, votes)
				o.Fault = always(tt.fault)
				h, c, _ := serve(t, o)
				list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
				if list != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("list %v, error %v; want %v saying %q", list, err, tt.want, tt.says)
				}
				if n := len(h.Requests()); n != tt.tries {
					t.Errorf("%d requests, want %d", n, tt.tries)
				}
				if proposal, err := c.Proposal(t.Context(), p.ID); proposal != nil || !errors.Is(err, tt.want) && !errors.Is(err, snapshot.ErrNotFound) {
					t.Errorf("proposal %v, error %v", proposal, err)
				}
			})
		}
	})
}

// A transient failure is asked again, and the answer is as without it.
func TestRecovers(t *testing.T) {
	faults := map[string]*hub.Fault{
		"502": hub.ServerError(502), "page": hub.HTML(), "database": hub.RequestFailed(), "cut": {Cut: true},
		"closed": {Close: true}, "rate limit": hub.RateLimited(7), "drip": {Drip: true},
	}
	bothGenerations(t, func(t *testing.T, g hub.Generation) {
		for name, fault := range faults {
			t.Run(name, func(t *testing.T) {
				p, votes := election("recovering", 1500, onePerSecond)
				o := hubFor(g, p, votes)
				o.Fault = nth(2, fault)
				_, c, time := serve(t, o)
				list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID, ScoresUpdated: p.ScoresUpdated})
				if err != nil || list.Rows() != 1500 {
					t.Fatalf("list %v, error %v", list, err)
				}
				if name == "rate limit" && time.total() < 7e9 {
					t.Errorf("waited %v, want the 7 seconds asked for", time.total())
				}
			})
		}
	})
}

// The hub's limit is 60 a minute here; a client of 100 requests never meets it.
func TestPacesBelowTheLimit(t *testing.T) {
	p := hub.NewProposal(space, "pace")
	time := newClock()
	h := hub.New(hub.Options{Proposals: []hub.Proposal{p}, RateLimit: 60, Now: time.Now, Keys: []string{"synthetic-key"}})
	endpoint, stop := h.Start()
	defer stop()
	limited := 0
	watch := doer(func(r *http.Request) (*http.Response, error) {
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err == nil && resp.StatusCode == http.StatusTooManyRequests {
			limited++
		}
		return resp, err
	})
	run := func(key string, n int) {
		c := &snapshot.Client{Endpoint: endpoint, Clock: time, HTTP: watch, APIKey: key}
		for range n {
			if _, err := c.Proposal(t.Context(), p.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	run("", 100)
	if limited != 0 {
		t.Errorf("met the limit %d times", limited)
	}
	if seconds := time.total().Seconds(); seconds < 85/0.75-1 || seconds > 130 {
		t.Errorf("100 requests took %v s, want about %v: 15 at once, then 0.75 a second", seconds, 85/0.75)
	}
	before := time.total()
	run("synthetic-key", 100)
	if faster := time.total() - before; faster.Seconds() > 15 {
		t.Errorf("100 requests with a key took %v, want about 14 s", faster)
	}
	if got := h.Requests()[199].Header.Get("x-api-key"); got != "synthetic-key" {
		t.Errorf("x-api-key %q", got)
	}
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// Met by others behind the same address, the limit is waited for.
func TestWaitsForTheRateLimit(t *testing.T) {
	p := hub.NewProposal(space, "limited")
	time := newClock()
	h := hub.New(hub.Options{Proposals: []hub.Proposal{p}, RateLimit: 3, Now: time.Now})
	endpoint, stop := h.Start()
	defer stop()
	c := &snapshot.Client{Endpoint: endpoint, Clock: time, HTTP: doer(http.DefaultTransport.RoundTrip)}
	for range 7 {
		if _, err := c.Proposal(t.Context(), p.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.Requests()); n != 7 {
		t.Errorf("%d requests were let in, want 7", n)
	}
	if seconds := time.total().Seconds(); seconds < 119 || seconds > 125 {
		t.Errorf("waited %v s, want two minutes: the empty window is seen before the refusal", seconds)
	}
}

func TestWaitsNoLongerThanAllowed(t *testing.T) {
	p := hub.NewProposal(space, "hurry")
	tests := []struct {
		name    string
		fault   *hub.Fault
		timeout time.Duration
		says    string
	}{
		{"deadline", hub.RateLimited(60), 20 * time.Second, "allow more time"},
		{"a day", hub.RateLimited(86400), time.Hour, "longer than the 2m0s allowed"},
		{"no end", &hub.Fault{Status: 429, Header: map[string]string{"Retry-After": strings.Repeat("9", 40)}}, time.Hour, "longer than the 2m0s allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, c, clock := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: always(tt.fault)})
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			defer cancel()
			_, err := c.Proposal(ctx, p.ID)
			if !errors.Is(err, snapshot.ErrRateLimit) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if len(h.Requests()) != 1 || clock.total() != 0 {
				t.Errorf("%d requests, slept %v; want to give up at once", len(h.Requests()), clock.total())
			}
		})
	}
}

func TestObeysCancellation(t *testing.T) {
	p := hub.NewProposal(space, "cancelled")
	cause := errors.New("enough")
	t.Run("while the hub hangs", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		_, c, _ := serve(t, hub.Options{Fault: func(hub.Request) *hub.Fault {
			cancel(cause)
			return &hub.Fault{Hang: true}
		}})
		if _, err := c.Proposal(ctx, p.ID); !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("while waiting", func(t *testing.T) {
		h, c, clock := serve(t, hub.Options{Fault: always(hub.RateLimited(60))})
		ctx, cancel := context.WithCancelCause(t.Context())
		clock.onNap = func(time.Duration) { cancel(cause) }
		if _, err := c.Proposal(ctx, p.ID); !errors.Is(err, cause) || !strings.Contains(err.Error(), "too many requests") || len(h.Requests()) != 1 {
			t.Errorf("error %v after %d requests", err, len(h.Requests()))
		}
	})
	t.Run("in real time", func(t *testing.T) {
		_, c, _ := serve(t, hub.Options{Fault: always(hub.RateLimited(60))})
		ctx, cancel := context.WithCancelCause(t.Context())
		c.Clock = nil
		c.HTTP = doer(func(r *http.Request) (*http.Response, error) {
			defer func() { go cancel(cause) }()
			return (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
		})
		if _, err := c.Proposal(ctx, p.ID); !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("before the start", func(t *testing.T) {
		h, c, _ := serve(t, hub.Options{})
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, err := c.Proposal(ctx, p.ID); !errors.Is(err, cause) || len(h.Requests()) != 0 {
			t.Errorf("error %v after %d requests", err, len(h.Requests()))
		}
	})
}

// A hub that hangs costs one try, not the whole time.
func TestHangIsTransient(t *testing.T) {
	p := hub.NewProposal(space, "hang")
	_, c, _ := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: nth(1, &hub.Fault{Hang: true})})
	c.Timeout = 50 * time.Millisecond
	c.Retries = 20 // so that a slow machine passes, too
	if got, err := c.Proposal(t.Context(), p.ID); err != nil || got.ID != p.ID {
		t.Errorf("proposal %v, error %v", got, err)
	}
	_, c, _ = serve(t, hub.Options{Fault: always(&hub.Fault{Hang: true})})
	c.Timeout, c.Retries = 5*time.Millisecond, -1
	if _, err := c.Proposal(t.Context(), p.ID); !errors.Is(err, snapshot.ErrUnavailable) || !strings.Contains(err.Error(), "none within 5ms") {
		t.Errorf("error %v", err)
	}
}

// A mistyped host is said at once, without tries that cannot help.
func TestUnknownHost(t *testing.T) {
	clock := newClock()
	c := &snapshot.Client{Endpoint: "https://hub.invalid/graphql", Clock: clock, HTTP: doer(func(*http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: "https://hub.invalid/graphql", Err: &net.DNSError{Err: "no such host", Name: "hub.invalid", IsNotFound: true}}
	})}
	_, err := c.Proposal(t.Context(), hub.ID("x"))
	if !errors.Is(err, snapshot.ErrUnavailable) || !strings.Contains(err.Error(), "(hub.invalid): no such host") || clock.total() != 0 {
		t.Errorf("error %v after %v", err, clock.total())
	}
}

// Neither the key nor the endpoint's user, path or query is ever in an error,
// even if the hub repeats them.
func TestKeepsSecrets(t *testing.T) {
	const key, user, password, inPath, inQuery = "SENTINEL-key", "SENTINEL-user", "SENTINEL-password", "SENTINEL-path", "SENTINEL-query"
	parrot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-api-key") != key {
			t.Error("the key was not sent")
		}
		w.WriteHeader(http.StatusBadGateway)
		_, _ = w.Write([]byte("bad gateway for " + r.URL.String() + " with " + r.Header.Get("x-api-key") + " " + user + " " + password))
	}))
	defer parrot.Close()
	address := strings.TrimPrefix(parrot.URL, "http://")
	closed := httptest.NewServer(nil)
	closed.Close()
	for name, host := range map[string]string{"parrot": address, "closed": strings.TrimPrefix(closed.URL, "http://"), "no such host": "nowhere.invalid"} {
		for _, scheme := range []string{"http", "https", "ftp", "ht tp"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				c := &snapshot.Client{
					Endpoint: scheme + "://" + user + ":" + password + "@" + host + "/" + inPath + "/graphql?apiKey=" + inQuery,
					APIKey:   key, Clock: newClock(),
				}
				defer c.CloseIdleConnections()
				_, err := c.Proposal(t.Context(), hub.ID("x"))
				if err == nil || strings.Contains(err.Error(), "SENTINEL") {
					t.Errorf("error %v", err)
				}
				if (scheme == "ftp" || scheme == "ht tp") != errors.Is(err, snapshot.ErrEndpoint) {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

func TestFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	to := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer to.Close()
	for name, client := range map[string]snapshot.Doer{"own": nil, "caller's": &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}} {
		c := &snapshot.Client{Endpoint: to.URL + "/graphql", HTTP: client, Clock: newClock()}
		if _, err := c.Proposal(t.Context(), hub.ID("x")); !errors.Is(err, snapshot.ErrRefused) || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%s client: error %v", name, err)
		}
		c.CloseIdleConnections()
	}
}

func TestUntrustedCertificateIsFatal(t *testing.T) {
	calls := 0
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that fails
	server.StartTLS()
	defer server.Close()
	inner := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	counting := doer(func(r *http.Request) (*http.Response, error) { calls++; return inner.Do(r) })
	c := &snapshot.Client{Endpoint: server.URL + "/graphql", HTTP: counting, Clock: newClock()}
	if _, err := c.Proposal(t.Context(), hub.ID("x")); !errors.Is(err, snapshot.ErrRefused) || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
}
