package vote

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// What a caller may branch on, with errors.Is: what was asked for does not fit the
// proposal. But for ErrTooLarge, nothing was read from a chain.
var (
	// ErrModel: the model is for another space, or counts choices that the
	// proposal cannot have.
	ErrModel = errors.New("the model does not fit the proposal")
	// ErrSpace: the proposal's URL names another space than the proposal.
	ErrSpace = errors.New("the proposal is of another space")
	// ErrBlocks: Options.Blocks names another snapshot block than the proposal, or
	// a chain that is not read.
	ErrBlocks = errors.New("the block does not fit the proposal")
	// ErrTooLarge: the votes take more than Options.MaxSize.
	ErrTooLarge = errors.New("the evidence is too large")
)

// readPlan says what is read where for a vote.
type readPlan struct {
	model  *votingpower.Model
	chains []chains.ID // the model's, and that of the proposal
	// optional are those that only strategies read; without them these are left to the hub.
	optional []chains.ID
	when     votingpower.When // of the circulating voting power
	power    strategy.Query   // without the voters
}

// Chains lists the chains that Collect reads for a proposal: the model's and the proposal's,
// and apart from them those that only its strategies read. It finds what does not fit, as
// Collect does.
func Chains(p *snapshot.Proposal, ref snapshot.ProposalRef, m *votingpower.Model,
	blocks map[chains.ID]uint64) (ids, optional []chains.ID, err error) {
	plan, err := newReadPlan(p, ref, m, blocks, true)
	if err != nil {
		return nil, nil, err
	}
	return plan.chains, plan.optional, nil
}

// newReadPlan pins the snapshot block on the proposal's own network. Other chains are
// read where blocks says, or at the first block at or after the snapshot block's time.
// Without voters, the chains are only those of the circulating voting power.
func newReadPlan(p *snapshot.Proposal, ref snapshot.ProposalRef, m *votingpower.Model,
	blocks map[chains.ID]uint64, voters bool) (*readPlan, error) {
	if err := checkFit(p, ref, m); err != nil {
		return nil, err
	}
	query, err := PowerQuery(p, nil, nil)
	if err != nil {
		return nil, err
	}
	read := []chains.ID{query.Network}
	if voters {
		if read, err = strategy.Chains(query); err != nil {
			return nil, err
		}
	}
	plan := &readPlan{model: m, chains: m.Chains(), power: query}
	plan.place(blocks)
	for _, id := range read {
		switch {
		case slices.Contains(plan.chains, id):
		case id == query.Network:
			plan.chains = append(plan.chains, id)
		default:
			plan.optional = append(plan.optional, id)
		}
	}
	return plan, plan.checkBlocks(blocks)
}

// place says which blocks are named by number: the snapshot block, and those of other
// chains for the model, the voters, or both.
func (plan *readPlan) place(blocks map[chains.ID]uint64) {
	plan.power.Pins = maps.Clone(blocks)
	delete(plan.power.Pins, plan.power.Network)
	plan.when.Blocks = map[chains.ID]uint64{plan.power.Network: plan.power.Block}
	maps.Copy(plan.when.Blocks, plan.power.Pins)
	of := plan.model.Chains()
	maps.DeleteFunc(plan.when.Blocks, func(id chains.ID, _ uint64) bool { return !slices.Contains(of, id) })
}

// checkFit refuses a proposal that the model or the reference is not for.
func checkFit(p *snapshot.Proposal, ref snapshot.ProposalRef, m *votingpower.Model) error {
	if err := checkSpace(p, m); err != nil {
		return err
	}
	if ref.Space != "" && ref.Space != p.Space {
		return fmt.Errorf("%w: the URL names %s, the proposal %s", ErrSpace, name(ref.Space), name(p.Space))
	}
	_, err := tally.TurnoutOf(p, nil, m.Turnout.Choices)
	if m.Turnout.Winner {
		err = tally.CheckWinner(p)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrModel, err)
	}
	return nil
}

// checkSpace refuses a proposal of another space than that of the model.
func checkSpace(p *snapshot.Proposal, m *votingpower.Model) error {
	switch {
	case m.Space == "":
		return fmt.Errorf("%w: the proposal is of space %s, the model %q names no space", ErrModel, name(p.Space), m.Name)
	case p.Space != m.Space:
		return fmt.Errorf("%w: the proposal is of space %s, the model %q is for %q", ErrModel, name(p.Space), m.Name,
			m.Space)
	}
	return nil
}

func (plan *readPlan) checkBlocks(blocks map[chains.ID]uint64) error {
	read := slices.Concat(plan.chains, plan.optional)
	for _, id := range slices.Sorted(maps.Keys(blocks)) {
		switch {
		case id == plan.power.Network && blocks[id] != plan.power.Block:
			return fmt.Errorf("%w: %v block %d is given, the proposal's own snapshot block is %d",
				ErrBlocks, id, blocks[id], plan.power.Block)
		case !slices.Contains(read, id):
			return fmt.Errorf("%w: chain %v is not read for this proposal, only %v", ErrBlocks, id, read)
		}
	}
	return nil
}
