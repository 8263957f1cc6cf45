package snapshot_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
)

const space = "vote-perp.eth"

// timed runs a subtest in a bubble of its own: waits take no time there, and a
// goroutine that is left behind fails it.
func timed(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

// eachGeneration runs subtests against each generation of the hub.
func eachGeneration(t *testing.T, subtests func(*testing.T, hub.Generation)) {
	for _, g := range hub.Generations {
		t.Run(g.String(), func(t *testing.T) { subtests(t, g) })
	}
}

// bothGenerations runs one test, in a bubble, against each generation of the hub.
func bothGenerations(t *testing.T, test func(*testing.T, hub.Generation)) {
	for _, g := range hub.Generations {
		timed(t, g.String(), func(t *testing.T) { test(t, g) })
	}
}

// serve starts a fake hub of the 2020s and a client of it. At the end it checks
// that nothing was written.
func serve(t *testing.T, o hub.Options) (*hub.Hub, *snapshot.Client) {
	t.Helper()
	o.Now = func() time.Time { return time.Now().AddDate(27, 0, 0) } // a bubble begins in 2000
	h := hub.New(o)
	client, stop := h.Pipe()
	t.Cleanup(func() {
		stop()
		if h.Writes() != 0 {
			t.Errorf("%d requests to an endpoint that writes", h.Writes())
		}
	})
	return h, &snapshot.Client{Endpoint: "http://hub.example/graphql", HTTP: client}
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
