package jsonrpc

import (
	"context"
	"time"
)

// Clock is the time that pacing and retries go by. A test injects its own, so
// that nothing sleeps.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or less if ctx ends first; then it returns ctx.Err().
	Sleep(ctx context.Context, d time.Duration) error
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
