package report_test

import (
	"bytes"
	"math/big"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// The bundles in testdata/bundles are synthetic: headers, hashes and balances are made up.
//
//	post       block numbers, times and the voting power are those of a published post
//	marked     every mark, and a model whose texts could break a table or a page
//	reached    a vote that reached the quorum and agrees in everything
//	short      a vote that misses the quorum by one wei, which the hub's doubles do not show
//	ambiguous  a vote whose voters agree with different blocks of one timestamp

// load reads a bundle whose claim is still to be made.
func load(t testing.TB, name string) *report.Bundle {
	t.Helper()
	data, err := os.ReadFile("testdata/bundles/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.ReadBundle(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// disagreeing has a lie in a voter's power and one in a score.
func disagreeing(t testing.TB) *report.Bundle {
	b := load(t, "reached")
	b.Vote.Votes[1].VPByStrategy[0] += 0.5
	b.Vote.Proposal.Scores[2]++
	return b
}

// unestablished is a vote that reaches the quorum only by strategies that a hub can make up:
// half a balance that counts already, a ticket, a list and a service.
func unestablished(t testing.TB) *report.Bundle {
	t.Helper()
	b := load(t, "reached")
	p := b.Vote.Proposal
	balance := p.Strategies[0]
	balance.Name = "erc20-balance-of-coeff"
	balance.Params = bytes.Replace(balance.Params, []byte("}"), []byte(`,"coeff":0.5}`), 1)
	p.Strategies = []snapshot.Strategy{
		balance, p.Strategies[0],
		{Name: "ticket", Network: "1", Params: []byte(`{"value":2.5}`)},
		{Name: "whitelist", Network: "1", Params: []byte(`{"addresses":[]}`)},
		{Name: "api", Network: "1", Params: []byte("{}")},
	}
	for i := range b.Vote.Votes {
		v := &b.Vote.Votes[i]
		v.VPByStrategy = []float64{v.VP / 2, v.VP, 2.5, 0, float64(i)}
		v.VP = v.VP*1.5 + 2.5 + float64(i)
	}
	b.Evidence.Model.Quorum.Fraction.SetFrac64(1, 8)
	recount(t, b)
	return b
}

// votedByAPI is a vote by a strategy that nobody can recompute.
func votedByAPI(t testing.TB) *report.Bundle {
	t.Helper()
	b := load(t, "reached")
	b.Vote.Proposal.Strategies = []snapshot.Strategy{{Name: "api", Network: "1", Params: []byte("{}")}}
	for _, reading := range b.Vote.Power.Places {
		reading.Sampled[0].Results = nil
	}
	recount(t, b)
	return b
}

// custom is a report by a made-up model of custom terms, whose quorum a contract says.
func custom(t testing.TB, bound *votingpower.Tokens) *report.Bundle {
	t.Helper()
	b, eighteen := load(t, "post"), uint8(18)
	read := func(address byte, call string, args ...string) votingpower.ContractRead {
		return votingpower.ContractRead{Chain: chains.Ethereum, Contract: common.Address{address}, Call: call, Args: args,
			Decimals: &eighteen}
	}
	governor := read(3, "quorumVotes()")
	e := b.Evidence
	e.Model = &votingpower.Model{
		Format: votingpower.ModelFormat, Name: "Reef", Symbol: "REEF", Decimals: 18, Definition: "Delegated voting power.",
		Synthetic: "made up", Network: chains.Ethereum,
		Quorum: votingpower.Quorum{Read: &governor, Max: bound},
		Custom: []votingpower.CustomTerm{
			{Sign: "+", Label: "total delegation", ContractRead: read(1, "getTotalDelegation()")},
			{Sign: "-", Label: "delegated to nobody", ContractRead: read(1, "getVotes(address)", perp)},
		},
	}
	terms, err := e.Model.Terms(e.At)
	if err != nil {
		t.Fatal(err)
	}
	delete(e.Chains, chains.Optimism)
	e.Reads = nil
	for i, term := range terms {
		amount := new(big.Int).Mul(big.NewInt([]int64{1000, 200, 123}[i]), big.NewInt(1e18))
		e.Reads = append(e.Reads, votingpower.Read{Chain: term.Chain, To: term.Call.To.Hex(), Data: term.Call.Data,
			Result: common.LeftPadBytes(amount.Bytes(), 32), From: "node.example#00000"})
	}
	return b
}

const perp = "0xbC396689893D065F41bc2C6EcbeE5e0085233447"

// recount gives the proposal the scores of its votes, and asks the chains what they ask.
func recount(t testing.TB, b *report.Bundle) {
	t.Helper()
	p := b.Vote.Proposal
	var voters []string
	for _, v := range b.Vote.Votes {
		voters = append(voters, v.Voter)
	}
	var err error
	if b.Vote.Power.Query, err = vote.PowerQuery(p, voters, nil); err != nil {
		t.Fatal(err)
	}
	result, err := tally.Recount(p, b.Vote.Votes)
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

// open is a vote that is still open, for which no voters' power is read.
func open(t testing.TB) *report.Bundle {
	b := load(t, "reached")
	b.Vote.ReadAt, b.Vote.Power = b.Vote.Proposal.End, nil
	return b
}

// hostileVote has texts that could break a line, a table or a page, and every finding that
// repeats foreign text.
func hostileVote(t testing.TB) *report.Bundle {
	const hostile = "a|b `c` <script>alert(1)</script> *not* [the](https://evil.example) @everyone " +
		"www.evil.example\n# <img src=x>\u202e\x1b[31m"
	b := load(t, "reached")
	p := b.Vote.Proposal
	p.Title, p.Type, p.ScoresState = hostile, hostile, "final"
	p.Choices = []string{hostile, "|" + hostile, ""}
	b.Vote.Hub = hostile
	b.Vote.Votes[0].VPByStrategy[0]++
	b.Vote.Votes[1].Created = 1
	p.Strategies[0].Name = hostile
	b.Vote.Power.Query.Strategies[0].Name = hostile
	for _, reading := range b.Vote.Power.Places { // nothing is read for an unknown strategy
		reading.Sampled[0].Results = nil
	}
	return b
}

// sign gives a proposal all that its author signs, and the id of that.
func sign(p *snapshot.Proposal) {
	p.Author, p.Body, p.Discussion = hub.Address("author"), "SYNTHETIC", "https://forum.example/1"
	p.Labels, p.Plugins, p.Privacy, p.App = []string{"fees"}, []byte(`{}`), "shutter", "snapshot-v2"
	p.ID = hub.SignedID(hub.ProposalForm, p)
}

// swappedChoices is a vote of which a hub exchanged two choices that could break a page.
func swappedChoices(t testing.TB) *report.Bundle {
	b := load(t, "reached")
	p := b.Vote.Proposal
	p.Choices = []string{"a|b <script>\n# <img src=x>\u202e", "*not* [the](https://evil.example) @everyone", "`c`\x1b[31m"}
	sign(p)
	p.Choices = []string{p.Choices[1], p.Choices[0], p.Choices[2]}
	return b
}

// document is what a bundle gives.
func document(t testing.TB, b *report.Bundle) *report.Document {
	t.Helper()
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	return r.Document()
}

// everyBundle is one of each kind.
func everyBundle(t testing.TB) map[string]*report.Bundle {
	all := map[string]*report.Bundle{
		"disagrees": disagreeing(t), "hostile": hostileVote(t), "open": open(t), "unestablished": unestablished(t),
	}
	for _, name := range []string{"post", "marked", "reached", "short", "ambiguous"} {
		all[name] = load(t, name)
	}
	return all
}
