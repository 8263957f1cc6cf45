package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// The votes of these tests are synthetic, and say so in their titles. Their
// voters hold PERP and locks on the test chains. What the hub says of their
// power comes from the ledger of the scenario, and what it says of the tally
// from Snapshot's own code: neither from the program.

// voteSpace is the space of the built-in model.
const voteSpace = "vote-perp.eth"

// perpStrategies are PERP on Ethereum, and PERP and weighted vePERP on Optimism.
func perpStrategies() []hub.Strategy {
	return []hub.Strategy{
		{Name: "erc20-balance-of", Network: "1",
			Params: json.RawMessage(fmt.Sprintf(`{"symbol":"PERP","address":"%s","decimals":18}`, testchain.PERP))},
		{Name: "multichain", Network: "1", Params: json.RawMessage(fmt.Sprintf(`{"symbol":"PERP/vePERP","strategies":[
			{"name":"erc20-balance-of","network":"10","params":{"symbol":"PERP","address":"%s","decimals":18}},
			{"name":"contract-call","network":"10","params":{"symbol":"vePERP","address":"%s","decimals":18,"methodABI":{
				"name":"balanceOfWeighted","type":"function","stateMutability":"view",
				"inputs":[{"name":"addr","type":"address"}],"outputs":[{"name":"","type":"uint256"}]}}}]}`,
			testchain.OptimismPERP, testchain.VePERP))},
	}
}

// election is a proposal with votes, as the hub will list them.
type election struct {
	proposal hub.Proposal
	votes    []hub.Vote
	voters   []*testchain.Account // of the votes
	messages []hub.Message        // of the votes
	aliases  []hub.Alias
	turnout  *big.Int // of all votes, in wei, from the ledger
}

// newElection is an honest final election. The i-th choice (JSON) is that of
// the i-th voter; the power is that at the Ethereum block and at the given block
// of Optimism. The scores are missing; see tallied.
func newElection(
	w *testchain.World, typ, name string, names []string, ethereum, optimism *types.Block,
	voters []*testchain.Account, choices []string,
) *election {
	p := hub.NewProposal(voteSpace, name)
	p.Type, p.Choices, p.Strategies = typ, names, perpStrategies()
	p.Snapshot, p.Created = ethereum.NumberU64(), int64(ethereum.Time())
	p.Start, p.End = p.Created+3600, p.Created+3600+7*86400
	p.ScoresUpdated, p.Votes = p.End+100, len(choices)
	p.App = "snapshot" // of which the hub of 2023 keeps the name
	e := &election{turnout: new(big.Int), voters: voters}
	for i, choice := range choices {
		a := voters[i]
		first, second, exact := ledgerPower(w, a.Address, ethereum, optimism)
		v := hub.NewVote(p, a.Name, p.Start+int64(i)*60, json.RawMessage(choice), first+second)
		v.Voter, v.VPByStrategy = a.Address.Hex(), []float64{first, second}
		e.votes = append(e.votes, v)
		e.turnout.Add(e.turnout, exact)
	}
	e.proposal = p
	e.sign()
	return e
}

// sign gives the proposal and the votes the ids of their contents, as their authors do.
func (e *election) sign() {
	e.proposal.Sign()
	e.messages = nil
	for i := range e.votes {
		v := &e.votes[i]
		v.Proposal = e.proposal.ID
		v.Sign()
		e.messages = append(e.messages, v.SignedBy(e.voters[i].Key))
	}
}

// ledgerPower is a voter's power by strategy, as doubles that Snapshot has, and
// exactly in wei, from the scenario's own account.
func ledgerPower(w *testchain.World, a common.Address, ethereum, optimism *types.Block) (
	first, second float64, exact *big.Int,
) {
	tokens := func(wei *big.Int) float64 {
		f, _ := new(big.Rat).SetFrac(wei, big.NewInt(1e18)).Float64()
		return f
	}
	onEthereum := w.EthereumLedger.Balance(testchain.PERP, a, ethereum.NumberU64())
	onOptimism := w.OptimismLedger.Balance(testchain.OptimismPERP, a, optimism.NumberU64())
	weight := w.OptimismLedger.Weight(testchain.VePERP, a, optimism.NumberU64(), optimism.Time())
	exact = new(big.Int).Add(onEthereum, onOptimism)
	return tokens(onEthereum), tokens(onOptimism) + tokens(weight), exact.Add(exact, weight)
}

// tallied fills in the scores of elections with Snapshot's own code.
func tallied(t testing.TB, elections ...*election) {
	t.Helper()
	type vote struct {
		Choice  any       `json:"choice"`
		Balance float64   `json:"balance"`
		Scores  []float64 `json:"scores"`
	}
	type result struct {
		Scores     []float64   `json:"scores"`
		ByStrategy [][]float64 `json:"byStrategy"`
		Total      float64     `json:"total"`
		Error      string      `json:"error"`
	}
	var questions []any
	for _, e := range elections {
		votes := []vote{}
		for _, v := range e.votes {
			votes = append(votes, vote{v.Choice, v.VP, v.VPByStrategy})
		}
		p := &e.proposal
		questions = append(questions, map[string]any{
			"type": p.Type, "choices": len(p.Choices), "strategies": len(p.Strategies), "votes": votes})
	}
	for i, r := range testenv.Ask[any, result](t, "../../snapshot/tally/testdata/oracle.cjs", questions) {
		if r.Error != "" {
			t.Fatal(r.Error)
		}
		p := &elections[i].proposal
		p.Scores, p.ScoresByStrategy, p.ScoresTotal = r.Scores, r.ByStrategy, r.Total
	}
}

var threeChoices = []string{"Yes", "No", "Abstain"}

// choicesOf are choices of each voting type, JSON, some of them invalid.
func choicesOf(typ string) []string {
	switch typ {
	case "approval":
		return []string{"[1]", "[1,3]", "[]", "[2,1]", "[3]", "[4]"}
	case "weighted", "quadratic":
		return []string{`{"1":60,"3":40}`, `{"2":1}`, `{"1":1,"2":1,"3":1}`, `{"3":0.5,"2":7}`, `{}`}
	case "ranked-choice", "copeland":
		return []string{"[1,2,3]", "[2,1,3]", "[3,2,1]", "[1,3,2]", "[2,1]"}
	}
	return []string{"1", "2", "1", "3", "1", "9"}
}

// cycle repeats choices for n voters.
func cycle(choices []string, n int) (out []string) {
	for i := range n {
		out = append(out, choices[i%len(choices)])
	}
	return out
}

// atSnapshot is an election at the scenario's snapshot, of all who can vote.
func atSnapshot(w *testchain.World, typ string) *election {
	voters := w.Voters[:24]
	ethereum := w.Ethereum.At(testchain.Snapshot)
	return newElection(w, typ, "a vote by "+typ, threeChoices, ethereum, w.Optimism.At(ethereum.Time()), voters,
		cycle(choicesOf(typ), len(voters)))
}

// mixedHolder finds a voter with power from both strategies.
func mixedHolder(t testing.TB, e *election) int {
	t.Helper()
	i := slices.IndexFunc(e.votes, func(v hub.Vote) bool { return v.VPByStrategy[0] > 0 && v.VPByStrategy[1] > 0 })
	if i < 0 {
		t.Fatal("nobody has power on both chains")
	}
	return i
}

// clone copies what a lie may change.
func (e *election) clone() *election {
	c := *e
	c.votes = slices.Clone(e.votes)
	for i := range c.votes {
		c.votes[i].VPByStrategy = slices.Clone(c.votes[i].VPByStrategy)
	}
	c.proposal.Strategies = slices.Clone(e.proposal.Strategies)
	c.proposal.Scores = slices.Clone(e.proposal.Scores)
	return &c
}

// start serves an election on a hub of the given generation until the test's end.
func (e *election) start(t testing.TB, g hub.Generation) (h *hub.Hub, endpoint string) {
	t.Helper()
	h = hub.New(e.options(g))
	endpoint, stop := h.Start()
	t.Cleanup(stop)
	return h, endpoint
}

// options are those of a hub with the election.
func (e *election) options(g hub.Generation) hub.Options {
	return hub.Options{
		Generation: g, Spaces: []hub.Space{e.space()}, Proposals: []hub.Proposal{e.proposal}, Votes: e.votes,
		Messages: e.messages, Aliases: e.aliases,
	}
}

func (e *election) space() hub.Space {
	s := hub.NewSpace(voteSpace)
	s.Strategies = perpStrategies()
	return s
}

// check judges an election and returns the document, which must be there.
func (e *election) check(t testing.TB, w *testchain.World, g hub.Generation, args ...string) (
	outcome, *report.Document,
) {
	t.Helper()
	_, endpoint := e.start(t, g)
	out := onChains(t, w, append([]string{"check", e.proposal.ID, "--hub", endpoint, "--format", "json"}, args...)...)
	var d report.Document
	if err := json.Unmarshal([]byte(out.stdout), &d); err != nil {
		t.Fatalf("exit code %d, no document: %v\n%s", out.code, err, out.stderr)
	}
	return out, &d
}

// failures lists the findings that are failures.
func failures(d *report.Document) (list []string) {
	for _, f := range d.Findings {
		if f.Level == vote.Failure {
			list = append(list, f.Title+": "+f.Detail)
		}
	}
	return list
}

// votingTypes are those of Snapshot.
var votingTypes = []string{"single-choice", "basic", "approval", "weighted", "quadratic", "ranked-choice", "copeland"}

// honestVotes are honest elections of every type, which all tests share.
var honestVotes struct {
	sync.Mutex
	byType map[string]*election
}

// honest returns an honest election of a type at the scenario's snapshot, of all
// who can vote, for the test to change.
func honest(t testing.TB, typ string) *election {
	t.Helper()
	honestVotes.Lock()
	defer honestVotes.Unlock()
	if honestVotes.byType == nil {
		w := testchain.Start(t)
		byType := map[string]*election{}
		var all []*election
		for _, typ := range votingTypes {
			byType[typ] = atSnapshot(w, typ)
			// First opened after the last change of the rules, which are those of the code that counts.
			byType[typ].proposal.ScoresUpdated = time.Date(2026, time.September, 1, 0, 0, 0, 0, time.UTC).Unix()
			all = append(all, byType[typ])
		}
		tallied(t, all...)
		honestVotes.byType = byType
	}
	return honestVotes.byType[typ].clone()
}

// atSnapshotTallied starts the test chains with an honest election on them.
func atSnapshotTallied(t testing.TB, typ string) (*testchain.World, *election) {
	t.Helper()
	return testchain.Start(t), honest(t, typ)
}
