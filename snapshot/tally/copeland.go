package tally

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Copeland: a choice is a list of all choice numbers, best first. Every pair
// of choices is a duel decided by the power that prefers one to the other; a
// won duel is worth two points, a drawn one a point for both. The average
// support over a choice's duels adds less than a point, to break ties. The power
// of all valid ballots is divided in proportion to the points.

// validCopeland wants every choice ranked once, as JSON numbers.
func validCopeland(v value, choices int) bool {
	return len(v.items()) == choices && validPartialRanking(v, choices)
}

// validPartialRanking accepts lists that leave choices out, as snapshot.js did
// before 0.14.26.
func validPartialRanking(v value, choices int) bool {
	for _, item := range v.items() {
		if item.other != nil {
			return false
		}
	}
	return v.kind() == kindArray && len(v.items()) > 0 && allChoices(v.items(), choices) && distinct(v.items(), choices)
}

// scoring is what a choice gets for its duels.
type scoring uint8

const (
	points    scoring = iota // two for a duel won, one for a duel drawn
	shares                   // of the power of all ballots, in proportion to the points
	supported                // so, with a bonus for support
)

func countCopeland(scoring scoring) func(e election) (count, error) {
	return func(e election) (count, error) {
		d, err := newDuels(e)
		if err != nil {
			return count{}, err
		}
		d.scoring = scoring
		return count{Outcome: d.outcome(), duels: d}, nil
	}
}

// Bounds of the comparison of all pairs in all columns of a count. 500 choices on 10,000
// ballots, with the whole power and one strategy, are half a million pairs, compared five
// billion times, which takes some seconds.
const (
	maxPairs = 32 << 20 // numbers to keep
	maxDuels = 40e9     // comparisons on a ballot
)

// duels is the pairwise comparison of all choices, with the whole power and with each
// strategy's part of it.
type duels struct {
	election
	columns []column // the first has the whole power
	scoring scoring
}

// column is the comparison with one kind of power.
type column struct {
	margin  [][]float64 // power that prefers the row to the column, less the reverse
	support []float64   // power for each choice, over all its duels
	power   float64     // of all ballots
}

func newDuels(e election) (*duels, error) {
	pairs := (1 + e.strategies) * e.choices * e.choices
	if pairs > maxPairs || float64(pairs)*float64(len(e.ballots)) > maxDuels {
		return nil, fmt.Errorf("%w: every pair of %d choices is compared, on %d ballots", ErrTooLarge,
			e.choices, len(e.ballots))
	}
	d, r, whole := &duels{election: e, columns: make([]column, 1+e.strategies)}, newRankings(e), e.powers(wholePower)
	var work sync.WaitGroup // seconds for each column
	work.Go(func() { d.columns[0] = r.column(whole) })
	var same []int // as the part of a single strategy is
	for k := range e.strategies {
		if part := e.powers(partOfPower(k)); slices.Equal(part, whole) {
			same = append(same, k+1)
		} else {
			work.Go(func() { d.columns[k+1] = r.column(part) })
		}
	}
	work.Wait()
	for _, k := range same {
		d.columns[k] = d.columns[0]
	}
	return d, nil
}

// rankings are the choices on all ballots, from 0, best first.
type rankings struct {
	choices int
	ballots [][]uint16
	place   [][]int16 // of each choice on each ballot, from 1; 0 if it is not there
}

func newRankings(e election) rankings {
	r := rankings{choices: e.choices}
	for _, b := range e.ballots {
		ranking, place := make([]uint16, len(b.choice.items())), make([]int16, e.choices)
		for i, item := range b.choice.items() {
			ranking[i] = uint16(item.number - 1)
			place[ranking[i]] = int16(i + 1)
		}
		r.ballots, r.place = append(r.ballots, ranking), append(r.place, place)
	}
	return r
}

// column compares all pairs. A sum has its terms in the order of the ballots, as Snapshot's
// has, because another order could round to another winner.
func (r rankings) column(power []float64) column {
	c := column{margin: grid(r.choices, r.choices), support: make([]float64, r.choices), power: fold(power)}
	const block = 8 // rows that stay in the processor's cache
	for from := 0; from < r.choices; from += block {
		for i, ballot := range r.ballots {
			if power[i] == 0 {
				continue
			}
			for choice := from; choice < min(from+block, r.choices); choice++ {
				if place := r.place[i]; len(ballot) == r.choices {
					compare(c.margin[choice][choice+1:], place[choice+1:], place[choice], power[i])
				} else if place[choice] > 0 {
					comparePartial(c.margin[choice], ballot, int(place[choice])-1, power[i])
				}
			}
		}
	}
	for i, row := range c.margin {
		for j := range row[:i] {
			row[j] = -c.margin[j][i]
		}
	}
	for i, ballot := range r.ballots {
		c.addSupport(ballot, power[i])
	}
	return c
}

// compare enters a ballot that ranks all choices into the margins of a choice over those
// behind it, given the place of each. It has no branch, because it runs billions of times.
func compare(margins []float64, places []int16, place int16, power float64) {
	signed := [2]float64{power, -power} // the second if the other choice has an earlier place
	margins = margins[:len(places)]
	for i, other := range places {
		margins[i] += signed[uint16(other-place)>>15]
	}
}

// comparePartial is compare for a ballot that leaves choices out.
func comparePartial(margins []float64, ballot []uint16, place int, power float64) {
	choice := ballot[place]
	for i, other := range ballot {
		switch {
		case other > choice && i < place:
			margins[other] -= power
		case other > choice:
			margins[other] += power
		}
	}
}

// addSupport adds a ballot's power to each choice once for every worse one.
func (c *column) addSupport(ballot []uint16, power float64) {
	sums := make([]float64, len(ballot))
	for i, choice := range ballot {
		sums[i] = c.support[choice]
	}
	for last := len(ballot) - 1; last > 0; last-- { // the sums side by side, not one after the other
		for i := range sums[:last] {
			sums[i] += power
		}
	}
	for i, choice := range ballot {
		c.support[choice] = sums[i]
	}
}

// winners says of each pair who wins: 1 the row, -1 the column, 0 neither.
func (c column) winners() [][]int {
	winners := make([][]int, len(c.margin))
	for i, row := range c.margin {
		winners[i] = make([]int, len(row))
		for j, margin := range row {
			winners[i][j] = cmp.Compare(margin, 0)
		}
	}
	return winners
}

func (d *duels) outcome() Outcome {
	o := Outcome{ScoresByStrategy: grid(d.choices, d.strategies)}
	for k, c := range d.columns {
		scores := c.scores(c.winners(), d.scoring)
		if k == 0 {
			o.Scores = scores
			continue
		}
		for i, score := range scores {
			o.ScoresByStrategy[i][k-1] = score
		}
	}
	return o
}

func (c column) scores(winners [][]int, scoring scoring) []float64 {
	n := len(winners)
	scores := make([]float64, n)
	for i := range scores {
		for j, won := range winners[i] {
			if i != j {
				scores[i] += float64(1 + won)
			}
		}
		if scoring == supported && c.power > 0 && n > 1 {
			scores[i] += float64(0.5 * (c.support[i] / float64(float64(n-1)*c.power)))
		}
	}
	if scoring == points {
		return scores
	}
	sum := fold(scores)
	for i := range scores {
		if sum > 0 {
			scores[i] = scores[i] / sum * c.power
		} else {
			scores[i] = c.power / float64(n) // a single choice fights no duel
		}
	}
	return scores
}
