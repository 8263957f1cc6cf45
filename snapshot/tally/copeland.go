package tally

// Copeland: a choice is a list of all choice numbers, best first. Every pair
// of choices is a duel decided by the power that prefers one to the other; a
// won duel is worth two points, a drawn one a point for both. The average
// support over a choice's duels adds less than a point, to break ties. The power
// of all valid ballots is divided in proportion to the points.

// validCopeland wants every choice ranked once, as JSON numbers.
func validCopeland(v value, choices int) bool {
	return len(v.items) == choices && validPartialRanking(v, choices)
}

// validPartialRanking accepts lists that leave choices out, as snapshot.js did
// before 0.14.26.
func validPartialRanking(v value, choices int) bool {
	for _, item := range v.items {
		if item.kind != kindNumber {
			return false
		}
	}
	return v.kind == kindArray && len(v.items) > 0 && allChoices(v.items, choices) && distinct(v.items)
}

func countCopeland(e election) (Outcome, error) { return e.copeland(true), nil }

// copeland counts with or without the bonus for support.
func (e election) copeland(bonus bool) Outcome {
	return e.byColumn(func(power func(ballot) float64) []float64 {
		d := e.duels(power)
		return d.scores(d.winners(), bonus)
	})
}

// duels holds the pairwise comparison of all choices.
type duels struct {
	margin  [][]float64 // power that prefers the row to the column, less the reverse
	support []float64   // power for each choice, over all its duels
	power   float64     // of all ballots
}

func (e election) duels(power func(ballot) float64) duels {
	d := duels{margin: grid(e.choices, e.choices), support: make([]float64, e.choices)}
	for _, b := range e.ballots {
		p := power(b)
		d.power += p
		for rank, item := range b.choice.items {
			better := int(item.number) - 1
			for _, item := range b.choice.items[rank+1:] {
				worse := int(item.number) - 1
				d.margin[better][worse] += p
				d.margin[worse][better] -= p
				d.support[better] += p
			}
		}
	}
	return d
}

// winners says of each pair who wins: 1 the row, -1 the column, 0 neither.
func (d duels) winners() [][]int {
	winners := make([][]int, len(d.margin))
	for i, row := range d.margin {
		winners[i] = make([]int, len(row))
		for j, margin := range row {
			switch {
			case margin > 0:
				winners[i][j] = 1
			case margin < 0:
				winners[i][j] = -1
			}
		}
	}
	return winners
}

// scores divides the power by points, with or without the bonus for support.
func (d duels) scores(winners [][]int, bonus bool) []float64 {
	n := len(winners)
	scores := make([]float64, n)
	for i := range scores {
		for j, won := range winners[i] {
			if i != j {
				scores[i] += float64(1 + won)
			}
		}
		if bonus && d.power > 0 && n > 1 {
			scores[i] += float64(0.5 * (d.support[i] / float64(float64(n-1)*d.power)))
		}
	}
	points := fold(scores)
	for i := range scores {
		if points > 0 {
			scores[i] = scores[i] / points * d.power
		} else {
			scores[i] = d.power / float64(n) // a single choice fights no duel
		}
	}
	return scores
}
