package keyurl

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// limits are the newest response headers about rate limits.
type limits struct {
	mu   sync.Mutex
	seen http.Header
}

// mostLimits bounds how many header names are kept.
const mostLimits = 20

func (l *limits) note(h http.Header) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, values := range h {
		if !aboutLimits(name) || len(l.seen) >= mostLimits && l.seen[name] == nil {
			continue
		}
		if l.seen == nil {
			l.seen = http.Header{}
		}
		l.seen[name] = values
	}
}

// Limits returns the headers, sorted by name and masked: "x-ratelimit-remaining: 42".
func (t *Transport) Limits(r *Redactor) (lines []string) {
	t.limits.mu.Lock()
	defer t.limits.mu.Unlock()
	for name, values := range t.limits.seen {
		lines = append(lines, r.Text(strings.ToLower(name)+": "+strings.Join(values, ", ")))
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
