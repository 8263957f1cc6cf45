package jsonrpc

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSilentEndpointTimesOut: in the bubble's fake time, each attempt takes its
// full minute.
func TestSilentEndpointTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		hang := carrier(func(r *http.Request) (*http.Response, error) {
			attempts++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		e := connect(t, Options{Transport: hang, Clock: RealClock{}}, "http://node.example")
		failure := mustFail(t, e, 1, ClassTimeout)
		if took := time.Since(start); attempts != 3 || took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("%d attempts in %v: %v", attempts, took, failure)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start = time.Now()
		_, err := e.Send(ctx, numbered(1))
		if took := time.Since(start); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) ||
			!errors.Is(err, ErrTimeout) {
			t.Errorf("run of 5 s ended after %v: %v", took, err)
		}
	})
}

// TestTimeoutNamesWhatWasWaitedOut: a run that ends between two tries says what
// the tries found.
func TestTimeoutNamesWhatWasWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limited := carrier(func(*http.Request) (*http.Response, error) {
			header := http.Header{"Retry-After": {"3"}}
			return &http.Response{StatusCode: 429, Header: header,
				Body: io.NopCloser(strings.NewReader("slow down"))}, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := connect(t, Options{Transport: limited, Clock: RealClock{}}, "http://node.example").Send(ctx,
			numbered(1))
		if !errors.Is(err, ErrTimeout) ||
			!strings.Contains(err.Error(), `is over; until then: rate limit (HTTP 429: 'slow down')`) {
			t.Errorf("found %v", err)
		}
	})
}

// TestSlowBodyTimesOut: one byte a second keeps no attempt beyond its minute.
func TestSlowBodyTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		drip := carrier(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{},
				Body: io.NopCloser(dripping{r.Context()})}, nil
		})
		start := time.Now()
		mustFail(t, connect(t, Options{Transport: drip, Clock: RealClock{}}, "http://node.example"), 1, ClassTimeout)
		if took := time.Since(start); took > 4*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}
