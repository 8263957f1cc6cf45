package snapshot_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/snapshot"
)

// chaos is what goes wrong with an answer.
var chaos = []*hub.Fault{
	hub.ServerError(500), hub.ServerError(502), hub.ServerError(503), hub.ServerError(404),
	hub.HTML(), hub.RequestFailed(), hub.RateLimited(3),
	hub.NullRow(0), hub.NullRow(7),
	hub.SetField(1, "vp", "null"), hub.SetField(1, "vp", ""), hub.SetField(0, "id", `"0x00"`),
	{Cut: true}, {Close: true}, {Drip: true},
	{Status: 200, Body: `{"data":null}`}, {Status: 200, Body: `{"data":{"votes":null,"proposal":null}}`},
	{Status: 401, Body: `{"error":"unauthorized","error_description":"invalid api key"}`},
	{Message: "The `skip` argument must not be greater than 5000"},
	{Rows: func(rows []hub.Row) []hub.Row { return rows[:len(rows)/2] }}, // a page that is cut looks like the last one
}

// With every fifth answer broken in some way, the votes are right or absent.
func TestChaos(t *testing.T) {
	p, votes := election("chaos", 2100, func(k int) int64 { return onePerSecond(k / 3) })
	want := wantIDs(votes)
	runs := testenv.Runs(t, 15)
	eachGeneration(t, func(t *testing.T, g hub.Generation) {
		t.Parallel()
		right, absent := 0, 0
		for seed := range runs {
			synctest.Test(t, func(t *testing.T) {
				list, err := chaoticVotes(t, hubFor(g, p, votes), uint64(seed))
				switch {
				case err == nil && slices.Equal(ids(list.Votes), want):
					right++
				case err == nil && len(list.Odd) > 0 && list.Rows() == len(want):
					absent++ // they are named
				case err == nil:
					t.Errorf("seed %d: %d votes without an error, want %d", seed, len(list.Votes), len(want))
				default:
					absent++
					if list != nil && !errors.Is(err, snapshot.ErrVotesIncomplete) {
						t.Errorf("seed %d: a list together with %v", seed, err)
					}
				}
			})
		}
		if runs >= 10 && (right == 0 || absent == 0) {
			t.Errorf("%d right, %d absent: the faults prove nothing", right, absent)
		}
	})
}

func chaoticVotes(t *testing.T, o hub.Options, seed uint64) (*snapshot.VoteList, error) {
	random, mu := rand.New(rand.NewPCG(seed, 0)), sync.Mutex{}
	o.Fault = func(hub.Request) *hub.Fault {
		mu.Lock()
		defer mu.Unlock()
		if random.Float64() < 0.2 {
			return chaos[random.IntN(len(chaos))]
		}
		return nil
	}
	_, c := serve(t, o)
	p := known(o.Proposals[0])
	if seed%2 == 0 { // one page after the other
		p.ScoresState = ""
	}
	return c.Votes(t.Context(), p)
}

// An answer without end, compressed or not, is cut off at a bounded cost.
func TestEndlessAnswers(t *testing.T) { // not in parallel: it measures the memory of the process
	for name, fault := range map[string]*hub.Fault{
		"plain": {Status: 200, Body: `{"data":`, Endless: true},
		"gzipped": {Status: 200, Body: `{"data":`, Endless: true,
			Header: map[string]string{"Content-Encoding": "gzip"}},
		"error": {Status: 502, Body: `<html>`, Endless: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, c := serve(t, hub.Options{Fault: always(fault)})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := c.Proposal(t.Context(), hub.ID("x")); !errors.Is(err, snapshot.ErrProtocol) {
				t.Errorf("%s: error %v", name, err)
			}
			runtime.ReadMemStats(&after)
			if grown := (after.TotalAlloc - before.TotalAlloc) >> 20; grown > 100 {
				t.Errorf("%s: allocated %d MiB in all, want under 100", name, grown)
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := hub.NewProposal(space, "shared")
		_, c := serve(t, hub.Options{Proposals: []hub.Proposal{p}, Fault: nth(3, hub.ServerError(502))})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got, err := c.Proposal(t.Context(), p.ID); err != nil || got.ID != p.ID {
					t.Errorf("proposal %v, error %v", got, err)
				}
			})
		}
		all.Wait()
	})
}
