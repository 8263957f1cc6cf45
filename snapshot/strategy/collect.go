package strategy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// Chains lists the chains that the query reads, in ascending order. The
// network of the proposal is always among them.
func Chains(q Query) ([]chains.ID, error) {
	p, err := newPlan(q)
	if err != nil {
		return nil, err
	}
	var ids []chains.ID
	for _, place := range p.places {
		ids = append(ids, place.Chain)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// Collect finds the blocks of the query and reads all voters there. It needs a node
// for each of Chains(q) and sends nothing if one is missing. Chains are read side by
// side. If a call fails everything fails, as it does on Snapshot. If a reorg replaces
// a block in between (chains.ErrReorg), Collect starts over, once. Events that no endpoint
// gives make the strategies that need them unverifiable.
func Collect(ctx context.Context, nodes map[chains.ID]chains.Node, q Query) (*Evidence, error) {
	p, err := newPlan(q)
	if err != nil {
		return nil, err
	}
	for _, place := range p.places {
		if nodes[place.Chain] == nil {
			return nil, fmt.Errorf("no node for %v, which the strategies read", place.Chain)
		}
	}
	e, err := p.collect(ctx, nodes)
	if errors.Is(err, chains.ErrReorg) && ctx.Err() == nil {
		e, err = p.collect(ctx, nodes)
	}
	if failed, ok := errors.AsType[*eventsError](err); ok && ctx.Err() == nil && !errors.Is(err, chains.ErrDisagree) {
		q.WithoutEvents = append(slices.Clip(q.WithoutEvents), failed.chain)
		return Collect(ctx, nodes, q)
	}
	return e, err
}

func (p *plan) collect(ctx context.Context, nodes map[chains.ID]chains.Node) (*Evidence, error) {
	places := map[Place]Reading{}
	for hop := range 3 {
		if err := p.resolve(ctx, nodes, places, hop); err != nil {
			return nil, err
		}
	}
	if err := p.readRegistries(ctx, nodes, places); err != nil {
		return nil, err
	}
	choices, err := p.choices(places)
	if err != nil {
		return nil, err
	}
	for _, reading := range places {
		for i := range reading.Sampled {
			reading.Sampled[i].Results = []hexutil.Bytes{}
		}
	}
	known := map[callKey]hexutil.Bytes{}
	for more := true; more; {
		var calls map[at][]chains.Call
		if calls, more, err = p.calls(choices, known); err != nil {
			return nil, err
		}
		if err := p.readAll(ctx, nodes, places, calls); err != nil {
			return nil, err
		}
		if more = more && len(calls) > 0; more {
			learn(known, places, calls)
		}
	}
	for place := range p.registries {
		for i := range places[place].Sampled {
			s := &places[place].Sampled[i]
			s.Level = cmp.Or(s.Level, chains.Trusted) // no proof of the state covers events
		}
	}
	return &Evidence{Query: p.query, Places: places}, nil
}

// readAll makes the calls, chains side by side.
func (p *plan) readAll(ctx context.Context, nodes map[chains.ID]chains.Node, places map[Place]Reading,
	calls map[at][]chains.Call) error {
	var samples []at
	for _, place := range p.places {
		for i := range places[place].Sampled {
			if s := (at{place, i}); len(calls[s]) > 0 {
				samples = append(samples, s)
			}
		}
	}
	_, err := chains.SideBySide(ctx, samples, func(ctx context.Context, s at) (struct{}, error) {
		return struct{}{}, places[s.place].Sampled[s.sample].read(ctx, nodes[s.place.Chain], calls[s])
	})
	return err
}

// learn adds the results of the calls that were made last.
func learn(known map[callKey]hexutil.Bytes, places map[Place]Reading, calls map[at][]chains.Call) {
	for at, calls := range calls {
		all := places[at.place].Sampled[at.sample].Results
		for i, result := range all[len(all)-len(calls):] {
			known[keyOf(read{at.place, calls[i]}, at.sample)] = result
		}
	}
}

// at is a sample of a place.
type at struct {
	place  Place
	sample int
}

// maxCalls bounds all calls of a query together, in bytes of memory: four million calls.
const maxCalls = 512 << 20

// calls lists what is read next at each sample of each place, each call once, and reports
// whether further calls depend on the answers.
func (p *plan) calls(
	choices []choice, known map[callKey]hexutil.Bytes,
) (calls map[at][]chains.Call, more bool, err error) {
	calls = map[at][]chains.Call{}
	seen, size := map[callKey]bool{}, 128*len(known)
	more, err = p.eachCall(choices, known, func(key callKey, r read, sample int) error {
		if seen[key] {
			return nil
		}
		seen[key] = true
		if size += 128 + len(r.call.Data); size > maxCalls {
			return fmt.Errorf("the strategies make more than %d calls for %d voters, too many to keep", len(seen), len(p.voters))
		}
		calls[at{r.place, sample}] = append(calls[at{r.place, sample}], r.call)
		return nil
	})
	return calls, more, err
}

// resolve finds the blocks of all places whose block is derived from the snapshot
// block in hop steps.
func (p *plan) resolve(ctx context.Context, nodes map[chains.ID]chains.Node, places map[Place]Reading, hop int) error {
	due := slices.DeleteFunc(slices.Clone(p.places), func(place Place) bool { return p.hops(place) != hop })
	found, err := chains.SideBySide(ctx, due, func(ctx context.Context, place Place) (Reading, error) {
		return p.resolvePlace(ctx, nodes[place.Chain], places, place)
	})
	for i, place := range due {
		places[place] = found[i]
	}
	return err
}

func (p *plan) resolvePlace(
	ctx context.Context, node chains.Node, places map[Place]Reading, place Place,
) (Reading, error) {
	_, development := node.Chain()
	reading := Reading{Development: development}
	number, named := p.pin(place)
	if place.Via == 0 {
		header, err := node.Finalized(ctx)
		if err != nil {
			return reading, err
		}
		number = header.Number.Uint64()
	}
	if named {
		block, err := node.BlockByNumber(ctx, number)
		reading.Sampled = []Sample{{Block: block}}
		return reading, err
	}
	t := p.time(place, places)
	first, err := node.BlockAt(ctx, t)
	if err != nil {
		return Reading{}, err
	}
	reading.Sampled = []Sample{{Block: first}}
	second := first.Number()
	if first.Time().Equal(t) {
		after, err := node.BlockAt(ctx, t.Add(time.Second))
		if err != nil {
			return Reading{}, fmt.Errorf("looking for the end of the blocks with timestamp %d: %w", t.Unix(), err)
		}
		reading.After, second = &after, after.Number()-1
	} else if p.query.before(multichainAfter) && second > 0 {
		second--
	}
	if second == first.Number() {
		return reading, nil
	}
	block, err := node.BlockByNumber(ctx, second)
	block.Pinned = false // a rule names it, not a user
	reading.Sampled = append(reading.Sampled, Sample{Block: block})
	return reading, err
}

// maxAnswer bounds the return data of a call, in bytes. Only contract-call reads more than a word.
const maxAnswer = 16 << 10

// read makes the calls at the sample's block and appends their results.
func (s *Sample) read(ctx context.Context, node chains.Node, calls []chains.Call) error {
	answers, assurance, err := chains.BulkRead(ctx, node, s.Block, calls)
	if err != nil {
		return err
	}
	s.Results = slices.Grow(s.Results, len(calls))
	labels := strings.FieldsFunc(s.From, func(r rune) bool { return r == ',' || r == ' ' })
	for i, a := range answers {
		if len(a.Data) > maxAnswer {
			return fmt.Errorf("%s of %s at block %d: found %d bytes, want at most %d",
				calls[i].Signature, calls[i].To, s.Block.Number(), len(a.Data), maxAnswer)
		}
		s.Results = append(s.Results, a.Data)
		for _, label := range a.From {
			if !slices.Contains(labels, label) {
				labels = append(labels, label)
			}
		}
	}
	s.From = strings.Join(labels, ", ")
	s.Assurance = s.Assurance.Join(assurance)
	return nil
}
