package strategy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// A voter's power at block 2 of a made-up chain. With chains.Dial the nodes are
// clients of real ones.
func ExampleCollect() {
	ethereum := newNode(chains.Ethereum, 1684503551, 1684503563, 1684503575)
	ethereum.answer = func(uint64, chains.Call) ([]byte, error) {
		balance, _ := new(big.Int).SetString("12500000000000000001", 10)
		return balance.FillBytes(make([]byte, 32)), nil
	}
	query := strategy.Query{
		Network: chains.Ethereum,
		Block:   2,
		Strategies: []strategy.Spec{
			{Name: "erc20-balance-of",
				Params: json.RawMessage(`{"address": "0xbC396689893D065F41bc2C6EcbeE5e0085233447", "decimals": 18}`)},
			{Name: "api", Params: json.RawMessage(`{"api": "https://api.example"}`)},
		},
		Voters: []string{"0xD374225abB84DCA94e121F0B8A06B93E39aD7a99"},
	}
	evidence, err := strategy.Collect(context.Background(), map[chains.ID]chains.Node{chains.Ethereum: ethereum}, query)
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := strategy.Compute(evidence)
	if err != nil {
		fmt.Println(err)
		return
	}
	score := result.Powers[0].Scores[0][0] // first voter, first strategy
	fmt.Println("as Snapshot computes it:", score.Value)
	fmt.Println("exactly:", score.Exact.FloatString(18))
	fmt.Println("the second strategy:", result.Unverifiable[1])
	// Output:
	// as Snapshot computes it: 12.5
	// exactly: 12.500000000000000001
	// the second strategy: it asks a web service
}
