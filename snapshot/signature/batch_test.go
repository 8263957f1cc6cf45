package signature_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// Each vote of a list is checked as it is alone.
func TestCheckVotes(t *testing.T) {
	p, honest := plainVote(t)
	var votes []snapshot.Vote
	for _, v := range readVectors(t, "testdata/eip712-votes.json") {
		if row, vote := voteVector(t, v); row.Space == p.Space && row.ID == p.ID {
			votes = append(votes, *vote)
		}
	}
	changed := *honest
	changed.Choice = json.RawMessage(`1`)
	votes = append(slices.Repeat(votes, 3), *honest, changed, snapshot.Vote{ID: "Qm"})
	for i, c := range signature.CheckVotes(p, votes) {
		if want := signature.CheckVote(p, &votes[i]); c != want {
			t.Errorf("vote %d: %+v, alone %+v", i, c, want)
		}
	}
	if len(votes) < 60 {
		t.Errorf("only %d votes", len(votes))
	}
}

// Of many rows that nothing explains, the first are searched and differ; the others accuse nobody.
// One of them whose id matches still does.
func TestCheckVotesIsBounded(t *testing.T) {
	p, honest := plainVote(t)
	votes := slices.Repeat([]snapshot.Vote{*honest}, 300)
	for i := range votes[:299] {
		votes[i].Reason = fmt.Sprintf("forged %d", i)
	}
	checks := signature.CheckVotes(p, votes)
	want := signature.Check{Verdict: signature.NotCheckable, Reason: signature.Unsearched}
	if checks[0].Verdict != signature.Differs || checks[199].Verdict != signature.Differs ||
		checks[200] != want || checks[298] != want || checks[299].Verdict != signature.Matches {
		t.Errorf("found %+v", []signature.Check{checks[0], checks[199], checks[200], checks[298], checks[299]})
	}
}
