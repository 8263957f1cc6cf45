package tally

import "slices"

// ballot is a vote with its choice parsed.
type ballot struct {
	choice  value
	vp      float64
	split   []float64 // vp by strategy
	created int64
}

// election is what a voting type counts. Ballots are in the order of the votes.
type election struct {
	choices, strategies int
	ballots             []ballot
}

// only keeps some of the ballots; it asks once of each, in their order.
func (e election) only(keep func(ballot) bool) election {
	kept := e
	kept.ballots = make([]ballot, 0, len(e.ballots))
	for _, b := range e.ballots {
		if keep(b) {
			kept.ballots = append(kept.ballots, b)
		}
	}
	return kept
}

// without leaves out the ballots of some indexes, which ascend.
func (e election) without(indexes []int) election {
	i := -1
	return e.only(func(ballot) bool {
		i++
		_, found := slices.BinarySearch(indexes, i)
		return !found
	})
}

// power sums the ballots' powers in their order.
func (e election) power() float64 {
	sum := 0.0
	for _, b := range e.ballots {
		sum += b.vp
	}
	return sum
}

// powers lists one kind of the ballots' powers.
func (e election) powers(power func(ballot) float64) []float64 {
	list := make([]float64, len(e.ballots))
	for i, b := range e.ballots {
		list[i] = power(b)
	}
	return list
}

// count is an outcome with what it was worked out from, as far as that is used again.
type count struct {
	Outcome
	runoff   *runoff // of ranked-choice
	last     round   // of runoff
	duels    *duels  // of copeland
	weighted bool    // weighted or quadratic
}

// byColumn counts the ballots with their whole power, and once more with each
// strategy's part of it alone.
func (e election) byColumn(scores func(power func(ballot) float64) []float64) (count, error) {
	o := Outcome{Scores: scores(wholePower), ScoresByStrategy: grid(e.choices, e.strategies)}
	for k := range e.strategies {
		for i, score := range scores(partOfPower(k)) {
			o.ScoresByStrategy[i][k] = score
		}
	}
	return count{Outcome: o}, nil
}

// wholePower and partOfPower are the columns that byColumn counts.
func wholePower(b ballot) float64 { return b.vp }

func partOfPower(strategy int) func(ballot) float64 {
	return func(b ballot) float64 { return b.split[strategy] }
}

// grid is nil if there are no columns, as without strategies to count by.
func grid(rows, columns int) [][]float64 {
	if columns == 0 {
		return nil
	}
	g := make([][]float64, rows)
	for i := range g {
		g[i] = make([]float64, columns)
	}
	return g
}
