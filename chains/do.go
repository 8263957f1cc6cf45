package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// maxRequest bounds a request body, in bytes: the smallest known limit of a
// provider is 1 MB.
const maxRequest = 1 << 20 * 9 / 10

// call is a request on its way.
type call struct {
	request     // its parameters encoded, each a json.RawMessage
	bytes   int // in a request body, at most
	tries   int // requests that failed for this call
}

// outcome is what one HTTP request brought for one call.
type outcome struct {
	raw     json.RawMessage
	fault   *fault
	whole   bool // the fault is of the whole request
	missing bool // the reply left the call out
}

// do sends the requests in batches as large as the endpoint takes, repeats what
// failed for a passing reason, and returns the replies in order: all, or an
// error, which is an *EndpointError.
func (e *endpoint) do(ctx context.Context, reqs []request) ([]reply, error) {
	r := &run{endpoint: e, replies: make([]reply, len(reqs)), start: e.clock.Now(), backoff: newBackoff()}
	for i, req := range reqs {
		c, err := encode(req)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", e.label, req.method, err)
		}
		r.calls = append(r.calls, c)
		r.open = append(r.open, i)
	}
	for len(r.open) > 0 {
		slices.Sort(r.open) // neighbours stay neighbours
		if err := r.wave(ctx); err != nil {
			return nil, err
		}
	}
	return r.replies, nil
}

func encode(req request) (*call, error) {
	c := &call{request: req, bytes: len(req.method) + 80}
	c.params = make([]any, len(req.params))
	for i, param := range req.params {
		raw, err := json.Marshal(param)
		if err != nil {
			return nil, err
		}
		c.params[i] = json.RawMessage(raw)
		c.bytes += len(raw) + 1
	}
	if c.bytes > maxRequest {
		return nil, fmt.Errorf("%w: a request of %d bytes, want at most %d", ErrTooLarge, c.bytes, maxRequest)
	}
	return c, nil
}

// run is one do: what is open, and how long it has been at it.
type run struct {
	*endpoint
	calls   []*call
	replies []reply
	open    []int // calls without a reply
	last    error // the failure that was waited out last, if any
	single  bool  // this run sends no batches any more
	backoff *backoff.ExponentialBackOff
	start   time.Time
}

// wave sends one or more batches side by side, takes in what they brought, and
// waits if it has to.
func (r *run) wave(ctx context.Context) error {
	chunks, rest := r.cut()
	outcomes := make([][]outcome, len(chunks))
	var group sync.WaitGroup
	for i, chunk := range chunks {
		group.Go(func() {
			if r.pace.wait(ctx, len(chunk)) == nil && ctx.Err() == nil {
				outcomes[i] = r.exchange(ctx, r.pick(chunk))
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return r.stopped(ctx)
	}
	r.open = rest
	var pause time.Duration
	for i, chunk := range chunks {
		wait, err := r.take(chunk, outcomes[i])
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

// cut takes the next batches off the open calls.
func (r *run) cut() (chunks [][]int, rest []int) {
	size, width := r.batch.next(len(r.open))
	if size = min(size, r.pace.most()); r.single {
		size = 1
	}
	rest = r.open
	for len(rest) > 0 && len(chunks) < width {
		n, bytes := 0, 0
		for n < len(rest) && n < size && bytes+r.calls[rest[n]].bytes <= maxRequest {
			bytes += r.calls[rest[n]].bytes
			n++
		}
		chunks, rest = append(chunks, rest[:n:n]), rest[n:]
	}
	return chunks, rest
}

func (r *run) pick(chunk []int) []*call {
	calls := make([]*call, len(chunk))
	for i, index := range chunk {
		calls[i] = r.calls[index]
	}
	return calls
}

// stopped says that ctx ended the run.
func (r *run) stopped(ctx context.Context) error {
	err := ctx.Err()
	if err == context.Canceled {
		return fmt.Errorf("%s: %w", r.label, err)
	}
	detail := "the time for the whole run is over"
	if last, ok := errors.AsType[*EndpointError](r.last); ok {
		detail += "; until then: " + last.Class.String() + strings.ReplaceAll(last.found(), `"`, "'")
	}
	return &EndpointError{Endpoint: r.label, Class: classTimeout, Detail: detail, Elapsed: r.clock.Now().Sub(r.start), Err: err}
}
