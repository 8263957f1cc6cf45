package report_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower/report"
)

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

// unverifiable renames the only strategy, so that nothing is read for it.
func unverifiable(b *report.Bundle, name string) {
	b.Vote.Proposal.Strategies[0].Name = name
	for _, reading := range b.Vote.Power.Places {
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

	b.Vote.Votes[0].VP += 2
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
	for _, want := range []string{`the 2 votes for "For", "Against"`, "Quorum not reached, short by 0.000000000000000001 (reached when turnout >= quorum)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}

	b = poll(t, ballot{`"0xabcd"`, "5"})
	b.Evidence.Model.Turnout = []string{"For"}
	b.Vote.ReadAt, b.Vote.Proposal.ScoresState = b.Vote.Proposal.Start+5, "pending"
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
	p := b.Vote.Proposal
	p.Type, p.ScoresTotal = "copeland", 14000000
	recount(t, b)
	unverifiable(b, "api")
	askAgain(t, b)
	d := document(t, b)
	if d.Verdict != report.Reached || d.Vote.Turnout.Source != "hub votes" || d.Vote.Turnout.Tokens != quorumTokens {
		t.Errorf("verdict %s, turnout %+v; %v", d.Verdict, d.Vote.Turnout, noticed(d))
	}
}

// recount gives the proposal the scores of its votes.
func recount(t testing.TB, b *report.Bundle) {
	t.Helper()
	p := b.Vote.Proposal
	tally, err := tally.Recount(p, b.Vote.Votes)
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

	b.Vote.Votes[0].VPByStrategy[1] -= 1 // agrees with neither; the first is nearer
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

// TestNearestBlock: of blocks that agree alike, or of blocks that differ alike, the nearest to the hub counts.
func TestNearestBlock(t *testing.T) {
	d := document(t, ambiguousPoll(t, []int{1}, [2]string{"14639538", "14639538.00001"})) // within a billionth of each other
	if d.Vote.Turnout.Tokens != "14639539.00001" || d.Verdict != report.Reached {
		t.Errorf("verdict %s, turnout %s, want that of the last block", d.Verdict, d.Vote.Turnout.Tokens)
	}
	b := ambiguousPoll(t, []int{1}, [2]string{"10", "20"})
	b.Vote.Votes[0].VPByStrategy[1]--
	b.Vote.Votes[0].VP--
	if worst := document(t, b).Vote.Power.Worst; len(worst) != 2 || worst[0].Recomputed != "20" && worst[1].Recomputed != "20" {
		t.Errorf("found %+v, want the last block's 20", worst)
	}
}

// TestFiguresOfAnotherBlock: voters and circulating voting power must be read at the same blocks.
func TestFiguresOfAnotherBlock(t *testing.T) {
	b := ambiguousPoll(t, []int{0}, [2]string{"10", "20"})
	b.Evidence = pollEvidence(t, blockAt(5001, snapshotTime-10, snapshotTime)) // of another fork
	if _, err := report.New(b); err == nil || !strings.Contains(err.Error(), "voters were read at optimism block 5001") {
		t.Errorf("found %v", err)
	}
}

// TestRunEndNotFinal: the block after a run of equal timestamps proves its end,
// and could still be replaced by one that makes the run longer.
func TestRunEndNotFinal(t *testing.T) {
	b := ambiguousPoll(t, []int{0}, [2]string{"1", "2"})
	for _, reading := range b.Vote.Power.Places {
		if reading.After != nil {
			reading.After.Unfinalized = true
		}
	}
	if d := document(t, b); d.Verdict != report.NotFinal {
		t.Errorf("verdict %s, want not final", d.Verdict)
	}
}
