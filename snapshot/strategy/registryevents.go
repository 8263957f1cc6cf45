package strategy

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// Delegation is an event by which the delegator chose the delegate in the registry, for the
// space with this id; the zero id is that of all spaces.
type Delegation struct {
	Delegator common.Address `json:"delegator"`
	Space     common.Hash    `json:"space"`
	Delegate  common.Address `json:"delegate"`
}

// events are the delegations that a node shows of the registry at one block.
type events struct {
	delegators map[common.Address][]common.Address // who ever chose a delegate
	last       map[Delegation]int                  // the last time, as a place in the list
}

func newEvents(list []Delegation) events {
	e := events{map[common.Address][]common.Address{}, map[Delegation]int{}}
	for i, d := range list {
		if all := e.delegators[d.Delegate]; !slices.Contains(all, d.Delegator) {
			e.delegators[d.Delegate] = append(all, d.Delegator)
		}
		e.last[d] = i
	}
	return e
}

// relevant picks the events by which voters delegate or were delegated to, with all other
// events of the same delegators.
func (p *plan) relevant(list []Delegation) (out []Delegation) {
	delegators := maps.Clone(p.voting)
	for _, d := range list {
		if p.voting[d.Delegate] {
			delegators[d.Delegator] = true
		}
	}
	for _, d := range list {
		if delegators[d.Delegator] {
			out = append(out, d)
		}
	}
	return out
}

// eventsError: the events of the registry on a chain cannot be read, or are not all there.
type eventsError struct {
	chain chains.ID
	err   error
}

func (e *eventsError) Error() string { return "events of the delegate registry: " + e.err.Error() }
func (e *eventsError) Unwrap() error { return e.err }

// hidden returns err if it is that events are missing.
func hidden(err error) error {
	if e, ok := errors.AsType[*eventsError](err); ok {
		return e
	}
	return nil
}

// readEvents reads the events of the registry up to the sample's block.
func (p *plan) readEvents(ctx context.Context, node chains.Node, ids []common.Hash, s *Sample) error {
	id, development := node.Chain()
	filter := chains.Filter{Contract: registryAddress, Topics: [][]common.Hash{{setDelegate}, nil, ids, nil}}
	if !development {
		filter.First = firstDelegation[id]
	}
	logs, err := node.Logs(ctx, s.Block, filter)
	if err == nil && len(logs) == 0 && id == chains.Ethereum && !development {
		err = errors.New("it has none, where there are thousands")
	}
	if err != nil {
		return &eventsError{id, err}
	}
	var list []Delegation
	for _, l := range logs {
		list = append(list, Delegation{
			common.BytesToAddress(l.Topics[1][:]), l.Topics[2], common.BytesToAddress(l.Topics[3][:]),
		})
	}
	s.Delegations = p.relevant(list)
	return nil
}

// readRegistries reads the events of all registries.
func (p *plan) readRegistries(ctx context.Context, nodes map[chains.ID]chains.Node, places map[Place]Reading) error {
	read := slices.DeleteFunc(slices.Clone(p.places), func(at Place) bool { return len(p.registries[at]) == 0 })
	_, err := chains.SideBySide(ctx, read, func(ctx context.Context, at Place) (struct{}, error) {
		for i := range places[at].Sampled {
			if err := p.readEvents(ctx, nodes[at.Chain], p.registries[at], &places[at].Sampled[i]); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

// checkEvents refuses delegations that the strategies do not read.
func (p *plan) checkEvents(place Place, s Sample) error {
	ids := p.registries[place]
	other := func(d Delegation) bool { return !slices.Contains(ids, d.Space) }
	if slices.ContainsFunc(s.Delegations, other) || len(p.relevant(s.Delegations)) != len(s.Delegations) {
		return errors.New("there are delegations that the strategies do not read")
	}
	return nil
}
