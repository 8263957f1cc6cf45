package vote_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// TestScoresNeverMereAgreement: what is not plain agreement is named as what it is.
func TestScoresNeverMereAgreement(t *testing.T) {
	tests := map[string]struct {
		evidence func() *vote.Evidence
		want     string
	}{
		"near tie": {func() *vote.Evidence { // thirds add up differently in another order
			e := poll(t, votesFor("0.1"), against("0.3"), votesFor("0.2"), abstain("15000000"))
			e.Proposal.Choices = e.Proposal.Choices[:2]
			e.Proposal.Scores, e.Proposal.ScoresByStrategy = e.Proposal.Scores[:2], e.Proposal.ScoresByStrategy[:2]
			return e
		}, "warning near-tie: the scores are one of several results that rounding allows: winner between choices [1 2]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := noticed(check(t, test.evidence()))
			wants(t, got[:min(1, len(got))], test.want)
		})
	}
}

// TestScoresOfTheDay: a result agrees if it is that of the rules by which the hub counted then. The
// figures that would be others today are named.
func TestScoresOfTheDay(t *testing.T) {
	e := poll(t, ballot{"[1]", "15000000"}, ballot{"[]", "5"})
	e.Proposal.Type = "approval"
	recount(t, e)
	e.Proposal.ScoresTotal = 15000000 // of January 2023: it leaves invalid votes out
	e.Proposal.ScoresUpdated = time.Date(2023, time.January, 15, 0, 0, 0, 0, time.UTC).Unix()
	o := check(t, e)
	wants(t, noticed(o), "warning hub-times-contradict: the hub says that the votes were counted for good at Sun, 15 Jan")
	wants(t, details(o, vote.ScoresAgree),
		"rules of 2022-06-24 to 2023-03-07 (snapshot.js 0.4.0): an empty list is invalid")
	wants(t, details(o, vote.OlderRules), "today's rules gives total of all votes 15000005 instead of 15000000")
	e.Proposal.ScoresUpdated = time.Date(2024, time.January, 15, 0, 0, 0, 0, time.UTC).Unix()
	e.ReadAt = e.Proposal.ScoresUpdated
	wants(t, noticed(check(t, e)),
		"failure scores-differ: total of all votes: the hub has 15000000, the recount gives 15000005")
}

// TestVotesLeftOut: votes of the last seconds that the hub of the day did not count are named, and
// the quorum is judged with and without them.
func TestVotesLeftOut(t *testing.T) {
	e := poll(t, votesFor("14639538"), abstain("0.5"))
	late := e.Votes[1]
	e.Votes = e.Votes[:1]
	recount(t, e)
	e.Votes, e.Proposal.Votes = append(e.Votes, late), 1
	e.Votes[1].Created = e.Proposal.End - 2
	askAgain(t, e)
	e.Proposal.ScoresUpdated = time.Date(2025, time.August, 1, 0, 0, 0, 0, time.UTC).Unix()
	e.ReadAt = e.Proposal.ScoresUpdated
	wants(t, noticed(check(t, e)), "failure votes-incomplete: the hub lists 2 votes and counted 1",
		"failure scores-differ: total of all votes", "failure scores-differ: choice 3", "failure scores-differ: choice 3")
	e.Proposal.ScoresUpdated = time.Date(2024, time.January, 15, 0, 0, 0, 0, time.UTC).Unix()
	e.ReadAt = e.Proposal.ScoresUpdated
	o := check(t, e)
	wants(t, noticed(o), "warning votes-incomplete: the hub lists 2 votes and counted 1; until 2025-06-22",
		"warning votes-left-out: the scores agree without 1 vote of power 0.5, which they leave out: until 2025-06-22",
		"warning hub-turnout-would-decide-otherwise: with these votes the turnout is 14639538.5, the hub's total without "+
			"them 14639538, the quorum 14639538.5")
	if o.Verdict != vote.Reached {
		t.Errorf("verdict %q", o.Verdict)
	}
}

// TestVoteNeverComputed: a vote that the hub left out may have no power there; it has its power on
// the chains, and the hub is not accused of another.
func TestVoteNeverComputed(t *testing.T) {
	e := poll(t, votesFor("14639538"), abstain("0.5"))
	uncomputed := e.Votes[1]
	uncomputed.VP, uncomputed.VPByStrategy, uncomputed.VPState = 0, nil, ""
	e.Votes = e.Votes[:1]
	recount(t, e)
	e.Votes, e.Proposal.Votes = append(e.Votes, uncomputed), 1
	e.Proposal.ScoresUpdated = time.Date(2021, time.November, 12, 0, 0, 0, 0, time.UTC).Unix()
	o := check(t, e)
	if has(o, vote.VotingPowerDiffers) || !has(o, vote.VotesLeftOut) {
		t.Errorf("found %q", noticed(o))
	}
	turnout(t, o, vote.Reached, quorumTokens, vote.FromChains)
	e.Proposal.ScoresUpdated = time.Date(2024, time.January, 15, 0, 0, 0, 0, time.UTC).Unix()
	e.ReadAt = e.Proposal.ScoresUpdated
	if o := check(t, e); !has(o, vote.VotingPowerDiffers) {
		t.Errorf("in another year: found %q", noticed(o))
	}
}

// details are what the findings of a kind say.
func details(o *vote.Outcome, code vote.Code) (list []string) {
	for _, f := range o.Findings {
		if f.Code == code {
			list = append(list, f.Detail)
		}
	}
	return list
}

// TestNearTiesAreCapped: voters of 0.1 and 0.2 against one of 0.3 leave all 21 duels of seven
// choices open, in the whole power and in the strategy's column.
func TestNearTiesAreCapped(t *testing.T) {
	e := poll(t, ballot{"[1,2,3,4,5,6,7]", "0.1"}, ballot{"[7,6,5,4,3,2,1]", "0.3"}, ballot{"[1,2,3,4,5,6,7]", "0.2"})
	p := e.Proposal
	p.Type, p.Choices = "copeland", []string{"A", "B", "C", "D", "E", "F", "G"}
	recount(t, e)
	for _, text := range noticed(check(t, e)) {
		if strings.Contains(text, "near-tie") {
			if strings.Count(text, "duel between") != 10 || !strings.HasSuffix(text, "; and 32 more") {
				t.Errorf("found %s", text)
			}
			return
		}
	}
	t.Error("no near tie found")
}

// TestGreatestMismatches lists ten figures, the greatest differences first.
func TestGreatestMismatches(t *testing.T) {
	var cast []ballot
	for range 30 {
		cast = append(cast, votesFor("1000000"))
	}
	e := poll(t, cast...)
	for i := range e.Votes {
		e.Votes[i].VPByStrategy[0] -= float64(i * i)
		e.Votes[i].VP -= float64(i * i)
	}
	recount(t, e)
	o := check(t, e)
	if worst := o.Audit.Worst; o.Audit.Differing != 29 || o.Audit.Figures != 58 || len(worst) != 10 ||
		worst[0].Difference() != -841 || worst[0].Vote != 29 {
		t.Errorf("found %+v", o.Audit)
	}
	got := noticed(o)
	const summary = "29 of 30 votes, in 58 figures; the 10 that are furthest off follow; with so many, " +
		"the votes may have been counted at another block"
	if len(got) != 11 || !strings.Contains(got[0], summary) {
		t.Errorf("found %d findings: %v", len(got), got)
	}
}

// TestExcludedWalletVotes: tokens that do not circulate may vote, but not decide.
func TestExcludedWalletVotes(t *testing.T) {
	e := reached(t)
	e.Votes[2].Voter = "0xD374225abB84DCA94e121F0B8A06B93E39aD7a99"
	askAgain(t, e)
	o := check(t, e)
	wants(t, noticed(o), "warning excluded-wallet-voted: "+
		"0xD374225abB84DCA94e121F0B8A06B93E39aD7a99 (\"DAO treasury\") voted with 2000000; "+
		"its tokens on ethereum do not circulate",
		"warning quorum-not-established: the quorum is 14639538.5, the turnout 16000007.625, and 14000007.625 of it "+
			"is established; 2000000 is of wallets that the circulating voting power leaves out")
	if o.Verdict != vote.NotEstablished {
		t.Errorf("verdict %q", o.Verdict)
	}
	e = poll(t, votesFor("14639538.5"), abstain("2000000"))
	e.Votes[1].Voter = "0xD374225abB84DCA94e121F0B8A06B93E39aD7a99"
	askAgain(t, e)
	if o := check(t, e); o.Verdict != vote.Reached || votingpower.Decimal(o.Turnout.Established) != quorumTokens {
		t.Errorf("verdict %q, established %v", o.Verdict, o.Turnout.Established)
	}
}

// TestEscrowVotes: whoever locked the tokens votes with them, not the contract that has them.
func TestEscrowVotes(t *testing.T) {
	e := reached(t)
	e.Votes[2].Voter = vePERP
	askAgain(t, e)
	o := check(t, e)
	wants(t, noticed(o), "warning excluded-wallet-voted: "+vePERP+
		" (\"vePERP\") voted with 2000000; its tokens on optimism do not circulate")
	if o.Verdict != vote.Reached { // these are of the same address on Ethereum
		t.Errorf("verdict %q", o.Verdict)
	}
}

// TestOpenVote: a vote that is not final needs no power from the chains.
func TestOpenVote(t *testing.T) {
	e := reached(t)
	e.ReadAt, e.Power = e.Proposal.End, nil
	o := check(t, e)
	turnout(t, o, vote.NotFinal, "16000007.625", vote.FromHubVotes)
	wants(t, noticed(o), "warning vote-not-final")
}

// TestCheckRefuses: evidence that contradicts itself.
func TestCheckRefuses(t *testing.T) {
	tests := map[string]struct {
		change func(e *vote.Evidence)
		says   string
	}{
		"another space":       {func(e *vote.Evidence) { e.Proposal.Space = "other.eth" }, `space "other.eth"`},
		"no proposal":         {func(e *vote.Evidence) { e.Proposal = nil }, "proposal is missing"},
		"no power":            {func(e *vote.Evidence) { e.Power = nil }, "the vote is final"},
		"a voter not read":    {func(e *vote.Evidence) { e.Power.Query.Voters[0] = voter(99) }, "not the one that"},
		"another snapshot":    {func(e *vote.Evidence) { e.Proposal.Snapshot++ }, "not the one that the proposal"},
		"no such network":     {func(e *vote.Evidence) { e.Proposal.Network = "one" }, `network is "one"`},
		"a power without end": {func(e *vote.Evidence) { e.Votes[0].VP = math.Inf(1) }, "not a finite number"},
		"choices not there": {func(e *vote.Evidence) {
			e.Circulating.Model.Turnout.Choices = []string{"Aye"}
		}, `called "Aye"`},
		"figures of elsewhen": {shift, "query time"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := reached(t)
			test.change(e)
			_, err := vote.Check(e)
			if !errors.Is(err, votingpower.ErrEvidence) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("found %v, want an error of evidence that says %q", err, test.says)
			}
		})
	}
}

// shift makes the figures those of the block before.
func shift(e *vote.Evidence) {
	before := blockAt(snapshotBlock-1, snapshotTime-24, snapshotTime-12)
	before.Pinned = true
	optimism := blockAt(99757030, snapshotTime-20, snapshotTime-10)
	e.Circulating.At = before.Time()
	e.Circulating.Chains[chains.Ethereum] = votingpower.ChainEvidence{Block: before}
	e.Circulating.Chains[chains.Optimism] = votingpower.ChainEvidence{Block: optimism}
}

// TestBlocksOfOpenVote: without the voters' power, the figures alone must be of the snapshot block.
func TestBlocksOfOpenVote(t *testing.T) {
	tests := map[string]struct {
		change func(e *vote.Evidence)
		want   []string
	}{
		"the snapshot block": {func(*vote.Evidence) {}, []string{"warning vote-not-final"}},
		"another block": {func(e *vote.Evidence) { e.Proposal.Snapshot++ }, []string{
			"failure snapshot-block-differs: the figures are not of ethereum block 17293886",
			"warning vote-not-final"}},
		"another network": {func(e *vote.Evidence) { e.Proposal.Network = "10" }, []string{
			"failure network-differs: the proposal takes its snapshot on chain optimism, the model on ethereum",
			"warning vote-not-final"}},
		"another count": {func(e *vote.Evidence) { e.Proposal.Votes++ }, []string{
			"warning vote-not-final", "warning votes-incomplete: the hub lists 4 votes and counted 5; the vote is not final"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := open(t)
			test.change(e)
			o := check(t, e)
			wants(t, noticed(o), test.want...)
			if o.Verdict != vote.NotFinal {
				t.Errorf("verdict %q", o.Verdict)
			}
		})
	}
}

// TestBlockNamedForVoters: a block that a user named, on a chain that the model does not read.
func TestBlockNamedForVoters(t *testing.T) {
	e := reached(t)
	p := e.Proposal
	p.Strategies = append(p.Strategies, balanceOn("137", perpOnL2))
	block := blockAt(77, snapshotTime-2, snapshotTime-1)
	block.Pinned = true
	sample := strategy.Sample{Block: block}
	for i := range e.Votes {
		e.Votes[i].VPByStrategy = append(e.Votes[i].VPByStrategy, 0)
		sample.Results = append(sample.Results, make([]byte, 32))
	}
	recount(t, e)
	e.Power.Places[strategy.Place{Chain: 137, Via: chains.Ethereum}] = strategy.Reading{Sampled: []strategy.Sample{sample}}
	e.Power.Query.Pins = map[chains.ID]uint64{137: 77}
	askAgain(t, e)
	o := check(t, e)
	wants(t, noticed(o), "warning block-pinned: voters' power on 137 was read at block 77, which was named by number")
	if o.Verdict != vote.Reached {
		t.Errorf("verdict %q", o.Verdict)
	}
}

// TestImpossibleIDs: what no hub can give is refused in a bundle as well.
func TestImpossibleIDs(t *testing.T) {
	for name, change := range map[string]func(e *vote.Evidence){
		"a proposal's":     func(e *vote.Evidence) { e.Proposal.ID = "0x12" },
		"a vote's":         func(e *vote.Evidence) { e.Votes[1].ID = "bafkrei" },
		"in capitals":      func(e *vote.Evidence) { e.Votes[1].ID = strings.ToUpper(e.Votes[1].ID) },
		"a former vote's":  func(e *vote.Evidence) { e.Superseded = []snapshot.Vote{{ID: "Qm", Voter: voter(0)}} },
		"a voter's":        func(e *vote.Evidence) { e.Votes[1].Voter = "vitalik.eth" },
		"a voter's, short": func(e *vote.Evidence) { e.Votes[1].Voter = "0x12" },
	} {
		e := reached(t)
		change(e)
		if _, err := vote.Check(e); !errors.Is(err, votingpower.ErrEvidence) || !errors.Is(err, snapshot.ErrProtocol) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
