package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxRequest bounds a request body, in bytes. The smallest known limit of a provider
// is 1 MB.
const maxRequest = 1 << 20 * 9 / 10

// call is a request on its way.
type call struct {
	Request
	index int    // among the requests of a run
	rest  string // of its JSON object, after the id
	bytes int    // in a request body, at most
	tries int    // requests that failed for this call
}

func encode(reqs []Request) ([]*call, error) {
	calls := make([]*call, len(reqs))
	for i, req := range reqs {
		rest, err := json.Marshal(struct {
			Method string `json:"method"`
			Params []any  `json:"params"`
		}{req.Method, append([]any{}, req.Params...)})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", req.Method, err)
		}
		c := &call{Request: req, index: i, rest: string(rest[1:]), bytes: len(rest) + 48}
		if c.bytes > maxRequest {
			return nil, fmt.Errorf("%s: %w: a request of %d bytes, want at most %d",
				req.Method, ErrTooLarge, c.bytes, maxRequest)
		}
		calls[i] = c
	}
	return calls, nil
}

// Send sends the requests in batches as large as the endpoint takes, repeats what
// failed for a passing reason, and returns the replies in order: all of them, or an
// error. The error is an *EndpointError, unless ctx was cancelled or a request cannot
// be sent.
func (e *Endpoint) Send(ctx context.Context, reqs []Request) ([]Reply, error) {
	calls, err := encode(reqs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e.label, err)
	}
	r := &run{Endpoint: e, replies: make([]Reply, len(reqs)), open: calls, start: e.clock.Now()}
	for len(r.open) > 0 {
		slices.SortFunc(r.open, func(a, b *call) int { return a.index - b.index }) // neighbours stay neighbours
		if err := r.wave(ctx); err != nil {
			return nil, err
		}
	}
	return r.replies, nil
}

// run is one Send.
type run struct {
	*Endpoint
	replies []Reply
	open    []*call // without a reply
	last    error   // the failure that was waited out last, if any
	single  bool    // this run sends no more batches
	waits   int     // how often the backoff was asked
	start   time.Time
}

// wave sends one or more batches side by side, sorts what they brought, and waits if
// the endpoint must be given time.
func (r *run) wave(ctx context.Context) error {
	chunks, rest := r.cut()
	outcomes := make([][]outcome, len(chunks))
	SideBySide(len(chunks), func(i int) {
		if r.pace.wait(ctx, len(chunks[i])) == nil && ctx.Err() == nil {
			outcomes[i] = r.exchange(ctx, chunks[i])
		}
	})
	if ctx.Err() != nil {
		return r.stopped(ctx)
	}
	r.open = slices.Clone(rest)
	var pause time.Duration
	for i, chunk := range chunks {
		wait, err := r.sortReplies(chunk, outcomes[i])
		if err != nil {
			return err
		}
		pause = max(pause, wait)
	}
	if r.clock.Sleep(ctx, pause) != nil {
		return r.stopped(ctx)
	}
	return nil
}

// SideBySide calls f with 0 to n-1 at once, and returns when all calls have. A panic of one of
// them becomes a panic here, from which a caller can recover.
func SideBySide(n int, f func(i int)) {
	panics := make([]any, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			defer func() { panics[i] = recover() }()
			f(i)
		})
	}
	group.Wait()
	for _, p := range panics {
		if p != nil {
			panic(p)
		}
	}
}

// cut takes the next batches off the open calls.
func (r *run) cut() (chunks [][]*call, rest []*call) {
	size, width := r.batch.next(len(r.open))
	if size = min(size, r.pace.most()); r.single {
		size = 1
	}
	rest = r.open
	for len(rest) > 0 && len(chunks) < width {
		n, bytes := 0, 0
		for n < len(rest) && n < size && bytes+rest[n].bytes <= maxRequest {
			bytes += rest[n].bytes
			n++
		}
		chunks, rest = append(chunks, rest[:n]), rest[n:]
	}
	return chunks, rest
}

// stopped says that ctx ended the run.
func (r *run) stopped(ctx context.Context) error {
	err := ctx.Err()
	if err == context.Canceled {
		return fmt.Errorf("%s: %w", r.label, err)
	}
	detail := "the time for the whole run is over"
	if last, ok := errors.AsType[*EndpointError](r.last); ok {
		detail += "; until then: " + last.Class.String() + strings.ReplaceAll(last.Said(), `"`, "'")
	}
	e := r.Fail(ClassTimeout, detail)
	e.Elapsed, e.Err = r.clock.Now().Sub(r.start), err
	return e
}

// SendOnce sends the requests in one HTTP request and does not repeat it. It returns
// the replies and the time that the request took. The error is the failure of the
// first call without an answer.
func (e *Endpoint) SendOnce(ctx context.Context, reqs []Request) ([]Reply, time.Duration, error) {
	calls, err := encode(reqs)
	if err != nil {
		return nil, 0, fmt.Errorf("%s: %w", e.label, err)
	}
	if e.pace.wait(ctx, len(reqs)) != nil {
		return nil, 0, fmt.Errorf("%s: %w", e.label, ctx.Err())
	}
	r := run{Endpoint: e, start: e.clock.Now()}
	replies := make([]Reply, len(reqs))
	var why *fault
	var class Class
	for i, o := range e.exchange(ctx, calls) {
		replies[i] = Reply{Raw: o.raw, redact: e.redact}
		// A refusal may stand for one call and leave out the others.
		if o.fault != nil && (why == nil || !o.missing) {
			if why, class = o.fault, classify(o.fault); o.refusesBatch(class, 1) {
				class = ClassSize
			}
		}
	}
	switch took := e.clock.Now().Sub(r.start); {
	case ctx.Err() != nil:
		return nil, 0, fmt.Errorf("%s: %w", e.label, ctx.Err())
	case why != nil:
		return nil, 0, r.failure(why, class, 1)
	default:
		return replies, took, nil
	}
}
