package tally

import (
	"math"
	"slices"
)

// pair is two choices, counted from 0.
type pair struct{ a, b int }

// maxOpenDuels bounds the duels whose three results are all tried: 3⁴ = 81 outcomes.
const maxOpenDuels = 4

// copelandNearTies lists the duels that noise could reverse, in the whole power
// and in each strategy's column, and the outcomes if those of the whole power
// end otherwise.
func (e election) copelandNearTies(strict Outcome) (ties []NearTie, others []Outcome) {
	d := e.duels(wholePower)
	open := d.open()
	ties = d.nearTies(open, 0)
	for k := range e.strategies {
		column := e.duels(partOfPower(k))
		ties = append(ties, column.nearTies(column.open(), k+1)...)
	}
	if len(open) > maxOpenDuels {
		return ties, nil
	}
	var try func(winners [][]int, open []pair)
	try = func(winners [][]int, open []pair) {
		if len(open) == 0 {
			o := Outcome{Scores: d.scores(winners, true), ScoresByStrategy: strict.ScoresByStrategy}
			others = addNew(others, strict, o)
			return
		}
		for _, won := range []int{1, 0, -1} {
			winners[open[0].a][open[0].b], winners[open[0].b][open[0].a] = won, -won
			try(winners, open[1:])
		}
	}
	try(d.winners(), open)
	return ties, others
}

// open returns the pairs whose margin is within the noise of summing all powers.
func (d duels) open() (open []pair) {
	for a := range d.margin {
		for b := a + 1; b < len(d.margin) && d.power > 0; b++ {
			if math.Abs(d.margin[a][b]) <= tolerance(d.power, 0) {
				open = append(open, pair{a, b})
			}
		}
	}
	return slices.Clip(open)
}

func (d duels) nearTies(open []pair, strategy int) (ties []NearTie) {
	for _, p := range open {
		ties = append(ties, NearTie{Rule: "duel", Strategy: strategy, Choices: []int{p.a + 1, p.b + 1},
			Margin: math.Abs(d.margin[p.a][p.b])})
	}
	return ties
}
