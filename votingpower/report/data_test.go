package report_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// The data of these tests is synthetic: headers, hashes and balances are made
// up. Block numbers, times and the voting power of forumPost are those of a
// published post, so that its lines can be compared.

const synthetic = "made up for a test"

// blockAt is a block on top of a parent, both with true hashes.
func blockAt(number uint64, parentTime, blockTime int64) chains.Block {
	header := func(n uint64, at int64, parent common.Hash) *types.Header {
		return &types.Header{Number: new(big.Int).SetUint64(n), Time: uint64(at), ParentHash: parent, Difficulty: new(big.Int)}
	}
	parent := header(number-1, parentTime, common.Hash{1})
	b := header(number, blockTime, parent.Hash())
	return chains.Block{Hash: b.Hash(), Header: b, Parent: parent}
}

// evidence answers the terms of a model, in their order, with the given
// amounts of tokens, and its checks with what they want.
func evidence(t testing.TB, m *votingpower.Model, at time.Time, blocks map[chains.ID]chains.Block, amounts ...string) *votingpower.Evidence {
	t.Helper()
	terms, err := m.Terms(at)
	if err != nil {
		t.Fatal(err)
	}
	e := &votingpower.Evidence{Model: m, At: at, Chains: map[chains.ID]votingpower.ChainEvidence{}}
	for id, b := range blocks {
		e.Chains[id] = votingpower.ChainEvidence{Block: b}
	}
	for _, term := range terms {
		value := term.Want
		switch {
		case term.Sign != 0:
			value, amounts = baseUnits(t, amounts[0], m.Decimals), amounts[1:]
		case value == nil:
			value = baseUnits(t, "140000000", m.Decimals)
		}
		e.Reads = append(e.Reads, votingpower.Read{
			Chain: term.Chain, To: term.Call.To.Hex(), Data: term.Call.Data,
			Result: common.LeftPadBytes(value.Bytes(), 32), From: term.Chain.String() + ".example#0a1b2",
		})
	}
	if len(amounts) > 0 {
		t.Fatalf("%d amounts too many", len(amounts))
	}
	return e
}

// baseUnits is a decimal number of tokens in base units.
func baseUnits(t testing.TB, tokens string, decimals uint8) *big.Int {
	t.Helper()
	whole, fraction, _ := strings.Cut(tokens, ".")
	n, ok := new(big.Int).SetString(whole+fraction+strings.Repeat("0", int(decimals)-len(fraction)), 10)
	if !ok {
		t.Fatalf("%q is not a decimal", tokens)
	}
	return n
}

// forumPost is evidence for the figures of the forum's post of May 2023.
func forumPost(t testing.TB) *report.Bundle {
	t.Helper()
	mainnet := blockAt(17293885, 1684503563, 1684503575)
	mainnet.Pinned = true
	return &report.Bundle{
		Generator: "test",
		Synthetic: synthetic,
		Evidence: evidence(t, votingpower.PERP(), time.Unix(1684503575, 0).UTC(),
			map[chains.ID]chains.Block{
				chains.Ethereum: mainnet,
				chains.Optimism: blockAt(99757040, 1684503566, 1684503581),
			},
			"150000000",                        // supply
			"5000000", "1234567.891", "250000", // excluded on Ethereum
			"100000.25", "300000", // excluded on Optimism
			"4779951.803400000000000001", "1500000", // vePERP, locked PERP
		),
	}
}

// hostileModel is made up. Its texts hold what could break a table or a page,
// and its quorum has no finite decimal form.
const hostileModel = `{
	"format": "perpquorum-model/1",
	"name": "Tide | Harbour <script>alert(1)</script>",
	"symbol": "TI|DE",
	"decimals": 6,
	"definition": "All TIDE *not* in [the](https://evil.example) treasury, @everyone.",
	"synthetic": "no such DAO",
	"network": "8453",
	"quorum": "1/3",
	"tokens": [
		{"chain": "8453", "address": "0x1111111111111111111111111111111111111111", "label": "TIDE", "supply": true}
	],
	"excluded": [
		{"chain": "8453", "address": "0x2222222222222222222222222222222222222222", "label": "a|b ` + "`c`" + ` <img src=x> _d_ # e"}
	],
	"escrows": [],
	"sources": ["https://forum.example/t/1?a=b", "https://evil.example/> <b>", "a | b"]
}`

// marked is evidence with every mark: unfinalized, a development chain, and a
// pinned block that is not the first at or after the query time.
func marked(t testing.TB) *report.Bundle {
	t.Helper()
	m, err := votingpower.ParseModel(strings.NewReader(hostileModel))
	if err != nil {
		t.Fatal(err)
	}
	b := blockAt(1200, 1684503575, 1684503575)
	b.Pinned, b.Unfinalized = true, true
	e := evidence(t, m, time.Unix(1684503575, 0).UTC(), map[chains.ID]chains.Block{8453: b}, "1000.000001", "0.5")
	e.Chains[8453] = votingpower.ChainEvidence{Block: b, Development: true}
	for i := range e.Reads {
		e.Reads[i].From = "no|de.example#00`00"
	}
	return &report.Bundle{Evidence: e}
}
