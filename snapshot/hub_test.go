package snapshot_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

const space = "vote-perp.eth"

// clock is a time that passes only in Sleep.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
	onNap func(time.Duration) // called before each sleep
}

func newClock() *clock { return &clock{now: time.Now()} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	if c.onNap != nil {
		c.onNap(d)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return nil
}

// total is the time slept.
func (c *clock) total() (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range c.slept {
		sum += d
	}
	return sum
}

// serve starts a fake hub and a client of it, both on the same clock, and checks
// at the end that no goroutine is left and nothing was written.
func serve(t *testing.T, o hub.Options) (*hub.Hub, *snapshot.Client, *clock) {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	time := newClock()
	o.Now = time.Now
	h := hub.New(o)
	endpoint, stop := h.Start()
	c := &snapshot.Client{Endpoint: endpoint, Clock: time}
	t.Cleanup(func() {
		c.CloseIdleConnections()
		stop()
		goleak.VerifyNone(t, ignore)
		if h.Writes() != 0 {
			t.Errorf("%d requests to an endpoint that writes", h.Writes())
		}
	})
	return h, c, time
}

// bothGenerations runs a test against each generation of the hub.
func bothGenerations(t *testing.T, test func(t *testing.T, g hub.Generation)) {
	for _, g := range hub.Generations {
		t.Run(g.String(), func(t *testing.T) { test(t, g) })
	}
}

// election returns a proposal of the given name with n votes, the k-th created at when(k).
func election(name string, n int, when func(k int) int64) (hub.Proposal, []hub.Vote) {
	p := hub.NewProposal(space, name)
	p.Votes = n
	votes := make([]hub.Vote, n)
	for k := range votes {
		votes[k] = hub.NewVote(p, fmt.Sprint(k), when(k), 1+k%3, float64(k)+0.1)
	}
	return p, votes
}

// onePerSecond spreads votes over a proposal's time.
func onePerSecond(k int) int64 { return 1_700_000_001 + int64(k) }

// hubFor is a hub with one election.
func hubFor(g hub.Generation, p hub.Proposal, votes []hub.Vote) hub.Options {
	return hub.Options{Generation: g, Proposals: []hub.Proposal{p}, Votes: votes}
}

// nth returns a fault for the n-th request only.
func nth(n int, f *hub.Fault) func(hub.Request) *hub.Fault {
	return func(r hub.Request) *hub.Fault {
		if r.Number == n {
			return f
		}
		return nil
	}
}

// always returns a fault for each request.
func always(f *hub.Fault) func(hub.Request) *hub.Fault {
	return func(hub.Request) *hub.Fault { return f }
}
