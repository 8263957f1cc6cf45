// Package jsonrpc is a strict, patient, paced JSON-RPC client of one endpoint.
// It knows neither blocks nor contracts.
//
//	e, err := jsonrpc.New("https://node.example/key", jsonrpc.Options{RPS: 20})
//	replies, err := e.Send(ctx, []jsonrpc.Request{{Method: "eth_chainId"}})
//	id, err := replies[0].Quantity()
//
// Send cuts the requests into batches as large as the endpoint takes, keeps to
// its pace, and repeats what failed for a passing reason. All replies come, in
// order, or none.
//
// A reply counts only if it has status 200 to 203, valid JSON in UTF-8 with nothing
// after it, no duplicate key, and each of our ids at most once, as a number or as its
// text. Keys that nothing can be mistaken for are ignored. Everything else (null, "", a
// short batch, a page of HTML) is an error that names what was found.
//
// A failure is an *EndpointError. Its Class says what kind of failure it is, from
// the words, codes and statuses that clients and providers are known to use. It
// only decides what is done next; no value depends on it. URLs, which hold keys,
// appear nowhere: endpoints are named by host and a short hash.
package jsonrpc

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

const (
	attemptTimeout = 60 * time.Second // bounds one HTTP request from dialing to the last byte
	answerTimeout  = 30 * time.Second // bounds the wait for the head of its answer
)

// Request is one JSON-RPC call.
type Request struct {
	Method string
	Params []any
	// Optional says that a refusal of this call (unknown block or tag, missing
	// state, unknown error) is its reply. It is not repeated and does not fail the
	// other calls.
	Optional bool
}

// Options are the settings of an Endpoint. The zero value is good.
type Options struct {
	// RPS bounds the calls per second; each call of a batch counts, as providers
	// count them. 0: no bound.
	RPS float64
	// MaxBatch bounds the calls per batch. 0: 100. 1: no batches.
	MaxBatch int
	// Tries bounds the requests for one call. 0: what the class of failure allows.
	Tries int
	// MaxWait bounds the time that the endpoint may ask for between two requests.
	// If it asks for more, the call fails. 0: one minute.
	MaxWait time.Duration
	// Transport carries the HTTP requests. Nil: a transport with timeouts that
	// takes proxies from the environment. One that is given closes each connection after
	// one answer, since net/http may log what comes behind it on an open one.
	Transport http.RoundTripper
	// UserAgent is sent with each request. Empty: "perpquorum".
	UserAgent string
	// Clock measures the waits. Nil: real time.
	Clock Clock
	// Observe, if it is not nil, is told of each HTTP request, possibly by several goroutines at once.
	Observe func(Exchange)
}

// Exchange is one HTTP request and what became of it.
type Exchange = keyurl.Exchange

// Endpoint is a client of one URL. It is safe for concurrent use.
type Endpoint struct {
	label     string
	transport *transport
	lastID    atomic.Uint64
	redact    *keyurl.Redactor
	clock     Clock
	pace      *pace
	batch     *batchSize
	patience  patience
	budget    budget
	observe   func(Exchange)
}

// New prepares an endpoint; it sends nothing. The error wraps ErrEndpointURL.
func New(rawURL string, o Options) (*Endpoint, error) {
	u, err := keyurl.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEndpointURL, err)
	}
	e := &Endpoint{
		label:    keyurl.Label(u),
		redact:   keyurl.NewRedactor(u),
		clock:    cmp.Or[Clock](o.Clock, RealClock{}),
		batch:    newBatchSize(o.MaxBatch),
		patience: patience{tries: o.Tries, wait: cmp.Or(o.MaxWait, longestWait)},
	}
	e.pace, e.observe = newPace(o.RPS, e.clock), o.Observe
	e.transport = &transport{
		inner: keyurl.NewTransport(o.Transport, answerTimeout),
		url:   u, agent: cmp.Or(o.UserAgent, "perpquorum"), now: e.clock.Now,
	}
	return e, nil
}

// Label names the endpoint without its key: host, "#" and a short hash of the URL.
func (e *Endpoint) Label() string { return e.label }

// Same reports whether other is of the same endpoint: scheme, host, port and path are the
// same, however they are written, and perhaps with another key before or behind them.
func (e *Endpoint) Same(other *Endpoint) bool {
	return keyurl.Same(e.transport.url, other.transport.url)
}

// Clock returns the clock of the Options.
func (e *Endpoint) Clock() Clock { return e.clock }

// Limits returns the newest response headers about rate limits, with secrets
// removed: "x-ratelimit-remaining: 42", sorted by name.
func (e *Endpoint) Limits() []string { return e.transport.inner.Limits(e.redact) }

// Fail returns the failure of a class that the caller found in a reply which
// the endpoint meant as a success. The detail is redacted: it may quote the reply.
func (e *Endpoint) Fail(class Class, detail string) *EndpointError {
	return &EndpointError{Endpoint: e.label, Class: class, Detail: e.redact.Mask(detail)}
}

// Close releases the endpoint's idle connections, but none of a transport that was given.
func (e *Endpoint) Close() { e.transport.inner.CloseIdleConnections() }

// BatchSize returns how many calls go into one batch, as far as learned.
func (e *Endpoint) BatchSize() int {
	size, _ := e.batch.next(1)
	return min(size, e.pace.most())
}

// Burst returns how many calls may be sent at once at the current pace.
func (e *Endpoint) Burst() int { return e.pace.most() }

// exchange sends the calls in one HTTP request (one call as a plain object, not a
// batch of one) and returns, for each, its result or its fault.
func (e *Endpoint) exchange(ctx context.Context, calls []*call) []outcome {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	ids, parts := make([]string, len(calls)), make([]string, len(calls))
	for i, c := range calls {
		ids[i] = strconv.FormatUint(e.lastID.Add(1), 10)
		parts[i] = `{"jsonrpc":"2.0","id":` + ids[i] + "," + c.rest
	}
	batch := len(calls) > 1
	body := strings.Join(parts, ",")
	if batch {
		body = "[" + body + "]"
	}
	start := e.clock.Now()
	reply, f := e.transport.post(ctx, []byte(body))
	var out []outcome
	if f == nil {
		out, f = readReplies(reply, ids, batch)
	}
	if e.observe != nil {
		x := Exchange{Server: e.label, Took: e.clock.Now().Sub(start), Failed: f != nil}
		for _, c := range calls {
			x.Methods = append(x.Methods, c.Method)
		}
		e.observe(x)
	}
	if f != nil {
		return slices.Repeat([]outcome{{fault: f, whole: batch}}, len(calls))
	}
	return out
}
