package chains

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// samples is how many calls the latency is measured by.
const samples = 5

// measure takes the time of single calls, one after the other.
func (p *prober) measure(ctx context.Context) {
	var took []time.Duration
	for len(took) < samples && p.found.Stopped == nil {
		start, err := p.chainIDs(ctx, 1)
		if p.note(ctx, err) != nil {
			break
		}
		took = append(took, p.member.endpoint.clock.Now().Sub(start))
	}
	if len(took) > 0 {
		slices.Sort(took)
		p.found.Latency = took[len(took)/2]
	}
}

// climb sends ever larger batches up to the first that is refused.
func (p *prober) climb(ctx context.Context) {
	for _, size := range slices.Backward(ladder) {
		if p.found.Stopped != nil || size > p.member.endpoint.pace.most() || p.dialer.MaxBatch > 0 && size > p.dialer.MaxBatch {
			return
		}
		if _, p.found.BatchErr = p.chainIDs(ctx, size); p.found.BatchErr != nil {
			p.note(ctx, p.found.BatchErr)
			return
		}
		p.found.Batch = size
	}
}

// chainIDs asks for the chain id n times in one HTTP request that is not
// repeated, and tells when the request began.
func (p *prober) chainIDs(ctx context.Context, n int) (start time.Time, err error) {
	e := p.member.endpoint
	c, err := encode(request{method: "eth_chainId"})
	if err != nil {
		return start, err
	}
	if e.pace.wait(ctx, n) != nil {
		return start, p.stopped(ctx)
	}
	start = e.clock.Now()
	outcomes := e.exchange(ctx, slices.Repeat([]*call{c}, n))
	var why *fault
	for _, o := range outcomes {
		// A refusal may stand for one call and leave out the others.
		if o.fault != nil && (why == nil || !o.missing) {
			why = o.fault
		}
		if o.fault == nil {
			err = orFirst(err, p.member.checkID(reply{raw: o.raw}))
		}
	}
	switch {
	case ctx.Err() != nil:
		return start, p.stopped(ctx)
	case why != nil:
		return start, p.failure(why)
	}
	return start, err
}

func orFirst(first, next error) error {
	if first != nil {
		return first
	}
	return next
}

// limitRecorder is an http.RoundTripper that keeps the response headers about
// rate limits, the newest of each name.
type limitRecorder struct {
	inner http.RoundTripper
	mu    sync.Mutex
	seen  http.Header
}

// mostLimits bounds how many header names are kept.
const mostLimits = 20

// RoundTrip implements http.RoundTripper.
func (l *limitRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, values := range resp.Header {
		if aboutLimits(name) && (len(l.seen) < mostLimits || l.seen[name] != nil) {
			l.seen[name] = values
		}
	}
	return resp, nil
}

func (l *limitRecorder) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return LimitHeaders(l.seen)
}

// LimitHeaders picks the response headers that speak of rate limits, as lines in
// the order of their names: "x-ratelimit-remaining: 42". They are foreign text,
// which may hold anything.
func LimitHeaders(h http.Header) (lines []string) {
	for name, values := range h {
		if aboutLimits(name) {
			lines = append(lines, strings.ToLower(name)+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	return lines
}

// aboutLimits knows Retry-After, RateLimit and RateLimit-Policy, and what
// providers call theirs: X-RateLimit-Remaining, X-Rate-Limit-Limit, X-Api-Key-Reset.
func aboutLimits(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{"-limit", "-remaining", "-reset"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "retry-after" || strings.Contains(name, "ratelimit") || strings.Contains(name, "rate-limit")
}
