package chains

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// maxFailures is how many consecutive failures an endpoint may have before it
// is not used any more. Retries of single requests lie below and do not count.
const maxFailures = 3

func (m *member) isDevelopment() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.development
}

// gone returns why the endpoint is not used any more, or nil.
func (m *member) gone() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped
}

// note counts failures. Missing state, a lagging node and a reorg are no fault
// that makes the endpoint useless for other blocks. Refused credentials and
// the like do not get better within a run. After any other failure the chain is
// proved again before the endpoint is used; an only endpoint is kept through
// passing trouble, since there is nothing to put in its place.
func (m *member) note(ctx context.Context, err error, members int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case err == nil || final(err):
		m.failures = 0
	case ctx.Err() != nil || errors.Is(err, ErrArchive) || errors.Is(err, ErrLag) || errors.Is(err, ErrReorg):
	case permanent(err):
		m.dropped = err
	default:
		m.failures++
		m.proved = false
		if m.failures >= maxFailures && members > 1 {
			m.dropped = fmt.Errorf("given up after %d failures in a row: %w", m.failures, err)
		}
	}
}

// permanent tells whether err will come again with this URL.
func permanent(err error) bool {
	var e *EndpointError
	return errors.As(err, &e) && e.Permanent()
}

// maxShown bounds the memory for header hashes of a long-lived client.
const maxShown = 4096

// remember keeps that this endpoint showed the header with the given hash.
func (m *member) remember(h common.Hash) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown == nil || len(m.shown) >= maxShown {
		m.shown = map[common.Hash]bool{}
	}
	m.shown[h] = true
}

func (m *member) hasShown(h common.Hash) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shown[h]
}
