package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// leaping is a clock that passes only in Sleep.
type leaping struct {
	now   time.Time
	slept []time.Duration
}

func (c *leaping) Now() time.Time { return c.now }

func (c *leaping) Sleep(ctx context.Context, d time.Duration) error {
	c.now, c.slept = c.now.Add(d), append(c.slept, d)
	return ctx.Err()
}

// TestWatch waits for made-up votes.
func TestWatch(t *testing.T) {
	t.Parallel()
	const end = 1_700_000_000
	broken := errors.New("broken for good")
	minutes := func(list ...float64) (out []time.Duration) {
		for _, m := range list {
			out = append(out, time.Duration(m*float64(time.Minute)))
		}
		return out
	}
	tests := map[string]struct {
		before   time.Duration // the end
		deadline time.Duration
		state    func(look int) (string, error)
		slept    []time.Duration
		want     error
	}{
		"final already": {-time.Hour, time.Hour, func(int) (string, error) { return "final", nil }, nil, nil},
		"open for 25 minutes": {25 * time.Minute, time.Hour * 48, func(look int) (string, error) {
			return []string{"pending", "pending", "pending", "final"}[look], nil
		}, minutes(10, 10, 6), nil},
		"counted late": {time.Second, time.Hour * 48, func(look int) (string, error) {
			return map[bool]string{true: "final", false: "pending"}[look == 7], nil
		}, minutes(61.0/60, 0.5, 1, 2, 4, 8, 10), nil},
		"deadline": {time.Hour, 15 * time.Minute, func(int) (string, error) { return "pending", nil }, minutes(10, 5), nil},
		"a hub that is away": {-time.Second, time.Hour, func(look int) (string, error) {
			away := map[int]error{1: fmt.Errorf("x: %w", snapshot.ErrUnavailable), 2: context.DeadlineExceeded}
			return map[bool]string{true: "final", false: "pending"}[look == 3], away[look]
		}, minutes(0.5, 1, 2), nil},
		"a hub that refuses": {time.Hour, 15 * time.Hour, func(look int) (string, error) {
			return "pending", map[int]error{1: broken}[look]
		}, minutes(10), broken},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			clock := &leaping{now: time.Unix(end, 0).Add(-test.before)}
			look, said := 0, 0
			at := func() (*snapshot.Proposal, error) {
				state, err := test.state(look)
				look++
				return &snapshot.Proposal{Start: end - 86400, End: end, ScoresState: state}, err
			}
			w := watcher{
				clock: clock, until: clock.now.Add(test.deadline), open: lookOpen,
				look: func(context.Context) (*snapshot.Proposal, error) { return at() },
				say:  func(string, ...any) { said++ },
			}
			p, _ := at()
			err := w.wait(t.Context(), p)
			if state, _ := test.state(look - 1); err == nil && (state == "final") == (name == "deadline") {
				t.Errorf("at the end scores_state is %q", state)
			}
			if !errors.Is(err, test.want) || !slices.Equal(clock.slept, test.slept) || said != len(test.slept) {
				t.Errorf("error %v, slept %v, said %d; want %v, %v", err, clock.slept, said, test.want, test.slept)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		clock := &leaping{now: time.Unix(end-5, 0)}
		w := watcher{clock: clock, until: time.Unix(end, 0), open: lookOpen, say: func(string, ...any) {}}
		if err := w.wait(ctx, &snapshot.Proposal{End: end}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

// TestCheckWatch watches a final vote, which is judged at once.
func TestCheckWatch(t *testing.T) {
	t.Parallel()
	w, e := atSnapshotTallied(t, "basic")
	if out, _ := e.check(t, w, 1, "--watch"); out.code != exitDone {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}

// publishing is a clock whose Sleep lets the hub count for good.
type publishing struct {
	jsonrpc.RealClock
	sleep func()
}

func (c publishing) Sleep(context.Context, time.Duration) error {
	c.sleep()
	return nil
}

// TestCheckWatchJudgesOnce: the vote becomes final while it is watched, and
// then its votes are read once, and judged.
func TestCheckWatchJudgesOnce(t *testing.T) {
	t.Parallel()
	w, e := atSnapshotTallied(t, "basic")
	e.proposal.ScoresState, e.proposal.ScoresUpdated = "pending", e.proposal.End-5
	h, endpoint := e.start(t, hub.H2)
	looks := 0
	clock := publishing{sleep: func() {
		if looks++; looks == 3 {
			h.Update(func(o *hub.Options) {
				o.Proposals[0].ScoresState, o.Proposals[0].ScoresUpdated = "final", e.proposal.End+100
			})
		}
	}}
	o := checkOptions{watch: true, deadline: time.Hour}
	o.hub, o.ref.ID = endpoint, e.proposal.ID
	flags := o.endpoints.flags()
	if err := errors.Join(
		giveAll(flags, "rpc", []string{"ethereum=" + w.Ethereum.URL, "optimism=" + w.Optimism.URL}),
		giveAll(flags, "allow-dev-chain", []string{"true"}),
	); err != nil {
		t.Fatal(err)
	}
	r, err := o.judge(t.Context(), clock)
	if err != nil {
		t.Fatal(err)
	}
	if r.Document().Verdict == vote.NotFinal {
		t.Error("the vote was judged before it was final")
	}
	var roots []string
	for _, r := range h.Requests() {
		roots = append(roots, r.Root)
	}
	want := append(slices.Repeat([]string{"proposal"}, 5), "votes", "proposal", "messages")
	if !slices.Equal(roots, want) {
		t.Errorf("the hub was asked for %q, want %q", roots, want)
	}
}
