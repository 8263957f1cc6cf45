package strategy

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// override gives the votes that are delegated to the voter in the token, less the balances of
// those delegators who vote themselves, and the balance of a voter who delegates to another.
// With a registry, those who delegate to voters there and do not vote count as voters; with
// theirs, the score is the sum of what they have.
type override struct {
	votes, delegates, balance oneCall

	registry *registry
	theirs   bool
}

func parseOverride(params json.RawMessage, at site) (scorer, error) {
	var p tokenParams
	var more delegationParams
	var options map[string]json.RawMessage
	if err := errors.Join(decode(params, &p), decode(params, &more), decode(params, &options)); err != nil {
		return nil, err
	}
	for _, function := range []string{"getVotes", "delegates", "balanceOf"} {
		if !falsy(options[function+"Name"]) || !falsy(options[function+"ABI"]) {
			return nil, fmt.Errorf("another function than %s is not supported here", function)
		}
	}
	s := &override{}
	var errs [3]error
	s.votes, errs[0] = p.reading(at, "getVotes(address)")
	s.delegates, errs[1] = p.reading(at, "delegates(address)")
	s.balance, errs[2] = p.reading(at, "balanceOf(address)")
	if err := errors.Join(errs[:]...); err != nil || falsy(options["includeSnapshotDelegations"]) {
		return s, err
	}
	more.Network = nil
	r, err := more.registry(at)
	if err != nil {
		return nil, err
	}
	r.note(at.query)
	s.registry, s.theirs = &r, !falsy(options["isSnapshotDelegatedScore"])
	return s, nil
}

func (s *override) places() []Place { return s.votes.places() }

func (s *override) basis() (sources []Source, plain bool) {
	sources = []Source{s.votes.source, s.delegates.source, s.balance.source}
	if s.registry != nil {
		sources = append(sources, s.registry.source())
	}
	return sources, false
}

func (s *override) calls(v voter, in *inputs) (reads []read, err error) {
	if v.star {
		return nil, nil
	}
	voters := []voter{v}
	if s.registry != nil {
		delegators, states, err := s.registry.delegators(v, in, false)
		if reads = states; hidden(err) != nil {
			return nil, err
		}
		voters = append(voters, delegators...) // none while their state is not known
	}
	for _, v := range voters {
		for _, call := range []oneCall{s.votes, s.delegates, s.balance} {
			more, err := call.calls(v, in)
			if err != nil {
				return nil, err
			}
			reads = append(reads, more...)
		}
	}
	return reads, nil
}

// delegators lists, for each delegate in the token, those who delegate to it and count as voters.
func (s *override) delegators(in *inputs) (map[common.Address][]voter, error) {
	all := in.voters
	if s.registry != nil {
		for _, v := range in.voters {
			more, _, err := s.registry.delegators(v, in, false)
			if err != nil {
				return nil, err
			}
			all = append(all[:len(all):len(all)], more...)
		}
	}
	of := map[common.Address][]voter{}
	for _, v := range all {
		if v.star {
			continue
		}
		delegate, err := s.delegates.raw(v, in)
		if err != nil {
			return nil, err
		}
		if a := common.BigToAddress(delegate); a != v.evm {
			of[a] = append(of[a], v)
		}
	}
	return of, nil
}

func (s *override) score(v voter, in *inputs) (Score, error) {
	if v.star {
		return zero(), nil
	}
	of, err := once(in, s, func() (map[common.Address][]voter, error) { return s.delegators(in) })
	if err != nil {
		return Score{}, err
	}
	if !s.theirs {
		return s.own(v, of[v.evm], in)
	}
	delegators, _, err := s.registry.delegators(v, in, false)
	if err != nil {
		return Score{}, err
	}
	sum := zero()
	for _, d := range delegators {
		score, err := s.own(d, of[d.evm], in)
		if err != nil {
			return Score{}, err
		}
		sum = sum.plus(score)
	}
	return sum, nil
}

// own is the power of one who counts as a voter, whose delegators who do so are given.
func (s *override) own(v voter, delegators []voter, in *inputs) (Score, error) {
	power, err := s.votes.score(v, in)
	if err != nil {
		return Score{}, err
	}
	for _, d := range delegators {
		balance, err := s.balance.score(d, in)
		if err != nil {
			return Score{}, err
		}
		if power, err = minus([]Score{power, balance}); err != nil { // never below 0
			return Score{}, err
		}
	}
	delegate, err := s.delegates.raw(v, in)
	if err != nil || delegate.Sign() == 0 || common.BigToAddress(delegate) == v.evm {
		return power, err
	}
	balance, err := s.balance.score(v, in)
	return power.plus(balance), err
}
