package strategy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// plan is a parsed query.
type plan struct {
	query   Query
	scorers []scorer // nil where unverifiable
	reasons []string
	voters  []voter
	places  []Place // each after the place its block derives from
}

// newPlan parses the query. A strategy that cannot be recomputed has a reason; a
// malformed voter is an error.
func newPlan(q Query) (*plan, error) {
	p := &plan{query: q}
	home := Place{Chain: q.Network, Via: q.Network}
	seen := map[Place]bool{home: true}
	for _, spec := range q.Strategies {
		s, reason := parseTop(spec, home)
		p.scorers, p.reasons = append(p.scorers, s), append(p.reasons, reason)
		if s == nil {
			continue
		}
		for _, place := range s.places() {
			seen[place] = true
			if base, ok := place.base(q.Network); ok {
				seen[base] = true
			}
		}
	}
	for _, text := range q.Voters {
		v, err := parseVoter(text)
		if err != nil {
			return nil, err
		}
		p.voters = append(p.voters, v)
	}
	p.places = slices.SortedFunc(maps.Keys(seen), func(a, b Place) int {
		if d := p.hops(a) - p.hops(b); d != 0 {
			return d
		}
		return strings.Compare(a.String(), b.String())
	})
	return p, nil
}

// parseTop parses a top-level strategy with its start and end. The reason is empty
// if the strategy can be recomputed.
func parseTop(spec Spec, home Place) (scorer, string) {
	id, err := network(spec.Network, home)
	if err == nil {
		var s scorer
		if s, err = parse(spec, home.on(id)); err == nil {
			if s, err = gate(s, spec.Params, home.on(id)); err == nil {
				return s, ""
			}
		}
	}
	return nil, err.Error()
}

// hops counts the blocks between a place and the snapshot block.
func (p *plan) hops(place Place) int {
	base, ok := place.base(p.query.Network)
	if !ok {
		return 0
	}
	return 1 + p.hops(base)
}

// pin returns the number of the block of a place, if it is named by number.
func (p *plan) pin(place Place) (number uint64, pinned bool) {
	if _, derived := place.base(p.query.Network); !derived {
		return p.query.Block, true
	}
	number, pinned = p.query.Pins[place.Chain]
	return number, pinned
}

// time is the timestamp from which the block of a derived place follows.
func (p *plan) time(place Place, places map[Place]Reading) time.Time {
	base, _ := place.base(p.query.Network)
	return places[base].Sampled[0].Block.Time()
}

// parseVoter reads an EVM address, or a Starknet address: 0x and more than 40 hex digits.
func parseVoter(text string) (voter, error) {
	hex, ok := strings.CutPrefix(text, "0x")
	if ok && len(hex) > 40 && len(hex) <= 64 && strings.Trim(hex, "0123456789abcdefABCDEF") == "" {
		return voter{text: text, star: true}, nil
	}
	a, err := address(text)
	if err != nil {
		return voter{}, fmt.Errorf("voter: %w", err)
	}
	return voter{text: text, evm: a}, nil
}

// callKey is what tells calls at one block apart. A native balance has no calldata;
// the first letters of its signature tell it from a call without any.
type callKey struct {
	to   common.Address
	data string
}

func keyOf(c chains.Call) callKey {
	return callKey{c.To, c.Signature[:min(len(c.Signature), 4)] + string(c.Data)}
}

// callsAt lists what is read at one place under any of the choices of blocks,
// each call once, in the order of voters and strategies.
func (p *plan) callsAt(place Place, choices []blocks) ([]chains.Call, map[callKey]int, error) {
	var calls []chains.Call
	index := map[callKey]int{}
	for _, v := range p.voters {
		for _, s := range p.scorers {
			if s == nil {
				continue
			}
			for _, blocks := range choices {
				reads, err := s.calls(v, blocks)
				if err != nil {
					return nil, nil, fmt.Errorf("voter %s: %w", v.text, err)
				}
				for _, r := range reads {
					key := keyOf(r.call)
					if _, ok := index[key]; ok || r.place != place {
						continue
					}
					index[key] = len(calls)
					calls = append(calls, r.call)
				}
			}
		}
	}
	return calls, index, nil
}
