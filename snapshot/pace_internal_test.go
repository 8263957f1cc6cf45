package snapshot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestRealTimeObeysCancellation(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	slept := make(chan error)
	go func() { slept <- realTime{}.Sleep(ctx, time.Hour) }()
	cancel(enough)
	if err := <-slept; !errors.Is(err, enough) {
		t.Errorf("error %v", err)
	}
	if err := (realTime{}).Sleep(t.Context(), time.Nanosecond); err != nil {
		t.Errorf("error %v", err)
	}
}

func TestPaceByCaller(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	for _, tt := range []struct {
		rps  float64
		key  bool
		want time.Duration // until the 101st request may go
	}{
		{0, false, 114666 * time.Millisecond}, {0, true, 14200 * time.Millisecond}, {0.5, true, 200 * time.Second}, {10, false, 9100 * time.Millisecond},
	} {
		limiter := newLimiter(tt.rps, tt.key)
		for range 100 {
			limiter.ReserveN(start, 1)
		}
		if got := limiter.ReserveN(start, 1).DelayFrom(start).Truncate(time.Millisecond); got != tt.want {
			t.Errorf("%v a second, key %v: %v, want %v", tt.rps, tt.key, got, tt.want)
		}
	}
}

func TestIncompleteErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"the hub lists 9 votes of the final proposal 0x12 and counted 10": &IncompleteError{Proposal: "0x12", Rows: 9, Counted: 10},
		"keeps changing the scores of the final proposal 0x12":            &IncompleteError{Proposal: "0x12", Rows: 9, Counted: 10, Changed: true},
	} {
		if !strings.HasPrefix(err.Error(), ErrVotesIncomplete.Error()) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
