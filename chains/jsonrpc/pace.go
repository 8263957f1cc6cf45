package jsonrpc

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Clock measures waits. A test gives its own, so that nothing sleeps.
type Clock interface {
	Now() time.Time
	// Sleep waits for d. If ctx ends first, it returns ctx.Err() then.
	Sleep(ctx context.Context, d time.Duration) error
}

// RealClock is real time.
type RealClock struct{}

// Now implements Clock.
func (RealClock) Now() time.Time { return time.Now() }

// Sleep implements Clock.
func (RealClock) Sleep(ctx context.Context, d time.Duration) error {
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

const (
	// firstPace, in calls per second, is where an endpoint without a bound starts after
	// its first "too many requests".
	firstPace = 50
	// recoverAfter is how many replies without a complaint raise the pace by a tenth.
	recoverAfter = 10
)

// pace is the token bucket of one endpoint. A token is one JSON-RPC call.
type pace struct {
	clock Clock
	full  float64 // what the user asked for, in calls per second; +Inf: no bound

	mu     sync.Mutex
	bucket *rate.Limiter
	clean  int // replies since the pace last changed
}

func newPace(rps float64, clock Clock) *pace {
	p := &pace{clock: clock, full: math.Inf(1), bucket: rate.NewLimiter(rate.Inf, 0)}
	if rps > 0 {
		p.full = rps
		p.set(rps)
	}
	return p
}

func (p *pace) set(rps float64) {
	p.clean = 0
	if p.bucket.Limit() == rate.Inf {
		p.bucket = rate.NewLimiter(rate.Limit(rps), burst(rps))
		return
	}
	now := p.clock.Now()
	p.bucket.SetLimitAt(now, rate.Limit(rps))
	p.bucket.SetBurstAt(now, burst(rps))
}

// burst is how many calls are sent at once: those of one second.
func burst(rps float64) int { return max(1, int(rps)) }

// most returns how many calls may be sent at once. A batch that needs more tokens
// than the bucket holds would never pass.
func (p *pace) most() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bucket.Limit() == rate.Inf {
		return math.MaxInt
	}
	return p.bucket.Burst()
}

// wait waits until n calls may be sent.
func (p *pace) wait(ctx context.Context, n int) error {
	return p.clock.Sleep(ctx, p.reserve(n))
}

func (p *pace) reserve(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bucket.Limit() == rate.Inf {
		return 0
	}
	now := p.clock.Now()
	var delay time.Duration
	for n > 0 { // the burst may have shrunk since the batch was cut
		part := min(n, p.bucket.Burst())
		delay = max(delay, p.bucket.ReserveN(now, part).DelayFrom(now))
		n -= part
	}
	return delay
}

// slow halves the pace, down to one call per second.
func (p *pace) slow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bucket.Limit() == rate.Inf {
		p.set(firstPace)
		return
	}
	p.set(max(float64(p.bucket.Limit())/2, min(1, p.full)))
}

// passed notes a reply without complaint. The pace recovers slowly.
func (p *pace) passed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := float64(p.bucket.Limit())
	if p.clean++; p.clean < recoverAfter || p.bucket.Limit() == rate.Inf || now >= p.full {
		return
	}
	p.set(min(now*1.1, p.full))
}
