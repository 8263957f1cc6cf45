package jsonrpc

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// longestWait is the longest Retry-After that is waited for. Beyond it the run
	// ends and says when to try again.
	longestWait = 60 * time.Second
	// lagPause is what a node gets, per try, to learn of a block: a slot of Ethereum in
	// three tries.
	lagPause = 4 * time.Second
)

// patience bounds the retries of an endpoint.
type patience struct {
	tries int           // requests for one call; 0: as many as its class of failure allows
	wait  time.Duration // the longest Retry-After that is waited for
}

// over reports whether a call with a failure of the kind is not tried again.
func (p patience) over(tries int, k kind, asked time.Duration) bool {
	return tries >= k.tries || p.tries > 0 && tries >= p.tries || asked > p.wait
}

// backoff returns the nth wait, from 0: exponential with full jitter, uniform between 0
// and 0.5 s, 1 s, 2 s … up to 20 s.
func backoff(n int) time.Duration {
	return rand.N(min(500*time.Millisecond<<min(n, 6), 20*time.Second))
}

// parseRetryAfter reads a Retry-After header: seconds, or an HTTP date. Anything but
// a wait that lies ahead (none, zero, negative, past, garbage) gives 0 and leaves the
// wait to our own backoff.
func parseRetryAfter(value string, now time.Time) time.Duration {
	const most = 1e9 * time.Second // longer than any run; the exact length does not matter
	value = strings.TrimSpace(value)
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > 1e9 {
			return most
		}
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), most)
}

// budget bounds the failed requests of an endpoint: one in five, and twenty more. A
// dead endpoint is noticed soon, however many calls wait.
type budget struct {
	mu               sync.Mutex
	requests, failed int
}

// spend counts a request and reports whether the budget is kept.
func (b *budget) spend(failed bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if failed {
		b.failed++
	}
	return b.failed <= 20+b.requests/5
}
