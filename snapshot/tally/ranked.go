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
	return v.kind() == kindArray && len(v.items()) == choices && choices > 0 &&
		allChoices(v.items(), choices) && distinct(v.items(), choices)
}

func countRanked(e election) (count, error) {
	r, err := newRunoff(e)
	if err != nil {
		return count{}, err
	}
	last, err := r.last()
	if err != nil {
		return count{}, err
	}
	return count{Outcome: r.outcome(last), runoff: r, last: last}, nil
}

// runoff is a ranked-choice count. A mark is one distinct value on the ballots,
// usually a choice number; 1, "1" and "01" are three marks. Marks with the same
// text stand for the same candidate.
type runoff struct {
	election
	marks     []value
	names     []string  // of the candidates
	order     []uint64  // of the candidates, by propertyOrder
	candidate []int     // of each mark, an index of names
	rankings  [][]int32 // marks of each ballot
}

// round is the count of first preferences among the marks not yet out.
type round struct {
	out        []bool // marks eliminated before
	candidates []int  // those that are left, indexes of runoff.names
	counts     []float64
	ballots    []int   // number of ballots behind each count
	power      float64 // on ballots with a mark left
	first      []int32 // on each ballot, the place of the first mark that is left
}

func newRunoff(e election) (*runoff, error) {
	r := &runoff{election: e, rankings: make([][]int32, len(e.ballots))}
	l := markList{most: 4*e.choices + 100, numbers: map[float64]int32{}, others: map[mark]int32{}}
	for i, b := range e.ballots {
		items := b.choice.items()
		r.rankings[i] = make([]int32, len(items))
		for j, item := range items {
			r.rankings[i][j] = l.index(item)
		}
		if len(l.marks) > l.most {
			return nil, fmt.Errorf("%w: the ballots spell %d choices in more than %d ways", ErrTooLarge, e.choices, l.most)
		}
	}
	r.marks = l.marks
	r.name(l.names)
	return r, nil
}

// mark tells marks apart that are not numbers.
type mark struct {
	kind kind
	name string
}

// markList numbers marks in the order in which they appear.
type markList struct {
	most    int
	marks   []value
	names   []string
	numbers map[float64]int32
	others  map[mark]int32
}

func (l *markList) index(v value) int32 {
	if v.other == nil {
		at, known := l.numbers[v.number]
		if !known {
			at = l.add(v, v.toString())
			l.numbers[v.number] = at
		}
		return at
	}
	m := mark{v.kind(), v.toString()}
	at, known := l.others[m]
	if !known {
		at = l.add(v, m.name)
		l.others[m] = at
	}
	return at
}

func (l *markList) add(v value, name string) int32 {
	l.marks, l.names = append(l.marks, v), append(l.names, name)
	return int32(len(l.marks) - 1)
}

// name makes one candidate of all marks with the same name.
func (r *runoff) name(names []string) {
	index := map[string]int{}
	for _, name := range names {
		c, known := index[name]
		if !known {
			c, index[name] = len(r.names), len(r.names)
			r.names, r.order = append(r.names, name), append(r.order, propertyOrder(name))
		}
		r.candidate = append(r.candidate, c)
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

// begin counts the first round.
func (r *runoff) begin() round {
	return r.round(make([]bool, len(r.marks)), make([]int32, len(r.rankings)), wholePower)
}

// last runs all rounds and returns the last.
func (r *runoff) last() (round, error) {
	now := r.begin()
	for !now.decided() {
		next, ok := r.eliminate(now, now.lowest())
		if !ok {
			return now, fmt.Errorf("%w: Snapshot's own run-off never ends on these ballots, "+
				"because %q cannot be eliminated", ErrUncountable, r.names[now.candidates[now.lowest()]])
		}
		now = next
	}
	return now, nil
}

// round counts first preferences among the marks that are not out. On no ballot does a mark
// before the one in first count.
func (r *runoff) round(out []bool, first []int32, power func(ballot) float64) round {
	now := round{out: out, candidates: r.left(out), first: make([]int32, len(first))}
	at := make([]int, len(r.names)) // the index of each candidate
	for i, c := range now.candidates {
		at[c] = i
	}
	now.counts, now.ballots = make([]float64, len(now.candidates)), make([]int, len(now.candidates))
	for i, ranking := range r.rankings {
		f := first[i]
		for int(f) < len(ranking) && out[ranking[f]] {
			f++
		}
		now.first[i] = f
		if int(f) == len(ranking) {
			continue
		}
		c := at[r.candidate[ranking[f]]]
		p := power(r.ballots[i])
		now.counts[c] += p
		now.ballots[c]++
		now.power += p
	}
	return now
}

// left lists whoever is still on a ballot, even with no first preference: integers
// ascending, then the others as they appear.
func (r *runoff) left(out []bool) (candidates []int) {
	found := make([]bool, len(r.names))
	for m, c := range r.candidate {
		if !out[m] && !found[c] {
			found[c] = true
			candidates = append(candidates, c)
		}
	}
	slices.SortStableFunc(candidates, func(a, b int) int { return cmp.Compare(r.order[a], r.order[b]) })
	return candidates
}

func (now round) decided() bool {
	return len(now.candidates) < 3 || slices.Max(now.counts) > now.power/2
}

// lowest returns the first candidate with the least power, as an index of candidates.
func (now round) lowest() int {
	return slices.Index(now.counts, slices.Min(now.counts))
}

// eliminate strikes a candidate from all ballots and counts again. Snapshot
// compares loosely, so that "01" takes the number 1 with it and true cannot be
// struck at all; then ok is false.
func (r *runoff) eliminate(now round, candidate int) (next round, ok bool) {
	out := slices.Clone(now.out)
	name := r.names[now.candidates[candidate]]
	number := stringToNumber(name)
	for m, mark := range r.marks {
		if !out[m] && mark.looselyEquals(name, number) {
			out[m], ok = true, true
		}
	}
	if !ok {
		return now, false
	}
	return r.round(out, now.first, wholePower), true
}

// choiceOf returns the choice that a candidate stands for, from 1.
func (r *runoff) choiceOf(candidate int) (int, bool) {
	return wholeWithin(stringToNumber(r.names[candidate]), r.choices)
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
			if i, ok := r.choiceOf(last.candidates[c]); ok {
				scores[i-1] += counts[c]
			}
		}
		return scores
	}
	o := Outcome{Scores: byChoice(last.counts), ScoresByStrategy: grid(r.choices, r.strategies)}
	for k := range r.strategies {
		for i, score := range byChoice(r.round(last.out, last.first, partOfPower(k)).counts) {
			o.ScoresByStrategy[i][k] = score
		}
	}
	return o
}
