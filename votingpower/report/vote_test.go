package report_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
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

// TestQuorum decides on both sides of the line, to the wei.
func TestQuorum(t *testing.T) {
	tests := map[string]struct {
		cast    []ballot
		verdict report.Verdict
		margin  string
		notice  []string
	}{
		"no votes":               {nil, report.NotReached, "-14639538.5", nil},
		"exactly met":            {[]ballot{votesFor("14639538.25"), abstain("0.25")}, report.Reached, "0", nil},
		"one wei more":           {[]ballot{votesFor("14639538"), abstain("0.500000000000000001")}, report.Reached, "0.000000000000000001", nil},
		"abstain and invalid":    {[]ballot{abstain("14639538"), {"9", "0.25"}, {`"x"`, "0.25"}}, report.Reached, "0", nil},
		"far below":              {[]ballot{votesFor("14000000"), against("1")}, report.NotReached, "-639537.5", nil},
		"one wei short":          {[]ballot{votesFor("14639538"), against("0.499999999999999999")}, report.NotReached, "-0.000000000000000001", []string{"warning: The hub's turnout would decide otherwise: the exact turnout is 14639538.499999999999999999, the hub's figure 14639538.5, the quorum 14639538.5"}},
		"one wei short in a sum": {[]ballot{votesFor("14639538.499999999999999999")}, report.NotReached, "-0.000000000000000001", []string{"The hub's turnout would decide otherwise"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := document(t, poll(t, test.cast...))
			if d.Verdict != test.verdict || d.Vote.Turnout.Margin != test.margin || d.Vote.Turnout.Source != "chains" {
				t.Errorf("verdict %s by %s from %s, want %s by %s from chains", d.Verdict, d.Vote.Turnout.Margin, d.Vote.Turnout.Source, test.verdict, test.margin)
			}
			wants(t, noticed(d), test.notice...)
		})
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
		"a voter's power": {func(b bundle) { b.Ballot.Votes[1].VPByStrategy[0] += 0.5 }, report.Disagrees, []string{
			"failure: Scores differ: choice 2 (Against), strategy 1",
			"failure: Voting power differs: 1 of 4 votes; the worst of 1 figures follow",
			"voter " + voter(1) + ", strategy 1 (erc20-balance-of): the hub has 4000000.625, the chains give 4000000.125 (difference 0.5)",
		}},
		"a voter's total": {func(b bundle) { b.Ballot.Votes[1].VP -= 0.5 }, report.Disagrees, []string{
			"failure: Scores differ: total of all votes: the hub has 16000007.625, the recount gives 16000007.125 (difference 0.5)",
			"failure: Scores differ: choice 2 (Against): the hub has 4000000.125, the recount gives 3999999.625",
			"failure: Voting power differs: 1 of 4",
			"voter " + voter(1) + ", total: the hub has 3999999.625, the chains give 4000000.125 (difference -0.5)",
		}},
		"noise in a voter's power": {func(b bundle) { b.Ballot.Votes[1].VPByStrategy[0] *= 1 + 1e-12 }, report.Reached, nil},
		"a voter without power by strategy": {func(b bundle) { b.Ballot.Votes[1].VPByStrategy = []float64{} }, report.Reached, []string{
			"warning: Scores by strategy not recounted",
		}},
		"a power too many": {func(b bundle) { b.Ballot.Votes[1].VPByStrategy = append(b.Ballot.Votes[1].VPByStrategy, 3) }, report.Disagrees, []string{
			"warning: Scores by strategy not recounted", "1 of 4", "strategy 2, which the proposal does not have: the hub has 3",
		}},

		// The hub's result.
		"a score": {func(b bundle) { b.Ballot.Proposal.Scores[2] += 1 }, report.Disagrees, []string{
			"failure: Scores differ: choice 3 (Abstain): the hub has 2000001, the recount gives 2000000 (difference 1)", "choice 3 (Abstain), strategy 1",
		}},
		"the total": {func(b bundle) { b.Ballot.Proposal.ScoresTotal += 1 }, report.Disagrees, []string{
			"failure: Scores differ: total of all votes: the hub has 16000008.625, the recount gives 16000007.625 (difference 1)",
		}},
		"a score missing": {func(b bundle) { b.Ballot.Proposal.Scores = b.Ballot.Proposal.Scores[:2] }, report.Disagrees, []string{
			"failure: Scores differ: the hub has 2 scores for 3 choices", "choice 3 (Abstain): the hub has nothing",
		}},
		"a type without rules": {func(b bundle) { b.Ballot.Proposal.Type = "custom" }, report.Reached, []string{
			`warning: Scores not recounted: unknown voting type "custom"`,
		}},
		"a sealed choice that was never opened": {func(b bundle) {
			b.Ballot.Votes[3].Choice = json.RawMessage(`"0xabcdef"`)
			b.Ballot.Proposal.Scores[0], b.Ballot.Proposal.Privacy = 10000000, "shutter"
		}, report.Reached, []string{"warning: Choices still sealed: 1 choices"}},

		// The list of votes.
		"a vote dropped": {func(b bundle) { drop(b, 3) }, report.Disagrees, []string{
			"failure: Votes incomplete: the hub lists 3 votes and counted 4", "total of all votes", "choice 1 (For)", "choice 1 (For), strategy 1",
		}},
		"a vote dropped and the count with it": {func(b bundle) { drop(b, 3); b.Ballot.Proposal.Votes-- }, report.Disagrees, []string{
			"total of all votes", "choice 1 (For)", "choice 1 (For), strategy 1",
		}},
		"a voter twice": {func(b bundle) {
			again := b.Ballot.Votes[3]
			again.ID, again.Voter = "0x"+strings.Repeat("a", 64), strings.ToLower(again.Voter)
			b.Ballot.Superseded, b.Ballot.Proposal.Votes = append(b.Ballot.Superseded, again), 5
		}, report.Disagrees, []string{"failure: Duplicate voter: voter " + strings.ToLower(voter(3)) + " has more than one vote"}},
		"counted anew": {func(b bundle) { b.Ballot.Changed = true }, report.Disagrees, []string{"failure: Votes changed"}},
		"before the start": {func(b bundle) { b.Ballot.Votes[0].Created = b.Ballot.Proposal.Start - 1 }, report.Disagrees, []string{
			"failure: Vote outside the voting period: voter " + voter(0) + " signed at Fri, 19 May 2023 13:41:14 GMT, the vote ran from Fri, 19 May 2023 13:41:15 GMT"}},
		"at the end":    {func(b bundle) { b.Ballot.Votes[0].Created = b.Ballot.Proposal.End }, report.Reached, nil},
		"after the end": {func(b bundle) { b.Ballot.Votes[0].Created = b.Ballot.Proposal.End + 1 }, report.Disagrees, []string{"Vote outside the voting period"}},

		// The proposal.
		"quorum of the hub":      {func(b bundle) { b.Ballot.Proposal.Quorum = 200000 }, report.Reached, []string{"warning: Quorum on the hub differs: the proposal's own is 200000; the model's is 14639538.5"}},
		"no quorum on the hub":   {func(b bundle) { b.Ballot.Proposal.Quorum = 0 }, report.Reached, nil},
		"a quorum for rejection": {func(b bundle) { b.Ballot.Proposal.QuorumType = "rejection" }, report.Reached, []string{"warning: Quorum on the hub differs: the proposal's own is 14639538.5, and is for rejection"}},
		"still open": {func(b bundle) { b.Ballot.ReadAt = b.Ballot.Proposal.End }, report.NotFinal, []string{
			"warning: Vote not final: voting is open until"}},
		"not counted for good": {func(b bundle) { b.Ballot.Proposal.ScoresState = "pending" }, report.NotFinal, []string{
			`warning: Vote not final: voting is closed, but the hub's scores_state is "pending"`}},
		"open, disagreeing": {func(b bundle) { b.Ballot.ReadAt, b.Ballot.Votes[0].VP = b.Ballot.Proposal.End, 1 }, report.NotFinal, []string{
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
	b.Ballot.Votes = slices.Delete(b.Ballot.Votes, i, i+1)
	for place, reading := range b.Ballot.Power.Places {
		reading.Sampled[0].Results = slices.Delete(reading.Sampled[0].Results, i, i+1)
		b.Ballot.Power.Places[place] = reading
	}
}

// TestStrict: what could not be checked is a disagreement for who asks for it.
func TestStrict(t *testing.T) {
	unchecked := map[string]func(b *report.Bundle){
		"type":     func(b *report.Bundle) { b.Ballot.Proposal.Type = "custom" },
		"strategy": func(b *report.Bundle) { unverifiable(b, "delegation") },
		"split":    func(b *report.Bundle) { b.Ballot.Votes[1].VPByStrategy = []float64{} },
	}
	for name, change := range unchecked {
		for strict, want := range map[bool]report.Verdict{false: report.Reached, true: report.Disagrees} {
			t.Run(fmt.Sprintf("%s, strict %t", name, strict), func(t *testing.T) {
				b := reached(t)
				b.Ballot.Strict = strict
				change(b)
				askAgain(t, b)
				if d := document(t, b); d.Verdict != want {
					t.Errorf("verdict %q, want %q: %v", d.Verdict, want, noticed(d))
				}
			})
		}
	}
}

// unverifiable renames the only strategy, so that nothing is read for it.
func unverifiable(b *report.Bundle, name string) {
	b.Ballot.Proposal.Strategies[0].Name = name
	for _, reading := range b.Ballot.Power.Places {
		reading.Sampled[0].Results = nil
	}
}

// TestUnverifiable: the hub's double stands in, exactly, and is marked.
func TestUnverifiable(t *testing.T) {
	b := poll(t, votesFor("14639538"), abstain("0.499999999999999999"))
	unverifiable(b, "delegation")
	askAgain(t, b)
	d := document(t, b)
	turnout := d.Vote.Turnout
	if d.Verdict != report.Reached || turnout.Source != "hub scores_total" || turnout.Tokens != "14639538.5" {
		t.Errorf("verdict %s, turnout %s from %s; want the hub's double to reach", d.Verdict, turnout.Tokens, turnout.Source)
	}
	wants(t, noticed(d),
		"warning: Strategy unverifiable here: strategy 1 (delegation): it depends on a delegation registry; the hub's figures are used unchecked",
		"warning: Turnout within rounding of the quorum: the turnout is the hub's double 14639538.5, the quorum 14639538.5")
	for _, f := range d.Findings {
		if f.Title == "Voting power agrees" {
			t.Error("what was not recomputed is said to agree")
		}
	}
	if d.Vote.Power.Recomputed != 0 || len(d.Vote.Power.Unverifiable) != 1 {
		t.Errorf("found %+v", d.Vote.Power)
	}

	b.Ballot.Votes[0].VP += 2
	wants(t, slices.DeleteFunc(noticed(document(t, b)), func(s string) bool { return !strings.Contains(s, "voter") }),
		"total: the hub has 14639540, its parts add up to 14639538 (difference 2)")
}

// TestNamedChoices counts only the choices that the model names.
func TestNamedChoices(t *testing.T) {
	b := poll(t, votesFor("14639538"), abstain("5"), against("0.499999999999999999"), ballot{"7", "3"})
	b.Evidence.Model.Turnout = []string{"For", "Against"}
	d := document(t, b)
	turnout := d.Vote.Turnout
	if d.Verdict != report.NotReached || turnout.Votes != 2 || turnout.Tokens != "14639538.499999999999999999" || turnout.Hub != "14639538.5" || turnout.HubSource != "hub votes" {
		t.Errorf("verdict %s, turnout %+v", d.Verdict, turnout)
	}
	text := render(t, b, report.Text)
	for _, want := range []string{`the 2 votes for "For", "Against"`, "Quorum not reached: turnout less quorum is -0.000000000000000001 (reached when turnout >= quorum)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}

	b = poll(t, ballot{`"0xabcd"`, "5"})
	b.Evidence.Model.Turnout = []string{"For"}
	b.Ballot.ReadAt, b.Ballot.Proposal.ScoresState = b.Ballot.Proposal.Start+5, "pending"
	d = document(t, b)
	if d.Verdict != report.NotFinal || d.Vote.Turnout.Tokens != "" || d.Vote.Turnout.Reached {
		t.Errorf("sealed: verdict %s, turnout %+v; want not final without a turnout", d.Verdict, d.Vote.Turnout)
	}
	for _, format := range report.Formats() {
		render(t, b, format)
	}
}

// TestCopelandTurnout: its scores_total leaves invalid votes out, the turnout does not.
func TestCopelandTurnout(t *testing.T) {
	b := poll(t, ballot{"[1,2,3]", "14000000"}, ballot{"[1]", "639538.5"})
	p := b.Ballot.Proposal
	p.Type, p.ScoresTotal = "copeland", 14000000
	recount(t, b)
	unverifiable(b, "api")
	askAgain(t, b)
	d := document(t, b)
	if d.Verdict != report.Reached || d.Vote.Turnout.Source != "hub votes" || d.Vote.Turnout.Tokens != quorumTokens {
		t.Errorf("verdict %s, turnout %+v; %v", d.Verdict, d.Vote.Turnout, noticed(d))
	}
}

// TestTotalWithoutRecount: where nothing can be recounted, or by older rules,
// the hub's total alone reaches no quorum.
func TestTotalWithoutRecount(t *testing.T) {
	older := func(b *report.Bundle) {
		b.Ballot.Proposal.Type, b.Ballot.Votes[1].Choice = "approval", json.RawMessage("[]")
		b.Ballot.Votes[0].Choice = json.RawMessage("[1]")
		recount(t, b)
		b.Ballot.Proposal.ScoresTotal = 14639538 // of 2023-02: it left invalid votes out
	}
	tests := map[string]struct {
		change  func(b *report.Bundle)
		verdict report.Verdict
		want    string
	}{
		"custom":              {func(b *report.Bundle) { b.Ballot.Proposal.Type = "custom" }, report.Reached, "warning: Scores not recounted"},
		"custom, a false sum": {func(b *report.Bundle) { b.Ballot.Proposal.Type, b.Ballot.Proposal.ScoresTotal = "custom", 9e7 }, report.Disagrees, "failure: Scores differ: total of all votes: the hub has 90000000, the votes add up to 14639538.5 (difference 75360461.5)"},
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

// recount gives the proposal the scores of its votes.
func recount(t testing.TB, b *report.Bundle) {
	t.Helper()
	p := b.Ballot.Proposal
	tally, err := snapshot.Recount(p, b.Ballot.Votes)
	if err != nil {
		t.Fatal(err)
	}
	p.Scores, p.ScoresTotal, p.ScoresByStrategy = tally.Scores, tally.ScoresTotal, nil
	for i := range tally.ScoresByStrategy {
		var row []*float64
		for k := range tally.ScoresByStrategy[i] {
			row = append(row, &tally.ScoresByStrategy[i][k])
		}
		p.ScoresByStrategy = append(p.ScoresByStrategy, row)
	}
}

// TestScoresNeverMereAgreement: what is not plain agreement is named as what it is.
func TestScoresNeverMereAgreement(t *testing.T) {
	tests := map[string]struct {
		bundle func() *report.Bundle
		want   string
	}{
		"near tie": {func() *report.Bundle { // thirds add up differently in another order
			b := poll(t, votesFor("0.1"), against("0.3"), votesFor("0.2"), abstain("15000000"))
			b.Ballot.Proposal.Choices = b.Ballot.Proposal.Choices[:2]
			b.Ballot.Proposal.Scores, b.Ballot.Proposal.ScoresByStrategy = b.Ballot.Proposal.Scores[:2], b.Ballot.Proposal.ScoresByStrategy[:2]
			return b
		}, "warning: Near tie: the scores are one of several results that rounding allows: winner between choices [1 2]"},
		"older rules": {func() *report.Bundle { // of 2023-02: the total left invalid votes out
			b := poll(t, ballot{"[1]", "15000000"}, ballot{"[]", "5"})
			b.Ballot.Proposal.Type = "approval"
			recount(t, b)
			b.Ballot.Proposal.ScoresTotal = 15000000
			return b
		}, "warning: Older rules: the scores are not those of today's rules, but follow rules that Snapshot had before 2023-03"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := noticed(document(t, test.bundle()))
			wants(t, got[:min(1, len(got))], test.want)
		})
	}
}

// TestWorstOffenders lists ten figures, the greatest differences first.
func TestWorstOffenders(t *testing.T) {
	var cast []ballot
	for range 30 {
		cast = append(cast, votesFor("1000000"))
	}
	b := poll(t, cast...)
	for i := range b.Ballot.Votes {
		b.Ballot.Votes[i].VPByStrategy[0] -= float64(i * i)
		b.Ballot.Votes[i].VP -= float64(i * i)
	}
	recount(t, b)
	d := document(t, b)
	if d.Vote.Power.Differing != 29 || len(d.Vote.Power.Worst) != 10 || d.Vote.Power.Worst[0].Difference != "-841" || d.Vote.Power.Worst[0].Voter != voter(29) {
		t.Errorf("found %+v", d.Vote.Power)
	}
	got := noticed(d)
	if len(got) != 11 || !strings.Contains(got[0], "29 of 30 votes; the worst of 58 figures follow; with so many, the votes may have been counted at another block") {
		t.Errorf("found %d findings: %v", len(got), got)
	}
}

// TestExcludedWalletVotes warns, and only while the wallet is excluded.
func TestExcludedWalletVotes(t *testing.T) {
	b := reached(t)
	b.Ballot.Votes[2].Voter = "0xD374225abB84DCA94e121F0B8A06B93E39aD7a99"
	askAgain(t, b)
	d := document(t, b)
	wants(t, noticed(d), "warning: Excluded wallet voted: 0xD374225abB84DCA94e121F0B8A06B93E39aD7a99 (DAO treasury) voted with 2000000")
	if d.Verdict != report.Reached {
		t.Errorf("verdict %q", d.Verdict)
	}
}

// TestTurnoutAbovePower: more votes than there can be.
func TestTurnoutAbovePower(t *testing.T) {
	d := document(t, poll(t, votesFor("146395385"), against("0.000000000000000001")))
	wants(t, noticed(d), "failure: Turnout above the circulating voting power: turnout is 146395385.000000000000000001, circulating voting power 146395385")
	if d.Verdict != report.Disagrees {
		t.Errorf("verdict %q", d.Verdict)
	}
	if d := document(t, poll(t, votesFor("146395385"))); d.Verdict != report.Reached {
		t.Errorf("all there is: verdict %q, %v", d.Verdict, noticed(d))
	}
}

// TestAmbiguousBlocks: a vote may agree with the first or the last block of a
// run; the report says which, and sums what agrees.
func TestAmbiguousBlocks(t *testing.T) {
	b := ambiguousPoll(t, []int{0, 1, 0}, [2]string{"14639000", "15"}, [2]string{"0", "7.5"}, [2]string{"535", "535"})
	d := document(t, b)
	turnout := d.Vote.Turnout
	if d.Verdict != report.Reached || turnout.Tokens != "14639545.5" || turnout.Source != "chains" {
		t.Errorf("verdict %s, turnout %+v; %v", d.Verdict, turnout, noticed(d))
	}
	want := []string{
		"1 vote at optimism block 5001, first of 3 with its timestamp only",
		"1 vote at optimism block 5003, last of 3 with its timestamp only",
		"1 vote at any of these blocks",
	}
	if !slices.Equal(d.Vote.Power.Agreement, want) {
		t.Errorf("found %q, want %q", d.Vote.Power.Agreement, want)
	}
	if rules := []string{d.Vote.Power.Blocks[0].Rule, d.Vote.Power.Blocks[1].Rule, d.Vote.Power.Blocks[2].Rule}; !slices.Equal(rules,
		[]string{"snapshot block", "first at or after the snapshot's time", "last with the snapshot's time"}) {
		t.Errorf("found %q", rules)
	}

	b.Ballot.Votes[0].VPByStrategy[1] -= 1 // agrees with neither; the first is nearer
	got := noticed(document(t, b))
	if i := slices.IndexFunc(got, func(s string) bool { return strings.Contains(s, "strategy 2") && strings.Contains(s, "voter") }); i < 0 ||
		!strings.Contains(got[i], "the chains give 14639000 (difference -1)") {
		t.Errorf("found %q", got)
	}
}

// TestAmbiguousBlocksDecide: the two blocks differ by a wei that no double of
// the hub shows, and the quorum hangs on it.
func TestAmbiguousBlocksDecide(t *testing.T) {
	d := document(t, ambiguousPoll(t, []int{0}, [2]string{"14639537.5", "14639537.499999999999999999"}))
	if d.Verdict != report.Disagrees {
		t.Errorf("verdict %q", d.Verdict)
	}
	wants(t, noticed(d), "failure: Turnout depends on the block: with blocks that agree with the hub alike it is from 14639538.499999999999999999 to 14639538.5")
}

// TestOpenVote: a vote that is not final needs no power from the chains.
func TestOpenVote(t *testing.T) {
	b := reached(t)
	b.Ballot.ReadAt, b.Ballot.Power = b.Ballot.Proposal.End, nil
	d := document(t, b)
	if d.Verdict != report.NotFinal || d.Vote.Turnout.Source != "hub votes" || d.Vote.Turnout.Tokens != "16000007.625" {
		t.Errorf("verdict %s, turnout %+v", d.Verdict, d.Vote.Turnout)
	}
	wants(t, noticed(d), "warning: Vote not final")
	if _, different, err := report.Verify(sealed(t, b)); err != nil || len(different) > 0 {
		t.Errorf("verify: %v %v", different, err)
	}
}

// TestSnapshotShows is what the page of a basic vote says, quorum or not.
func TestSnapshotShows(t *testing.T) {
	b := poll(t, votesFor("14639538"), against("0.499999999999999999"))
	if d := document(t, b); d.Verdict != report.NotReached || d.Vote.SnapshotShows != "passed" {
		t.Errorf("verdict %s while Snapshot shows %s; want not reached and passed", d.Verdict, d.Vote.SnapshotShows)
	}
	if text := render(t, b, report.Text); !strings.Contains(text, "- Snapshot itself shows: passed\n") {
		t.Error(text)
	}
}

// TestBallotRefused: ballots that do not fit their evidence.
func TestBallotRefused(t *testing.T) {
	tests := map[string]struct {
		change func(b *report.Bundle)
		says   string
	}{
		"another space":       {func(b *report.Bundle) { b.Ballot.Proposal.Space = "other.eth" }, `space "other.eth"`},
		"no proposal":         {func(b *report.Bundle) { b.Ballot.Proposal = nil }, "proposal is missing"},
		"no power":            {func(b *report.Bundle) { b.Ballot.Power = nil }, "the vote is final"},
		"a voter not read":    {func(b *report.Bundle) { b.Ballot.Power.Query.Voters[0] = voter(99) }, "not the one that the proposal"},
		"another snapshot":    {func(b *report.Bundle) { b.Ballot.Proposal.Snapshot++ }, "not the one that the proposal"},
		"no such network":     {func(b *report.Bundle) { b.Ballot.Proposal.Network = "one" }, `network is "one"`},
		"a power without end": {func(b *report.Bundle) { b.Ballot.Votes[0].VP = math.Inf(1) }, "not a finite number"},
		"choices not there":   {func(b *report.Bundle) { b.Evidence.Model.Turnout = []string{"Aye"} }, `no choice is called "Aye"`},
		"figures of elsewhen": {func(b *report.Bundle) { *b.Evidence = *forumPost(t).Evidence; shift(b) }, "query time"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := reached(t)
			test.change(b)
			_, err := report.New(b)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), votingpower.ErrEvidence.Error()) {
				t.Errorf("found %v, want an error of evidence that says %q", err, test.says)
			}
		})
	}
}

// shift makes the figures those of the block before.
func shift(b *report.Bundle) {
	e := b.Evidence
	before := blockAt(snapshotBlock-1, snapshotTime-24, snapshotTime-12)
	before.Pinned = true
	e.At = before.Time()
	e.Chains[chains.Ethereum] = votingpower.ChainEvidence{Block: before}
	e.Chains[chains.Optimism] = votingpower.ChainEvidence{Block: blockAt(99757030, snapshotTime-20, snapshotTime-10)}
}

// TestTextIsOneLineEach: foreign text cannot add lines to a report, nor colours to a terminal.
func TestTextIsOneLineEach(t *testing.T) {
	text := render(t, hostileVote(t), report.Text)
	if strings.ContainsAny(text, "\x1b\u202e\r") {
		t.Errorf("control characters came through: %q", text)
	}
	for line := range strings.Lines(text) {
		if line != "\n" && !strings.HasPrefix(line, "- ") && !slices.Contains([]string{"Checks:\n", "Query timestamp:\n"}, line) && !strings.HasPrefix(line, "Vote: ") {
			t.Errorf("foreign text made a line of its own: %q", line)
		}
	}
}

// TestInvalidChoicesAreCounted: they are in the turnout, and named.
func TestInvalidChoicesAreCounted(t *testing.T) {
	b := poll(t, votesFor("15000000"), ballot{"9", "2.5"}, ballot{"0", "0.25"})
	d := document(t, b)
	if d.Vote.InvalidVotes != 2 || d.Vote.InvalidPower != "2.75" || d.Vote.Turnout.Tokens != "15000002.75" {
		t.Errorf("found %d votes with %s, turnout %s", d.Vote.InvalidVotes, d.Vote.InvalidPower, d.Vote.Turnout.Tokens)
	}
	if text := render(t, b, report.Text); !strings.Contains(text, "- Invalid choices: 2.75 in 2 of the votes;") {
		t.Error(text)
	}
	if text := render(t, b, report.Markdown); !strings.Contains(text, "\n| *Invalid choices (2 of the votes)* | 2.75 | | |\n") {
		t.Error(text)
	}
}
