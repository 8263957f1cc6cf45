package vote_test

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// The data of these tests is synthetic: headers, hashes and balances are made up.

// blockAt is a block on top of a parent, both with true hashes.
func blockAt(number uint64, parentTime, blockTime int64) chains.Block {
	header := func(n uint64, at int64, parent common.Hash) *types.Header {
		number := new(big.Int).SetUint64(n)
		return &types.Header{Number: number, Time: uint64(at), ParentHash: parent, Difficulty: new(big.Int)}
	}
	parent := header(number-1, parentTime, common.Hash{1})
	b := header(number, blockTime, parent.Hash())
	return chains.Block{Hash: b.Hash(), Header: b, Parent: parent}
}

// evidence answers the terms of a model, in their order, with the given
// amounts of tokens, and its checks with what they want.
func evidence(t testing.TB, m *votingpower.Model, at time.Time, blocks map[chains.ID]chains.Block,
	amounts ...string) *votingpower.Evidence {
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
