package report_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestScoresNeverMereAgreement: what is not plain agreement is named as what it is.
func TestScoresNeverMereAgreement(t *testing.T) {
	tests := map[string]struct {
		bundle func() *report.Bundle
		want   string
	}{
		"near tie": {func() *report.Bundle { // thirds add up differently in another order
			b := poll(t, votesFor("0.1"), against("0.3"), votesFor("0.2"), abstain("15000000"))
			b.Vote.Proposal.Choices = b.Vote.Proposal.Choices[:2]
			b.Vote.Proposal.Scores, b.Vote.Proposal.ScoresByStrategy = b.Vote.Proposal.Scores[:2], b.Vote.Proposal.ScoresByStrategy[:2]
			return b
		}, "warning: Near tie: the scores are one of several results that rounding allows: winner between choices [1 2]"},
		"older rules": {func() *report.Bundle { // of 2023-02: the total left invalid votes out
			b := poll(t, ballot{"[1]", "15000000"}, ballot{"[]", "5"})
			b.Vote.Proposal.Type = "approval"
			recount(t, b)
			b.Vote.Proposal.ScoresTotal = 15000000
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

// TestNearTiesAreCapped: voters of 0.1 and 0.2 against one of 0.3 leave all 21 duels of seven
// choices open, in the whole power and in the strategy's column.
func TestNearTiesAreCapped(t *testing.T) {
	b := poll(t, ballot{"[1,2,3,4,5,6,7]", "0.1"}, ballot{"[7,6,5,4,3,2,1]", "0.3"}, ballot{"[1,2,3,4,5,6,7]", "0.2"})
	p := b.Vote.Proposal
	p.Type, p.Choices = "copeland", []string{"A", "B", "C", "D", "E", "F", "G"}
	recount(t, b)
	for _, text := range noticed(document(t, b)) {
		if strings.Contains(text, "Near tie") {
			if strings.Count(text, "duel between") != 10 || !strings.HasSuffix(text, "; and 32 more") {
				t.Errorf("found %s", text)
			}
			return
		}
	}
	t.Error("no near tie found")
}

// TestWorstOffenders lists ten figures, the greatest differences first.
func TestWorstOffenders(t *testing.T) {
	var cast []ballot
	for range 30 {
		cast = append(cast, votesFor("1000000"))
	}
	b := poll(t, cast...)
	for i := range b.Vote.Votes {
		b.Vote.Votes[i].VPByStrategy[0] -= float64(i * i)
		b.Vote.Votes[i].VP -= float64(i * i)
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
	b.Vote.Votes[2].Voter = "0xD374225abB84DCA94e121F0B8A06B93E39aD7a99"
	askAgain(t, b)
	d := document(t, b)
	wants(t, noticed(d), "warning: Excluded wallet voted: 0xD374225abB84DCA94e121F0B8A06B93E39aD7a99 (DAO treasury) voted with 2000000")
	if d.Verdict != report.Reached {
		t.Errorf("verdict %q", d.Verdict)
	}
}

// TestOpenVote: a vote that is not final needs no power from the chains.
func TestOpenVote(t *testing.T) {
	b := reached(t)
	b.Vote.ReadAt, b.Vote.Power = b.Vote.Proposal.End, nil
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
		"another space":       {func(b *report.Bundle) { b.Vote.Proposal.Space = "other.eth" }, `space "other.eth"`},
		"no proposal":         {func(b *report.Bundle) { b.Vote.Proposal = nil }, "proposal is missing"},
		"no power":            {func(b *report.Bundle) { b.Vote.Power = nil }, "the vote is final"},
		"a voter not read":    {func(b *report.Bundle) { b.Vote.Power.Query.Voters[0] = voter(99) }, "not the one that the proposal"},
		"another snapshot":    {func(b *report.Bundle) { b.Vote.Proposal.Snapshot++ }, "not the one that the proposal"},
		"no such network":     {func(b *report.Bundle) { b.Vote.Proposal.Network = "one" }, `network is "one"`},
		"a power without end": {func(b *report.Bundle) { b.Vote.Votes[0].VP = math.Inf(1) }, "not a finite number"},
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

// TestBlocksOfOpenVote: without the voters' power, the figures alone must be of the snapshot block.
func TestBlocksOfOpenVote(t *testing.T) {
	tests := map[string]struct {
		change func(b *report.Bundle)
		want   []string
	}{
		"the snapshot block": {func(*report.Bundle) {}, []string{"warning: Vote not final"}},
		"another block": {func(b *report.Bundle) { b.Vote.Proposal.Snapshot++ }, []string{
			"failure: Snapshot block differs: the figures are not of ethereum block 17293886, the proposal's snapshot block", "warning: Vote not final"}},
		"another network": {func(b *report.Bundle) { b.Vote.Proposal.Network = "10" }, []string{
			"failure: Network differs: the proposal takes its snapshot on chain optimism, the model on ethereum", "warning: Vote not final"}},
		"another count": {func(b *report.Bundle) { b.Vote.Proposal.Votes++ }, []string{
			"warning: Vote not final", "warning: Votes may be incomplete: the hub lists 4 votes and counted 5; the vote is not final"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			test.change(b)
			d := document(t, b)
			wants(t, noticed(d), test.want...)
			if d.Verdict != report.NotFinal {
				t.Errorf("verdict %q", d.Verdict)
			}
		})
	}
}

// TestBlockNamedForVoters: a block that a user named, on a chain that the model does not read.
func TestBlockNamedForVoters(t *testing.T) {
	b := reached(t)
	p := b.Vote.Proposal
	p.Strategies = append(p.Strategies, snapshot.Strategy{Name: "erc20-balance-of", Network: "137", Params: json.RawMessage(`{"address":"` + perpOnL2 + `"}`)})
	block := blockAt(77, snapshotTime-2, snapshotTime-1)
	block.Pinned = true
	sample := strategy.Sample{Block: block}
	for i := range b.Vote.Votes {
		b.Vote.Votes[i].VPByStrategy = append(b.Vote.Votes[i].VPByStrategy, 0)
		sample.Results = append(sample.Results, make([]byte, 32))
	}
	recount(t, b)
	b.Vote.Power.Places[strategy.Place{Chain: 137, Via: chains.Ethereum}] = strategy.Reading{Sampled: []strategy.Sample{sample}}
	b.Vote.Power.Query.Pins = map[chains.ID]uint64{137: 77}
	askAgain(t, b)
	d := document(t, b)
	wants(t, noticed(d), "warning: Block pinned: voters' power on 137 was read at block 77, which was named by number")
	if d.Verdict != report.Reached || d.Vote.Power.Blocks[1].Rule != "named by number" {
		t.Errorf("verdict %q, blocks %+v", d.Verdict, d.Vote.Power.Blocks)
	}
}
