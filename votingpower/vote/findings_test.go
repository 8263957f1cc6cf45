package vote_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// check checks evidence that does not contradict itself.
func check(t testing.TB, e *vote.Evidence) *vote.Outcome {
	t.Helper()
	o, err := vote.Check(e)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// noticed lists the findings that are not info.
func noticed(o *vote.Outcome) (list []string) {
	for _, f := range o.Findings {
		if f.Level != vote.Info {
			list = append(list, fmt.Sprintf("%s %s: %s", f.Level, f.Code, f.Detail))
		}
	}
	return list
}

// has reports whether there is a finding of a kind.
func has(o *vote.Outcome, code vote.Code) bool {
	return slices.ContainsFunc(o.Findings, func(f vote.Finding) bool { return f.Code == code })
}

// wants compares findings with a list of what each must contain, in order.
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
func reached(t testing.TB) *vote.Evidence {
	return poll(t, votesFor("10000000"), against("4000000.125"), abstain("2000000"), votesFor("7.5"))
}

// oddRow is a row of a hub that is no vote.
const oddRow = `{"id":"0x12","ipfs":null,"vp":null}`

// TestOddRowMayDecide: the quorum is not called missed where a row that cannot be read may reach it. A
// vote does not pass for such a row.
func TestOddRowMayDecide(t *testing.T) {
	e := poll(t, votesFor("14639538"))
	e.Odd, e.Proposal.Votes = []string{oddRow}, 2
	o := check(t, e)
	wants(t, noticed(o), "vote-unreadable", "scores-not-recounted", "rows that cannot be read may have power too")
	if o.Verdict != vote.NotEstablished {
		t.Errorf("verdict %s", o.Verdict)
	}
	row := strings.NewReplacer("ID", fmt.Sprintf("0x%064x", 1), "VOTER", voter(7)).Replace(
		`{"id":"ID","ipfs":"","voter":"VOTER","created":1,"choice":1,"vp":9,"vp_by_strategy":[9],"vp_state":"final",` +
			`"reason":"","app":"","metadata":{}}`)
	for _, odd := range [][]string{{row}, {strings.Repeat(" ", snapshot.MaxOddRow) + "1"},
		slices.Repeat([]string{oddRow}, snapshot.MaxOddRows+1)} {
		e.Odd = odd
		if _, err := vote.Check(e); !errors.Is(err, votingpower.ErrEvidence) {
			t.Errorf("found error %v", err)
		}
	}
}

// TestFindings changes one thing at a time of a vote that agrees.
func TestFindings(t *testing.T) {
	type v = *vote.Evidence
	tests := map[string]struct {
		change  func(e v)
		verdict vote.Verdict
		want    []string
	}{
		"nothing": {func(v) {}, vote.Reached, nil},
		"an odd row": {func(e v) { e.Odd, e.Proposal.Votes = []string{oddRow}, 5 }, vote.Reached, []string{
			`warning vote-unreadable: voter is "nothing", want a string; the row, which counts nowhere here, is`,
			"warning scores-not-recounted: 1 row of the hub's list cannot be read"}},
		"an odd row that the hub did not count": {func(e v) { e.Odd = []string{oddRow} }, vote.Reached, []string{
			"warning votes-incomplete: the hub lists 5 votes, not all of which can be read, and counted 4",
			"warning vote-unreadable", "warning scores-not-recounted"}},
		"an odd row, and everything demanded": {func(e v) { e.Odd, e.Proposal.Votes, e.Strict = []string{"null"}, 5, true },
			vote.NotEstablished, []string{`warning vote-unreadable: the object itself is "null"`,
				"warning scores-not-recounted", "warning quorum-not-established"}},

		// The hub's figures of a voter.
		"a voter's power": {func(e v) { e.Votes[1].VPByStrategy[0] += 0.5 }, vote.Disagrees, []string{
			"failure scores-differ: choice 2 (\"Against\"), strategy 1",
			"failure voting-power-differs: 1 of 4 votes, in 1 figure",
			"voter " + voter(1) + ", strategy 1 (\"erc20-balance-of\"): the hub has 4000000.625, " +
				"the chains give 4000000.125 (difference 0.5)",
		}},
		"a voter's total": {func(e v) { e.Votes[1].VP -= 0.5 }, vote.Disagrees, []string{
			"failure scores-differ: total of all votes: the hub has 16000007.625, " +
				"the recount gives 16000007.125 (difference 0.5)",
			"failure scores-differ: choice 2 (\"Against\"): the hub has 4000000.125, the recount gives 3999999.625",
			"failure voting-power-differs: 1 of 4",
			"voter " + voter(1) + ", total: the hub has 3999999.625, the chains give 4000000.125 (difference -0.5)",
		}},
		"noise in a voter's power": {func(e v) { e.Votes[1].VPByStrategy[0] *= 1 + 1e-12 }, vote.Reached, nil},
		"a voter without power by strategy": {func(e v) { e.Votes[1].VPByStrategy = []float64{} }, vote.Reached,
			[]string{"warning scores-by-strategy-not-recounted"}},
		"a power too many": {func(e v) { e.Votes[1].VPByStrategy = append(e.Votes[1].VPByStrategy, 3) }, vote.Disagrees,
			[]string{
				"warning scores-by-strategy-not-recounted", "1 of 4",
				"strategy 2, which the proposal does not have: the hub has 3",
			}},

		// The hub's result.
		"a score": {func(e v) { e.Proposal.Scores[2] += 1 }, vote.Disagrees, []string{
			"failure scores-differ: choice 3 (\"Abstain\"): the hub has 2000001, the recount gives 2000000 (difference 1)",
			"choice 3 (\"Abstain\"), strategy 1",
		}},
		"the total": {func(e v) { e.Proposal.ScoresTotal += 1 }, vote.Disagrees, []string{
			"failure scores-differ: total of all votes: the hub has 16000008.625, " +
				"the recount gives 16000007.625 (difference 1)",
		}},
		"a score missing": {func(e v) { e.Proposal.Scores = e.Proposal.Scores[:2] }, vote.Disagrees, []string{
			"failure scores-differ: the hub has 2 scores for 3 choices", "choice 3 (\"Abstain\"): the hub has nothing",
		}},
		"too many duels to count": {func(e v) {
			e.Proposal.Type, e.Proposal.Choices, e.Proposal.ScoresTotal = "copeland", make([]string, 6000), 0
		}, vote.Reached, []string{"warning scores-not-recounted: too large to count: every pair of 6000 choices"}},
		"a type without rules": {func(e v) { e.Proposal.Type = "custom" }, vote.Reached,
			[]string{`warning scores-not-recounted: unknown voting type "custom"`}},
		"a sealed choice that was never opened": {func(e v) {
			e.Votes[3].Choice = json.RawMessage(`"0xabcdef"`)
			e.Proposal.Scores[0], e.Proposal.Privacy = 10000000, "shutter"
		}, vote.Reached, []string{"warning choices-still-sealed: never decrypted, and counted as invalid: 1 choice"}},

		// The list of votes.
		"a vote dropped": {func(e v) { drop(e, 3) }, vote.Disagrees, []string{
			"failure votes-incomplete: the hub lists 3 votes and counted 4",
			"total of all votes", "choice 1 (\"For\")", "choice 1 (\"For\"), strategy 1",
		}},
		"a vote dropped and the count with it": {func(e v) { drop(e, 3); e.Proposal.Votes-- }, vote.Disagrees,
			[]string{"total of all votes", "choice 1 (\"For\")", "choice 1 (\"For\"), strategy 1"}},
		"a voter twice": {func(e v) {
			again := e.Votes[3]
			again.ID, again.Voter = "0x"+strings.Repeat("a", 64), strings.ToLower(again.Voter)
			e.Superseded, e.Proposal.Votes = append(e.Superseded, again), 5
		}, vote.Disagrees, []string{"failure duplicate-voter: voter " + strings.ToLower(voter(3)) + " has more"}},
		"counted anew": {func(e v) { e.Changed = true }, vote.Disagrees, []string{"failure votes-changed"}},
		"before the start": {func(e v) { e.Votes[0].Created = e.Proposal.Start - 1 }, vote.Disagrees, []string{
			"failure vote-outside-the-voting-period: voter " + voter(0) + " signed at Fri, 19 May 2023 13:41:14 GMT, " +
				"the vote ran from Fri, 19 May 2023 13:41:15 GMT"}},
		"at the end": {func(e v) { e.Votes[0].Created = e.Proposal.End }, vote.Reached, nil},
		"after the end": {func(e v) { e.Votes[0].Created = e.Proposal.End + 1 }, vote.Disagrees,
			[]string{"failure vote-outside-the-voting-period"}},

		// The proposal.
		"flagged": {func(e v) { e.Proposal.Flagged = true }, vote.Reached, []string{"warning proposal-flagged: "}},
		"quorum of the hub": {func(e v) { e.Proposal.Quorum = 200000 }, vote.Reached,
			[]string{"warning quorum-on-the-hub-differs: the proposal's own is 200000; the model's is 14639538.5"}},
		"no quorum on the hub": {func(e v) { e.Proposal.Quorum = 0 }, vote.Reached, nil},
		"a quorum for rejection": {func(e v) { e.Proposal.QuorumType = "rejection" }, vote.Reached,
			[]string{"warning quorum-on-the-hub-differs: the proposal's own is 14639538.5, and is for rejection"}},
		"still open": {func(e v) { e.ReadAt = e.Proposal.End }, vote.NotFinal,
			[]string{"warning vote-not-final: voting is open until"}},
		"scores not final": {func(e v) { e.Proposal.ScoresState = "pending" }, vote.NotFinal,
			[]string{`warning vote-not-final: voting is closed, but the hub's scores_state is "pending"`}},
		"open, disagreeing": {func(e v) { e.ReadAt, e.Votes[0].VP = e.Proposal.End, 1 }, vote.NotFinal, []string{
			"warning vote-not-final", "warning scores-differ: total", "warning scores-differ: choice 1 (\"For\")",
			"failure voting-power-differs", "failure voting-power-differs", "warning hub-turnout-would-decide-otherwise"}},
		"a block that is not final": {func(e v) {
			c := e.Circulating.Chains[chains.Optimism]
			c.Block.Unfinalized = true
			e.Circulating.Chains[chains.Optimism] = c
		}, vote.NotFinal, []string{"warning block-not-final: optimism block 99757040"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := reached(t)
			test.change(e)
			askAgain(t, e)
			o := check(t, e)
			if o.Verdict != test.verdict {
				t.Errorf("verdict %q, want %q", o.Verdict, test.verdict)
			}
			wants(t, noticed(o), test.want...)
		})
	}
}

// TestBlockMarks: by which rule a block is final, and that its header was not understood in full,
// is reported.
func TestBlockMarks(t *testing.T) {
	t.Parallel()
	e := reached(t)
	for code, change := range map[vote.Code]func(*chains.Block){
		"":                   func(*chains.Block) {},
		vote.BlockFinalByAge: func(b *chains.Block) { b.FinalByAge = true },
		vote.BlockOfNewFork:  func(b *chains.Block) { b.ParentNewFields = []byte{1} },
	} {
		c := e.Circulating.Chains[chains.Optimism]
		change(&c.Block)
		marked := *e.Circulating
		marked.Chains = maps.Clone(marked.Chains)
		marked.Chains[chains.Optimism] = c
		for _, f := range vote.Marks(result(&marked, 1)) {
			told := f.Code == vote.BlockFinalByAge || f.Code == vote.BlockOfNewFork
			if told && (f.Code != code || !strings.HasPrefix(f.Detail, "optimism block 99757040 ")) {
				t.Errorf("found %s: %s, want %q", f.Code, f.Detail, code)
			}
			if f.Code == code {
				code = ""
			}
		}
		if code != "" {
			t.Errorf("found no %s", code)
		}
	}
}

// TestQuorumMarks: a quorum that every vote reaches, or none can, is worth a warning.
func TestQuorumMarks(t *testing.T) {
	t.Parallel()
	e := reached(t).Circulating
	for quorum, code := range map[int64]vote.Code{0: vote.QuorumZero, 1: "", 10: "", 11: vote.QuorumImpossible} {
		found := vote.Code("")
		for _, f := range vote.Marks(result(e, quorum)) {
			if f.Code == vote.QuorumZero || f.Code == vote.QuorumImpossible {
				found = f.Code
			}
		}
		if found != code {
			t.Errorf("quorum %d of 10: found %q, want %q", quorum, found, code)
		}
	}
}

// result has a quorum of so many of ten base units.
func result(e *votingpower.Evidence, quorum int64) *votingpower.Result {
	return &votingpower.Result{Evidence: e, VotingPower: big.NewInt(10), Quorum: big.NewRat(quorum, 1)}
}

// drop leaves out a vote and the reads for its voter.
func drop(e *vote.Evidence, i int) {
	e.Votes = slices.Delete(e.Votes, i, i+1)
	for place, reading := range e.Power.Places {
		reading.Sampled[0].Results = slices.Delete(reading.Sampled[0].Results, i, i+1)
		e.Power.Places[place] = reading
	}
}

// TestStrict: what could not be checked leaves no verdict for who asks for it, and is no disagreement.
func TestStrict(t *testing.T) {
	unchecked := map[string]func(e *vote.Evidence){
		"type":     func(e *vote.Evidence) { e.Proposal.Type = "custom" },
		"strategy": func(e *vote.Evidence) { unverifiable(e, "split-delegation") },
		"split":    func(e *vote.Evidence) { e.Votes[1].VPByStrategy = []float64{} },
	}
	for name, change := range unchecked {
		for strict, want := range map[bool]vote.Verdict{false: vote.Reached, true: vote.NotEstablished} {
			if name == "strategy" { // the only one
				want = vote.NotEstablished
			}
			t.Run(fmt.Sprintf("%s, strict %t", name, strict), func(t *testing.T) {
				e := reached(t)
				e.Strict = strict
				change(e)
				askAgain(t, e)
				o := check(t, e)
				if o.Verdict != want || has(o, vote.QuorumNotEstablished) != (want == vote.NotEstablished) {
					t.Errorf("verdict %q, want %q: %v", o.Verdict, want, noticed(o))
				}
			})
		}
	}
}

// TestTotalWithoutRecount: where nothing can be recounted, or by older rules,
// the hub's total alone reaches no quorum.
func TestTotalWithoutRecount(t *testing.T) {
	older := func(e *vote.Evidence) {
		e.Proposal.Type, e.Votes[1].Choice = "approval", json.RawMessage("[]")
		e.Votes[0].Choice = json.RawMessage("[1]")
		recount(t, e)
		e.Proposal.ScoresTotal = 14639538 // of January 2023: it left invalid votes out
		e.Proposal.ScoresUpdated = time.Date(2023, time.January, 15, 0, 0, 0, 0, time.UTC).Unix()
	}
	tests := map[string]struct {
		change  func(e *vote.Evidence)
		verdict vote.Verdict
		want    string
	}{
		"custom": {func(e *vote.Evidence) { e.Proposal.Type = "custom" }, vote.NotEstablished,
			"warning scores-not-recounted"},
		"custom, a false sum": {func(e *vote.Evidence) { e.Proposal.Type, e.Proposal.ScoresTotal = "custom", 9e7 },
			vote.Disagrees, "failure scores-differ: total of all votes: the hub has 90000000, " +
				"the votes add up to 14639538.5 (difference 75360461.5)"},
		"older rules": {older, vote.NotEstablished, "warning quorum-not-established"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := poll(t, votesFor("14639538"), abstain("0.5"))
			unverifiable(e, "api")
			test.change(e)
			askAgain(t, e)
			o := check(t, e)
			turnout(t, o, test.verdict, quorumTokens, vote.FromHubVotes)
			if got := noticed(o); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("%q is not in %q", test.want, got)
			}
		})
	}
}
