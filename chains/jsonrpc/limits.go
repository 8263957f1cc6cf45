package jsonrpc

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// LimitRecorder is an http.RoundTripper that keeps the newest response headers
// about rate limits.
type LimitRecorder struct {
	Inner http.RoundTripper

	mu   sync.Mutex
	seen http.Header
}

// mostLimits bounds how many header names are kept.
const mostLimits = 20

// RoundTrip implements http.RoundTripper.
func (l *LimitRecorder) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := l.Inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, values := range resp.Header {
		if !aboutLimits(name) || len(l.seen) >= mostLimits && l.seen[name] == nil {
			continue
		}
		if l.seen == nil {
			l.seen = http.Header{}
		}
		l.seen[name] = values
	}
	return resp, nil
}

// Lines returns the headers, sorted by name: "x-ratelimit-remaining: 42". They are
// foreign text, which may hold anything.
func (l *LimitRecorder) Lines() (lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, values := range l.seen {
		lines = append(lines, strings.ToLower(name)+": "+strings.Join(values, ", "))
	}
	slices.Sort(lines)
	return lines
}

// aboutLimits knows Retry-After, RateLimit and RateLimit-Policy, and the providers'
// own names: X-RateLimit-Remaining, X-Rate-Limit-Limit, X-Api-Key-Reset.
func aboutLimits(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{"-limit", "-remaining", "-reset"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return name == "retry-after" || strings.Contains(name, "ratelimit") || strings.Contains(name, "rate-limit")
}
