package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
)

// attemptTimeout bounds one HTTP request from dialing to the last byte.
const attemptTimeout = 60 * time.Second

// request is one JSON-RPC call.
type request struct {
	method string
	params []any
	// notNull says that a null result means that the endpoint does not know the
	// block (yet): it is asked again, and then fails with ErrLag.
	notNull bool
	// optional means that the node's refusal of this one call, for whatever
	// reason that lies in the call (unknown block or tag, missing state, unknown
	// error), is its reply at once and does not fail the others.
	optional bool
}

// reply is the answer to one request: err, or raw, which is then one valid JSON
// value. err is the failure of this one call, an *EndpointError: the call itself
// failed (ErrReverted), is too large for the endpoint (ErrTooLarge), or the
// endpoint lacks the method or a feature of it (ErrUnsupported); for an optional
// request, also any other refusal of the call.
type reply struct {
	raw json.RawMessage
	err error
}

// endpoint is one URL: strict transport, pace, learned batch size, retries.
// It is safe for concurrent use.
type endpoint struct {
	label    string
	client   *rpc.Client // its ids are unique as long as it lives
	redact   *redactor
	clock    Clock
	pace     *pace
	batch    *batchSize
	patience patience
	budget   budget
	idle     func() // closes idle connections of a transport of our own
}

// newEndpoint prepares an endpoint; it sends nothing. The error wraps
// ErrEndpointURL.
func newEndpoint(rawURL string, d Dialer) (*endpoint, error) {
	u, err := parseEndpointURL(rawURL)
	if err != nil {
		return nil, err
	}
	e := &endpoint{
		label:  label(u),
		redact: newRedactor(append(secretsOf(u), proxySecrets(os.Getenv)...)...),
		clock:  d.Clock,
		batch:  newBatchSize(d.MaxBatch),
		idle:   func() {},
	}
	if e.clock == nil {
		e.clock = realClock{}
	}
	e.pace = newPace(d.RPS, e.clock)
	inner := d.Transport
	if inner == nil {
		own := newTransport()
		inner, e.idle = own, own.CloseIdleConnections
	}
	agent := d.UserAgent
	if agent == "" {
		agent = "perpquorum"
	}
	client := &http.Client{
		Transport:     &strict{inner: inner, url: u, agent: agent, now: e.clock.Now},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	// The client is given a URL that means nothing, so that none of its errors
	// can show the real one; strict puts that in place.
	e.client, err = rpc.DialOptions(context.Background(), "http://endpoint.invalid", rpc.WithHTTPClient(client))
	if err != nil {
		return nil, errors.New("endpoint " + e.label + ": the RPC client cannot be made")
	}
	return e, nil
}

// parseEndpointURL checks a URL. Its errors give the reason, never the URL.
func parseEndpointURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return nil, fmt.Errorf("%w: it is empty", ErrEndpointURL)
	case err != nil:
		return nil, fmt.Errorf("%w: it cannot be parsed; want https://HOST/PATH", ErrEndpointURL)
	case u.Scheme == "ws" || u.Scheme == "wss":
		return nil, fmt.Errorf("%w: WebSocket endpoints are not supported; use the provider's https:// URL", ErrEndpointURL)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%w: it does not start with https:// or http://", ErrEndpointURL)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%w: the host is missing; want https://HOST/PATH", ErrEndpointURL)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    2 * parallel,
		IdleConnTimeout:        30 * time.Second, // some providers close idle connections after 60 s
	}
}

// close releases the endpoint's connections.
func (e *endpoint) close() {
	e.client.Close()
	e.idle()
}

// size returns how many calls go into one batch, as far as learned.
func (e *endpoint) size() int {
	size, _ := e.batch.next(1)
	return min(size, e.pace.most())
}

// exchange sends the calls in one HTTP request (one call as a plain object, not
// a batch of one) and returns, for each, its result or its fault.
func (e *endpoint) exchange(ctx context.Context, calls []*call) []outcome {
	out := make([]outcome, len(calls))
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	if len(calls) == 1 {
		err := e.client.CallContext(ctx, &out[0].raw, calls[0].method, calls[0].params...)
		out[0].fault = faultOf(err)
		return out
	}
	batch := make([]rpc.BatchElem, len(calls))
	for i, c := range calls {
		batch[i] = rpc.BatchElem{Method: c.method, Args: c.params, Result: &out[i].raw}
	}
	err := e.client.BatchCallContext(ctx, batch)
	for i := range batch {
		if err != nil {
			out[i].fault, out[i].whole = faultOf(err), true
		} else {
			out[i].fault = faultOf(batch[i].Error)
			out[i].missing = errors.Is(batch[i].Error, rpc.ErrMissingBatchResponse)
		}
	}
	return out
}

// faultOf recovers what our own layer, or a reply's error member, said.
func faultOf(err error) *fault {
	var f *fault
	var member rpc.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return f
	case errors.Is(err, rpc.ErrMissingBatchResponse):
		return broken("no answer for one of the calls")
	case errors.As(err, &member):
		return &fault{status: http.StatusOK, code: member.ErrorCode(), text: member.Error()}
	}
	return transportFault(err)
}
