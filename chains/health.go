package chains

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// maxFailures is how many failures in a row end the use of an endpoint. The
// retries of a single request do not count.
const maxFailures = 3

// health counts the failures of one endpoint.
type health struct {
	mu       sync.Mutex
	failures int   // in a row
	dropped  error // why the endpoint is no longer used
	faults   []Fault
}

// gone returns why the endpoint is no longer used, or nil.
func (h *health) gone() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.dropped
}

// note takes the outcome of a read, and reports whether the endpoint must prove
// the chain again. Missing state, a lagging node and a reorg do not make the
// endpoint useless for other blocks. A permanent failure, such as refused
// credentials, ends the use of the endpoint at once; others end it after
// maxFailures, unless it is the only endpoint.
func (h *health) note(ctx context.Context, err error, only bool) (proveAgain bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil || joined{err}.oneAnswer() || wrongSetup(err):
		h.failures = 0
	case ctx.Err() != nil || errors.Is(err, ErrArchive) || errors.Is(err, ErrLag) || errors.Is(err, ErrReorg):
	case permanent(err):
		h.dropped = err
	default:
		h.failures++
		if h.failures >= maxFailures && !only {
			h.dropped = fmt.Errorf("given up after %d failures in a row: %w", h.failures, err)
		}
		return true
	}
	return false
}

// permanent reports whether err will come again with this URL.
func permanent(err error) bool {
	e, ok := errors.AsType[*EndpointError](err)
	return ok && e.Permanent()
}

// answers are errors that say something of the chain, if every endpoint gives them.
var answers = []error{ErrReverted, ErrNoContract, errEmpty, ErrNoBlockYet, ErrNotFinalized, ErrNotSupported}

// wrongSetup reports whether err shows that the endpoints do not belong together, so that
// no other one is asked.
func wrongSetup(err error) bool { return errors.Is(err, ErrWrongChain) || errors.Is(err, ErrDisagree) }
