package snapshot

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// newLimiter paces below the hub's limit: 60 (elsewhere 100) requests a minute
// and address without a key. 15 at once and 0.75 a second make at most 60 in
// any minute.
func newLimiter(rps float64, withKey bool) *rate.Limiter {
	switch {
	case rps > 0:
		return rate.NewLimiter(rate.Limit(rps), max(1, int(rps)))
	case withKey:
		return rate.NewLimiter(5, 30)
	}
	return rate.NewLimiter(0.75, 15)
}

// pace waits for this request's turn and, if the hub said that its limit is used
// up, for its reset.
func (c *Client) pace(ctx context.Context, op string) error {
	turn := c.limiter.Reserve()
	c.mu.Lock()
	pause := time.Until(c.pausedUntil)
	c.mu.Unlock()
	err := c.wait(ctx, turn.Delay(), pause, c.failure(op, ErrRateLimit, ""))
	if err != nil {
		turn.Cancel()
	}
	return err
}

// wait sleeps for the longer of the client's own pause and the one the hub asked
// for. A wait that cannot end in time fails at once with last, the failure that
// made it necessary.
func (c *Client) wait(ctx context.Context, own, asked time.Duration, last *HubError) error {
	ended := *last
	if ctx.Err() != nil {
		ended.Err = context.Cause(ctx)
		return &ended
	}
	d := max(own, asked)
	if d <= 0 {
		return nil
	}
	if limit := c.excess(ctx, d, asked); limit != "" {
		if ended.Detail != "" {
			ended.Detail += "; "
		}
		ended.Detail += fmt.Sprintf("the next request would have to wait %v, longer than the %s",
			d.Round(time.Second), limit)
		return &ended
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		ended.Err = context.Cause(ctx)
		return &ended
	case <-timer.C:
		return nil
	}
}

// excess names the limit that a wait of d would break, or returns "".
func (c *Client) excess(ctx context.Context, d, asked time.Duration) string {
	if asked > c.MaxWait {
		return fmt.Sprintf("%v allowed", c.MaxWait)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if left := time.Until(deadline); d > left {
			return fmt.Sprintf("%v left; allow more time", left.Round(time.Second))
		}
	}
	return ""
}

// noteLimits reads how much of the hub's rate limit is left. An empty window
// stops all requests of this client until the next one, before the hub refuses
// any. A key has a monthly quota of its own; only a refusal says that it is over.
func (c *Client) noteLimits(h http.Header) {
	if strings.TrimSpace(h.Get("RateLimit-Remaining")) != "0" || c.APIKey != "" {
		return
	}
	now := time.Now()
	until := now.Add(resetIn(h, now))
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.pausedUntil) {
		c.pausedUntil = until
	}
}

// retryAfter returns how long the hub asks to wait: Retry-After, in seconds or
// as an HTTP date (RFC 9110, 10.2.3), or else RateLimit-Reset. It returns 0 if
// the hub does not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if d, ok := seconds(text); ok {
		return d
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(0, at.Sub(now))
	}
	return resetIn(h, now)
}

// resetIn reads RateLimit-Reset: seconds from now, or, from some proxies, the
// Unix time of the reset. It returns 0 if there is none.
func resetIn(h http.Header, now time.Time) time.Duration {
	const aBillion = time.Duration(1e9) * time.Second // 31 years; as Unix time, 2001
	d, _ := seconds(strings.TrimSpace(h.Get("RateLimit-Reset")))
	if d >= aBillion {
		d = max(0, time.Unix(int64(d/time.Second), 0).Sub(now))
	}
	return d
}

// seconds reads a whole, non-negative number of seconds. A number too large for
// a Duration becomes the longest one.
func seconds(text string) (time.Duration, bool) {
	const longest = int64(1<<63-1) / int64(time.Second)
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		n = longest
	}
	return time.Duration(min(n, longest)) * time.Second, true
}
