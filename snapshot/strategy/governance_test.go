//go:build !nogeth

package strategy_test

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// TestRealContracts: OpenZeppelin's ERC20Votes and ERC4626, Uniswap's token and a delegate registry,
// run by go-ethereum. The figures follow from the steps alone.
func TestRealContracts(t *testing.T) {
	t.Parallel()
	tokens := func(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }
	g := testchain.StartGovernance(t, func(g *testchain.Governance) (steps []testchain.Step) {
		do := func(from int, to, method string, args ...any) {
			steps = append(steps, testchain.Step{From: from, To: to, Method: method, Args: args})
		}
		who := func(i int) any { return g.Accounts[i].Address }
		for i, n := range []int64{0, 100, 20, 3, 7} { // account 0 keeps 870
			if i > 0 {
				do(0, "Votes", "transfer", who(i), tokens(n))
				do(0, "UNI", "transfer", who(i), tokens(n))
			}
		}
		do(1, "Votes", "delegate", who(1)) // 1 to itself, 2 and 3 to 1, 4 to nobody
		do(2, "Votes", "delegate", who(1))
		do(3, "Votes", "delegate", who(1))
		do(1, "UNI", "delegate", who(2))
		do(3, "UNI", "delegate", who(2))
		do(2, "Votes", "approve", g.Vault, tokens(20))
		do(2, "Vault", "deposit", tokens(8), who(2))   // 8 shares; 12 tokens stay
		do(0, "Votes", "transfer", g.Vault, tokens(4)) // which are 12 tokens now, less what rounding takes
		space := [32]byte{}
		copy(space[:], "dao.eth")
		do(3, "DelegateRegistry", "setDelegate", [32]byte{}, who(1))
		do(4, "DelegateRegistry", "setDelegate", [32]byte{}, who(1))
		do(4, "DelegateRegistry", "setDelegate", space, who(2))
		do(5, "DelegateRegistry", "setDelegate", space, who(2))
		do(5, "DelegateRegistry", "clearDelegate", space)
		return steps
	})
	client, err := chains.Dialer{AllowDev: true}.Dial(t.Context(), chains.Ethereum, g.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	votes, vault := `{"address":"`+g.Votes.Hex()+`"}`, `{"address":"`+g.Vault.Hex()+`"}`
	q := strategy.Query{Network: chains.Ethereum, Block: g.Head().NumberU64()}
	for _, i := range []int{1, 2} { // those who vote
		q.Voters = append(q.Voters, g.Accounts[i].Address.Hex())
	}
	want := [][]string{}
	for _, test := range []struct{ name, params, first, second string }{
		{"erc20-balance-of", votes, "100", "12"},
		{"erc20-votes", votes, "115", "0"},                // 100 + 12 + 3
		{"erc20-votes-with-override", votes, "103", "12"}, // less those 12 of 2, who votes
		{"uni", `{}`, "0", "103"},
		{"comp-like-votes", `{"address":"` + testchain.UNI.Hex() + `"}`, "0", "103"},
		{"erc4626-assets-of", vault, "0", "11999999999999999999/1000000000000000000"},
		{"erc20-balance-of-delegation", votes, "3", "7"},
		{"erc20-balance-of-with-delegation", votes, "103", "19"},
		{"with-delegation", `{"strategies":[{"name":"ticket"}]}`, "2", "2"},
		{"delegation", `{"strategies":[{"name":"erc20-votes","params":` + votes + `},{"name":"ticket"}]}`, "1", "1"},
	} {
		q.Strategies = append(q.Strategies, strategy.Spec{Name: test.name, Params: []byte(test.params)})
		want = append(want, []string{test.first, test.second})
	}
	result := run(t, map[chains.ID]chains.Node{chains.Ethereum: client}, q.Of("dao.eth", 0))
	for k, reason := range result.Unverifiable {
		for i := range q.Voters {
			got := fmt.Sprint(result.Powers[0].Scores[i][k].Exact.RatString())
			if reason != "" || got != want[k][i] {
				t.Errorf("%s of voter %d: %s %s, want %s", q.Strategies[k].Name, i, got, reason, want[k][i])
			}
		}
	}
}
