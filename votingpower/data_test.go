package votingpower_test

import (
	"maps"
	"math/big"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// The data of these tests is synthetic: headers and balances are made up.

const base chains.ID = 8453 // the chain of the made-up model

var (
	queryTime = time.Date(2023, 5, 19, 13, 39, 35, 0, time.UTC)
	perpETH   = common.HexToAddress("0xbC396689893D065F41bc2C6EcbeE5e0085233447")
	perpOP    = common.HexToAddress("0x9e1028F5F1D5eDE59748FFceE5532509976840E0")
	vePERP    = common.HexToAddress("0xD360B73b19Fb20aC874633553Fb1007e9FcB2b78")
)

func madeUp(t testing.TB) *votingpower.Model {
	t.Helper()
	file, err := os.Open("testdata/madeup.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := votingpower.ParseModel(file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// blockAt is a block with the given time on top of a parent, both with true hashes.
func blockAt(number uint64, parentTime, blockTime time.Time, pinned bool) chains.Block {
	header := func(n uint64, at time.Time, parent common.Hash) *types.Header {
		return &types.Header{Number: new(big.Int).SetUint64(n), Time: uint64(at.Unix()), ParentHash: parent,
			Difficulty: new(big.Int)}
	}
	parent := header(number-1, parentTime, common.Hash{1})
	b := header(number, blockTime, parent.Hash())
	return chains.Block{Hash: b.Hash(), Header: b, Parent: parent, Pinned: pinned}
}

// word is n as the 32 bytes that a contract returns.
func word(n *big.Int) []byte { return common.LeftPadBytes(n.Bytes(), 32) }

func units(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic("not a number: " + s)
	}
	return n
}

// state is what contracts return, by chain, contract and calldata.
type state map[string]*big.Int

func stateKey(id chains.ID, to string, data []byte) string {
	return id.String() + " " + to + " " + common.Bytes2Hex(data)
}

func (s state) set(id chains.ID, to common.Address, signature string, amount string, args ...any) {
	call, err := chains.NewCall(to, signature, args...)
	if err != nil {
		panic(err)
	}
	s[stateKey(id, to.Hex(), call.Data)] = units(amount)
}

// perpState is a made-up state of the contracts of the PERP model.
func perpState() state {
	s := state{}
	balance := func(id chains.ID, token common.Address, wallet, amount string) {
		s.set(id, token, "balanceOf(address)", amount, common.HexToAddress(wallet))
	}
	s.set(chains.Ethereum, perpETH, "totalSupply()", "150000000000000000000000000")
	s.set(chains.Ethereum, perpETH, "decimals()", "18")
	balance(chains.Ethereum, perpETH, "0xC49F76a596D6200E4f08F8931D15B69DD1f8033E", "40000000000000000000000001")
	balance(chains.Ethereum, perpETH, "0xD374225abB84DCA94e121F0B8A06B93E39aD7a99", "10000000000000000000000020")
	balance(chains.Ethereum, perpETH, "0x9FE5f5bbbD3f2172Fa370068D26185f3d82ed9aC", "5000000000000000000000300")
	s.set(chains.Optimism, perpOP, "totalSupply()", "20000000000000000000000000")
	s.set(chains.Optimism, perpOP, "decimals()", "18")
	balance(chains.Optimism, perpOP, "0xDcf664d0f76E99eaA2DBD569474d0E75dC899FCD", "0")
	balance(chains.Optimism, perpOP, "0x5A06D52F38965904CF15c3f55286263AB9A237d7", "1000000000000000000004000")
	s.set(chains.Optimism, vePERP, "totalSupplyWeighted()", "16000000000000000000050000")
	s.set(chains.Optimism, vePERP, "totalPERPSupply()", "6000000000000000000600000")
	s.set(chains.Optimism, vePERP, "decimals()", "18")
	return s
}

// perpTotals are worked out by hand from perpState:
// 150M − 40M − 10M − 5M − 0 − 1M, then + 16M − 6M, and the odd base units.
const (
	perpCirculating = "93999999999999999999995679"
	perpVotingPower = "103999999999999999999445679"
	perpQuorum      = "103999999999999999999445679/10"
)

// madeUpState belongs to the made-up model: 6 decimals.
func madeUpState() state {
	token, escrow := common.HexToAddress("0x1111111111111111111111111111111111111111"),
		common.HexToAddress("0x4444444444444444444444444444444444444444")
	s := state{}
	s.set(base, token, "totalSupply()", "1000000000001")
	s.set(base, token, "decimals()", "6")
	s.set(base, token, "balanceOf(address)", "300000000000",
		common.HexToAddress("0x2222222222222222222222222222222222222222"))
	s.set(base, token, "balanceOf(address)", "50000000000",
		common.HexToAddress("0x3333333333333333333333333333333333333333"))
	s.set(base, escrow, "totalSupply()", "80000000000")
	s.set(base, escrow, "supply()", "100000000000")
	s.set(base, escrow, "decimals()", "6")
	return s
}

// evidence answers the terms of m at t from s. The network's block has exactly
// time t; other chains' blocks come six seconds later.
func evidence(t testing.TB, m *votingpower.Model, at time.Time, s state) *votingpower.Evidence {
	t.Helper()
	e := &votingpower.Evidence{Model: m, At: at, Chains: map[chains.ID]votingpower.ChainEvidence{}}
	for _, id := range m.Chains() {
		b := blockAt(99757040, at.Add(-6*time.Second), at.Add(6*time.Second), false)
		if id == m.Network {
			b = blockAt(17293885, at.Add(-12*time.Second), at, false)
		}
		e.Chains[id] = votingpower.ChainEvidence{Block: b}
	}
	terms, err := m.Terms(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, term := range terms {
		amount, ok := s[stateKey(term.Chain, term.Call.To.Hex(), term.Call.Data)]
		if !ok {
			t.Fatalf("no made-up state for %s on %v", term.Label, term.Chain)
		}
		e.Reads = append(e.Reads, votingpower.Read{
			Chain: term.Chain, To: term.Call.To.Hex(), Data: term.Call.Data, Result: word(amount), From: "node.example#00000",
		})
	}
	return e
}

// clone copies what the tests tamper with.
func clone(e *votingpower.Evidence) *votingpower.Evidence {
	c := *e
	c.Chains = maps.Clone(e.Chains)
	c.Reads = slices.Clone(e.Reads)
	for i := range c.Reads {
		c.Reads[i].Data, c.Reads[i].Result = slices.Clone(c.Reads[i].Data), slices.Clone(c.Reads[i].Result)
	}
	return &c
}
