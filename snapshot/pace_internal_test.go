package snapshot

import (
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name, after, reset string
		want               time.Duration
	}{
		{"nothing", "", "", 0},
		{"seconds", "60", "", time.Minute},
		{"zero", "0", "12", 0},
		{"spaces", " 60 ", "", time.Minute},
		{"date", "Fri, 02 Jan 2026 03:05:05 GMT", "", time.Minute},
		{"date in the past", "Fri, 02 Jan 2026 03:00:00 GMT", "12", 0},
		{"negative", "-60", "", 0},
		{"fraction", "1.5", "", 0},
		{"words", "soon", "", 0},
		{"beyond a Duration", "99999999999999999999999", "", math.MaxInt64 / time.Second * time.Second},
		{"only the reset", "", "12", 12 * time.Second},
		{"both", "60", "12", time.Minute},
		{"unreadable before the reset", "soon", "12", 12 * time.Second},
		{"reset as Unix time", "", strconv.FormatInt(now.Unix()+30, 10), 30 * time.Second},
		{"reset as Unix time in the past", "", strconv.FormatInt(now.Unix()-30, 10), 0},
	}
	for _, tt := range tests {
		h := http.Header{"Retry-After": {tt.after}, "Ratelimit-Reset": {tt.reset}}
		if got := retryAfter(h, now); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"60", "Fri, 02 Jan 2026 03:05:05 GMT", "", "-1", "1e9", "999999999999999999999",
		"1798761600",
		"Friday, 02-Jan-26 03:05:05 GMT"} {
		f.Add(seed, seed)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, after, reset string) {
		h := http.Header{"Retry-After": {after}, "Ratelimit-Reset": {reset}}
		if d := retryAfter(h, now); d < 0 {
			t.Fatalf("%q %q: %v", after, reset, d)
		}
	})
}
