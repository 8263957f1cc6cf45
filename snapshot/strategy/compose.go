package strategy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
)

// nested is a strategy inside another's parameters. Its network may be a number
// or a string, and the hub does not fill a missing one.
type nested struct {
	Name    string          `json:"name"`
	Network json.RawMessage `json:"network,omitempty"`
	Params  json.RawMessage `json:"params"`
}

func (n nested) spec() Spec { return Spec{Name: n.Name, Params: n.Params} }

// network returns the decimal text of the network, or "" where there is none.
func (n nested) network() string {
	if absent(n.Network) {
		return ""
	}
	var text string
	if json.Unmarshal(n.Network, &text) == nil {
		return text
	}
	return string(n.Network)
}

// parseWeighted multiplies another strategy's score by weight; nothing and null mean 1.
// The inner strategy runs where the outer one does: its own network is ignored.
func parseWeighted(params json.RawMessage, at site) (scorer, error) {
	var p struct {
		Strategy nested          `json:"strategy"`
		Weight   json.RawMessage `json:"weight"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	inner, err := parse(p.Strategy.spec(), at.inside())
	if err != nil || absent(p.Weight) {
		return inner, err
	}
	return multiplied(inner, p.Weight, "weight")
}

// group is several strategies that are read together.
type group []scorer

func (g group) places() []Place {
	var out []Place
	for _, s := range g {
		out = append(out, s.places()...)
	}
	return out
}

// basis is that of a sum.
func (g group) basis() (sources []Source, plain bool) {
	plain = true
	for _, s := range g {
		inner, innerPlain := s.basis()
		sources, plain = append(sources, inner...), plain && innerPlain
	}
	return sources, plain
}

func (g group) calls(v voter, in *inputs) ([]read, error) {
	var out []read
	for _, s := range g {
		calls, err := s.calls(v, in)
		if err != nil {
			return nil, err
		}
		out = append(out, calls...)
	}
	return out, nil
}

// multichain adds up strategies in list order, each on its own network at its
// own block. That block is derived from the block of the chain the multichain
// strategy runs on. A strategy is skipped where its network's block is before
// startBlocks; the start and end parameters of inner strategies have no effect.
type multichain struct{ group }

func parseMultichain(params json.RawMessage, at site) (scorer, error) {
	var p struct {
		Strategies  []nested                   `json:"strategies"`
		StartBlocks map[string]json.RawMessage `json:"startBlocks"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	var m multichain
	for i, inner := range p.Strategies {
		s, err := parseBranch(inner, p.StartBlocks, at)
		if err != nil {
			return nil, fmt.Errorf("strategies[%d] (%s): %w", i, clip([]byte(inner.Name)), err)
		}
		m.group = append(m.group, s)
	}
	return m, nil
}

func parseBranch(inner nested, starts map[string]json.RawMessage, at site) (scorer, error) {
	text := inner.network()
	if text == "" {
		return nil, errors.New("it names no network, which multichain needs")
	}
	id, err := network(text, at.Place)
	if err != nil {
		return nil, err
	}
	there, err := at.on(id)
	if err != nil {
		return nil, err
	}
	s, err := parse(inner.spec(), there.inside())
	if err != nil || absent(starts[text]) {
		return s, err
	}
	start, err := parseNumber(starts[text])
	if err != nil {
		return nil, fmt.Errorf("startBlocks: %w", err)
	}
	return window{scorer: s, at: there.Place, start: start.Exact, outside: noEntry()}, nil
}

// noEntry is the score of a voter whom a composition leaves out.
func noEntry() Score { return Score{Exact: new(big.Rat), missing: true} }

func (m multichain) score(v voter, in *inputs) (Score, error) {
	sum := noEntry()
	for _, inner := range m.group {
		s, err := inner.score(v, in)
		switch {
		case err != nil:
			return Score{}, err
		case s.missing:
			continue
		case math.IsNaN(sum.Value): // what is not a number is set to 0 before the next is added
			sum = zero()
		}
		sum = sum.plus(s)
	}
	return sum, nil
}
