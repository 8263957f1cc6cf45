package votingpower

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

// When picks the query time and the blocks of a run.
//
// If At is zero, it is the time of the pinned block of the model's Network,
// or else of the first pinned chain in the order of Model.Chains. If no block is
// pinned either, it is the latest time that is finalized on every chain: the time of
// the earliest of their finalized blocks. (The finalized block of a rollup is older
// than that of the chain it settles on, so Optimism has no finalized block yet at the
// time of Ethereum's.)
type When struct {
	At time.Time
	// Blocks pins chains to a block number. A chain that is not in it is read
	// at its first block at or after At.
	Blocks map[chains.ID]uint64
}

// Collect reads everything that the model asks for and returns it as evidence.
// It needs a node for each of Model.Chains, and sends no request unless the model,
// the nodes and when are valid. Chains are read side by side, each with one CallAt.
// If a reorg replaces a block in between (chains.ErrReorg), Collect starts over, once.
//
// Collect does not judge what it reads: Compute does.
func Collect(ctx context.Context, nodes map[chains.ID]chains.Node, m *Model, when When) (*Evidence, error) {
	c := collector{nodes: nodes, model: m, when: when}
	if err := c.check(); err != nil {
		return nil, err
	}
	e, err := c.run(ctx)
	if errors.Is(err, chains.ErrReorg) && ctx.Err() == nil {
		e, err = c.run(ctx)
	}
	return e, err
}

type collector struct {
	nodes map[chains.ID]chains.Node
	model *Model
	when  When
}

// check finds what is wrong with the input without asking a node.
func (c *collector) check() error {
	if err := c.model.Check(); err != nil {
		return err
	}
	if err := checkTime(c.when.At); err != nil && !c.when.At.IsZero() {
		return fmt.Errorf("query time: %w", err)
	}
	ids := c.model.Chains()
	for _, id := range ids {
		node, ok := c.nodes[id]
		if !ok || node == nil {
			return fmt.Errorf("model %q reads %v, and there is no node for it", c.model.Name, id)
		}
		if got, _ := node.Chain(); got != id {
			return fmt.Errorf("the node given for %v is on %v", id, got)
		}
	}
	for id := range c.when.Blocks {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("a block of %v is pinned, but model %q reads only %v", id, c.model.Name, ids)
		}
	}
	return nil
}

func (c *collector) run(ctx context.Context) (*Evidence, error) {
	pinned, at, err := c.moment(ctx)
	if err != nil {
		return nil, err
	}
	terms, err := c.model.Terms(at)
	if err != nil {
		return nil, err
	}
	e := &Evidence{Model: c.model, At: at, Chains: map[chains.ID]ChainEvidence{}, Reads: make([]Read, len(terms))}
	ids := c.model.Chains()
	found, err := chains.SideBySide(ctx, ids, func(ctx context.Context, id chains.ID) (ce ChainEvidence, err error) {
		block, err := c.block(ctx, id, pinned, at)
		if err != nil {
			return ce, err
		}
		_, development := c.nodes[id].Chain()
		assurance, err := c.read(ctx, id, block, terms, e.Reads)
		return ChainEvidence{block, development, assurance}, err
	})
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		e.Chains[id] = found[i]
	}
	return e, nil
}

// block is the block at which a chain is read.
func (c *collector) block(
	ctx context.Context, id chains.ID, pinned map[chains.ID]chains.Block, at time.Time,
) (chains.Block, error) {
	if block, ok := pinned[id]; ok {
		return block, nil
	}
	return c.nodes[id].BlockAt(ctx, at)
}

// Tried is a term of a model with what reading it gave: its amount, or the reason why there
// is none.
type Tried struct {
	Line
	Err error
}

// Try reads every term of a model on its own, at the blocks that Collect would take, so that
// a model that cannot be read is found before a vote needs it. A check that fails is an
// error of its term. Try itself fails where there is no block to read at.
func Try(ctx context.Context, nodes map[chains.ID]chains.Node, m *Model, when When) ([]Tried, error) {
	c := collector{nodes: nodes, model: m, when: when}
	if err := c.check(); err != nil {
		return nil, err
	}
	pinned, at, err := c.moment(ctx)
	if err != nil {
		return nil, err
	}
	terms, err := m.Terms(at)
	if err != nil {
		return nil, err
	}
	tried := make([]Tried, len(terms))
	_, err = chains.SideBySide(ctx, m.Chains(), func(ctx context.Context, id chains.ID) (chains.Block, error) {
		block, err := c.block(ctx, id, pinned, at)
		for i, term := range terms {
			if term.Chain != id || err != nil {
				continue
			}
			reads := make([]Read, 1)
			tried[i].Term = term
			if _, tried[i].Err = c.read(ctx, id, block, terms[i:i+1], reads); tried[i].Err == nil {
				tried[i].Amount, tried[i].Err = reads[0].answer(term)
			}
			err = ctx.Err()
		}
		return block, err
	})
	return tried, err
}

// pinned reads the blocks that are named by number.
func (c *collector) pinned(ctx context.Context) (map[chains.ID]chains.Block, error) {
	ids := slices.DeleteFunc(c.model.Chains(), func(id chains.ID) bool {
		_, ok := c.when.Blocks[id]
		return !ok
	})
	blocks, err := chains.SideBySide(ctx, ids, func(ctx context.Context, id chains.ID) (chains.Block, error) {
		n := c.when.Blocks[id]
		b, err := c.nodes[id].BlockByNumber(ctx, n)
		if err != nil {
			return b, err
		}
		if err := b.Check(); err != nil {
			return b, fmt.Errorf("%v: %w", id, err)
		}
		if b.Number() != n {
			return b, fmt.Errorf("%v: asked for block %d, found block %d", id, n, b.Number())
		}
		if !b.Pinned {
			return b, fmt.Errorf("%v: block %d was asked for by number and is not marked as pinned", id, n)
		}
		return b, nil
	})
	pinned := map[chains.ID]chains.Block{}
	for i, id := range ids {
		pinned[id] = blocks[i]
	}
	return pinned, err
}

// moment reads the pinned blocks, and settles the query time.
func (c *collector) moment(ctx context.Context) (pinned map[chains.ID]chains.Block, at time.Time, err error) {
	if pinned, err = c.pinned(ctx); err == nil {
		at, err = c.at(ctx, pinned)
	}
	return pinned, at, err
}

// at settles the query time by the rules of When.
func (c *collector) at(ctx context.Context, pinned map[chains.ID]chains.Block) (time.Time, error) {
	if !c.when.At.IsZero() {
		at := c.when.At.UTC()
		if b, ok := pinned[c.model.Network]; ok && !b.Time().Equal(at) {
			return at, fmt.Errorf("block %d of %v is pinned, whose time %v is the query time, but %v was asked for",
				b.Number(), c.model.Network, formatTime(b.Time()), formatTime(at))
		}
		return at, nil
	}
	ids := c.model.Chains()
	for _, id := range ids {
		if b, ok := pinned[id]; ok {
			return b.Time(), nil
		}
	}
	times, err := chains.SideBySide(ctx, ids, func(ctx context.Context, id chains.ID) (time.Time, error) {
		header, err := c.nodes[id].Finalized(ctx)
		if err != nil {
			return time.Time{}, err
		}
		return time.Unix(int64(header.Time), 0).UTC(), nil
	})
	return slices.MinFunc(times, time.Time.Compare), err
}

// read puts the answers to a chain's terms in their places in reads.
func (c *collector) read(
	ctx context.Context, id chains.ID, block chains.Block, terms []Term, reads []Read,
) (chains.Assurance, error) {
	places, calls := callsOf(id, terms)
	answers, assurance, err := chains.Read(ctx, c.nodes[id], block, calls)
	if err != nil {
		return assurance, err
	}
	for i, place := range places {
		call, answer := calls[i], answers[i]
		from := strings.Join(answer.From, ", ")
		reads[place] = Read{Chain: id, To: call.To.Hex(), Data: call.Data, Result: answer.Data, From: from}
	}
	return assurance, nil
}

// callsOf returns the calls of a chain's terms, in order, and the places of the terms.
func callsOf(id chains.ID, terms []Term) (places []int, calls []chains.Call) {
	for i, term := range terms {
		if term.Chain == id {
			places, calls = append(places, i), append(calls, term.Call)
		}
	}
	return places, calls
}
