package tally

import (
	"slices"
)

// maxRounds bounds the rounds counted in search of alternatives: with twelve
// choices all close together there are millions of orders of elimination.
const maxRounds = 256

// nearTies lists the close decisions on the way to the strict outcome and the
// outcomes that other decisions lead to. Decisions that change nothing in the
// end are not listed.
func (r *runoff) nearTies(strict Outcome) (ties []NearTie, others []Outcome) {
	now := r.begin()
	start := now
	for n := 1; ; n++ {
		ties = append(ties, r.close(now, n)...)
		if now.decided() {
			break
		}
		now, _ = r.eliminate(now, now.lowest())
	}
	if len(ties) == 0 {
		return nil, nil
	}
	search := alternatives{runoff: r, strict: strict, left: min(maxRounds, maxScores/(r.choices*(1+r.strategies)))}
	search.follow(start)
	if len(search.found) == 0 && search.left > 0 {
		return nil, nil
	}
	return ties, search.found
}

// close lists the close decisions of one round.
func (r *runoff) close(now round, number int) (ties []NearTie) {
	if now.majorityIsClose() {
		top := slices.Index(now.counts, slices.Max(now.counts))
		ties = append(ties, NearTie{Rule: "majority", Round: number, Choices: r.numbers(now, []int{top}),
			Margin: now.counts[top] - now.power/2})
	}
	if rivals := now.lowestOrNear(); len(rivals) > 1 && (!now.decided() || now.majorityIsClose()) {
		tie := NearTie{Rule: "elimination", Round: number, Choices: r.numbers(now, rivals)}
		for _, c := range rivals {
			tie.Margin = max(tie.Margin, now.counts[c]-slices.Min(now.counts))
		}
		ties = append(ties, tie)
	}
	return ties
}

// majorityIsClose says that noise decides whether the round is the last.
func (now round) majorityIsClose() bool {
	return len(now.candidates) >= 3 && near(slices.Max(now.counts), now.power/2)
}

// lowestOrNear returns the candidate that is eliminated and those that noise could
// put in its place.
func (now round) lowestOrNear() []int {
	if len(now.candidates) == 0 {
		return nil
	}
	lowest := now.lowest()
	rivals := []int{lowest}
	for c, count := range now.counts {
		if c != lowest && near(count, now.counts[lowest]) {
			rivals = append(rivals, c)
		}
	}
	slices.Sort(rivals)
	return rivals
}

func (r *runoff) numbers(now round, candidates []int) (numbers []int) {
	for _, c := range candidates {
		if i, ok := r.choiceOf(now.candidates[c]); ok && !slices.Contains(numbers, i) {
			numbers = append(numbers, i)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// alternatives collects the outcomes of all decisions that noise allows.
type alternatives struct {
	*runoff
	strict Outcome
	left   int // rounds that may still be counted
	found  []Outcome
}

func (a *alternatives) follow(now round) {
	if now.decided() || now.majorityIsClose() {
		a.found = addNew(a.found, a.strict, a.outcome(now))
	}
	if now.decided() && !now.majorityIsClose() {
		return
	}
	for _, c := range now.lowestOrNear() {
		if a.left == 0 {
			return
		}
		a.left--
		if next, ok := a.eliminate(now, c); ok {
			a.follow(next)
		}
	}
}
