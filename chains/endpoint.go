package chains

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Endpoint is one endpoint of a Client that has proven its chain. It is for
// reads whose replies prove themselves; nothing checks here that they are right.
type Endpoint struct{ n *node }

// Question is a JSON-RPC request about the state of a block: its method, and its
// parameters without the last one, which names the block.
type Question struct {
	Method string
	Params []any
}

// Reply is the answer to one Question: its result, or why the endpoint refused it.
type Reply = jsonrpc.Reply

// Endpoints yields the endpoints of c one after the other, the one that worked
// last first, or the reason why one cannot be used.
func (c *Client) Endpoints(ctx context.Context) iter.Seq2[*Endpoint, error] {
	proven := func(_ context.Context, n *node) (*Endpoint, error) { return &Endpoint{n}, nil }
	return func(yield func(*Endpoint, error) bool) {
		for _, n := range c.pool.order() {
			e, err := try(ctx, c.pool, n, proven)
			if !yield(e, err) {
				return
			}
		}
	}
}

// Label names the endpoint without its key.
func (e *Endpoint) Label() string { return e.n.endpoint.Label() }

// OneHost returns the first two of some labels that are of one host and port: their
// agreement may be that of one node with itself.
func OneHost(labels []string) (a, b string, found bool) {
	first := map[string]string{}
	for _, label := range labels {
		host, _, isLabel := strings.Cut(local.Replace(label), "#")
		if other := first[host]; isLabel && other != "" && other != label {
			return other, label, true
		}
		first[host] = label
	}
	return "", "", false
}

var local = strings.NewReplacer("127.0.0.1", "localhost", "[::1]", "localhost")

// Ask puts the questions about block b and returns the replies in order. The
// error, an *EndpointError, is about the endpoint. It does not count against it
// in other reads: few endpoints support everything that can be asked here.
func (e *Endpoint) Ask(ctx context.Context, b Block, questions []Question) ([]Reply, error) {
	param := e.n.state.currentWay().param(b)
	reqs := make([]jsonrpc.Request, len(questions))
	for i, q := range questions {
		reqs[i] = jsonrpc.Request{Method: q.Method, Params: append(slices.Clone(q.Params), param), Optional: true}
	}
	replies, err := e.n.endpoint.Send(ctx, reqs)
	if err != nil {
		return nil, e.n.state.diagnose(ctx, err, b)
	}
	return replies, nil
}
