package strategy_test

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// Which endpoints does a proposal need?
func ExampleChains() {
	ids, err := strategy.Chains(strategy.Query{
		Network: chains.Ethereum,
		Block:   17293885,
		Strategies: []strategy.Spec{{Name: "multichain", Params: json.RawMessage(`{"strategies": [
			{"name": "erc20-balance-of", "network": "10",
			 "params": {"address": "0x9e1028F5F1D5eDE59748FFceE5532509976840E0", "decimals": 18}}]}`)}},
	})
	fmt.Println(ids, err)
	// Output: [ethereum optimism] <nil>
}

// A voter's voting power is the sum of the scores, once as Snapshot has it and once exactly.
func ExampleTotal() {
	value, exact := strategy.Total([]strategy.Score{
		{Value: 0.1, Exact: big.NewRat(1, 10)},
		{Value: 0.2, Exact: big.NewRat(2, 10)},
	})
	fmt.Println(value, exact)
	// Output: 0.30000000000000004 3/10
}
