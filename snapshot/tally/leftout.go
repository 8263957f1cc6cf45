package tally

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/perpdao/perpquorum/snapshot"
)

// leftOut is a set of votes that the hub may have left out of its count, and why.
type leftOut struct {
	votes []int // indexes, ascending
	why   string
}

// caps lists how many votes, the newest, the hub counted at most, and until when.
var caps = []struct {
	votes       int
	from, until string
}{
	{100_000, "2021-11-11", "2021-11-16"},
	{20_000, "2021-11-16", "2022-01-31"},
	{30_000, "2022-01-31", "2022-04-15"},
	{40_000, "2022-04-15", "2022-04-16"},
	{50_000, "2022-04-15", "2022-04-16"},
}

const (
	noZeros   = "2021-11-12" // until then the hub counted no vote without power
	noWait    = "2025-06-22" // since then the hub waits a minute before the last count
	lastVotes = 60           // seconds before the end in which a vote can be stored too late

	// Bounds of the search: sets that are tried, the scores that they all have, and steps.
	maxSets      = 100
	maxSetScores = 50_000_000
	maxSteps     = 1_000_000
)

// leftOut lists the sets of votes whose absence would explain that the hub counted fewer
// votes than it lists.
func (t *Tally) leftOut(p *snapshot.Proposal) (sets []leftOut) {
	counted, n := finallyCounted(p), len(t.all.ballots)-p.Votes
	during := func(from, until string) bool { return at(from, -slack) <= counted && counted < at(until, slack) }
	if counted == 0 || n <= 0 {
		return nil
	}
	if zeros := t.votes(func(b ballot) bool { return b.vp == 0 }); during("2021-11-11", noZeros) && len(zeros) == n {
		sets = append(sets, leftOut{zeros, "until 2021-11-12 Snapshot did not count votes without power"})
	}
	for _, c := range caps {
		if during(c.from, c.until) && p.Votes == c.votes {
			last := t.times()[n-1]
			older := t.votes(func(b ballot) bool { return b.created < last })
			// Where several votes have the time of the last of the oldest, any could be meant.
			sets = append(sets, t.choose(p, older, t.votes(func(b ballot) bool { return b.created == last }), n-len(older),
				fmt.Sprintf("from %s to %s Snapshot counted the newest %d votes only", c.from, c.until, c.votes))...)
		}
	}
	if during("2021-11-11", noWait) {
		late := t.votes(func(b ballot) bool { return p.End-lastVotes <= b.created && b.created <= p.End })
		sets = append(sets, t.choose(p, nil, late, n,
			"until 2025-06-22 Snapshot's last count could miss votes of the last seconds")...)
	}
	return sets
}

func (t *Tally) votes(which func(b ballot) bool) (list []int) {
	for i, b := range t.all.ballots {
		if which(b) {
			list = append(list, i)
		}
	}
	return list
}

func (t *Tally) times() []int64 {
	times := make([]int64, len(t.all.ballots))
	for i, b := range t.all.ballots {
		times[i] = b.created
	}
	slices.Sort(times)
	return times
}

// choose lists sets of some votes and n of others, the latest first. Where the power of a set
// follows from the hub's total, it lists those of that power only.
func (t *Tally) choose(p *snapshot.Proposal, some, others []int, n int, why string) (sets []leftOut) {
	created := func(vote int) int64 { return t.all.ballots[vote].created }
	slices.SortStableFunc(others, func(a, b int) int { return cmp.Compare(created(b), created(a)) })
	most, steps := min(maxSets, 1+maxSetScores/(len(t.all.ballots)*t.all.choices)), maxSteps
	var add func(set, others []int, n int)
	add = func(set, others []int, n int) {
		if steps -= 1 + len(set); n == 0 && t.explains(p, set) {
			sets = append(sets, leftOut{slices.Sorted(slices.Values(set)), why})
		}
		for i := 0; n > 0 && i <= len(others)-n && len(sets) < most && steps > 0; i++ {
			add(append(slices.Clip(set), others[i]), others[i+1:], n-1)
		}
	}
	add(some, others, n)
	return sets
}

// explains reports whether the hub's total can be that without some votes.
func (t *Tally) explains(p *snapshot.Proposal, without []int) bool {
	if t.rules.total != allBallots && t.rules.total != validBallots {
		return true
	}
	power := t.ScoresTotal
	for _, i := range without {
		if t.rules.total == allBallots || t.Valid[i] {
			power -= t.all.ballots[i].vp
		}
	}
	return Agree(p.ScoresTotal, power)
}
