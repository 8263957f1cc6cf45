package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// voteRun gathers everything about one vote.
type voteRun struct {
	c         *cli.Context
	endpoints endpointOptions
	ref       snapshot.ProposalRef
	hub       *snapshot.Client
	model     *votingpower.Model
	blocks    map[chains.ID]uint64 // as --block names them
	progress  *progress
	clock     snapshot.Clock
}

// newVoteRun reads the command line; it asks nobody.
func newVoteRun(c *cli.Context, proposal string) (*voteRun, error) {
	v := &voteRun{c: c, progress: newProgress(c.App.ErrWriter), clock: wallClock{}}
	var err error
	if v.endpoints, err = parseEndpoints(c); err != nil {
		return nil, err
	}
	v.hub = newHub(c.String("hub"), v.endpoints.timeout)
	if v.ref, err = parseProposal(proposal); err != nil {
		return nil, err
	}
	if v.blocks, err = parseBlocks(c.StringSlice("block")); err != nil {
		return nil, err
	}
	if v.model, err = openModel(c.String("model")); err != nil {
		return nil, err
	}
	if c.IsSet("deadline") && !c.Bool("watch") {
		return nil, usagef("--deadline has no meaning without --watch")
	}
	if deadline := c.Duration("deadline"); deadline <= 0 && c.Bool("watch") {
		return nil, usagef("--deadline %v: want a positive duration such as 48h", deadline)
	}
	return v, nil
}

func (v *voteRun) close() {
	v.progress.clear()
	v.hub.CloseIdleConnections()
}

// bundle reads the vote, after waiting for it with --watch.
func (v *voteRun) bundle() (*report.Bundle, error) {
	p, plan, err := v.open(true)
	if err != nil {
		return nil, err
	}
	if v.c.Bool("watch") {
		if p, err = v.watch(p); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(v.c.Context, v.endpoints.timeout)
	defer cancel()
	return v.collect(ctx, p, plan)
}

// open reads the proposal, and finds out what to read where, before any chain
// is asked: for the figures of the model, and for the voters' power if voters says so.
func (v *voteRun) open(voters bool) (*snapshot.Proposal, *votePlan, error) {
	ctx, cancel := context.WithTimeout(v.c.Context, v.endpoints.timeout)
	defer cancel()
	v.progress.say("reading the proposal")
	p, err := readProposal(ctx, v.hub, v.ref, v.model)
	if err != nil {
		return nil, nil, err
	}
	plan, err := newVotePlan(v.model, p, v.blocks, voters)
	if err != nil {
		return nil, nil, err
	}
	return p, plan, v.endpoints.check(plan.wanted)
}

// figures reads circulating voting power at the blocks of the proposal alone.
func (v *voteRun) figures() (*votingpower.Evidence, error) {
	_, plan, err := v.open(false)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.c.Context, v.endpoints.timeout)
	defer cancel()
	nodes, closeAll, err := v.endpoints.dial(ctx, plan.wanted, v.progress)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	e, err := plan.figures(ctx, nodes, v.model)
	return e, snapshotHint(err)
}

// collect reads votes and chains side by side, and then, if the vote is final,
// the voters' power: that of an open vote may still change.
func (v *voteRun) collect(ctx context.Context, p *snapshot.Proposal, plan *votePlan) (*report.Bundle, error) {
	nodes, closeAll, err := v.endpoints.dial(ctx, plan.wanted, v.progress)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	b := &report.Bundle{Generator: "perpquorum " + buildInfo().version, Ballot: &report.Ballot{Hub: hubHost(v.hub), Strict: v.c.Bool("strict")}}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return v.votes(gctx, p, b.Ballot) })
	g.Go(func() (err error) {
		b.Evidence, err = plan.figures(gctx, nodes, v.model)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, snapshotHint(err)
	}
	if b.Ballot.Proposal.Snapshot != p.Snapshot || b.Ballot.Proposal.Network != p.Network {
		return nil, errors.New("the proposal's snapshot block changed while it was read; try again")
	}
	if !b.Ballot.Proposal.Status(time.Unix(b.Ballot.ReadAt, 0)).Final {
		return b, nil
	}
	v.progress.say("reading the power of %d voters", len(b.Ballot.Votes))
	b.Ballot.Power, err = plan.power(ctx, nodes, b.Ballot)
	return b, snapshotHint(err)
}

// snapshotHint says what to do about a snapshot block that is too new.
func snapshotHint(err error) error {
	if errors.Is(err, chains.ErrNotFinalized) || errors.Is(err, chains.ErrNoBlockYet) {
		return hintf(err, "the proposal's snapshot is too recent%s", waitHint(err))
	}
	return err
}

// votes reads all votes. That they are not complete is for the report to say.
func (v *voteRun) votes(ctx context.Context, p *snapshot.Proposal, ballot *report.Ballot) error {
	v.progress.say("reading %d votes", p.Votes)
	list, err := v.hub.Votes(ctx, p)
	var incomplete *snapshot.IncompleteError
	if errors.As(err, &incomplete) && list != nil {
		ballot.Changed = incomplete.Changed
	} else if err != nil {
		return hubError(err)
	}
	ballot.Proposal, ballot.Votes, ballot.Superseded = list.Proposal, list.Votes, list.Superseded
	ballot.ReadAt = v.clock.Now().Unix()
	return nil
}

// hubHost is the hub's host, for the report.
func hubHost(hub *snapshot.Client) string {
	u, err := url.Parse(hub.Endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
