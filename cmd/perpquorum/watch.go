package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
)

// How often --watch looks: at a terminal somebody follows the running turnout.
const (
	lookOpen     = 10 * time.Minute // while the vote is open
	lookFollowed = time.Minute      // while it is open, at a terminal
	lookClosed   = 30 * time.Second // at first, once the vote is closed and not counted for good
)

// watch waits until the vote is final, or until --deadline has passed, and
// returns the proposal as it was seen last.
func (v *voteRun) watch(p *snapshot.Proposal) (*snapshot.Proposal, error) {
	w := watcher{
		clock: v.clock, until: v.clock.Now().Add(v.c.Duration("deadline")), open: lookOpen, say: v.progress.say,
		look: func(ctx context.Context) (*snapshot.Proposal, error) {
			ctx, cancel := context.WithTimeout(ctx, v.endpoints.timeout)
			defer cancel()
			return v.hub.Proposal(ctx, v.ref.ID)
		},
	}
	if v.progress.w != nil {
		w.open = lookFollowed
	}
	return w.wait(v.c.Context, p)
}

// watcher looks at a proposal again and again.
type watcher struct {
	clock snapshot.Clock
	until time.Time
	open  time.Duration // between two looks while the vote is open
	look  func(context.Context) (*snapshot.Proposal, error)
	say   func(format string, args ...any)
}

// wait returns the proposal when the vote is final or the deadline has passed. A
// hub that is out of order for a while does not end it.
func (w *watcher) wait(ctx context.Context, p *snapshot.Proposal) (*snapshot.Proposal, error) {
	closed := lookClosed
	for {
		now := w.clock.Now()
		status := p.Status(now)
		if status.Final || !now.Before(w.until) {
			return p, nil
		}
		w.say("%s; turnout so far %s in %d votes", status.Reason, decimal(p.ScoresTotal), p.Votes)
		pause := closed
		if status.State == "closed" {
			closed = min(2*closed, lookOpen)
		} else {
			// The hub counts for good from a minute after the end on.
			pause = max(min(w.open, time.Unix(p.End, 0).Add(time.Minute).Sub(now)), time.Second)
		}
		if err := w.clock.Sleep(ctx, min(pause, w.until.Sub(now))); err != nil {
			return nil, err
		}
		next, err := w.look(ctx)
		switch {
		case err == nil:
			p = next
		case ctx.Err() != nil || !passing(err):
			return nil, hubError(err)
		}
	}
}

// passing reports whether a failure may be gone at the next look.
func passing(err error) bool {
	return errors.Is(err, snapshot.ErrUnavailable) || errors.Is(err, snapshot.ErrRateLimit) || errors.Is(err, context.DeadlineExceeded)
}

// decimal writes a double for a reader.
func decimal(x float64) string { return fmt.Sprintf("%.3f", x) }
