package votingpower_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/votingpower"
)

// What the built-in model reads at a moment: a signed sum, then the checks.
func ExampleModel_Terms() {
	at := time.Date(2023, 5, 19, 13, 39, 35, 0, time.UTC)
	terms, err := votingpower.PERP().Terms(at)
	if err != nil {
		log.Fatal(err)
	}
	for _, t := range terms {
		fmt.Printf("%-8s %+d  %-8v  %-21s  %s\n", t.Group, t.Sign, t.Chain, t.Call.Signature, t.Label)
	}
	// Output:
	// supply   +1  ethereum  totalSupply()          PERP total supply
	// excluded -1  ethereum  balanceOf(address)     Ecosystem & Rewards, Investor, Team (DAO locked wallet)
	// excluded -1  ethereum  balanceOf(address)     DAO treasury
	// excluded -1  ethereum  balanceOf(address)     Tx mining and staking rewards
	// excluded -1  optimism  balanceOf(address)     Tx mining and staking rewards
	// excluded -1  optimism  balanceOf(address)     DAO treasury
	// escrow   +1  optimism  totalSupplyWeighted()  vePERP voting power
	// escrow   -1  optimism  totalPERPSupply()      PERP locked in vePERP
	// check    +0  ethereum  decimals()             PERP decimals
	// check    +0  optimism  decimals()             PERP (bridged) decimals
	// check    +0  optimism  totalSupply()          PERP (bridged) total supply, not zero
	// check    +0  optimism  decimals()             vePERP decimals
}

// Recompute a figure from evidence that somebody published. The evidence in
// this file is synthetic: its balances are made up.
func ExampleCompute() {
	file, err := os.ReadFile("testdata/evidence.json")
	if err != nil {
		log.Fatal(err)
	}
	var e votingpower.Evidence
	if err := json.Unmarshal(file, &e); err != nil {
		log.Fatal(err)
	}
	r, err := votingpower.Compute(&e)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("model:             ", e.Model.Name, "-", e.Model.Synthetic)
	fmt.Println("query time:        ", e.At.Format(time.RFC1123))
	fmt.Println("circulating supply:", r.CirculatingSupply, "base units")
	fmt.Println("voting power:      ", r.VotingPower, "base units")
	fmt.Println("quorum:            ", r.Quorum.FloatString(2), "base units")
	// Output:
	// model:              Tide Harbour - made up for tests: there is no such DAO
	// query time:         Fri, 19 May 2023 13:39:35 UTC
	// circulating supply: 650000000001 base units
	// voting power:       630000000001 base units
	// quorum:             25200000000.04 base units
}

// A mistake in a model file is an error that says where it is.
func ExampleParseModel() {
	_, err := votingpower.ParseModel(strings.NewReader(`{
  "format": "perpquorum-model/2",
  "name": "Example DAO", "symbol": "EX", "decimals": 18,
  "definition": "Total supply less the treasury.",
  "network": "ethereum",
  "quorum": "10",
  "tokens": [
    {"chain": "ethereum", "address": "0x1111111111111111111111111111111111111111", "label": "EX", "supply": true}
  ]
}`))
	fmt.Println(err)
	// Output: model file, line 6: quorum: found 10, want at most 1, which is 100%
}
