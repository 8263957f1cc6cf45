package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

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
func newVotePlan(m *votingpower.Model, p *snapshot.Proposal, pins map[chains.ID]uint64, voters bool) (*votePlan, error) {
	q, err := report.PowerQuery(p, nil, pins)
	if err != nil {
		return nil, err
	}
	read := []chains.ID{q.Network}
	if voters {
		if read, err = strategy.Chains(q); err != nil {
			return nil, err
		}
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
func (plan *votePlan) figures(ctx context.Context, nodes map[chains.ID]chains.Node, m *votingpower.Model) (*votingpower.Evidence, error) {
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
func (plan *votePlan) power(ctx context.Context, nodes map[chains.ID]chains.Node, ballot *report.Ballot) (*strategy.Evidence, error) {
	q, err := report.PowerQuery(ballot.Proposal, ballot.Votes, plan.pins)
	if err != nil {
		return nil, err
	}
	return strategy.Collect(ctx, nodes, q)
}
