package tally

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Ranked choice (instant run-off): a choice is a list of all choice numbers,
// best first. Each round counts first preferences. It is the last if one choice
// has more than half of the power on the remaining ballots or if fewer than
// three choices are left. Otherwise the choice with the least power is
// eliminated; if several have it, the one with the smallest number. The scores
// are those of the last round.

// validRanking wants every choice ranked once. Like Snapshot it takes "1" for 1.
func validRanking(v value, choices int) bool {
	return v.kind == kindArray && len(v.items) == choices && choices > 0 &&
		allChoices(v.items, choices) && distinct(v.items)
}

func countRanked(e election) (Outcome, error) {
	r := newRunoff(e)
	last, err := r.last()
	if err != nil {
		return Outcome{}, err
	}
	return r.outcome(last), nil
}

// runoff is a ranked-choice count. A mark is one distinct value on the ballots,
// usually a choice number; 1, "1" and "01" are three marks. Marks with the same
// text stand for the same candidate.
type runoff struct {
	election
	marks    []value
	names    []string // the candidate of each mark
	rankings [][]int  // marks of each ballot
}

// round is the count of first preferences among the marks not yet out.
type round struct {
	out         []bool   // marks eliminated before
	candidates  []string // in JavaScript's property order
	counts      []float64
	ballots     []int   // number of ballots behind each count
	candidateOf []int   // of each mark that is not out
	power       float64 // on ballots with a mark left
}

func newRunoff(e election) *runoff {
	r := &runoff{election: e, rankings: make([][]int, len(e.ballots))}
	type mark struct {
		kind kind
		name string
	}
	index := map[mark]int{}
	for i, b := range e.ballots {
		r.rankings[i] = make([]int, len(b.choice.items))
		for j, item := range b.choice.items {
			m := mark{item.kind, item.toString()}
			at, known := index[m]
			if !known {
				at = len(r.marks)
				index[m] = at
				r.marks, r.names = append(r.marks, item), append(r.names, m.name)
			}
			r.rankings[i][j] = at
		}
	}
	return r
}

// last runs all rounds and returns the last.
func (r *runoff) last() (round, error) {
	now := r.round(make([]bool, len(r.marks)), wholePower)
	for !now.decided() {
		next, ok := r.eliminate(now, now.lowest())
		if !ok {
			return now, fmt.Errorf("%w: Snapshot's own run-off never ends on these ballots, "+
				"because %q cannot be eliminated", ErrUncountable, now.candidates[now.lowest()])
		}
		now = next
	}
	return now, nil
}

// round counts first preferences among the marks that are not out.
func (r *runoff) round(out []bool, power func(ballot) float64) round {
	now := round{out: out}
	r.list(&now)
	now.counts, now.ballots = make([]float64, len(now.candidates)), make([]int, len(now.candidates))
	for i, ranking := range r.rankings {
		first := slices.IndexFunc(ranking, func(m int) bool { return !out[m] })
		if first < 0 {
			continue
		}
		c := now.candidateOf[ranking[first]]
		now.counts[c] += power(r.ballots[i])
		now.ballots[c]++
		now.power += power(r.ballots[i])
	}
	return now
}

// list fills in the candidates: whoever is still on a ballot, even with no
// first preference; integers ascending, then the others as they appear.
func (r *runoff) list(now *round) {
	index := map[string]int{}
	for m, name := range r.names {
		if _, known := index[name]; !known && !now.out[m] {
			index[name] = 0
			now.candidates = append(now.candidates, name)
		}
	}
	slices.SortStableFunc(now.candidates, func(a, b string) int {
		return cmp.Compare(propertyOrder(a), propertyOrder(b))
	})
	for c, name := range now.candidates {
		index[name] = c
	}
	now.candidateOf = make([]int, len(r.names))
	for m, name := range r.names {
		now.candidateOf[m] = index[name]
	}
}

// propertyOrder sorts the keys of a JavaScript object: array indices come
// first, by value.
func propertyOrder(key string) uint64 {
	const maxIndex = 1<<32 - 2
	i, err := strconv.ParseUint(key, 10, 32)
	if err != nil || i > maxIndex || strconv.FormatUint(i, 10) != key {
		return maxIndex + 1
	}
	return i
}

func (now round) decided() bool {
	return len(now.candidates) < 3 || slices.Max(now.counts) > now.power/2
}

// lowest returns the first candidate with the least power.
func (now round) lowest() int {
	return slices.Index(now.counts, slices.Min(now.counts))
}

// eliminate strikes a candidate from all ballots and counts again. Snapshot
// compares loosely, so that "01" takes the number 1 with it and true cannot be
// struck at all; then ok is false.
func (r *runoff) eliminate(now round, candidate int) (next round, ok bool) {
	out := slices.Clone(now.out)
	for m, mark := range r.marks {
		if !out[m] && mark.looselyEquals(now.candidates[candidate]) {
			out[m], ok = true, true
		}
	}
	if !ok {
		return now, false
	}
	return r.round(out, wholePower), true
}

// outcome gives the choices the counts of the last round.
func (r *runoff) outcome(last round) Outcome {
	order := make([]int, len(last.candidates))
	for c := range order {
		order[c] = c
	}
	// Where several candidates are one choice, Snapshot adds them up from the highest down.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(last.counts[b], last.counts[a]) })
	byChoice := func(counts []float64) []float64 {
		scores := make([]float64, r.choices)
		for _, c := range order {
			if i, ok := wholeWithin(stringToNumber(last.candidates[c]), r.choices); ok {
				scores[i-1] += counts[c]
			}
		}
		return scores
	}
	o := Outcome{Scores: byChoice(last.counts), ScoresByStrategy: grid(r.choices, r.strategies)}
	for k := range r.strategies {
		for i, score := range byChoice(r.round(last.out, partOfPower(k)).counts) {
			o.ScoresByStrategy[i][k] = score
		}
	}
	return o
}
