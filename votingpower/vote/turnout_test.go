package vote_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// turnout compares a turnout, in tokens, and where it comes from.
func turnout(t testing.TB, o *vote.Outcome, verdict vote.Verdict, power string, source vote.Source) {
	t.Helper()
	got := "unknown"
	if o.Turnout.Power != nil {
		got = votingpower.Decimal(o.Turnout.Power)
	}
	if o.Verdict != verdict || got != power || o.Turnout.Source != source {
		t.Errorf("verdict %q, turnout %s from %q, want %q, %s from %q; %v",
			o.Verdict, got, o.Turnout.Source, verdict, power, source, noticed(o))
	}
}

// TestQuorum decides on both sides of the line, to the wei.
func TestQuorum(t *testing.T) {
	hubDiffers := []string{"warning hub-turnout-would-decide-otherwise: the exact turnout is " +
		"14639538.499999999999999999, " +
		"the hub's figure 14639538.5, the quorum 14639538.5"}
	tests := map[string]struct {
		cast    []ballot
		verdict vote.Verdict
		margin  string
		notice  []string
	}{
		"no votes":    {nil, vote.NotReached, "-14639538.5", nil},
		"exactly met": {[]ballot{votesFor("14639538.25"), abstain("0.25")}, vote.Reached, "0", nil},
		"one wei more": {[]ballot{votesFor("14639538"), abstain("0.500000000000000001")},
			vote.Reached, "0.000000000000000001", nil},
		"abstain and invalid": {[]ballot{abstain("14639538"), {"9", "0.25"}, {`"x"`, "0.25"}}, vote.Reached, "0", nil},
		"far below":           {[]ballot{votesFor("14000000"), against("1")}, vote.NotReached, "-639537.5", nil},
		"one wei short": {[]ballot{votesFor("14639538"), against("0.499999999999999999")},
			vote.NotReached, "-0.000000000000000001", hubDiffers},
		"one wei short in one vote": {[]ballot{votesFor("14639538.499999999999999999")},
			vote.NotReached, "-0.000000000000000001", hubDiffers},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := check(t, poll(t, test.cast...))
			margin := votingpower.Decimal(o.Turnout.Margin())
			if o.Verdict != test.verdict || margin != test.margin || o.Turnout.Source != vote.FromChains {
				t.Errorf("verdict %s by %s from %s, want %s by %s from chains",
					o.Verdict, margin, o.Turnout.Source, test.verdict, test.margin)
			}
			wants(t, noticed(o), test.notice...)
		})
	}
}

// unverifiable renames the only strategy, so that nothing is read for it.
func unverifiable(e *vote.Evidence, name string) {
	e.Proposal.Strategies[0].Name = name
	for _, reading := range e.Power.Places {
		reading.Sampled[0].Results = nil
	}
}

// TestUnverifiable: the hub's double takes its place, exactly, and is marked.
func TestUnverifiable(t *testing.T) {
	e := poll(t, votesFor("14639538"), abstain("0.499999999999999999"))
	unverifiable(e, "split-delegation")
	askAgain(t, e)
	o := check(t, e)
	turnout(t, o, vote.NotEstablished, "14639538.5", vote.FromHubTotal)
	wants(t, noticed(o),
		"warning strategy-unverifiable: strategy 1 (\"split-delegation\"): it depends on delegations that are not "+
			"recomputed here; "+
			"the hub's figures are used unchecked",
		"warning turnout-within-rounding-of-the-quorum: the turnout is the hub's double 14639538.5, the quorum 14639538.5",
		"warning quorum-not-established: the quorum is 14639538.5, the turnout 14639538.5, and 0 of it is established; "+
			"the rest is of strategies that nothing binds to the model, or that cannot be recomputed")
	if has(o, vote.VotingPowerAgrees) || o.Audit.Recomputed != 0 {
		t.Errorf("what was not recomputed is said to agree: %+v", o.Audit)
	}

	e.Votes[0].VP += 2
	voters := slices.DeleteFunc(noticed(check(t, e)), func(s string) bool { return !strings.Contains(s, "voter") })
	wants(t, voters, "total: the hub has 14639540, its parts add up to 14639538 (difference 2)")
}

// TestNamedChoices counts only the choices that the model names.
func TestNamedChoices(t *testing.T) {
	e := poll(t, votesFor("14639538"), abstain("5"), against("0.499999999999999999"), ballot{"7", "3"})
	e.Circulating.Model.Turnout.Choices = []string{"For", "Against"}
	o := check(t, e)
	turnout(t, o, vote.NotReached, "14639538.499999999999999999", vote.FromChains)
	hub := big.NewRat(29279077, 2)
	if o.Turnout.Votes != 2 || o.Turnout.Hub.Cmp(hub) != 0 || o.Turnout.HubSource != vote.FromHubVotes {
		t.Errorf("found %+v", o.Turnout)
	}

	e = poll(t, ballot{`"0xabcd"`, "5"})
	e.Circulating.Model.Turnout.Choices = []string{"For"}
	e.ReadAt, e.Proposal.ScoresState = e.Proposal.Start+5, "pending"
	o = check(t, e)
	turnout(t, o, vote.NotFinal, "unknown", "")
	if !has(o, vote.TurnoutUnknown) || o.Turnout.Reached() {
		t.Errorf("sealed: %+v; %v", o.Turnout, noticed(o))
	}
}

// TestWinnersVotes counts the votes for the choice with the highest score; without a recount
// nobody knows which that is.
func TestWinnersVotes(t *testing.T) {
	winner := func(e *vote.Evidence) *vote.Evidence {
		e.Circulating.Model.Format, e.Circulating.Model.Turnout.Winner = votingpower.ModelFormat, true
		return e
	}
	o := check(t, winner(poll(t, votesFor("14639538"), abstain("5"), against("14639540"))))
	turnout(t, o, vote.Reached, "14639540", vote.FromChains)
	if o.Turnout.Votes != 1 {
		t.Errorf("found %+v", o.Turnout)
	}

	e := winner(poll(t, ballot{`{"1":1,"2":1}`, "10000000"}, ballot{`{"2":1,"3":2}`, "30000000"}))
	e.Proposal.Type = "weighted"
	recount(t, e)
	askAgain(t, e)
	turnout(t, check(t, e), vote.Reached, "20000000", vote.FromChains) // 30M × 2/3, for choice 3

	e.Votes[0].Choice = []byte(`{`)
	if o = check(t, e); !has(o, vote.TurnoutUnknown) || o.Turnout.Reached() {
		t.Errorf("without a recount: %s, %v", o.Verdict, noticed(o))
	}
}

// TestCopelandTurnout: its scores_total leaves invalid votes out, the turnout does not.
func TestCopelandTurnout(t *testing.T) {
	e := poll(t, ballot{"[1,2,3]", "14000000"}, ballot{"[1]", "639538.5"})
	e.Proposal.Type, e.Proposal.ScoresTotal = "copeland", 14000000
	recount(t, e)
	unverifiable(e, "api")
	askAgain(t, e)
	turnout(t, check(t, e), vote.NotEstablished, quorumTokens, vote.FromHubVotes)
}

// recount gives the proposal the scores of its votes.
func recount(t testing.TB, e *vote.Evidence) {
	t.Helper()
	p := e.Proposal
	result, err := tally.Recount(p, e.Votes)
	if err != nil {
		t.Fatal(err)
	}
	p.Scores, p.ScoresTotal, p.ScoresByStrategy = result.Scores, result.ScoresTotal, nil
	for i := range result.ScoresByStrategy {
		var row []*float64
		for k := range result.ScoresByStrategy[i] {
			row = append(row, &result.ScoresByStrategy[i][k])
		}
		p.ScoresByStrategy = append(p.ScoresByStrategy, row)
	}
}

// TestTurnoutAbovePower: more votes than there can be.
func TestTurnoutAbovePower(t *testing.T) {
	o := check(t, poll(t, votesFor("146395385"), against("0.000000000000000001")))
	wants(t, noticed(o), "failure turnout-above-the-circulating-voting-power: turnout is 146395385.000000000000000001, "+
		"circulating voting power 146395385")
	if o.Verdict != vote.Disagrees {
		t.Errorf("verdict %q", o.Verdict)
	}
	if o := check(t, poll(t, votesFor("146395385"))); o.Verdict != vote.Reached {
		t.Errorf("all there is: verdict %q, %v", o.Verdict, noticed(o))
	}
}

// TestAmbiguousBlocks: a vote may agree with the first or the last block of a run. The
// outcome says which, and sums what agrees.
func TestAmbiguousBlocks(t *testing.T) {
	e := ambiguousPoll(t, []int{0, 1, 0}, [2]string{"14639000", "15"}, [2]string{"0", "7.5"}, [2]string{"535", "535"})
	o := check(t, e)
	turnout(t, o, vote.Reached, "14639545.5", vote.FromChains)
	want := []string{
		"1 vote at optimism block 99757040, first of 3 with its timestamp only",
		"1 vote at optimism block 99757042, last of 3 with its timestamp only",
		"1 vote at any of these blocks",
	}
	if !slices.Equal(o.Audit.Agreement, want) {
		t.Errorf("found %q, want %q", o.Audit.Agreement, want)
	}

	e.Votes[0].VPByStrategy[1] -= 1 // agrees with neither; the first is nearer
	got := noticed(check(t, e))
	if !slices.ContainsFunc(got, func(s string) bool {
		return strings.Contains(s, "strategy 2") && strings.Contains(s, "the chains give 14639000 (difference -1)")
	}) {
		t.Errorf("found %q", got)
	}
}

// TestAmbiguousBlocksDecide: the two blocks differ by a wei that no double of the hub shows,
// and the quorum depends on it.
func TestAmbiguousBlocksDecide(t *testing.T) {
	o := check(t, ambiguousPoll(t, []int{0}, [2]string{"14639537.5", "14639537.499999999999999999"}))
	if o.Verdict != vote.NotEstablished {
		t.Errorf("verdict %q", o.Verdict)
	}
	wants(t, noticed(o), "warning turnout-depends-on-the-block: with blocks that agree with the hub equally well "+
		"it is from 14639538.499999999999999999 to 14639538.5",
		"warning quorum-not-established: the quorum is 14639538.5, the turnout 14639538.5, "+
			"and 14639538.499999999999999999 of it is established")
}

// TestInvalidChoicesAreCounted: they are in the turnout, and in no score.
func TestInvalidChoicesAreCounted(t *testing.T) {
	o := check(t, poll(t, votesFor("15000000"), ballot{"9", "2.5"}, ballot{"0", "0.25"}))
	turnout(t, o, vote.Reached, "15000002.75", vote.FromChains)
	if valid := []bool{true, false, false}; !slices.Equal(o.Tally.Valid, valid) || o.Tally.Scores[0] != 15000000 {
		t.Errorf("valid %v, scores %v", o.Tally.Valid, o.Tally.Scores)
	}
}

// TestNearestBlock: of blocks that agree equally well, or of blocks that differ alike, the
// one nearest to the hub counts.
func TestNearestBlock(t *testing.T) {
	// These two are within a billionth of each other.
	o := check(t, ambiguousPoll(t, []int{1}, [2]string{"14639538", "14639538.00001"}))
	turnout(t, o, vote.Reached, "14639539.00001", vote.FromChains)

	e := ambiguousPoll(t, []int{1}, [2]string{"10", "20"})
	e.Votes[0].VPByStrategy[1]--
	e.Votes[0].VP--
	worst := check(t, e).Audit.Worst
	if len(worst) != 2 || worst[0].Chains != 20 && worst[1].Chains != 20 {
		t.Errorf("found %+v, want the last block's 20", worst)
	}
}

// TestFiguresOfAnotherBlock: voters' power and circulating voting power must be of the same block.
func TestFiguresOfAnotherBlock(t *testing.T) {
	e := ambiguousPoll(t, []int{0}, [2]string{"10", "20"})
	e.Circulating = pollEvidence(t, blockAt(99757040, snapshotTime-10, snapshotTime)) // of another fork
	const want = "voters were read at optimism block 99757040"
	if _, err := vote.Check(e); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("found %v", err)
	}
}

// TestRunEndNotFinal: the block after a run of equal timestamps proves its end, and could
// still be replaced by one that makes the run longer.
func TestRunEndNotFinal(t *testing.T) {
	e := ambiguousPoll(t, []int{0}, [2]string{"1", "2"})
	for _, reading := range e.Power.Places {
		if reading.After != nil {
			reading.After.Unfinalized = true
		}
	}
	o := check(t, e)
	if o.Verdict != vote.NotFinal || has(o, vote.VoteFinal) {
		t.Errorf("verdict %s, want not final", o.Verdict)
	}
	wants(t, noticed(o), "warning block-not-final: optimism block 99757043")
}

// TestQuotients: the sum of quotients of balances is exact while its fraction is of a length
// to compute with, and then the hub's.
func TestQuotients(t *testing.T) {
	for voters, want := range map[int]vote.Source{3: vote.Recomputed, 600: vote.FromHubTotal} {
		var cast []ballot
		for i := range voters {
			cast = append(cast, votesFor(fmt.Sprintf("%d.123456789012345%03d", i+1, i)))
		}
		e := poll(t, cast...)
		e.Proposal.Strategies[0] = named("math", `{"operation":"divide","operands":[{"type":"constant","value":1},`+
			`{"type":"strategy","strategy":{"name":"erc20-balance-of","params":{"address":"`+perpOnL1+`"}}}]}`)
		askAgain(t, e)
		if o := check(t, e); o.Turnout.Source != want || o.Turnout.Power.Denom().BitLen() > 32<<10 {
			t.Errorf("%d voters: turnout from %s, %d bits", voters, o.Turnout.Source, o.Turnout.Power.Denom().BitLen())
		}
	}
}

// TestQuorumShownOtherwise: what an older page of Snapshot's counted is a note, and no verdict.
func TestQuorumShownOtherwise(t *testing.T) {
	e := reached(t)
	e.Proposal.HideAbstain = true
	o := check(t, e)
	wants(t, about(o, "quorum-shown"), "info quorum-shown-otherwise: Snapshot compares all votes, 16000007.625, with the "+
		"proposal's own quorum of 14639538.5; its older page compared all but Abstain, which the space hides, 14000007.625")
	if o.Verdict != vote.Reached {
		t.Errorf("verdict %s", o.Verdict)
	}
}

// TestWinnerBeyondVotes: the hub spreads a weight of the key "01" over the other choices. The winner
// then scores more than was cast for it, and neither figure is established.
func TestWinnerBeyondVotes(t *testing.T) {
	for choice, want := range map[string]vote.Verdict{
		`{"1":1}`: vote.Reached, `{"1":1,"2":1}`: vote.Reached, `{"1":1,"01":3}`: vote.NotEstablished,
	} {
		e := poll(t, votesFor("14000000"), votesFor("16000000"))
		e.Proposal.Type = "weighted"
		for i := range e.Votes {
			e.Votes[i].Choice = json.RawMessage(choice)
		}
		askAgain(t, e)
		recount(t, e)
		e.Circulating.Model.Format, e.Circulating.Model.Turnout = votingpower.ModelFormat, votingpower.Turnout{Winner: true}
		if o := check(t, e); o.Verdict != want || has(o, vote.TurnoutUnknown) != (want == vote.NotEstablished) {
			t.Errorf("%s: verdict %q, want %q; %v", choice, o.Verdict, want, noticed(o))
		}
	}
}
