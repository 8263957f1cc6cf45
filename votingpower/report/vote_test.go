package report_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// document derives the document of a bundle.
func document(t testing.TB, b *report.Bundle) *report.Document {
	t.Helper()
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	return r.Document()
}

// noticed lists the findings that are not info, without the one that says that
// the data is synthetic and the one about pinned blocks.
func noticed(d *report.Document) (list []string) {
	for _, f := range d.Findings {
		if f.Level != report.Info && f.Title != "Synthetic figures" {
			list = append(list, fmt.Sprintf("%s: %s: %s", f.Level, f.Title, f.Detail))
		}
	}
	return list
}

// wants holds findings against a list of what each must contain, in order.
func wants(t testing.TB, got []string, want ...string) {
	t.Helper()
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		ok = ok && strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("found:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// reached is a vote that reached the quorum and agrees in everything.
func reached(t testing.TB) *report.Bundle {
	return poll(t, votesFor("10000000"), against("4000000.125"), abstain("2000000"), votesFor("7.5"))
}

// TestFindings changes one thing at a time of a vote that agrees.
func TestFindings(t *testing.T) {
	type bundle = *report.Bundle
	tests := map[string]struct {
		change  func(b bundle)
		verdict report.Verdict
		want    []string
	}{
		"nothing": {func(bundle) {}, report.Reached, nil},

		// The hub's figures of a voter.
		"a voter's power": {func(b bundle) { b.Vote.Votes[1].VPByStrategy[0] += 0.5 }, report.Disagrees, []string{
			"failure: Scores differ: choice 2 (Against), strategy 1",
			"failure: Voting power differs: 1 of 4 votes; the worst of 1 figures follow",
			"voter " + voter(1) + ", strategy 1 (erc20-balance-of): the hub has 4000000.625, the chains give 4000000.125 (difference 0.5)",
		}},
		"a voter's total": {func(b bundle) { b.Vote.Votes[1].VP -= 0.5 }, report.Disagrees, []string{
			"failure: Scores differ: total of all votes: the hub has 16000007.625, the recount gives 16000007.125 (difference 0.5)",
			"failure: Scores differ: choice 2 (Against): the hub has 4000000.125, the recount gives 3999999.625",
			"failure: Voting power differs: 1 of 4",
			"voter " + voter(1) + ", total: the hub has 3999999.625, the chains give 4000000.125 (difference -0.5)",
		}},
		"noise in a voter's power": {func(b bundle) { b.Vote.Votes[1].VPByStrategy[0] *= 1 + 1e-12 }, report.Reached, nil},
		"a voter without power by strategy": {func(b bundle) { b.Vote.Votes[1].VPByStrategy = []float64{} }, report.Reached, []string{
			"warning: Scores by strategy not recounted",
		}},
		"a power too many": {func(b bundle) { b.Vote.Votes[1].VPByStrategy = append(b.Vote.Votes[1].VPByStrategy, 3) }, report.Disagrees, []string{
			"warning: Scores by strategy not recounted", "1 of 4", "strategy 2, which the proposal does not have: the hub has 3",
		}},

		// The hub's result.
		"a score": {func(b bundle) { b.Vote.Proposal.Scores[2] += 1 }, report.Disagrees, []string{
			"failure: Scores differ: choice 3 (Abstain): the hub has 2000001, the recount gives 2000000 (difference 1)", "choice 3 (Abstain), strategy 1",
		}},
		"flagged": {func(b bundle) { b.Vote.Proposal.Flagged = true }, report.Reached, []string{"warning: Proposal flagged: "}},
		"the total": {func(b bundle) { b.Vote.Proposal.ScoresTotal += 1 }, report.Disagrees, []string{
			"failure: Scores differ: total of all votes: the hub has 16000008.625, the recount gives 16000007.625 (difference 1)",
		}},
		"a score missing": {func(b bundle) { b.Vote.Proposal.Scores = b.Vote.Proposal.Scores[:2] }, report.Disagrees, []string{
			"failure: Scores differ: the hub has 2 scores for 3 choices", "choice 3 (Abstain): the hub has nothing",
		}},
		"a type without rules": {func(b bundle) { b.Vote.Proposal.Type = "custom" }, report.Reached, []string{
			`warning: Scores not recounted: unknown voting type "custom"`,
		}},
		"a sealed choice that was never opened": {func(b bundle) {
			b.Vote.Votes[3].Choice = json.RawMessage(`"0xabcdef"`)
			b.Vote.Proposal.Scores[0], b.Vote.Proposal.Privacy = 10000000, "shutter"
		}, report.Reached, []string{"warning: Choices still sealed: 1 choices"}},

		// The list of votes.
		"a vote dropped": {func(b bundle) { drop(b, 3) }, report.Disagrees, []string{
			"failure: Votes incomplete: the hub lists 3 votes and counted 4", "total of all votes", "choice 1 (For)", "choice 1 (For), strategy 1",
		}},
		"a vote dropped and the count with it": {func(b bundle) { drop(b, 3); b.Vote.Proposal.Votes-- }, report.Disagrees, []string{
			"total of all votes", "choice 1 (For)", "choice 1 (For), strategy 1",
		}},
		"a voter twice": {func(b bundle) {
			again := b.Vote.Votes[3]
			again.ID, again.Voter = "0x"+strings.Repeat("a", 64), strings.ToLower(again.Voter)
			b.Vote.Superseded, b.Vote.Proposal.Votes = append(b.Vote.Superseded, again), 5
		}, report.Disagrees, []string{"failure: Duplicate voter: voter " + strings.ToLower(voter(3)) + " has more than one vote"}},
		"counted anew": {func(b bundle) { b.Vote.Changed = true }, report.Disagrees, []string{"failure: Votes changed"}},
		"before the start": {func(b bundle) { b.Vote.Votes[0].Created = b.Vote.Proposal.Start - 1 }, report.Disagrees, []string{
			"failure: Vote outside the voting period: voter " + voter(0) + " signed at Fri, 19 May 2023 13:41:14 GMT, the vote ran from Fri, 19 May 2023 13:41:15 GMT"}},
		"at the end":    {func(b bundle) { b.Vote.Votes[0].Created = b.Vote.Proposal.End }, report.Reached, nil},
		"after the end": {func(b bundle) { b.Vote.Votes[0].Created = b.Vote.Proposal.End + 1 }, report.Disagrees, []string{"Vote outside the voting period"}},

		// The proposal.
		"quorum of the hub":      {func(b bundle) { b.Vote.Proposal.Quorum = 200000 }, report.Reached, []string{"warning: Quorum on the hub differs: the proposal's own is 200000; the model's is 14639538.5"}},
		"no quorum on the hub":   {func(b bundle) { b.Vote.Proposal.Quorum = 0 }, report.Reached, nil},
		"a quorum for rejection": {func(b bundle) { b.Vote.Proposal.QuorumType = "rejection" }, report.Reached, []string{"warning: Quorum on the hub differs: the proposal's own is 14639538.5, and is for rejection"}},
		"still open": {func(b bundle) { b.Vote.ReadAt = b.Vote.Proposal.End }, report.NotFinal, []string{
			"warning: Vote not final: voting is open until"}},
		"not counted for good": {func(b bundle) { b.Vote.Proposal.ScoresState = "pending" }, report.NotFinal, []string{
			`warning: Vote not final: voting is closed, but the hub's scores_state is "pending"`}},
		"open, disagreeing": {func(b bundle) { b.Vote.ReadAt, b.Vote.Votes[0].VP = b.Vote.Proposal.End, 1 }, report.NotFinal, []string{
			"warning: Vote not final", "warning: Scores differ: total", "warning: Scores differ: choice 1 (For)", "failure: Voting power differs", "failure: Voting power differs", "turnout would decide otherwise"}},
		"a block that is not final": {func(b bundle) {
			c := b.Evidence.Chains[chains.Optimism]
			c.Block.Unfinalized = true
			b.Evidence.Chains[chains.Optimism] = c
		}, report.NotFinal, []string{"warning: Not final: Optimism block", "warning: Block not final"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := reached(t)
			test.change(b)
			askAgain(t, b)
			d := document(t, b)
			if d.Verdict != test.verdict {
				t.Errorf("verdict %q, want %q", d.Verdict, test.verdict)
			}
			wants(t, noticed(d), test.want...)
		})
	}
}

// drop leaves out a vote and the reads for its voter.
func drop(b *report.Bundle, i int) {
	b.Vote.Votes = slices.Delete(b.Vote.Votes, i, i+1)
	for place, reading := range b.Vote.Power.Places {
		reading.Sampled[0].Results = slices.Delete(reading.Sampled[0].Results, i, i+1)
		b.Vote.Power.Places[place] = reading
	}
}

// TestStrict: what could not be checked is a disagreement for who asks for it.
func TestStrict(t *testing.T) {
	unchecked := map[string]func(b *report.Bundle){
		"type":     func(b *report.Bundle) { b.Vote.Proposal.Type = "custom" },
		"strategy": func(b *report.Bundle) { unverifiable(b, "delegation") },
		"split":    func(b *report.Bundle) { b.Vote.Votes[1].VPByStrategy = []float64{} },
	}
	for name, change := range unchecked {
		for strict, want := range map[bool]report.Verdict{false: report.Reached, true: report.Disagrees} {
			t.Run(fmt.Sprintf("%s, strict %t", name, strict), func(t *testing.T) {
				b := reached(t)
				b.Vote.Strict = strict
				change(b)
				askAgain(t, b)
				if d := document(t, b); d.Verdict != want {
					t.Errorf("verdict %q, want %q: %v", d.Verdict, want, noticed(d))
				}
			})
		}
	}
}

// TestTotalWithoutRecount: where nothing can be recounted, or by older rules,
// the hub's total alone reaches no quorum.
func TestTotalWithoutRecount(t *testing.T) {
	older := func(b *report.Bundle) {
		b.Vote.Proposal.Type, b.Vote.Votes[1].Choice = "approval", json.RawMessage("[]")
		b.Vote.Votes[0].Choice = json.RawMessage("[1]")
		recount(t, b)
		b.Vote.Proposal.ScoresTotal = 14639538 // of 2023-02: it left invalid votes out
	}
	tests := map[string]struct {
		change  func(b *report.Bundle)
		verdict report.Verdict
		want    string
	}{
		"custom":              {func(b *report.Bundle) { b.Vote.Proposal.Type = "custom" }, report.Reached, "warning: Scores not recounted"},
		"custom, a false sum": {func(b *report.Bundle) { b.Vote.Proposal.Type, b.Vote.Proposal.ScoresTotal = "custom", 9e7 }, report.Disagrees, "failure: Scores differ: total of all votes: the hub has 90000000, the votes add up to 14639538.5 (difference 75360461.5)"},
		"older rules":         {older, report.Reached, "warning: Older rules"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := poll(t, votesFor("14639538"), abstain("0.5"))
			unverifiable(b, "api")
			test.change(b)
			askAgain(t, b)
			d := document(t, b)
			if d.Verdict != test.verdict || d.Vote.Turnout.Source != "hub votes" || d.Vote.Turnout.Tokens != quorumTokens {
				t.Errorf("verdict %s, turnout %+v", d.Verdict, d.Vote.Turnout)
			}
			if got := noticed(d); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("%q is not in %q", test.want, got)
			}
		})
	}
}
