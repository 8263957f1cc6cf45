package chains

import (
	"net/http"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Dialer holds the choices of a connection. Its zero value is good: public
// chains only, finalized blocks only, endpoints tried in order, no pacing.
type Dialer struct {
	// AllowDev lets a chain pass that fails the proof of being the public one
	// (the hash of an anchor block); Client.Development is then true.
	AllowDev bool
	// AllowUnfinalized lets blocks newer than the finalized tag pass;
	// Block.Unfinalized marks them.
	AllowUnfinalized bool
	// Agree is how many endpoints must give the same bytes. 0 and 1: endpoints
	// are used in order, the next one when one fails.
	Agree int
	// RPS bounds the JSON-RPC calls per second and endpoint; the calls of a
	// batch count one by one, as providers count them. 0: no bound.
	RPS float64
	// MaxBatch bounds the calls per JSON-RPC batch. 0: 100. 1: single calls.
	MaxBatch int
	// Transport carries the HTTP requests. Nil: one of our own, with timeouts,
	// and proxies from the environment. The checks of replies lie outside it.
	Transport http.RoundTripper
	// UserAgent is sent with each request. Empty: "perpquorum". Some providers
	// refuse the default agents of HTTP libraries.
	UserAgent string
	// Clock is the time that waits go by. Nil: real time.
	Clock jsonrpc.Clock
}

// options are the choices that concern one endpoint.
func (d Dialer) options() jsonrpc.Options {
	return jsonrpc.Options{RPS: d.RPS, MaxBatch: d.MaxBatch, Transport: d.Transport, UserAgent: d.UserAgent, Clock: d.Clock}
}
