package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// pool is the endpoints of one chain in order of preference.
type pool struct {
	nodes []*node
	agree int // how many endpoints read everything; at least 1

	mu      sync.Mutex
	current int // where to start: the endpoint that worked last

	// settled and development are set by Dial before the pool is shared. From then
	// on an endpoint must be of the same kind as those that Dial accepted.
	settled     bool
	development bool
}

// reader reads something from one endpoint.
type reader[T any] func(context.Context, *node) (T, error)

// reading is what one endpoint gave.
type reading[T any] struct {
	value T
	node  *node
	err   error
}

func (r reading[T]) label() string { return r.node.endpoint.Label() }

func (p *pool) close() {
	for _, n := range p.nodes {
		n.endpoint.Close()
	}
}

// open proves the first usable endpoints, as many as must agree.
func (p *pool) open(ctx context.Context) error {
	proven, err := askAll(ctx, p, func(ctx context.Context, n *node) (bool, error) { return n.proof.run(ctx) })
	if err != nil {
		return err
	}
	p.development = proven[0].value
	for _, r := range proven {
		if r.value != p.development {
			return otherKind(r.node.endpoint, p.development)
		}
	}
	p.settled = true
	return nil
}

// ask reads from as many endpoints as must agree and compares each reading with
// the first. It returns at least one, and only such that do not differ.
func ask[T any](
	ctx context.Context, p *pool, read reader[T], differ func(x, y reading[T]) error,
) ([]reading[T], error) {
	all, err := askAll(ctx, p, read)
	if err != nil {
		return nil, err
	}
	for _, r := range all[1:] {
		if err := differ(all[0], r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// askAll returns p.agree readings. An endpoint that fails is replaced by the next
// one, and its weakness is not the chain's answer: only a set-up that is wrong ends it at
// once. Errors never count as a reading.
func askAll[T any](ctx context.Context, p *pool, read reader[T]) ([]reading[T], error) {
	var got []reading[T]
	var failures joined
	queue := p.order()
	for len(got) < p.agree && len(queue) > 0 {
		n := min(p.agree-len(got), len(queue))
		for _, r := range together(ctx, p, queue[:n], read) {
			switch {
			case r.err == nil:
				got = append(got, r)
			case wrongSetup(r.err) || ctx.Err() != nil:
				return nil, r.err
			default:
				failures = append(failures, r.err)
			}
		}
		queue = queue[n:]
	}
	switch {
	case len(got) == p.agree:
		p.prefer(got[0].node)
		return got, nil
	case failures.oneAnswer():
		return nil, failures[0]
	case p.agree > 1:
		return nil, fmt.Errorf("%d endpoints must agree, found %d that answered: %w", p.agree, len(got), failures)
	case len(failures) == 1:
		return nil, failures[0]
	}
	return nil, failures
}

// together asks the given endpoints at the same time. The readings are in the
// order of the nodes.
func together[T any](ctx context.Context, p *pool, nodes []*node, read reader[T]) []reading[T] {
	out := make([]reading[T], len(nodes))
	jsonrpc.SideBySide(len(nodes), func(i int) {
		v, err := try(ctx, p, nodes[i], read)
		out[i] = reading[T]{value: v, node: nodes[i], err: err}
	})
	return out
}

// try proves the chain unless that is done, reads, and notes how it went.
func try[T any](ctx context.Context, p *pool, n *node, read reader[T]) (v T, err error) {
	if err := n.health.gone(); err != nil {
		return v, err
	}
	development, err := n.proof.run(ctx)
	switch {
	case err != nil:
	case p.settled && development != p.development:
		return v, otherKind(n.endpoint, p.development)
	default:
		v, err = read(ctx, n)
	}
	if isWrongState(err) {
		n.blame(WrongState, err)
		return v, err
	}
	if n.health.note(ctx, err, len(p.nodes) == 1) {
		n.proof.forget()
	}
	return v, err
}

// order returns the nodes to try: all in order if several must agree, else from
// the one that worked last, so that a dead endpoint is not waited for again.
func (p *pool) order() []*node {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Concat(p.nodes[p.current:], p.nodes[:p.current])
}

// startAt makes the next endpoint that does not deny having the state of block n the one to start
// with. The others are asked all the same, if it fails.
func (p *pool) startAt(n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.nodes {
		if next := (p.current + i) % len(p.nodes); p.agree == 1 && !p.nodes[next].denies(n) {
			p.current = next
			return
		}
	}
}

func (p *pool) prefer(n *node) {
	if p.agree > 1 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current = slices.Index(p.nodes, n)
}

// oneAnswer reports whether all failures say the same of the chain, so that one may speak for all.
func (j joined) oneAnswer() bool {
	return slices.ContainsFunc(answers, func(answer error) bool {
		return !slices.ContainsFunc(j, func(err error) bool { return !errors.Is(err, answer) })
	})
}

// joined is one line for several endpoints' failures; errors.Is and errors.As see each.
type joined []error

func (j joined) Error() string {
	lines := make([]string, len(j))
	for i, err := range j {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}

func (j joined) Unwrap() []error { return j }
