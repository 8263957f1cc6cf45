package tally_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// TestTooLarge: what takes too long or too much memory is not counted, and not called wrong.
func TestTooLarge(t *testing.T) {
	one := func(typ string, choices int, choice string) (*snapshot.Proposal, []snapshot.Vote) {
		return poll(typ, choices, cast{choice, 1})
	}
	repeat := func(item string, n int) string { return "[" + strings.Repeat(item+",", n) + item + "]" }
	tests := map[string]func() (*snapshot.Proposal, []snapshot.Vote){
		"choices": func() (*snapshot.Proposal, []snapshot.Vote) {
			p, votes := one("single-choice", 2, "1")
			p.Choices = make([]string, 3_500_000)
			return p, votes
		},
		"strategies": func() (*snapshot.Proposal, []snapshot.Vote) {
			p, _ := poll("approval", 1000)
			p.Strategies = make([]snapshot.Strategy, 1000)
			return p, nil
		},
		"duels":          func() (*snapshot.Proposal, []snapshot.Vote) { return one("copeland", 20_000, "[1]") },
		"long lists":     func() (*snapshot.Proposal, []snapshot.Vote) { return one("approval", 2, repeat("1", 20_000_000)) },
		"lists of lists": func() (*snapshot.Proposal, []snapshot.Vote) { return one("approval", 2, repeat("[]", 2_000_000)) },
		"lists of texts": func() (*snapshot.Proposal, []snapshot.Vote) { return one("approval", 2, repeat(`""`, 2_000_000)) },
		"keys": func() (*snapshot.Proposal, []snapshot.Vote) {
			var b strings.Builder
			for i := range 1_000_000 {
				fmt.Fprintf(&b, `,"%d":{}`, i)
			}
			return one("weighted", 2, "{"+b.String()[1:]+"}")
		},
		"spellings": func() (*snapshot.Proposal, []snapshot.Vote) {
			p, votes := poll("ranked-choice", 3)
			for i := range 100 {
				choice := fmt.Sprintf(`["1%[1]s","2%[1]s","3%[1]s"]`, strings.Repeat(" ", i))
				votes = append(votes, snapshot.Vote{Voter: fmt.Sprint(i), Choice: json.RawMessage(choice), VP: 0.1})
			}
			p.Strategies = nil
			return p, votes
		},
		"comparisons": func() (*snapshot.Proposal, []snapshot.Vote) {
			p, votes := largeElection("copeland", 2000, 1, 2)
			for i := range 4000 {
				again := votes[0]
				again.Voter = fmt.Sprint("again", i)
				votes = append(votes, again)
			}
			return p, votes
		},
	}
	for name, election := range tests {
		t.Run(name, func(t *testing.T) {
			p, votes := election()
			size := 3 * len(p.Choices) // as JSON, or more
			for _, v := range votes {
				size += len(v.Choice)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			counted, err := tally.Recount(p, votes)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, tally.ErrTooLarge) || errors.Is(err, tally.ErrUncountable) {
				t.Errorf("found %v, error %v", counted, err)
			}
			if used := int(after.TotalAlloc - before.TotalAlloc); used > 10*size+100<<20 {
				t.Errorf("allocated %d MB for %d MB", used>>20, size>>20)
			}
		})
	}
}

// TestLargeElections: the largest votes that there are, or may be, are counted.
func TestLargeElections(t *testing.T) {
	for _, typ := range []string{"ranked-choice", "copeland"} {
		p, votes := largeElection(typ, 500, 1000, 1)
		if counted := recount(t, p, votes); len(counted.Scores) != 500 || slices.Contains(counted.Valid, false) {
			t.Errorf("%s: found %d scores", typ, len(counted.Scores))
		}
	}
}
