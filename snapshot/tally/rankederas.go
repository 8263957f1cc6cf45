package tally

import (
	"fmt"
	"slices"
)

// countRankedLists runs off whatever is a list with anything in it, as Snapshot did until
// 2022-06; its code failed on anything else.
func countRankedLists(e election) (count, error) {
	for _, b := range e.ballots {
		if len(b.choice.items()) == 0 {
			return count{}, fmt.Errorf("%w: found the ranking %.40q", ErrOddChoice, b.choice.toString())
		}
	}
	return countRanked(e)
}

// cells are what ranked-choice has in scores_by_strategy.
type cells uint8

const (
	rightCells  cells = iota
	nullCells         // null for a choice of the last round that has no first preference
	sumCells          // so, and of several strategies the first cell has the sum, the others null
	ballotCells       // so, and of one strategy the power of one ballot only, the one counted last
)

// cell is what the hub has in place of a score by strategy: one of the values, or null.
type cell struct {
	null   bool
	any    bool // it depends on too much to be compared
	values []float64
}

func (c *cell) matches(found *float64) bool {
	if c.any || found == nil {
		return c.any || c.null
	}
	return slices.ContainsFunc(c.values, func(x float64) bool { return Agree(*found, x) })
}

// oddCells returns what the hub has in place of scores by strategy, by choice and strategy;
// nil stands for the score itself.
func (c count) oddCells(rule cells) [][]*cell {
	if rule == rightCells || c.runoff == nil || c.runoff.strategies == 0 {
		return nil
	}
	odd := make([][]*cell, c.runoff.choices)
	for _, candidate := range c.last.candidates {
		i, ok := c.runoff.choiceOf(candidate)
		if !ok {
			continue
		}
		behind := c.runoff.behind(c.last, candidate)
		switch n := c.runoff.strategies; {
		case len(behind) == 0: // a count by newer code turns null into 0
			odd[i-1] = slices.Repeat([]*cell{{null: true, values: []float64{0}}}, n)
		case rule == ballotCells && n == 1: // two spellings of a choice are two candidates
			odd[i-1] = []*cell{{any: odd[i-1] != nil, values: behind}}
		case odd[i-1] == nil && rule == sumCells && n > 1:
			odd[i-1] = slices.Repeat([]*cell{{null: true}}, n)
			odd[i-1][0] = &cell{values: []float64{fold(c.ScoresByStrategy[i-1])}}
		}
	}
	return odd
}

// behind returns the powers by the first strategy of the ballots behind a candidate.
func (r *runoff) behind(last round, candidate int) (powers []float64) {
	for i, ranking := range r.rankings {
		if f := int(last.first[i]); f < len(ranking) && r.candidate[ranking[f]] == candidate {
			powers = append(powers, r.ballots[i].split[0])
		}
	}
	return powers
}
