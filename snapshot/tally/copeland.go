package tally

import (
	"cmp"
	"fmt"
	"math"
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
// billion times, which takes a second.
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
	groups := r.groups(power)
	for from := 0; from < r.choices; from += block {
		for i := range groups {
			for choice := from; choice < min(from+block, r.choices); choice++ {
				groups[i].compare(c.margin[choice], choice)
			}
		}
	}
	for i, row := range c.margin {
		for j := range row[:i] {
			row[j] = -c.margin[j][i]
		}
	}
	for i, ballot := range r.ballots {
		for place, choice := range ballot { // once for every worse one
			c.support[choice] = addTimes(c.support[choice], power[i], len(ballot)-1-place)
		}
	}
	return c
}

// group is four ballots that rank all choices, in their order, where fewer are filled up with
// ballots without power; or one ballot that leaves choices out.
type group struct {
	place   [4][]int16
	power   [4]float64
	partial []uint16
}

// groups lists the ballots that have power.
func (r rankings) groups(power []float64) (groups []group) {
	used := 4 // ballots of the last group
	for i, ballot := range r.ballots {
		place := r.place[i]
		switch {
		case power[i] == 0:
			continue
		case len(ballot) < r.choices:
			groups, used = append(groups, group{place: [4][]int16{place}, power: [4]float64{power[i]}, partial: ballot}), 4
			continue
		case used == 4:
			groups, used = append(groups, group{place: [4][]int16{place, place, place, place}}), 0
		}
		last := &groups[len(groups)-1]
		last.place[used], last.power[used] = place, power[i]
		used++
	}
	return groups
}

// compare enters the ballots into the margins of a choice over those behind it. It has no
// branch and reads a margin once for four ballots, because it runs billions of times.
func (g *group) compare(margins []float64, choice int) {
	if g.partial != nil {
		if place := g.place[0][choice]; place > 0 {
			comparePartial(margins, g.partial, int(place)-1, g.power[0])
		}
		return
	}
	var own [4]int16
	var signed [4][2]float64 // the second if the other choice has an earlier place
	for i, power := range g.power {
		own[i], signed[i] = g.place[i][choice], [2]float64{power, -power}
	}
	margins = margins[choice+1:]
	p, q, r, s := g.place[0][choice+1:], g.place[1][choice+1:], g.place[2][choice+1:], g.place[3][choice+1:]
	p, q, r, s = p[:len(margins)], q[:len(margins)], r[:len(margins)], s[:len(margins)]
	for i := range margins {
		margins[i] = margins[i] + signed[0][uint16(p[i]-own[0])>>15] + signed[1][uint16(q[i]-own[1])>>15] +
			signed[2][uint16(r[i]-own[2])>>15] + signed[3][uint16(s[i]-own[3])>>15]
	}
}

// comparePartial enters a ballot that leaves choices out.
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

// addTimes adds x to a sum n times, with the rounding of each addition. While a sum stays
// between two powers of two, each addition adds the same step, unless it is a tie of rounding.
func addTimes(sum, x float64, n int) float64 {
	for n > 0 {
		next := sum + x
		n--
		step := next - sum
		_, before := math.Frexp(sum)
		_, exponent := math.Frexp(next)
		ulp := math.Ldexp(1, exponent-53)
		if sum = next; before != exponent || 2*math.Abs(x-step) >= ulp || exponent < -900 {
			continue
		}
		more := n
		if step > 0 {
			more = min(n, int((math.Ldexp(1, exponent)-next)/step)-1)
		}
		if more > 0 {
			sum, n = next+float64(more)*step, n-more
		}
	}
	return sum
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
