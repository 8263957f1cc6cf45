package main

import (
	"context"
	"errors"
	"time"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// How often --watch looks: at a terminal somebody follows the running turnout.
const (
	lookOpen     = 10 * time.Minute // while the vote is open
	lookFollowed = time.Minute      // while it is open, at a terminal
	lookClosed   = 30 * time.Second // at first, once the vote is closed and its scores are not final
)

// waitForEnd waits until the vote is final, or until the deadline has passed. What does
// not fit the proposal is found first.
func (o *checkOptions) waitForEnd(ctx context.Context, m *votingpower.Model, clock jsonrpc.Clock) error {
	hub := o.endpoints.newHub(o.hub, o.endpoints.timeout)
	defer hub.CloseIdleConnections()
	w := watcher{
		clock: clock, until: clock.Now().Add(o.deadline), open: lookOpen, say: o.endpoints.progress.tell,
		look: func(ctx context.Context) (*snapshot.Proposal, error) {
			ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
			defer cancel()
			return hub.Proposal(ctx, o.ref.ID)
		},
	}
	if o.endpoints.progress.terminal() {
		w.open = lookFollowed
	}
	proposal, err := w.look(ctx)
	if err != nil {
		return voteError(err)
	}
	ids, optional, err := vote.Chains(proposal, o.ref, m, o.blocks)
	if err != nil {
		return voteError(err)
	}
	if _, err := o.endpoints.endpoints(ids, optional...); err != nil {
		return err
	}
	return w.wait(ctx, proposal)
}

// watcher looks at a proposal again and again.
type watcher struct {
	clock jsonrpc.Clock
	until time.Time
	open  time.Duration // between two looks while the vote is open
	look  func(context.Context) (*snapshot.Proposal, error)
	say   func(format string, args ...any)
}

// wait returns when the vote is final or the deadline has passed. A hub that is
// unavailable for a while does not end it.
func (w *watcher) wait(ctx context.Context, p *snapshot.Proposal) error {
	closed := lookClosed
	for {
		now := w.clock.Now()
		status := p.Status(now)
		if status.Final || !now.Before(w.until) {
			return nil
		}
		w.say("%s; turnout so far %.3f in %d votes", status.Reason, p.ScoresTotal, p.Votes)
		pause := closed
		if status.State == "closed" {
			closed = min(2*closed, lookOpen)
		} else {
			// The hub counts the final scores from a minute after the end on.
			pause = max(min(w.open, time.Unix(p.End, 0).Add(time.Minute).Sub(now)), time.Second)
		}
		if err := w.clock.Sleep(ctx, min(pause, w.until.Sub(now))); err != nil {
			return err
		}
		next, err := w.look(ctx)
		switch {
		case err == nil:
			p = next
		case ctx.Err() != nil || !passing(err):
			return hubError(err)
		}
	}
}

// passing reports whether a failure may be gone at the next look.
func passing(err error) bool {
	return errors.Is(err, snapshot.ErrUnavailable) || errors.Is(err, snapshot.ErrRateLimit) ||
		errors.Is(err, context.DeadlineExceeded)
}
