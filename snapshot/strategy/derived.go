package strategy

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
)

// withBalance scores 1 where the balance is strictly greater than minBalance, else 0. It
// compares doubles, because Snapshot does: a balance that rounds to the bound is not above it.
func withBalance(s scorer, p tokenParams) (scorer, error) {
	bound, err := p.minBalance()
	return mapped{s, func(balance Score) Score {
		if balance.Value > bound.Value {
			return one()
		}
		return zero()
	}}, err
}

// withMin scores the balance where it is at least minBalance, else 0.
func withMin(s scorer, p tokenParams) (scorer, error) {
	bound, err := p.minBalance()
	return mapped{s, func(balance Score) Score {
		if balance.Value >= bound.Value {
			return balance
		}
		return zero()
	}}, err
}

// minBalance is in whole tokens; nothing, null and 0 mean 0.
func (p tokenParams) minBalance() (Score, error) {
	if falsy(p.MinBalance) {
		return zero(), nil
	}
	return factor(p.MinBalance, "minBalance")
}

// multiplierOr1 multiplies by multiplier; nothing, null and 0 mean 1.
func multiplierOr1(s scorer, p tokenParams) (scorer, error) {
	if falsy(p.Multiplier) {
		return s, nil
	}
	return multiplied(s, p.Multiplier, "multiplier")
}

// multiplied multiplies by a parameter that has no default.
func multiplied(inner scorer, raw json.RawMessage, name string) (scorer, error) {
	f, err := factor(raw, name)
	return mapped{inner, func(s Score) Score { return s.times(f) }}, err
}

// factor reads a parameter that scores are multiplied by or compared with. A missing one is not
// a number, which makes every product that too.
func factor(raw json.RawMessage, name string) (Score, error) {
	if len(raw) == 0 {
		return notANumber(), nil
	}
	n, err := parseNumber(raw)
	if err != nil {
		return n, fmt.Errorf("params.%s: %w", name, err)
	}
	return n, nil
}

// mapped is a strategy whose score is a function of another's.
type mapped struct {
	scorer
	f func(Score) Score
}

func (m mapped) basis() (sources []Source, plain bool) {
	sources, _ = m.scorer.basis()
	return sources, false
}

func (m mapped) score(v voter, in *inputs) (Score, error) {
	s, err := m.scorer.score(v, in)
	if err != nil {
		return Score{}, err
	}
	return m.f(s), nil
}

func root(s scorer, _ tokenParams) (scorer, error) {
	return mapped{s, func(balance Score) Score { return Score{Value: math.Sqrt(balance.Value)} }}, nil
}

// fixedTotal shares a total out among the voters, by their balances.
type fixedTotal struct {
	scorer
	total Score
}

func shareOut(s scorer, p tokenParams) (scorer, error) {
	total, err := factor(p.Total, "total")
	return &fixedTotal{s, total}, err
}

func (f *fixedTotal) basis() (sources []Source, plain bool) {
	sources, _ = f.scorer.basis()
	return sources, false
}

func (f *fixedTotal) score(v voter, in *inputs) (Score, error) {
	sum, err := once(in, f, func() (Score, error) { return f.sum(in) })
	if err != nil {
		return Score{}, err
	}
	balance, err := f.scorer.score(v, in)
	if err != nil {
		return Score{}, err
	}
	share := balance.times(f.total)
	if share.Value /= sum.Value; share.Exact != nil && sum.Exact != nil && sum.Exact.Sign() != 0 {
		share.Exact = bounded(new(big.Rat).Quo(share.Exact, sum.Exact))
	} else {
		share.Exact = nil
	}
	return share, nil
}

// sum adds the balances of all voters in their order, as doubles and exactly.
func (f *fixedTotal) sum(in *inputs) (Score, error) {
	sum := zero()
	for _, v := range in.voters {
		balance, err := f.scorer.score(v, in)
		if err != nil {
			return Score{}, err
		}
		sum = sum.plus(balance)
	}
	return sum, nil
}
