package tally_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// counted is a vote of n voters, each with a power of their own, of which the hub counted some on
// a day. Vote i was cast i/2 seconds before the end.
func counted(t *testing.T, n int, day string, keep func(i int) bool) (*snapshot.Proposal, []snapshot.Vote) {
	casts := make([]cast, n)
	for i := range casts {
		casts[i] = cast{fmt.Sprint(1 + i%2), float64(1 + i*i)}
	}
	p, votes := poll("basic", 2, casts...)
	p.End = unix("2021-11-01")
	var kept []snapshot.Vote
	for i := range votes {
		if votes[i].Created = p.End - int64(i/2); keep(i) {
			kept = append(kept, votes[i])
		}
	}
	p = published(p, recount(t, p, kept))
	p.Votes, p.ScoresUpdated = len(kept), unix(day)
	return p, votes
}

// TestVotesLeftOut: votes that the hub is known to have left out at the time are named, and
// no others are explained.
func TestVotesLeftOut(t *testing.T) {
	tests := map[string]struct {
		votes   int
		day     string
		leftOut []int
		want    tally.Verdict
	}{
		"the last":                         {200, "2024-03-01", []int{0}, tally.VotesLeftOut},
		"two of the last":                  {200, "2024-03-01", []int{1, 4}, tally.VotesLeftOut},
		"none":                             {200, "2024-03-01", nil, tally.Agrees},
		"one long before the end":          {200, "2024-03-01", []int{180}, tally.Disagrees},
		"the last, since the hub waits":    {200, "2025-07-07", []int{0}, tally.Disagrees},
		"the oldest of 20,002":             {20_002, "2022-01-01", []int{20_000, 20_001}, tally.VotesLeftOut},
		"one of the two oldest of 20,001":  {20_001, "2022-01-01", []int{20_000}, tally.VotesLeftOut},
		"one of two of a second of 30,002": {30_002, "2022-03-01", []int{30_000, 30_001}, tally.VotesLeftOut},
		"the oldest, in another year":      {20_002, "2023-01-01", []int{20_000, 20_001}, tally.Disagrees},
		"one of the middle of 20,001":      {20_001, "2022-01-01", []int{10_000}, tally.Disagrees},
		"too many of the last":             {5000, "2024-03-01", manyOf(4000), tally.Disagrees},
	}
	for name, test := range tests {
		p, votes := counted(t, test.votes, test.day, func(i int) bool { return !slices.Contains(test.leftOut, i) })
		c := compare(t, p, recount(t, p, votes))
		if c.Verdict != test.want || c.Verdict == tally.VotesLeftOut && !slices.Equal(c.LeftOut, test.leftOut) {
			t.Errorf("%s: verdict %q, left out %v: %s", name, c.Verdict, c.LeftOut, c.Why)
		}
		if c.Verdict == tally.VotesLeftOut && len(c.Today) == 0 {
			t.Errorf("%s: no figure is another with all votes", name)
		}
		p.Scores[1] *= 1.1
		if c := compare(t, p, recount(t, p, votes)); c.Verdict != tally.Disagrees {
			t.Errorf("%s, with a false score: verdict %q, left out %v", name, c.Verdict, c.LeftOut)
		}
	}
}

// TestVotesWithoutPower: on its first day the hub did not count them.
func TestVotesWithoutPower(t *testing.T) {
	p, votes := poll("basic", 2, cast{"1", 3}, cast{"2", 0}, cast{"1", 0})
	p = published(p, recount(t, p, votes))
	p.Votes, p.ScoresUpdated = 1, unix("2021-11-12")
	c := compare(t, p, recount(t, p, votes))
	if c.Verdict != tally.VotesLeftOut || !slices.Equal(c.LeftOut, []int{1, 2}) {
		t.Errorf("verdict %q, left out %v", c.Verdict, c.LeftOut)
	}
}

func manyOf(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}
