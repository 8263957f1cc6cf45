package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
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
		{"limit, older hub", answer(200, `{"errors":[{"message":`+
			`"The `+"`first`"+` argument must not be greater than 1000",`+
			`"locations":[{"line":1,"column":1}],"path":["votes"]}],"data":{"votes":null}}`),
			snapshot.ErrRefused, 1, "must not be greater than 1000"},
		{"limit, newer hub", answer(500, `{"errors":[{"message":`+
			`"The `+"`first`"+` argument must not be greater than 1000"}],"data":null}`),
			snapshot.ErrRefused, 1, "must not be greater than 1000"},
		{"limit, this generation", &hub.Fault{Message: "The `skip` argument must not be greater than 5000"},
			snapshot.ErrRefused, 1, "5000"},
		{"variable missing", answer(500, `{"errors":[{"message":`+
			`"Variable \"$id\" of required type \"String!\" was not provided."}]}`),
			snapshot.ErrRefused, 1, "was not provided"},
		{"unknown field", answer(400, `{"errors":[{"message":"Cannot query field \"nope\" on type \"Vote\"."}]}`),
			snapshot.ErrRefused, 1, "Cannot query field"},
		{"data with errors", answer(200, `{"errors":[{"message":"half done"}],"data":{"proposal":{},"votes":[]}}`),
			snapshot.ErrRefused, 1, "half done"},
		{"database, this generation", hub.RequestFailed(), snapshot.ErrUnavailable, 5, "request failed"},
		{"database, older hub", answer(200, `{"errors":[{"message":"request failed"}],"data":{"votes":null}}`),
			snapshot.ErrUnavailable, 5, "request failed"},
		{"database, newer hub", answer(500, `{"errors":[{"message":"request failed"}],"data":null}`),
			snapshot.ErrUnavailable, 5, "request failed"},
		{"database and a limit", answer(500, `{"errors":[{"message":"request failed"},{"message":"no"}],"data":null}`),
			snapshot.ErrRefused, 1, "no"},
		{"bad key", answer(401, `{"error":"unauthorized","error_description":"invalid api key"}`), snapshot.ErrAuth, 1,
			"invalid api key"},
		{"401 page", hub.ServerError(401), snapshot.ErrAuth, 1, "401"},
		{"rate limit", hub.RateLimited(60), snapshot.ErrRateLimit, 5, "too many requests"},
		{"rate limit with status 200", answer(200,
			`{"error":"unauthorized","error_description":"too many requests, refer to x"}`), snapshot.ErrRateLimit, 5,
			"too many requests"},
		{"rate limit as GraphQL", answer(200, `{"errors":[{"message":"Too many requests"}]}`), snapshot.ErrRateLimit, 5,
			"Too many requests"},
		{"429 page", hub.ServerError(429), snapshot.ErrRateLimit, 5, "429"},
		{"500 page", hub.ServerError(500), snapshot.ErrUnavailable, 5, "HTTP status 500"},
		{"502 page", hub.ServerError(502), snapshot.ErrUnavailable, 5, "nginx"},
		{"503 empty", answer(503, ``), snapshot.ErrUnavailable, 5, "503"},
		{"504 JSON", answer(504, `{"message":"upstream"}`), snapshot.ErrUnavailable, 5, "504"},
		{"good data with 500", answer(500, `{"data":{"proposal":null,"votes":[]}}`), snapshot.ErrUnavailable, 5, "500"},
		{"403 page", hub.ServerError(403), snapshot.ErrRefused, 1, "403"},
		{"404 page", hub.ServerError(404), snapshot.ErrRefused, 1, "ends in /graphql"},
		{"400 page", hub.ServerError(400), snapshot.ErrRefused, 1, "400"},
		{"redirect", &hub.Fault{Status: 302, Header: map[string]string{"Location": "https://elsewhere.example/"}},
			snapshot.ErrRefused, 1, "redirect"},
		{"page with 200", hub.HTML(), snapshot.ErrProtocol, 5, "Just a moment"},
		{"page with 204", answer(204, ``), snapshot.ErrProtocol, 1, "204"},
		{"empty", answer(200, ``), snapshot.ErrProtocol, 5, ""},
		{"no data", answer(200, `{}`), snapshot.ErrProtocol, 1, "without data"},
		{"null data", answer(200, `{"data":null}`), snapshot.ErrProtocol, 1, "null"},
		{"data is a list", answer(200, `{"data":[]}`), snapshot.ErrProtocol, 1, "[]"},
		{"other data", answer(200, `{"data":{"space":{}}}`), snapshot.ErrProtocol, 1, "nothing"},
		{"a list", answer(200, `[]`), snapshot.ErrProtocol, 5, "[]"},
		{"errors of numbers", answer(200, `{"errors":[1]}`), snapshot.ErrProtocol, 1, ""},
		{"trailing data", answer(200, `{"data":{"proposal":null,"votes":[]}} {}`), snapshot.ErrProtocol, 5,
			"not a GraphQL answer"},
		{"half a body", answer(200, `{"data":{"votes":[`), snapshot.ErrProtocol, 5, "not a GraphQL answer"},
		{"cut", &hub.Fault{Cut: true}, snapshot.ErrUnavailable, 5, "unexpected EOF"},
		{"closed", &hub.Fault{Close: true}, snapshot.ErrUnavailable, 5, "no complete answer"},
		{"bomb", answer(200, `{"data":"`+strings.Repeat("x", 17<<20)), snapshot.ErrProtocol, 1, "more than 16 MiB"},
	}
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		for _, tt := range tests {
			timed(t, tt.name, func(t *testing.T) {
				p, votes := election("failing", 3, onePerSecond)
				o := hubFor(g, p, votes)
				o.Fault = always(tt.fault)
				h, c := serve(t, o)
				list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID})
				if list != nil || !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("list %v, error %v; want %v saying %q", list, err, tt.want, tt.says)
				}
				if n := len(h.Requests()); n != tt.tries {
					t.Errorf("%d requests, want %d", n, tt.tries)
				}
				if proposal, err := c.Proposal(t.Context(), p.ID); proposal != nil ||
					!errors.Is(err, tt.want) && !errors.Is(err, snapshot.ErrNotFound) {
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
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		for name, fault := range faults {
			timed(t, name, func(t *testing.T) {
				p, votes := election("recovering", 1500, onePerSecond)
				o := hubFor(g, p, votes)
				o.Fault = nth(2, fault)
				_, c := serve(t, o)
				start := time.Now()
				list, err := c.Votes(t.Context(), &snapshot.Proposal{ID: p.ID, ScoresUpdated: p.ScoresUpdated})
				if err != nil || list.Rows() != 1500 {
					t.Fatalf("list %v, error %v", list, err)
				}
				if waited := time.Since(start); name == "rate limit" && waited < 7*time.Second {
					t.Errorf("waited %v, want the 7 seconds asked for", waited)
				}
			})
		}
	})
}

// The hub's limit is 60 a minute here; a client of 100 requests never meets it.
func TestPacesBelowTheLimit(t *testing.T) {
	p := hub.NewProposal(space, "pace")
	for _, tt := range []struct {
		name  string
		key   string
		rps   float64
		limit int
		want  time.Duration // until the 101st answer
	}{
		{"by default", "", 0, 60, 114667 * time.Millisecond}, // 15 at once, then 0.75 a second
		{"with a key", "synthetic-key", 0, 60, 14200 * time.Millisecond},
		{"as the caller wants", "synthetic-key", 0.5, 60, 200 * time.Second},
		{"as a caller without key wants", "", 10, 0, 9100 * time.Millisecond},
	} {
		timed(t, tt.name, func(t *testing.T) {
			h, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, RateLimit: tt.limit,
				Keys: []string{"synthetic-key"}})
			limited := 0
			inner := c.HTTP.Transport
			c.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				resp, err := inner.RoundTrip(r)
				if err == nil && resp.StatusCode == http.StatusTooManyRequests {
					limited++
				}
				return resp, err
			})
			c.APIKey, c.RPS = tt.key, tt.rps
			start := time.Now()
			for range 101 {
				if _, err := c.Proposal(t.Context(), p.ID); err != nil {
					t.Fatal(err)
				}
			}
			if limited != 0 {
				t.Errorf("met the limit %d times", limited)
			}
			if took := time.Since(start); took.Round(time.Millisecond) != tt.want {
				t.Errorf("101 requests took %v, want %v", took, tt.want)
			}
			if got := h.Requests()[100].Header.Get("x-api-key"); got != tt.key {
				t.Errorf("x-api-key %q, want %q", got, tt.key)
			}
		})
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// Met by others behind the same address, the limit is waited for.
func TestWaitsForTheRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := hub.NewProposal(space, "limited")
		h, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, RateLimit: 3})
		start := time.Now()
		for range 7 {
			if _, err := c.Proposal(t.Context(), p.ID); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(h.Requests()); n != 7 {
			t.Errorf("%d requests were let in, want 7", n)
		}
		if waited := time.Since(start); waited < 119*time.Second || waited > 125*time.Second {
			t.Errorf("waited %v, want two minutes: the empty window is seen before the refusal", waited)
		}
	})
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
		{"no end", &hub.Fault{Status: 429, Header: map[string]string{"Retry-After": strings.Repeat("9", 40)}},
			time.Hour, "longer than the 2m0s allowed"},
	}
	for _, tt := range tests {
		timed(t, tt.name, func(t *testing.T) {
			h, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: always(tt.fault)})
			start := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			defer cancel()
			_, err := c.Proposal(ctx, p.ID)
			if !errors.Is(err, snapshot.ErrRateLimit) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if waited := time.Since(start); len(h.Requests()) != 1 || waited != 0 {
				t.Errorf("%d requests, waited %v; want to give up at once", len(h.Requests()), waited)
			}
		})
	}
}

func TestObeysCancellation(t *testing.T) {
	p := hub.NewProposal(space, "cancelled")
	cause := errors.New("enough")
	timed(t, "while the hub hangs", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		_, c := serve(t, hub.Options{Fault: func(hub.Request) *hub.Fault {
			cancel(cause)
			return &hub.Fault{Hang: true}
		}})
		if _, err := c.Proposal(ctx, p.ID); !errors.Is(err, cause) {
			t.Errorf("error %v", err)
		}
	})
	timed(t, "while waiting", func(t *testing.T) {
		h, c := serve(t, hub.Options{Fault: always(hub.RateLimited(60))})
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		start := time.Now()
		_, err := c.Proposal(ctx, p.ID)
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "too many requests") || len(h.Requests()) != 1 {
			t.Errorf("error %v after %d requests", err, len(h.Requests()))
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %v, want the second until it was cancelled", waited)
		}
	})
	timed(t, "before the start", func(t *testing.T) {
		h, c := serve(t, hub.Options{})
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
	timed(t, "once", func(t *testing.T) {
		_, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: nth(1, &hub.Fault{Hang: true})})
		start := time.Now()
		if got, err := c.Proposal(t.Context(), p.ID); err != nil || got.ID != p.ID {
			t.Errorf("proposal %v, error %v", got, err)
		}
		if waited := time.Since(start); waited > 31*time.Second {
			t.Errorf("waited %v, want the 30 seconds of one try", waited)
		}
	})
	timed(t, "always", func(t *testing.T) {
		_, c := serve(t, hub.Options{Fault: always(&hub.Fault{Hang: true})})
		c.Timeout, c.Retries = 5*time.Millisecond, -1
		if _, err := c.Proposal(t.Context(), p.ID); !errors.Is(err, snapshot.ErrUnavailable) ||
			!strings.Contains(err.Error(), "none within 5ms") {
			t.Errorf("error %v", err)
		}
	})
}

// A mistyped host is said at once, without tries that cannot help.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	calls := 0
	nowhere := roundTrip(func(*http.Request) (*http.Response, error) {
		calls++
		return nil, &net.DNSError{Err: "no such host", Name: "hub.invalid", IsNotFound: true}
	})
	c := &snapshot.Client{Endpoint: "https://hub.invalid/graphql", HTTP: &http.Client{Transport: nowhere}}
	_, err := c.Proposal(t.Context(), hub.ID("x"))
	if !errors.Is(err, snapshot.ErrUnavailable) || !strings.Contains(err.Error(), "(hub.invalid): no such host") ||
		calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
}

// Neither the key nor the endpoint's user, path or query is ever in an error,
// even if the hub repeats them.
func TestKeepsSecrets(t *testing.T) {
	const key, user, password = "SENTINEL-key", "SENTINEL-user", "SENTINEL-password"
	parrot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("x-api-key") != key {
			t.Error("the key was not sent")
		}
		w.WriteHeader(http.StatusBadGateway)
		_, _ = fmt.Fprint(w, "bad gateway for ", r.URL, " with ", key, " ", user, " ", password)
	}))
	defer parrot.Close()
	address := strings.TrimPrefix(parrot.URL, "http://")
	closed := httptest.NewServer(nil)
	closed.Close()
	for name, host := range map[string]string{
		"parrot": address, "closed": strings.TrimPrefix(closed.URL, "http://"), "no such host": "nowhere.invalid",
	} {
		for _, scheme := range []string{"http", "https", "ftp", "ht tp"} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				c := &snapshot.Client{
					Endpoint: scheme + "://" + user + ":" + password + "@" + host +
						"/SENTINEL-path/graphql?apiKey=SENTINEL-query",
					APIKey: key, Retries: -1,
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

// A hub that writes a key into what it lists makes no error, and no report, that shows it.
func TestAnswerHoldsNoKey(t *testing.T) {
	t.Parallel()
	const key, inURL = "SENTINEL-api-key", "SENTINEL-query-key"
	p := hub.NewProposal(space, "x")
	for _, tt := range []struct {
		name, field, value, says string
		refused                  bool
	}{
		{"key in a title", "title", `"buy ` + key + `"`, "repeats the API key", true},
		{"key in a number", "start", `"` + key + `"`, "repeats the API key", true},
		{"URL in a number", "start", `"` + inURL + `"`, "start is", true},
		{"URL in disguise", "start", `"` + strings.Join(strings.Split(inURL, ""), " ") + `"`, "start is", true},
		{"URL in a list", "choices", `["yes", {"` + inURL + `": 1}]`, "choices", true},
		{"URL in a title", "title", `"` + inURL + `"`, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := p
			q.Override = map[string]string{tt.field: tt.value}
			h := hub.New(hub.Options{Proposals: []hub.Proposal{q}, Keys: []string{key}})
			client, stop := h.Pipe()
			defer stop()
			c := &snapshot.Client{Endpoint: "http://hub.example/graphql?k=" + inURL, HTTP: client, APIKey: key, Retries: -1}
			_, err := c.Proposal(t.Context(), q.ID)
			if (err != nil) != tt.refused || err != nil &&
				(!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "SENTINEL")) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A host that may itself be a key is shortened like that of an endpoint.
func TestHostHoldsNoKey(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"":                                  "hub.snapshot.org",
		"https://hub.example.org:8443/a/b":  "hub.example.org",
		"https://SENTINEL12345678.hub.test": "hub.test",
		"https://SENTINEL.quiknode.pro/a":   "quiknode.pro",
		"http://127.0.0.1:1/graphql":        "127.0.0.1",
		"ftp://hub.example.org":             "",
	} {
		nowhere := roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("dial %s: no route", endpoint)
		})
		c := &snapshot.Client{Endpoint: endpoint, HTTP: &http.Client{Transport: nowhere}, Retries: -1}
		if got := c.Host(); got != want {
			t.Errorf("%q: found %q, want %q", endpoint, got, want)
		}
		_, err := c.Proposal(t.Context(), hub.ID("x"))
		if err == nil || strings.Contains(err.Error(), "SENTINEL") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v", endpoint, err)
		}
	}
}

func TestFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer elsewhere.Close()
	to := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer to.Close()
	callers := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for name, client := range map[string]*http.Client{"own": nil, "caller's": callers} {
		c := &snapshot.Client{Endpoint: to.URL + "/graphql", HTTP: client}
		if _, err := c.Proposal(t.Context(), hub.ID("x")); !errors.Is(err, snapshot.ErrRefused) ||
			!strings.Contains(err.Error(), "redirect") {
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
	inner := &http.Transport{DisableKeepAlives: true}
	counting := roundTrip(func(r *http.Request) (*http.Response, error) { calls++; return inner.RoundTrip(r) })
	c := &snapshot.Client{Endpoint: server.URL + "/graphql", HTTP: &http.Client{Transport: counting}}
	if _, err := c.Proposal(t.Context(), hub.ID("x")); !errors.Is(err, snapshot.ErrRefused) || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
}
