package votingpower_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
)

// TestCustomTermsOnChain reads each form of a term and of a quorum from contracts that solc has
// compiled, run by go-ethereum.
func TestCustomTermsOnChain(t *testing.T) {
	t.Parallel()
	ether := func(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }
	g := testchain.StartGovernance(t, func(g *testchain.Governance) []testchain.Step {
		return []testchain.Step{
			{From: 0, To: "Votes", Method: "transfer", Args: []any{g.Accounts[1].Address, ether(300)}},
			{From: 0, To: "Votes", Method: "delegate", Args: []any{g.Accounts[2].Address}}, // 700 votes
			{From: 0, To: "Votes", Method: "approve", Args: []any{g.Vault, ether(50)}},
			{From: 0, To: "Vault", Method: "deposit", Args: []any{ether(50), g.Accounts[0].Address}},
		}
	})
	client, err := chains.Dialer{AllowDev: true}.Dial(t.Context(), chains.Ethereum, g.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	nodes := map[chains.ID]chains.Node{chains.Ethereum: client}
	when := votingpower.When{Blocks: map[chains.ID]uint64{chains.Ethereum: g.Head().NumberU64()}}
	term := func(sign, contract, call, more string) string {
		return fmt.Sprintf(`{"sign":%q,"chain":"1","contract":%q,"call":%q,"label":"l"%s}`, sign, contract, call, more)
	}
	votes, vault, badges, governor := g.Votes.Hex(), g.Vault.Hex(), g.Badges.Hex(), g.Governor.Hex()
	pieces := term("+", badges, "totalSupply()", `,"decimals":0`)
	account := fmt.Sprintf(`,"args":[%q]`, g.Accounts[2].Address.Hex())
	supply := term("+", votes, "totalSupply()", "")
	delegated, missing := term("-", votes, "getVotes(address)", account), term("+", votes, "votableSupply()", "")
	oracle := term("+", governor, "votableSupply()", `,"decimals":18`)
	read := fmt.Sprintf(`{"read":{"chain":"1","contract":%q,"call":"quorumVotes()","decimals":18}`, governor)
	const tenth, fraction = `"10%"`, votingpower.RuleFraction
	for name, c := range map[string]struct {
		decimals     int
		quorum       string
		terms        []string
		power, want  string
		rule, failed string
	}{
		"oracle":           {18, `"30%"`, []string{oracle}, "640", "192", fraction, ""},
		"governor":         {18, read + `}`, []string{supply}, "1000", "123", votingpower.RuleRead, ""},
		"below the bound":  {18, read + `,"min":"124"}`, []string{supply}, "1000", "124", votingpower.RuleMin, ""},
		"above the bound":  {18, read + `,"max":"100"}`, []string{supply}, "1000", "100", votingpower.RuleMax, ""},
		"fixed":            {18, `{"fixed":"75000"}`, []string{supply}, "1000", "75000", votingpower.RuleFixed, ""},
		"ERC-721":          {0, tenth, []string{pieces}, "10", "1", fraction, ""},
		"two tokens":       {18, tenth, []string{supply, term("+", vault, "totalSupply()", "")}, "1050", "105", fraction, ""},
		"votes of account": {18, tenth, []string{supply, delegated}, "350", "35", fraction, ""},
		"one word of two": {18, tenth, []string{supply, term("-", governor, "locked(uint8)(bool open,uint256 amount)",
			`,"args":["200"],"word":"amount","decimals":18`)}, "800", "80", fraction, ""},
		"ERC-721 without decimals": {0, tenth, []string{term("+", badges, "totalSupply()", "")}, "", "", "", "decimals()"},
		"no such function":         {18, tenth, []string{missing}, "", "", "", "votableSupply()"},
		"other decimals":           {6, tenth, []string{supply}, "", "", "", "decimals() of " + votes + " is 18, want 6"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := votingpower.ParseModel(strings.NewReader(fmt.Sprintf(`{"format":"perpquorum-model/2","name":"n",
				"symbol":"SYN","decimals":%d,"definition":"d","synthetic":"made up","network":"1","quorum":%s,"terms":[%s]}`,
				c.decimals, c.quorum, strings.Join(c.terms, ","))))
			if err != nil {
				t.Fatal(err)
			}
			r, err := measure(t, nodes, m, when)
			tried, tryErr := votingpower.Try(t.Context(), nodes, m, when)
			if tryErr != nil {
				t.Fatal(tryErr)
			}
			failures := ""
			for _, one := range tried {
				if one.Err != nil {
					failures += one.Err.Error()
				}
			}
			if c.failed != "" {
				if err == nil || !strings.Contains(err.Error(), c.failed) || !strings.Contains(failures, c.failed) {
					t.Errorf("found %v; term by term %q; want %q", err, failures, c.failed)
				}
				return
			}
			if err != nil || failures != "" {
				t.Fatal(err, failures)
			}
			power := votingpower.Decimal(m.InTokens(new(big.Rat).SetInt(r.VotingPower)))
			quorum := votingpower.Decimal(m.InTokens(r.Quorum))
			if power != c.power || quorum != c.want || r.QuorumRule != c.rule {
				t.Errorf("voting power %s, quorum %s by %s; want %s, %s by %s",
					power, quorum, r.QuorumRule, c.power, c.want, c.rule)
			}
		})
	}
}

// measure reads a model and sums it.
func measure(
	t *testing.T, nodes map[chains.ID]chains.Node, m *votingpower.Model, when votingpower.When,
) (*votingpower.Result, error) {
	t.Helper()
	e, err := votingpower.Collect(t.Context(), nodes, m, when)
	if err != nil {
		return nil, err
	}
	return votingpower.Compute(e)
}
