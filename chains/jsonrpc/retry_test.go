package jsonrpc

import (
	"net/http"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

func TestParseRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"2": 2 * time.Second, " 30 ": 30 * time.Second, "86400": 24 * time.Hour, "007": 7 * time.Second,
		now.Add(9 * time.Second).Format(http.TimeFormat): 9 * time.Second,
		"99999999999999999999999":                        1e9 * time.Second,
		"0":                                              0, "-1": 0, "": 0, "soon": 0, "1.5": 0, "2s": 0, "+2": 0,
		"0x2": 0, "٣": 0,
		now.Add(-time.Hour).Format(http.TimeFormat): 0, now.Format(http.TimeFormat): 0,
		"Sun, 22 Nov 2026": 0,
	} {
		if got := parseRetryAfter(value, now); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, value := range []string{"2", "0", "-1", "86400", "Sun, 22 Nov 2026 12:00:05 GMT",
		"Sunday, 22-Nov-26 12:00:05 GMT", "99999999999999999999", "garbage"} {
		f.Add(value)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if wait := parseRetryAfter(value, now); wait < 0 || wait > 1e9*time.Second {
			t.Fatalf("%q: got %v", value, wait)
		}
	})
}

// TestBackoffIsFullJitter: each wait is anywhere between zero and an upper end
// that doubles from half a second to 20 seconds.
func TestBackoffIsFullJitter(t *testing.T) {
	t.Parallel()
	ends := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
		16 * time.Second, 20 * time.Second, 20 * time.Second}
	low, high := make([]time.Duration, len(ends)), make([]time.Duration, len(ends))
	for range 2000 {
		for i, end := range ends {
			wait := backoff(i)
			if wait < 0 || wait > end+1 {
				t.Fatalf("wait %d is %v, want at most %v", i, wait, end)
			}
			if low[i] == 0 || wait < low[i] {
				low[i] = wait
			}
			high[i] = max(high[i], wait)
		}
	}
	for i, end := range ends { // 2000 draws leave a tenth at either end empty with probability 1e-91
		if low[i] > end/10 || high[i] < end*9/10 {
			t.Errorf("wait %d lies in %v…%v, want all of 0…%v", i, low[i], high[i], end)
		}
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	var dead budget
	n := 0
	for dead.spend(true) {
		n++
	}
	if n < 20 || n > 25 {
		t.Errorf("a dead endpoint gets %d requests, want 20 and a fifth", n)
	}
	var fair budget
	for i := range 10000 {
		if !fair.spend(i%6 == 0) {
			t.Fatalf("budget over after %d requests, one in six failed", i)
		}
	}
}

func TestBatchSizeLearns(t *testing.T) {
	t.Parallel()
	tests := []struct {
		start, refused int
		words          string
		want           int
	}{
		{0, 100, "", 10}, {0, 10, "", 3}, {0, 3, "", 1}, {0, 4, "", 3}, {0, 2, "", 1}, {1000, 1000, "", 100},
		{1024, 1024, "", 1000},
		{1000, 1000, "batch limit 100 exceeded: 142 requests given", 100},
		{0, 100, "Batch of more than 3 requests are not allowed on free tier", 3},
		{0, 100, "batch limit 50 exceeded", 50}, {0, 100, "batch limit 100 exceeded", 10},
		{0, 10, "batch limit 0 exceeded", 3},
		{0, 100, "batch limit 9999999999 exceeded", 10},
	}
	for _, tt := range tests {
		b := newBatchSize(tt.start)
		b.shrink(tt.refused, tt.words)
		if size, _ := b.next(1000); size != tt.want {
			t.Errorf("start %d, %d refused with %q: got %d, want %d", tt.start, tt.refused, tt.words, size, tt.want)
		}
	}
	b := newBatchSize(0)
	if _, width := b.next(500); width != 1 {
		t.Error("unproven size goes out more than once at a time")
	}
	b.worked(100)
	if _, width := b.next(500); width != parallel {
		t.Error("proven size does not go out in parallel")
	}
	b.shrink(10, "")
	b.shrink(100, "") // a late refusal of a larger batch
	if size, _ := b.next(500); size != 3 {
		t.Errorf("forgot the smaller size: %d", size)
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	clock := faultrpc.NewClock()
	p := newPace(10, clock)
	for range 5 {
		if err := p.wait(t.Context(), 10); err != nil {
			t.Fatal(err)
		}
	}
	if want := 4 * time.Second; clock.Slept() != want {
		t.Errorf("50 calls at 10 per second took %v, want %v", clock.Slept(), want)
	}
	if p.most() != 10 {
		t.Errorf("batches of %d at 10 calls per second", p.most())
	}
	p.slow()
	if p.most() != 5 {
		t.Errorf("after a complaint: batches of %d, want 5", p.most())
	}
	for range 200 {
		p.passed()
	}
	if p.most() != 10 {
		t.Errorf("after 200 clean replies: batches of %d, want 10", p.most())
	}
	for range 20 {
		p.slow()
	}
	if p.most() != 1 || float64(p.bucket.Limit()) != 1 {
		t.Errorf("slowest pace is %v", p.bucket.Limit())
	}

	free := newPace(0, clock)
	before := clock.Slept()
	free.wait(t.Context(), 1e6)
	if clock.Slept() != before {
		t.Error("waited without a bound")
	}
	free.slow()
	if free.most() != firstPace {
		t.Errorf("first bound is %d", free.most())
	}
}
