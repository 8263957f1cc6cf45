package strategy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// constant gives every voter the same score, Starknet voters included.
type constant struct{ value Score }

// parseTicket: value for everyone; nothing, null and 0 mean 1.
func parseTicket(params json.RawMessage, at site) (scorer, error) {
	var p struct {
		Value json.RawMessage `json:"value"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if falsy(p.Value) {
		return constant{one()}, nil
	}
	value, err := entry(p.Value, at)
	if err != nil {
		return nil, fmt.Errorf("params.value: %w", err)
	}
	return constant{value}, nil
}

func (constant) places() []Place                       { return nil }
func (constant) basis() ([]Source, bool)               { return nil, false }
func (constant) calls(voter, *inputs) ([]read, error)  { return nil, nil }
func (c constant) score(voter, *inputs) (Score, error) { return c.value, nil }

// listed gives the voters of an inline list their score, by address in any case.
type listed map[string]Score

// parseWhitelist: 1 for listed addresses. A list behind a url can change after
// the vote, so it cannot be recomputed.
func parseWhitelist(params json.RawMessage, _ site) (scorer, error) {
	var p struct {
		Addresses []string        `json:"addresses"`
		URL       json.RawMessage `json:"url"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if !falsy(p.URL) {
		return nil, errors.New("its list of addresses is behind a url and can change")
	}
	l, score := listed{}, one()
	for _, a := range p.Addresses {
		l.add(a, score)
	}
	return l, nil
}

func (listed) places() []Place                      { return nil }
func (listed) basis() ([]Source, bool)              { return nil, false }
func (listed) calls(voter, *inputs) ([]read, error) { return nil, nil }

// shortest is the number of characters of an EVM address; voters have no shorter one.
const shortest = 42

// add takes no text that cannot be a voter: short ones would take more memory than they are long.
func (l listed) add(address string, s Score) {
	if len(address) >= shortest {
		l[strings.ToLower(address)] = s
	}
}

func (l listed) score(v voter, _ *inputs) (Score, error) {
	if s, ok := l[strings.ToLower(v.text)]; ok {
		return s, nil
	}
	return zero(), nil
}

// parseWhitelistWeighted: the weight of listed addresses, by address in any
// case; where one is listed twice in different case, the later counts.
func parseWhitelistWeighted(params json.RawMessage, at site) (scorer, error) {
	var p struct {
		Addresses json.RawMessage `json:"addresses"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if len(p.Addresses) > 0 && p.Addresses[0] == '[' {
		return listed{}, nil // its keys are numbers, not addresses
	}
	dec := json.NewDecoder(bytes.NewReader(p.Addresses))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.New("params.addresses: want an object of weights by address")
	}
	l := listed{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("params.addresses: %w", err)
		}
		var weight json.RawMessage
		if err := dec.Decode(&weight); err != nil {
			return nil, fmt.Errorf("params.addresses: %w", err)
		}
		if falsy(weight) {
			l.add(key.(string), zero())
			continue
		}
		score, err := entry(weight, at)
		if err != nil {
			return nil, fmt.Errorf("params.addresses: the weight of %s: %w", clip([]byte(key.(string))), err)
		}
		l.add(key.(string), score)
	}
	return l, nil
}
