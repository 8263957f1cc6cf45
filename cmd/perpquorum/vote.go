package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// voteRun gathers everything about one vote.
type voteRun struct {
	c        *cli.Context
	ref      snapshot.ProposalRef
	hub      *snapshot.Client
	model    *votingpower.Model
	blocks   map[chains.ID]uint64 // as --block names them
	progress *progress
	clock    snapshot.Clock
}

// newVoteRun reads the command line; it asks nobody.
func newVoteRun(c *cli.Context, proposal string) (*voteRun, error) {
	v := &voteRun{c: c, hub: newHub(c), progress: newProgress(c.App.ErrWriter), clock: wallClock{}}
	var err error
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
	if deadline := c.Duration("deadline"); deadline <= 0 {
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
	p, plan, err := v.open()
	if err != nil {
		return nil, err
	}
	if v.c.Bool("watch") {
		if err := v.watch(p); err != nil {
			return nil, err
		}
	}
	ctx, cancel, err := withTimeout(v.c)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return v.collect(ctx, p, plan)
}

// open reads the proposal, and finds out what to read where, before any chain is asked.
func (v *voteRun) open() (*snapshot.Proposal, *votePlan, error) {
	ctx, cancel, err := withTimeout(v.c)
	if err != nil {
		return nil, nil, err
	}
	defer cancel()
	v.progress.say("reading the proposal")
	p, err := readProposal(ctx, v.hub, v.ref, v.model)
	if err != nil {
		return nil, nil, err
	}
	plan, err := newVotePlan(v.model, p, v.blocks)
	if err != nil {
		return nil, nil, err
	}
	return p, plan, checkEndpoints(v.c, plan.wanted)
}

// collect reads votes and chains side by side, and then, if the vote is final,
// the voters' power: that of an open vote may still change.
func (v *voteRun) collect(ctx context.Context, p *snapshot.Proposal, plan *votePlan) (*report.Bundle, error) {
	nodes, closeAll, err := dial(ctx, v.c, plan.wanted, v.progress)
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
	if !snapshot.Final(b.Ballot.Proposal, time.Unix(b.Ballot.ReadAt, 0)).Final {
		return b, nil
	}
	v.progress.say("reading the power of %d voters", len(b.Ballot.Votes))
	b.Ballot.Power, err = plan.power(ctx, nodes, b.Ballot)
	return b, snapshotHint(err)
}

// snapshotHint says what to do about a snapshot block that is too new.
func snapshotHint(err error) error {
	if errors.Is(err, chains.ErrNotFinalized) || errors.Is(err, chains.ErrNoBlockYet) {
		return hintf(err, "the proposal's snapshot is too recent: try again in half an hour; --allow-unfinalized accepts and marks a block that exists but can still be replaced")
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

// votePlan says what is read where for a vote.
type votePlan struct {
	network chains.ID            // of the proposal
	wanted  []chains.ID          // those of the model, then those that only the strategies read
	when    votingpower.When     // of the model's figures
	pins    map[chains.ID]uint64 // blocks of other chains, named by number
	block   uint64               // snapshot block, on network
	model   []chains.ID
}

// newVotePlan pins the snapshot block on the proposal's own network. Other
// chains are read at the first block at or after its time, or where pins says.
func newVotePlan(m *votingpower.Model, p *snapshot.Proposal, pins map[chains.ID]uint64) (*votePlan, error) {
	q, err := report.PowerQuery(p, nil, pins)
	if err != nil {
		return nil, err
	}
	read, err := strategy.Chains(q)
	if err != nil {
		return nil, err
	}
	plan := &votePlan{network: q.Network, block: q.Block, pins: maps.Clone(pins), model: m.Chains(), when: votingpower.When{Blocks: map[chains.ID]uint64{}}}
	plan.wanted = slices.Clone(plan.model)
	for _, id := range read {
		if !slices.Contains(plan.wanted, id) {
			plan.wanted = append(plan.wanted, id)
		}
	}
	for id, number := range pins {
		switch {
		case id == q.Network && number != p.Snapshot:
			return nil, usagef("--block %s=%d: the proposal's own snapshot block is %d", id, number, p.Snapshot)
		case !slices.Contains(plan.wanted, id):
			return nil, usagef("--block: chain %s is not read for this proposal, only %s", id, joinIDs(plan.wanted))
		}
	}
	delete(plan.pins, q.Network)
	if len(plan.pins) == 0 {
		plan.pins = nil
	}
	for id, number := range plan.pins {
		if slices.Contains(plan.model, id) {
			plan.when.Blocks[id] = number
		}
	}
	if slices.Contains(plan.model, q.Network) {
		plan.when.Blocks[q.Network] = p.Snapshot
	}
	return plan, nil
}

// figures reads circulating voting power at the plan's blocks.
func (plan *votePlan) figures(ctx context.Context, nodes map[chains.ID]votingpower.Node, m *votingpower.Model) (*votingpower.Evidence, error) {
	when := plan.when
	if plan.network != m.Network { // then Collect cannot know whose block's time decides
		b, err := nodes[plan.network].BlockByNumber(ctx, plan.block)
		if err != nil {
			return nil, fmt.Errorf("%v: snapshot block %d: %w", plan.network, plan.block, err)
		}
		when.At = b.Time()
	}
	return votingpower.Collect(ctx, nodes, m, when)
}

// power reads the voters' power.
func (plan *votePlan) power(ctx context.Context, nodes map[chains.ID]votingpower.Node, ballot *report.Ballot) (*strategy.Evidence, error) {
	q, err := report.PowerQuery(ballot.Proposal, ballot.Votes, plan.pins)
	if err != nil {
		return nil, err
	}
	return strategy.Collect(ctx, powerNodes(nodes), q)
}

// powerNodes are the same nodes as strategies see them.
func powerNodes(nodes map[chains.ID]votingpower.Node) map[chains.ID]strategy.Node {
	out := map[chains.ID]strategy.Node{}
	for id, node := range nodes {
		if reader, ok := node.(strategy.Node); ok {
			out[id] = reader
		}
	}
	return out
}

// hubHost is the hub's host, for the report.
func hubHost(hub *snapshot.Client) string {
	u, err := url.Parse(hub.Endpoint)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
