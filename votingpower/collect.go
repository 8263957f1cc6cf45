package votingpower

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/chains"
)

// When picks the query time and the blocks of a run.
//
// If At is zero, it is the time of the pinned block of the model's Network,
// else of the first pinned chain in the order of Model.Chains. With nothing
// pinned either, it is the latest time whose blocks are final on every chain:
// the earliest of the chains' finalized blocks. (The finalized block of a
// rollup is always older than that of the chain it settles on, so the time of
// Ethereum's finalized block has no final block on Optimism yet.)
type When struct {
	At time.Time
	// Blocks pins chains to a block number. A chain that is not in it is read
	// at its first block at or after At.
	Blocks map[chains.ID]uint64
}

// Collect reads everything that the model asks for and returns it as evidence.
// It needs a node for each of Model.Chains, and sends no request before the
// model, the nodes and when are found in order. Chains are read side by side,
// each with one CallAt. If a reorg replaces a block in between
// (chains.ErrReorg), the whole run starts anew, once.
//
// Collect does not judge what it read: Compute does.
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

// check finds what is wrong without asking a node.
func (c *collector) check() error {
	if c.model == nil {
		return errors.New("no model to read for")
	}
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
	pinned, err := c.pinned(ctx)
	if err != nil {
		return nil, err
	}
	at, err := c.at(ctx, pinned)
	if err != nil {
		return nil, err
	}
	terms, err := c.model.Terms(at)
	if err != nil {
		return nil, err
	}
	e := &Evidence{Model: c.model, At: at, Chains: map[chains.ID]ChainEvidence{}, Reads: make([]Read, len(terms))}
	ids := c.model.Chains()
	blocks := make([]chains.Block, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	for i, id := range ids {
		g.Go(func() (err error) {
			blocks[i], err = c.readChain(gctx, id, pinned, at, terms, e.Reads)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, id := range ids {
		_, development := c.nodes[id].Chain()
		e.Chains[id] = ChainEvidence{Block: blocks[i], Development: development}
	}
	return e, nil
}

// pinned reads the blocks that are named by number, side by side.
func (c *collector) pinned(ctx context.Context) (map[chains.ID]chains.Block, error) {
	ids := slices.DeleteFunc(c.model.Chains(), func(id chains.ID) bool { _, ok := c.when.Blocks[id]; return !ok })
	blocks := make([]chains.Block, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	for i, id := range ids {
		g.Go(func() error {
			n := c.when.Blocks[id]
			b, err := c.nodes[id].BlockByNumber(gctx, n)
			if err != nil {
				return reading(id, fmt.Sprintf("block %d", n), err)
			}
			if err := b.Check(); err != nil {
				return fmt.Errorf("%v: %w", id, err)
			}
			if b.Number() != n {
				return fmt.Errorf("%v: asked for block %d, found block %d", id, n, b.Number())
			}
			if !b.Pinned {
				return fmt.Errorf("%v: block %d was asked for by number and is not marked as pinned", id, n)
			}
			blocks[i] = b
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	pinned := make(map[chains.ID]chains.Block, len(ids))
	for i, id := range ids {
		pinned[id] = blocks[i]
	}
	return pinned, nil
}

// at settles the query time as When documents it.
func (c *collector) at(ctx context.Context, pinned map[chains.ID]chains.Block) (time.Time, error) {
	if !c.when.At.IsZero() {
		at := c.when.At.UTC()
		if b, ok := pinned[c.model.Network]; ok && !b.Time().Equal(at) {
			return at, fmt.Errorf("block %d of %v is pinned, whose time %v is the query time, but %v was asked for",
				b.Number(), c.model.Network, b.Time().Format(time.RFC3339), at.Format(time.RFC3339Nano))
		}
		return at, nil
	}
	for _, id := range c.model.Chains() {
		if b, ok := pinned[id]; ok {
			return b.Time(), nil
		}
	}
	return c.finalTime(ctx)
}

// finalTime is the time of the earliest of the chains' finalized blocks.
func (c *collector) finalTime(ctx context.Context) (time.Time, error) {
	ids := c.model.Chains()
	times := make([]time.Time, len(ids))
	g, gctx := errgroup.WithContext(ctx)
	for i, id := range ids {
		g.Go(func() error {
			header, err := c.nodes[id].Finalized(gctx)
			if err != nil {
				return reading(id, "finalized block", err)
			}
			times[i] = time.Unix(int64(header.Time), 0).UTC()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return time.Time{}, err
	}
	return slices.MinFunc(times, time.Time.Compare), nil
}

// readChain finds the block of one chain and puts the answers to its terms in
// their places in reads.
func (c *collector) readChain(ctx context.Context, id chains.ID, pinned map[chains.ID]chains.Block, at time.Time, terms []Term, reads []Read) (chains.Block, error) {
	node := c.nodes[id]
	block, ok := pinned[id]
	if !ok {
		var err error
		if block, err = node.BlockAt(ctx, at); err != nil {
			return block, reading(id, "block at "+at.Format(time.RFC3339Nano), err)
		}
	}
	var places []int
	var calls []chains.Call
	for i, term := range terms {
		if term.Chain == id {
			places, calls = append(places, i), append(calls, term.Call)
		}
	}
	if len(calls) == 0 {
		return block, nil
	}
	answers, err := node.CallAt(ctx, block, calls)
	if err != nil {
		return block, fmt.Errorf("%v: %w", id, err)
	}
	if len(answers) != len(calls) {
		return block, fmt.Errorf("%v: made %d calls, found %d answers", id, len(calls), len(answers))
	}
	for i, place := range places {
		reads[place] = Read{Chain: id, To: calls[i].To.Hex(), Data: hexutil.Bytes(calls[i].Data), Result: answers[i].Data, From: answers[i].From}
	}
	return block, nil
}

// reading says what was being read of which chain when err came up. Where a node
// has named the chain, as it does in what it finds itself but not in what an
// endpoint says, its words stand alone.
func reading(id chains.ID, what string, err error) error {
	if strings.HasPrefix(err.Error(), id.String()+": ") {
		return err
	}
	return fmt.Errorf("%v: %s: %w", id, what, err)
}
