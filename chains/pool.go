package chains

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// pool is the endpoints of one chain in order of preference.
type pool struct {
	members []*member
	agree   int // how many endpoints read everything; at least 1

	mu      sync.Mutex
	current int // where to start: the endpoint that worked last

	// settled and development are set by Dial before the pool is shared: from then
	// on an endpoint must be of the same kind as those Dial accepted.
	settled     bool
	development bool
}

// reading is what one endpoint gave.
type reading[T any] struct {
	value  T
	member *member
	label  string
	err    error
}

func (p *pool) close() {
	for _, m := range p.members {
		m.endpoint.Close()
	}
}

// ask reads from as many endpoints as shall agree and compares each reading
// with the first. It returns the value and the labels of those that gave it.
func ask[T any](ctx context.Context, p *pool, read func(context.Context, *member) (T, error), differ func(x, y reading[T]) error) (T, string, error) {
	var none T
	all, err := askAll(ctx, p, read)
	if err != nil {
		return none, "", err
	}
	labels := []string{all[0].label}
	for _, r := range all[1:] {
		if err := differ(all[0], r); err != nil {
			return none, "", err
		}
		labels = append(labels, r.label)
	}
	return all[0].value, strings.Join(labels, ", "), nil
}

// askAll returns p.agree readings. An endpoint that fails is replaced by the
// next one; an answer that no other endpoint could better (see final) ends it.
// Errors never count as a reading.
func askAll[T any](ctx context.Context, p *pool, read func(context.Context, *member) (T, error)) ([]reading[T], error) {
	var got []reading[T]
	var failures joined
	queue := p.order()
	for len(got) < p.agree && len(queue) > 0 {
		n := min(p.agree-len(got), len(queue))
		for _, r := range together(ctx, p, queue[:n], read) {
			switch {
			case r.err == nil:
				got = append(got, r)
			case final(r.err) || ctx.Err() != nil:
				return nil, r.err
			default:
				failures = append(failures, r.err)
			}
		}
		queue = queue[n:]
	}
	switch {
	case len(got) == p.agree:
		p.prefer(got[0].member)
		return got, nil
	case p.agree > 1:
		return nil, fmt.Errorf("%d endpoints shall agree, found %d that answered: %w", p.agree, len(got), failures)
	case len(failures) == 1:
		return nil, failures[0]
	}
	return nil, failures
}

// together asks the given endpoints at the same time; the readings are in the order of the members.
func together[T any](ctx context.Context, p *pool, members []*member, read func(context.Context, *member) (T, error)) []reading[T] {
	out := make([]reading[T], len(members))
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() {
			out[i] = reading[T]{member: m, label: m.endpoint.Label()}
			out[i].value, out[i].err = try(ctx, p, m, read)
		})
	}
	wg.Wait()
	return out
}

// try proves the chain if that is still to do, reads, and keeps the books.
func try[T any](ctx context.Context, p *pool, m *member, read func(context.Context, *member) (T, error)) (T, error) {
	var none T
	if err := m.gone(); err != nil {
		return none, err
	}
	if err := m.prove(ctx); err != nil {
		m.note(ctx, err, len(p.members))
		return none, err
	}
	if p.settled && m.isDevelopment() != p.development {
		return none, m.otherKind(p.development)
	}
	v, err := read(ctx, m)
	m.note(ctx, err, len(p.members))
	if err != nil {
		return none, err
	}
	return v, nil
}

// order returns the members to try: all in order where several shall agree,
// else from the one that worked last, so that a dead endpoint is not waited for
// again and again.
func (p *pool) order() []*member {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.members)
	out := make([]*member, 0, n)
	for i := range n {
		out = append(out, p.members[(p.current+i)%n])
	}
	return out
}

func (p *pool) prefer(m *member) {
	if p.agree > 1 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.members {
		if p.members[i] == m {
			p.current = i
		}
	}
}

// final tells whether err is an answer about the chain, which no other
// endpoint could better, or shows that the endpoints are set up wrongly.
func final(err error) bool {
	for _, answer := range []error{ErrReverted, ErrNoContract, errEmpty, ErrNoBlockYet, ErrNotFinalized, ErrWrongChain, ErrDisagree} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
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
