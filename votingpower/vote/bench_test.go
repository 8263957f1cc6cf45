package vote_test

import (
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// BenchmarkCheckMismatches judges 60,000 votes with 32 strategies each, none of which agrees.
func BenchmarkCheckMismatches(b *testing.B) {
	e := poll(b, slices.Repeat([]ballot{votesFor("100")}, 60_000)...)
	for range 31 {
		e.Proposal.Strategies = append(e.Proposal.Strategies, e.Proposal.Strategies[0])
	}
	for i := range e.Votes {
		e.Votes[i].VPByStrategy = slices.Repeat([]float64{99}, 32)
	}
	askAgain(b, e)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := vote.Check(e); err != nil {
			b.Fatal(err)
		}
	}
}
