package strategy

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
)

// delegated sums up what inner strategies give to those who delegate to the voter in the
// registry: everyone who does not vote, or, with own, everyone, and the voter too unless the
// voter delegates.
type delegated struct {
	registry
	own   bool
	inner group // under the rules of the top level
}

// delegationParams are those of all strategies on the registry.
type delegationParams struct {
	Strategies []nested        `json:"strategies"`
	Space      string          `json:"delegationSpace"`
	Network    json.RawMessage `json:"delegationNetwork"`
}

// parseDelegation parses delegation, and with-delegation if own is set.
func parseDelegation(own bool) parser {
	return func(params json.RawMessage, at site) (scorer, error) {
		var p delegationParams
		if err := decode(params, &p); err != nil {
			return nil, err
		}
		return p.parse(at, own)
	}
}

// parseBalanceDelegation parses the forms with one balance of a token. Without own, the
// registry is on the strategy's network.
func parseBalanceDelegation(own bool) parser {
	return func(params json.RawMessage, at site) (scorer, error) {
		var p delegationParams
		var token struct {
			Address  string          `json:"address"`
			Decimals json.RawMessage `json:"decimals,omitempty"`
		}
		if err := errors.Join(decode(params, &p), decode(params, &token)); err != nil {
			return nil, err
		}
		inner, err := json.Marshal(token)
		if err != nil {
			return nil, fmt.Errorf("params.decimals: %w", err)
		}
		p.Strategies = []nested{{Name: "erc20-balance-of", Params: inner}}
		if !own {
			p.Network = nil
		}
		return p.parse(at, own)
	}
}

// hopStrategy is one for which the score service gives delegates nothing, by a rule of its own.
const hopStrategy = `{"name":"erc20-balance-of","params":{"symbol":"HOP",` +
	`"address":"0xed8Bdb5895B8B7f9Fdb3C087628FD8410E853D48","decimals":18}}`

func (p delegationParams) parse(at site, own bool) (scorer, error) {
	s := &delegated{own: own}
	var err error
	if s.registry, err = p.registry(at); err != nil {
		return nil, err
	}
	there := at.inside()
	there.delegated = true
	for i, inner := range p.Strategies {
		if text, err := json.Marshal(inner); err == nil && !own && string(text) == hopStrategy {
			return constant{noEntry()}, nil
		}
		scorer, err := parseRanked(Spec{inner.Name, inner.network(), inner.Params}, there)
		if err != nil {
			return nil, fmt.Errorf("strategies[%d] (%s): %w", i, clip([]byte(inner.Name)), err)
		}
		s.inner = append(s.inner, scorer)
	}
	s.note(at.query)
	return s, nil
}

func (s *delegated) places() []Place { return append([]Place{s.place}, s.inner.places()...) }

func (s *delegated) basis() (sources []Source, plain bool) {
	sources, _ = s.inner.basis()
	return append([]Source{s.source()}, sources...), false
}

// calls reads the registry's state of everyone who ever delegated to the voter, and then the
// inner strategies for those who still do.
func (s *delegated) calls(v voter, in *inputs) ([]read, error) {
	if v.star {
		return nil, nil
	}
	counted, reads, err := s.counted(v, in)
	if err != nil {
		return reads, hidden(err) // or the state is not known yet
	}
	for _, d := range counted {
		more, err := s.inner.calls(d, in)
		if err != nil {
			return nil, err
		}
		reads = append(reads, more...)
	}
	return reads, nil
}

// counted lists those whose scores are the voter's, in the order of the sum, and the reads that
// say so.
func (s *delegated) counted(v voter, in *inputs) ([]voter, []read, error) {
	list, reads, err := s.delegators(v, in, s.own)
	if !s.own {
		return list, reads, err
	}
	state, failed := s.state(v.evm)
	_, delegates, unknown := s.delegate(v.evm, in, true)
	if !delegates {
		list = append(list, v)
	}
	return list, append(reads, state...), cmp.Or(err, failed, unknown)
}

func (s *delegated) score(v voter, in *inputs) (Score, error) {
	sum := zero()
	if v.star {
		return sum, nil
	}
	counted, _, err := s.counted(v, in)
	if err != nil {
		return Score{}, err
	}
	for _, d := range counted {
		one := zero()
		for _, inner := range s.inner {
			score, err := inner.score(d, in)
			if err != nil {
				return Score{}, err
			}
			one = one.plus(score.positive())
		}
		sum = sum.plus(one)
	}
	return sum, nil
}
