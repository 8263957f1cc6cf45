package vote

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Dial returns a node for each of ids, and for those of the optional chains that it has one
// for. Collect calls it once, when it knows which chains it reads; whoever opens connections
// there closes them after Collect.
type Dial func(ctx context.Context, ids, optional []chains.ID) (map[chains.ID]chains.Node, error)

// Proving says for which voters nodes that can give proofs are asked for them. Without any,
// they prove the circulating voting power alone.
type Proving int

const (
	ProveNone   Proving = iota
	ProveSample         // see strategy.CollectSample
	ProveVoters         // all of them
)

// Options changes what Collect does. The zero value reads everything by the rules.
type Options struct {
	// Blocks names blocks of other chains than the proposal's own by number, where
	// the first block at or after the snapshot block's time is not the one that counts.
	Blocks map[chains.ID]uint64
	// Signatures reads the votes' signatures, however many requests of the hub that takes. Otherwise
	// they are read where ten are enough, and the hub gives them.
	Signatures bool
	// Strict goes into the evidence; see Evidence.Strict.
	Strict bool
	// Strategies goes into the evidence; see Evidence.Strategies.
	Strategies string
	// MaxSize bounds what the votes take as JSON, in bytes; 0 is no bound. More of them end in
	// ErrTooLarge as soon as they have arrived, and the power of further voters is not read.
	MaxSize int
	// Prove says for which voters proofs are asked for.
	Prove Proving
	// Circulating, if it is not nil, is what was read before for another proposal. It is not read
	// again where the model and the snapshot block are the same, and there are no Blocks.
	Circulating *votingpower.Evidence
	// Progress, if it is not nil, is told what is read next, or how much was read,
	// such as "votes 3,000/6,300", possibly from several goroutines at once.
	Progress func(step string)
}

func (o Options) progress(format string, args ...any) {
	if o.Progress != nil {
		o.Progress(fmt.Sprintf(format, args...))
	}
}

// Collect reads a vote: the proposal and all its votes from the hub, circulating voting
// power by the model at the snapshot block, and, if the vote is final, the power of every
// voter. (That of an open vote may still change.) Votes and chains are read side by side, the
// voters' power as soon as their votes arrive.
//
// That the list of votes is not complete is for Check to find. Errors wrap ErrModel,
// ErrSpace or ErrBlocks where something does not fit the proposal; others are those of
// the hub, of Dial and of the chains.
func Collect(ctx context.Context, hub *snapshot.Client, dial Dial, m *votingpower.Model,
	ref snapshot.ProposalRef, o Options) (*Evidence, error) {
	o.progress("reading the proposal")
	p, err := hub.Proposal(ctx, ref.ID)
	if err != nil {
		return nil, err
	}
	plan, nodes, err := open(ctx, dial, m, p, ref, o, true)
	if err != nil {
		return nil, err
	}
	nodes = o.remember(nodes)
	ahead := o.Prove != ProveVoters && p.Status(time.Now()).Final &&
		plan.power.Space == "" // events are not read piece by piece
	e := &Evidence{Hub: hub.Host(), Strict: o.Strict, Strategies: o.Strategies}
	arrived := make(chan []string, 1000) // so that the hub does not wait for the chains
	_, err = chains.SideBySide(ctx, []func(context.Context) error{
		func(ctx context.Context) error {
			if err := e.readVotes(ctx, hub, p, o, arrived); err != nil {
				return err
			}
			return e.readSignatures(ctx, hub, nodes, o)
		},
		func(ctx context.Context) (err error) {
			e.Circulating, err = plan.circulating(ctx, nodes, o)
			return err
		},
		func(ctx context.Context) error {
			plan.readAhead(ctx, chains.Plain(nodes), arrived, ahead)
			return nil
		},
	}, func(ctx context.Context, read func(context.Context) error) (struct{}, error) {
		return struct{}{}, read(ctx)
	})
	if err != nil {
		return nil, err
	}
	if !e.Proposal.Status(time.Unix(e.ReadAt, 0)).Final {
		return e, nil
	}
	e.Power, err = e.readPower(ctx, nodes, plan, o)
	return e, err
}

// readPower reads the power of all voters, and proves what the options say.
func (e *Evidence) readPower(ctx context.Context, nodes map[chains.ID]chains.Node, plan *readPlan,
	o Options) (*strategy.Evidence, error) {
	o.progress("reading the power of %s voters", thousands(len(e.Votes)))
	query, err := e.query(plan.power)
	if err != nil {
		return nil, err
	}
	switch o.Prove {
	case ProveVoters:
		return strategy.Collect(ctx, nodes, query)
	case ProveSample:
		return strategy.CollectSample(ctx, nodes, query)
	}
	return strategy.Collect(ctx, chains.Plain(nodes), query)
}

// CollectCirculating reads circulating voting power at the blocks that Collect reads,
// without any votes and voters. Options.Strict and Options.Strategies have no meaning here.
func CollectCirculating(ctx context.Context, hub *snapshot.Client, dial Dial, m *votingpower.Model,
	ref snapshot.ProposalRef, o Options) (*votingpower.Evidence, error) {
	o.progress("reading the proposal")
	p, err := hub.Proposal(ctx, ref.ID)
	if err != nil {
		return nil, err
	}
	return CirculatingOf(ctx, dial, m, p, ref, o)
}

// CirculatingOf is CollectCirculating for a proposal that was read.
func CirculatingOf(ctx context.Context, dial Dial, m *votingpower.Model, p *snapshot.Proposal,
	ref snapshot.ProposalRef, o Options) (*votingpower.Evidence, error) {
	plan, nodes, err := open(ctx, dial, m, p, ref, o, false)
	if err != nil {
		return nil, err
	}
	return plan.circulating(ctx, nodes, o)
}

// open connects to the chains that are read for a proposal.
func open(ctx context.Context, dial Dial, m *votingpower.Model, p *snapshot.Proposal,
	ref snapshot.ProposalRef, o Options, voters bool) (*readPlan, map[chains.ID]chains.Node, error) {
	plan, err := newReadPlan(p, ref, m, o.Blocks, voters)
	if err != nil {
		return nil, nil, err
	}
	nodes, err := dial(ctx, plan.chains, plan.optional)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range plan.chains {
		if nodes[id] == nil {
			return nil, nil, fmt.Errorf("the vote reads %v, and there is no node for it", id)
		}
	}
	for _, id := range plan.optional {
		if nodes[id] == nil {
			plan.power.Without = append(plan.power.Without, id)
		}
	}
	return plan, nodes, nil
}

// readVotes reads all votes, and the proposal that belongs to them. It passes the voters on as they
// arrive, and closes the channel.
func (e *Evidence) readVotes(ctx context.Context, hub *snapshot.Client, p *snapshot.Proposal, o Options,
	arrived chan<- []string) error {
	defer close(arrived)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	n, size, of := 0, 0, thousands(p.Votes)
	o.progress("votes 0/%s", of)
	list, err := hub.StreamVotes(ctx, p, func(votes []snapshot.Vote) {
		n += len(votes)
		o.progress("votes %s/%s", thousands(n), of)
		if size += leastSize(votes); o.MaxSize > 0 && size > o.MaxSize {
			stop(fmt.Errorf("%w: %s votes take more than %d MB", ErrTooLarge, thousands(n), o.MaxSize>>20))
		}
		arrived <- voters(votes)
	})
	var incomplete *snapshot.IncompleteError
	if errors.As(err, &incomplete) && list != nil {
		e.Changed = incomplete.Changed
	} else if err != nil {
		return err
	}
	e.Proposal, e.Votes, e.Superseded, e.Odd = list.Proposal, list.Votes, list.Superseded, list.Odd
	e.ReadAt = time.Now().Unix()
	return sameProposal(p, e.Proposal)
}

// leastSize is what votes take as JSON at least, in bytes.
func leastSize(votes []snapshot.Vote) (size int) {
	const keys = `{"id":"","voter":"","created":,"choice":,"vp":,"vp_by_strategy":[],"vp_state":""}`
	for _, v := range votes {
		size += len(keys) + len(v.ID) + len(v.IPFS) + len(v.Voter) + len(v.Choice) + 2*len(v.VPByStrategy) + len(v.Reason) +
			len(v.App) + len(v.Metadata)
	}
	return size
}

// thousands writes a number in groups of three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// mayChange names the fields of a proposal that counting, flagging and time change.
var mayChange = []string{"state", "updated", "link", "flagged", "votes", "hide_abstain", "basic_count",
	"scores", "scores_by_strategy", "scores_state", "scores_total", "scores_updated"}

// sameProposal demands that two readings of a proposal agree in everything else. Only its
// author can change that, and only before voting begins.
func sameProposal(before, after *snapshot.Proposal) error {
	var changed []string
	a, b := reflect.ValueOf(*before), reflect.ValueOf(*after)
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		if !slices.Contains(mayChange, name) && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			changed = append(changed, name)
		}
	}
	if len(changed) > 0 {
		return fmt.Errorf("the hub changed the proposal's %s while its votes were read; try again",
			strings.Join(changed, ", "))
	}
	return nil
}

// circulating reads circulating voting power at the blocks of the plan.
func (plan *readPlan) circulating(ctx context.Context, nodes map[chains.ID]chains.Node,
	o Options) (*votingpower.Evidence, error) {
	if c := o.Circulating; c != nil && c.Model == plan.model && len(o.Blocks) == 0 {
		if e, ok := c.Chains[plan.power.Network]; ok && e.Block.Number() == plan.power.Block {
			return c, nil
		}
	}
	when, network := plan.when, plan.power.Network
	if network != plan.model.Network { // then votingpower.Collect cannot know whose block's time decides
		b, err := nodes[network].BlockByNumber(ctx, plan.power.Block)
		if err != nil {
			return nil, fmt.Errorf("snapshot block %d: %w", plan.power.Block, err)
		}
		when.At = b.Time()
	}
	return votingpower.Collect(ctx, nodes, plan.model, when)
}
