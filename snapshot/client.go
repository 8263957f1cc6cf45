package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hasura/go-graphql-client"
	"golang.org/x/time/rate"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

// DefaultEndpoint is the GraphQL API of Snapshot's own hub.
const DefaultEndpoint = "https://hub.snapshot.org/graphql"

// Client reads from a Snapshot hub. It only sends GraphQL queries and so
// changes nothing there. The zero value reads from [DefaultEndpoint]. A Client
// is safe for concurrent use and must not be copied or changed after first use.
type Client struct {
	Endpoint string // http or https URL of the GraphQL API; "" means DefaultEndpoint
	// HTTP sends the requests, but never follows a redirect; nil means a client
	// of its own that uses the proxies of the environment. A transport that is
	// given closes each connection after one answer, since net/http may log what
	// comes behind it on an open one.
	HTTP *http.Client
	// APIKey raises the hub's rate limit. It is sent in the header x-api-key and
	// appears nowhere else.
	APIKey    string
	UserAgent string // "" means "perpquorum"
	// RPS is the number of requests per second after a small burst; 0 means 0.75
	// (burst 15), or 5 (burst 30) with an API key. The default keeps any minute
	// within 60 requests, the lower of the two limits that the hub documents.
	RPS     float64
	Retries int           // further tries after a transient failure; 0 means 4, negative none
	Timeout time.Duration // of one try; 0 means 30 seconds
	MaxWait time.Duration // longest wait that the hub may ask for; 0 means 2 minutes
	// Observe, if it is not nil, is told of each HTTP request, possibly by several goroutines at once.
	Observe func(keyurl.Exchange)

	once      sync.Once
	err       error // a bad Endpoint
	http      *http.Client
	transport *keyurl.Transport
	host      string
	redact    *keyurl.Redactor
	limiter   *rate.Limiter

	mu          sync.Mutex
	pausedUntil time.Time // when the hub's rate limit is reset
}

// setup settles the defaults once.
func (c *Client) setup() error {
	c.once.Do(func() {
		c.Endpoint = cmp.Or(c.Endpoint, DefaultEndpoint)
		u, err := keyurl.Parse(c.Endpoint)
		if err != nil {
			c.err = fmt.Errorf("%w: %w; want a URL such as %s", ErrEndpoint, err, DefaultEndpoint)
			return
		}
		c.UserAgent = cmp.Or(c.UserAgent, "perpquorum")
		c.Retries = cmp.Or(c.Retries, 4)
		c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
		c.MaxWait = cmp.Or(c.MaxWait, 2*time.Minute)
		c.host, c.redact = c.Host(), keyurl.NewRedactor(u, c.APIKey)
		c.limiter = newLimiter(c.RPS, c.APIKey != "")
		c.connect()
	})
	return c.err
}

// connect prepares the HTTP client. It hands a redirect back: following one would carry
// the key, and trust, to another server.
func (c *Client) connect() {
	c.http = &http.Client{}
	if c.HTTP != nil {
		*c.http = *c.HTTP
	}
	c.transport = keyurl.NewTransport(c.http.Transport, c.Timeout)
	c.http.Transport = c.transport
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// Host names the hub: its host, without what may be a key, or "" if Endpoint is not
// the URL of a hub.
func (c *Client) Host() string {
	u, err := keyurl.Parse(cmp.Or(c.Endpoint, DefaultEndpoint))
	if err != nil {
		return ""
	}
	return keyurl.Host(u.Hostname())
}

// Limits returns the newest response headers about rate limits, with secrets removed:
// "ratelimit-remaining: 42", sorted by name.
func (c *Client) Limits() []string {
	if c.setup() != nil {
		return nil
	}
	return c.transport.Limits(c.redact)
}

// CloseIdleConnections closes the connections kept for the next request, but none of
// a transport that was given.
func (c *Client) CloseIdleConnections() {
	if c.setup() == nil {
		c.http.CloseIdleConnections()
	}
}

// query sends one GraphQL query and returns its data. It paces itself, tries
// again after transient failures, and obeys ctx at once: the library's own
// retries would sleep through a cancellation.
func (c *Client) query(ctx context.Context, op, query string, variables map[string]any) (json.RawMessage, error) {
	if err := c.setup(); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		if err := c.pace(ctx, op); err != nil {
			return nil, err
		}
		data, failure := c.try(ctx, op, query, variables)
		if failure == nil {
			return data, nil
		}
		failure.Tries = try
		if !failure.transient || try > c.Retries {
			return nil, failure
		}
		// Full jitter: each wait is drawn from 0 to 1, 2, 4, 8, 16 seconds.
		if err := c.wait(ctx, rand.N(time.Second<<min(try-1, 4)), failure.wait, failure); err != nil {
			return nil, err
		}
	}
}

// try makes one request.
func (c *Client) try(ctx context.Context, op, query string, variables map[string]any) (json.RawMessage, *HubError) {
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	e := &exchange{client: c, op: op}
	start := time.Now()
	data, err := graphql.NewClient(c.Endpoint, e).ExecRaw(limited, query, variables)
	if c.Observe != nil {
		what := strings.Fields(op)[:1] // without an id
		c.Observe(keyurl.Exchange{Server: c.host, Methods: what, Took: time.Since(start), Failed: err != nil})
	}
	var failure *HubError
	switch {
	case err == nil && len(c.APIKey) >= 8 && bytes.Contains(data, []byte(c.APIKey)): // shorter ones may be words
		return nil, e.failure(ErrProtocol, "the answer repeats the API key, which would then be published")
	case err == nil && len(data) > 0:
		return data, nil
	case ctx.Err() != nil:
		return nil, c.failure(op, context.Cause(ctx), "")
	case errors.As(err, &failure):
		return nil, failure
	case err == nil:
		return nil, e.failure(ErrProtocol, "an answer without data")
	}
	return nil, e.refusal(err)
}

// masked masks secrets in what the errors about fields quote.
func (c *Client) masked(err error) error {
	switch e := err.(type) {
	case *FieldError:
		for _, text := range []*string{&e.Object, &e.Found, &e.Want} {
			if masked := c.redact.Mask(*text); strings.Contains(masked, "***") {
				*text = masked
			}
		}
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			c.masked(one)
		}
	}
	return err
}

// failure makes a HubError whose detail is free of secrets and control characters.
func (c *Client) failure(op string, err error, detail string) *HubError {
	return &HubError{Op: op, Host: c.host, Detail: c.redact.Text(detail), Err: err}
}
