package votingpower_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

func TestComputePERP(t *testing.T) {
	t.Parallel()
	e := evidence(t, votingpower.PERP(), queryTime, perpState())
	r, err := votingpower.Compute(e)
	if err != nil {
		t.Fatal(err)
	}
	for _, amount := range []struct{ name, got, want string }{
		{"circulating supply", r.CirculatingSupply.String(), perpCirculating},
		{"voting power", r.VotingPower.String(), perpVotingPower},
		{"quorum", r.Quorum.RatString(), perpQuorum},
		{"supply", r.Subtotal(votingpower.GroupSupply).String(), "150000000000000000000000000"},
		{"excluded", r.Subtotal(votingpower.GroupExcluded).String(), "-56000000000000000000004321"},
		{"escrow", r.Subtotal(votingpower.GroupEscrow).String(), "9999999999999999999450000"},
		{"checks", r.Subtotal(votingpower.GroupCheck).String(), "0"},
	} {
		if amount.got != amount.want {
			t.Errorf("%s is %s, want %s", amount.name, amount.got, amount.want)
		}
	}
	if len(r.Lines) != 8 || r.Lines[7].Label != "PERP locked in vePERP" ||
		r.Lines[7].Amount.String() != "6000000000000000000600000" {
		t.Errorf("found lines %+v", r.Lines)
	}
	if len(r.Checks) != 4 || r.Checks[2].Amount.String() != "20000000000000000000000000" ||
		r.Checks[3].Amount.String() != "18" {
		t.Errorf("found checks %+v", r.Checks)
	}
	if r.Evidence != e {
		t.Error("the result does not carry its evidence")
	}
}

// Nothing is wired to PERP: another DAO, on one chain, with 6 decimals.
func TestComputeMadeUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ at, votingPower, quorum string }{
		{"2022-12-31T23:59:59Z", "930000000001", "930000000001/25"},           // treasury only
		{"2023-01-01T00:00:00Z", "630000000001", "630000000001/25"},           // and vesting
		{"2023-06-01T12:00:00Z", "630000000001", "630000000001/25"},           // half a second before the treasury ends
		{"2023-06-01T12:00:01Z", "680000000001", "680000000001/25"},           // vesting only
		{"2024-01-01T00:00:00Z", "680000000001", "680000000001/25"},           // its second term
		{"2023-12-31T23:59:59.999999999Z", "680000000001", "680000000001/25"}, // its first term's last nanosecond
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		m := madeUp(t)
		e := evidence(t, m, at, madeUpState())
		block := blockAt(7, at.Truncate(time.Second).Add(-time.Second), at.Add(time.Second-1), false)
		e.Chains[base] = votingpower.ChainEvidence{Block: block}
		r, err := votingpower.Compute(e)
		if err != nil {
			t.Errorf("at %s: %v", c.at, err)
		} else if r.VotingPower.String() != c.votingPower || r.Quorum.RatString() != c.quorum {
			t.Errorf("at %s: voting power %v and quorum %v, want %s and %s", c.at, r.VotingPower, r.Quorum, c.votingPower,
				c.quorum)
		}
	}
}

func TestComputePinned(t *testing.T) {
	t.Parallel()
	early, late := queryTime.Add(-time.Hour), queryTime.Add(time.Hour)
	for _, c := range []struct {
		name            string
		network, rollup chains.Block
		want            string // in the error
	}{
		{name: "network pinned at the query time", network: blockAt(9, early, queryTime, true),
			rollup: blockAt(5, early, late, false)},
		{name: "network pinned in a run of equal times", network: blockAt(9, queryTime, queryTime, true),
			rollup: blockAt(5, early, late, false)},
		{name: "rollup pinned anywhere", network: blockAt(9, early, queryTime, false),
			rollup: blockAt(5, early, early, true)},
		{name: "network pinned at another time", network: blockAt(9, early, late, true),
			rollup: blockAt(5, early, late, false),
			want:   "ethereum: pinned block 9 has time 2023-05-19T14:39:35Z, but the query time is 2023-05-19T13:39:35Z"},
		{name: "network not the first", network: blockAt(9, queryTime, queryTime, false),
			rollup: blockAt(5, early, late, false),
			want:   "ethereum: block 9 is not the first at or after"},
		{name: "rollup too early", network: blockAt(9, early, queryTime, false), rollup: blockAt(5, early, early, false),
			want: "optimism: block 5 has time 2023-05-19T12:39:35Z, before 2023-05-19T13:39:35Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := evidence(t, votingpower.PERP(), queryTime, perpState())
			e.Chains[chains.Ethereum] = votingpower.ChainEvidence{Block: c.network, Development: true}
			e.Chains[chains.Optimism] = votingpower.ChainEvidence{Block: c.rollup, Development: true}
			r, err := votingpower.Compute(e)
			checkError(t, err, c.want)
			if err == nil && r.VotingPower.String() != perpVotingPower {
				t.Errorf("voting power %v", r.VotingPower)
			}
		})
	}
}

// checkError demands an error of Compute that holds want, or none if want is "".
func checkError(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("found error %v, want none", err)
	case want != "" && err == nil:
		t.Errorf("found no error, want %q", want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("found error %q, want %q", err, want)
	case want != "" && !errors.Is(err, votingpower.ErrEvidence):
		t.Errorf("%v does not wrap ErrEvidence", err)
	}
}

func TestComputeRefuses(t *testing.T) {
	t.Parallel()
	result := func(i int, amount string) func(*votingpower.Evidence) {
		return func(e *votingpower.Evidence) { e.Reads[i].Result = word(units(amount)) }
	}
	block := func(id chains.ID, change func(*chains.Block)) func(*votingpower.Evidence) {
		return func(e *votingpower.Evidence) {
			chain := e.Chains[id]
			change(&chain.Block)
			e.Chains[id] = chain
		}
	}
	for _, c := range []struct {
		name   string
		tamper func(*votingpower.Evidence)
		want   string
	}{
		{"no model", func(e *votingpower.Evidence) { e.Model = nil }, "no model"},
		{"invalid model", func(e *votingpower.Evidence) {
			m := *e.Model
			m.Quorum, e.Model = votingpower.FractionOf(2, 1), &m
		},
			"quorum: found 2, want at most 1"},
		{"no time", func(e *votingpower.Evidence) { e.At = time.Time{} }, "query time: found year 1, want 1970 to 9999"},
		{"time before chains", func(e *votingpower.Evidence) { e.At = time.Unix(-1, 0) }, "query time: found year 1969"},
		{"other time", func(e *votingpower.Evidence) { e.At = e.At.Add(time.Nanosecond) },
			"ethereum: block 17293885 has time"},
		{"chain missing", func(e *votingpower.Evidence) { delete(e.Chains, chains.Optimism) },
			"reads optimism, and there is no block of it"},
		{"chain too many", func(e *votingpower.Evidence) { e.Chains[base] = e.Chains[chains.Optimism] }, "a block of 8453"},
		{"no header", func(e *votingpower.Evidence) { e.Chains[chains.Ethereum] = votingpower.ChainEvidence{} },
			"ethereum: block without header"},
		{"other hash", block(chains.Optimism, func(b *chains.Block) { b.Hash[0]++ }),
			"optimism: block 99757040: header hashes to"},
		{"other hash, pinned", block(chains.Optimism, func(b *chains.Block) { b.Hash[0]++; b.Pinned = true }),
			"optimism: block 99757040: header hashes to"},
		{"no parent", block(chains.Optimism, func(b *chains.Block) { b.Parent = nil }), "parent header missing"},
		{"other parent", block(chains.Optimism, func(b *chains.Block) { h := *b.Parent; h.GasUsed++; b.Parent = &h }),
			"parent header hashes to"},
		{"test chain without its mark", func(e *votingpower.Evidence) {
			e.Chains[chains.Ethereum] = votingpower.ChainEvidence{
				Block: blockAt(419, queryTime.Add(-12*time.Second), queryTime, false)}
		}, "ethereum: block 418 has time 2023-05-19T13:39:23Z, too late for the public chain"},
		{"read missing", func(e *votingpower.Evidence) { e.Reads = e.Reads[:len(e.Reads)-1] },
			"11 reads, but model \"Perpetual Protocol\" asks for 12"},
		{"read twice", func(e *votingpower.Evidence) { e.Reads = append(e.Reads, e.Reads[0]) }, "13 reads"},
		{"no reads", func(e *votingpower.Evidence) { e.Reads = nil }, "0 reads"},
		{"reads swapped", func(e *votingpower.Evidence) { e.Reads[1], e.Reads[2] = e.Reads[2], e.Reads[1] }, "reads[1]"},
		{"other chain", func(e *votingpower.Evidence) { e.Reads[0].Chain = chains.Optimism },
			"reads[0], PERP total supply on ethereum: found a read of"},
		{"other contract", func(e *votingpower.Evidence) { e.Reads[0].To = vePERP.Hex() },
			"want 0xbC396689893D065F41bc2C6EcbeE5e0085233447"},
		{"lower-case address", func(e *votingpower.Evidence) { e.Reads[0].To = strings.ToLower(e.Reads[0].To) }, "reads[0]"},
		{"other calldata", func(e *votingpower.Evidence) { e.Reads[1].Data[35]++ },
			"reads[1], Ecosystem & Rewards, Investor, Team (DAO locked wallet) on ethereum: found call data 0x70a08231"},
		{"longer calldata", func(e *votingpower.Evidence) { e.Reads[0].Data = append(e.Reads[0].Data, 0) },
			"want 0x18160ddd (totalSupply())"},
		{"empty result", func(e *votingpower.Evidence) { e.Reads[3].Result = nil }, "found 0 bytes"},
		{"short result", func(e *votingpower.Evidence) { e.Reads[3].Result = e.Reads[3].Result[:31] }, "found 31 bytes"},
		{"long result", func(e *votingpower.Evidence) { e.Reads[3].Result = append(e.Reads[3].Result, 0) }, "found 33 bytes"},
		{"long check", func(e *votingpower.Evidence) { e.Reads[8].Result = append([]byte{0}, e.Reads[8].Result...) },
			"found 33 bytes"},
		{"decimals", result(8, "6"),
			"reads[8], PERP decimals on ethereum: decimals() of 0xbC396689893D065F41bc2C6EcbeE5e0085233447 is 6, want 18"},
		{"decimals of the escrow", result(11, "0"), "vePERP decimals on optimism"},
		{"token without supply", result(10, "0"),
			"reads[10], PERP (bridged) total supply, not zero on optimism: " +
				"totalSupply() of 0x9e1028F5F1D5eDE59748FFceE5532509976840E0 is 0"},
		{"supply zero", result(0, "0"), "more than the token's total supply of 0"},
		{"balance above supply", result(1, "135000000000000000000000001"),
			"ethereum: excluded and locked amounts are 150000000000000000000000321"},
		{"locked above supply", result(7, "19000000000000000000000000"),
			"optimism: excluded and locked amounts are 20000000000000000000004000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := clone(evidence(t, votingpower.PERP(), queryTime, perpState()))
			c.tamper(e)
			r, err := votingpower.Compute(e)
			checkError(t, err, c.want)
			if r != nil {
				t.Error("found a result beside the error")
			}
		})
	}
	_, err := votingpower.Compute(nil)
	checkError(t, err, "no model")
}

func TestComputeRefusesNegative(t *testing.T) {
	t.Parallel()
	// Each chain's amounts exist there, but the bridged ones do not exist at home.
	s := perpState()
	s.set(chains.Ethereum, perpETH, "totalSupply()", "56000000000000000000004320")
	_, err := votingpower.Compute(evidence(t, votingpower.PERP(), queryTime, s))
	checkError(t, err, "circulating supply is negative: -1 base units")

	s = perpState()
	s.set(chains.Ethereum, perpETH, "totalSupply()", "56000000000000000000004321")
	s.set(chains.Optimism, vePERP, "totalSupplyWeighted()", "6000000000000000000599999")
	_, err = votingpower.Compute(evidence(t, votingpower.PERP(), queryTime, s))
	checkError(t, err, "circulating voting power is negative: -1 base units")

	// Zero is a figure like any other once it is earned.
	s.set(chains.Optimism, vePERP, "totalSupplyWeighted()", "6000000000000000000600000")
	r, err := votingpower.Compute(evidence(t, votingpower.PERP(), queryTime, s))
	checkError(t, err, "")
	if err == nil && (r.VotingPower.Sign() != 0 || r.Quorum.Sign() != 0) {
		t.Errorf("found voting power %v and quorum %v, want 0", r.VotingPower, r.Quorum)
	}
}

// All of a chain's tokens may be excluded or locked, to the last base unit.
func TestComputeAllTaken(t *testing.T) {
	t.Parallel()
	s := perpState()
	s.set(chains.Optimism, vePERP, "totalPERPSupply()", "18999999999999999999996000")
	_, err := votingpower.Compute(evidence(t, votingpower.PERP(), queryTime, s))
	checkError(t, err, "")
	s.set(chains.Optimism, vePERP, "totalPERPSupply()", "18999999999999999999996001")
	_, err = votingpower.Compute(evidence(t, votingpower.PERP(), queryTime, s))
	checkError(t, err,
		"optimism: excluded and locked amounts are 20000000000000000000000001 base units together, "+
			"more than the token's total supply of 20000000000000000000000000")
}

func TestComputeRefusesNoSupply(t *testing.T) {
	t.Parallel()
	m := madeUp(t)
	m.Excluded, m.Escrows = nil, nil
	s := madeUpState()
	s.set(base, m.Tokens[0].Address, "totalSupply()", "0")
	_, err := votingpower.Compute(evidence(t, m, queryTime, s))
	checkError(t, err, "the total supply is 0")
}

// Sums are exact beyond 64 bits and beyond one word.
func TestComputeLargest(t *testing.T) {
	t.Parallel()
	m := madeUp(t)
	m.Tokens = append(m.Tokens, votingpower.Token{Chain: 5, Address: common.Address{5}, Label: "TIDE on 5", Supply: true})
	largest := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1)).String()
	s := madeUpState()
	s.set(base, m.Tokens[0].Address, "totalSupply()", largest)
	s.set(5, common.Address{5}, "totalSupply()", largest)
	s.set(5, common.Address{5}, "decimals()", "6")
	r, err := votingpower.Compute(evidence(t, m, queryTime.AddDate(2, 0, 0), s))
	if err != nil {
		t.Fatal(err)
	}
	// 2 × (2²⁵⁶ − 1) − 300000000000 + 80000000000 − 100000000000
	want := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 257), big.NewInt(320000000002))
	if r.VotingPower.Cmp(want) != 0 {
		t.Errorf("found %v, want %v", r.VotingPower, want)
	}
}

// Block 0 has no parent, and proves every time up to its own.
func TestComputeGenesis(t *testing.T) {
	t.Parallel()
	m := madeUp(t)
	e := evidence(t, m, queryTime, madeUpState())
	h := &types.Header{Number: new(big.Int), Time: uint64(queryTime.Unix()) + 100, Difficulty: new(big.Int)}
	e.Chains[base] = votingpower.ChainEvidence{Block: chains.Block{Hash: h.Hash(), Header: h}, Development: true}
	if _, err := votingpower.Compute(e); err != nil {
		t.Error(err)
	}
}
