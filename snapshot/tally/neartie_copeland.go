package tally

import "math"

// pair is two choices, counted from 0.
type pair struct{ a, b int }

// maxOpenDuels bounds the duels whose three results are all tried: 3⁴ = 81 outcomes.
const maxOpenDuels = 4

// maxTies bounds the near ties that are listed of one column: half a million duels may be close.
const maxTies = 1000

// nearTies lists the duels that noise could reverse, in the whole power and in each
// strategy's column, and the outcomes if those of the whole power end otherwise.
func (d *duels) nearTies(strict Outcome) (ties []NearTie, others []Outcome) {
	for k, c := range d.columns {
		ties = append(ties, c.nearTies(k)...)
	}
	whole := d.columns[0]
	open := whole.open(maxOpenDuels + 1)
	if len(open) > maxOpenDuels {
		return ties, nil
	}
	var try func(winners [][]int, open []pair)
	try = func(winners [][]int, open []pair) {
		if len(open) == 0 {
			o := Outcome{Scores: whole.scores(winners, d.scoring), ScoresByStrategy: strict.ScoresByStrategy}
			others = addNew(others, strict, o)
			return
		}
		for _, won := range []int{1, 0, -1} {
			winners[open[0].a][open[0].b], winners[open[0].b][open[0].a] = won, -won
			try(winners, open[1:])
		}
	}
	try(whole.winners(), open)
	return ties, others
}

// open returns the first pairs whose margin is within the noise of summing all powers.
func (c column) open(most int) (open []pair) {
	for a := range c.margin {
		for b := a + 1; b < len(c.margin) && c.power > 0 && len(open) < most; b++ {
			if math.Abs(c.margin[a][b]) <= tolerance(c.power, 0) {
				open = append(open, pair{a, b})
			}
		}
	}
	return open
}

func (c column) nearTies(strategy int) (ties []NearTie) {
	for _, p := range c.open(maxTies) {
		ties = append(ties, NearTie{Rule: "duel", Strategy: strategy, Choices: []int{p.a + 1, p.b + 1},
			Margin: math.Abs(c.margin[p.a][p.b])})
	}
	return ties
}
