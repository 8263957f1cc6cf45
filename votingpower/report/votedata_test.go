package report_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// The votes of these tests are synthetic. The quorum is 14,639,538.5 tokens: a
// tenth of 146,395,385, and a double without rounding.

const (
	snapshotTime  = 1684503575
	snapshotBlock = 17293885
	quorumTokens  = "14639538.5"
	perpOnL1      = "0xbC396689893D065F41bc2C6EcbeE5e0085233447"
	perpOnL2      = "0x9e1028F5F1D5eDE59748FFceE5532509976840E0"
)

// ballot is a vote to make a bundle of. Each vote has power in tokens, all of
// it from the balance on Ethereum.
type ballot struct {
	choice string // JSON
	power  string // decimal
}

// For, against and abstain are choices of a basic vote.
func votesFor(power string) ballot { return ballot{"1", power} }
func against(power string) ballot  { return ballot{"2", power} }
func abstain(power string) ballot  { return ballot{"3", power} }

// voter is the address of the i-th voter.
func voter(i int) string { return common.BigToAddress(big.NewInt(int64(0x1000 + i))).Hex() }

// poll is a bundle of a basic vote that is final and honest in everything.
func poll(t testing.TB, cast ...ballot) *report.Bundle {
	t.Helper()
	b := &report.Bundle{Generator: "test", Synthetic: synthetic, Evidence: pollEvidence(t, blockAt(99757040, 1684503566, 1684503581))}
	p := &snapshot.Proposal{
		ID: "0x" + fmt.Sprintf("%064x", 1), Space: "vote-perp.eth", Network: "1", Type: "basic", Title: "SYNTHETIC vote",
		Choices: []string{"For", "Against", "Abstain"}, Created: snapshotTime, Start: snapshotTime + 100, End: snapshotTime + 1000, Snapshot: snapshotBlock,
		State: "closed", QuorumType: "default", Quorum: 14639538.5, ScoresState: "final", ScoresUpdated: snapshotTime + 1100, Votes: len(cast),
		Strategies: []snapshot.Strategy{{Name: "erc20-balance-of", Network: "1", Params: json.RawMessage(`{"address":"` + perpOnL1 + `","decimals":18}`)}},
		Scores:     make([]float64, 3),
	}
	b.Vote = &vote.Evidence{Hub: "hub.example", ReadAt: snapshotTime + 2000, Proposal: p, Votes: []snapshot.Vote{}}
	var results []hexutil.Bytes
	for i, c := range cast {
		wei := baseUnits(t, c.power, 18)
		results = append(results, common.LeftPadBytes(wei.Bytes(), 32))
		vp, _ := new(big.Rat).SetFrac(wei, big.NewInt(1e18)).Float64()
		b.Vote.Votes = append(b.Vote.Votes, snapshot.Vote{
			ID: fmt.Sprintf("0x%064x", 100+i), Voter: voter(i), Created: p.Start + int64(i), Choice: json.RawMessage(c.choice),
			VP: vp, VPByStrategy: []float64{vp}, VPState: "final",
		})
		if choice, err := strconv.Atoi(c.choice); err == nil && choice >= 1 && choice <= 3 {
			p.Scores[choice-1] += vp
		}
		p.ScoresTotal += vp
	}
	for i := range p.Scores {
		p.ScoresByStrategy = append(p.ScoresByStrategy, []*float64{&p.Scores[i]})
	}
	home := strategy.Place{Chain: chains.Ethereum, Via: chains.Ethereum}
	b.Vote.Power = &strategy.Evidence{Places: map[strategy.Place]strategy.Reading{home: {Sampled: []strategy.Sample{{
		Block: b.Evidence.Chains[chains.Ethereum].Block, Results: results, From: "ethereum.example#0a1b2",
	}}}}}
	askAgain(t, b)
	return b
}

// askAgain makes the question to the chains that of the ballot's votes.
func askAgain(t testing.TB, b *report.Bundle) {
	t.Helper()
	var pins map[chains.ID]uint64
	if b.Vote.Power != nil {
		pins = b.Vote.Power.Query.Pins
	}
	var voters []string
	for _, v := range b.Vote.Votes {
		voters = append(voters, v.Voter)
	}
	q, err := vote.PowerQuery(b.Vote.Proposal, voters, pins)
	if err != nil {
		t.Fatal(err)
	}
	b.Vote.Power.Query = q
}

func pollEvidence(t testing.TB, optimism chains.Block) *votingpower.Evidence {
	t.Helper()
	mainnet := blockAt(snapshotBlock, snapshotTime-12, snapshotTime)
	mainnet.Pinned = true
	return evidence(t, votingpower.PERP(), time.Unix(snapshotTime, 0).UTC(),
		map[chains.ID]chains.Block{chains.Ethereum: mainnet, chains.Optimism: optimism},
		"150000000", "5000000", "1234567.891", "250000", "100000.25", "300000", "4779953.141", "1500000")
}

// chainOf is a chain of blocks with the given timestamps, the first without parent.
func chainOf(first uint64, times ...int64) []chains.Block {
	var blocks []chains.Block
	var parent *types.Header
	for i, at := range times {
		h := &types.Header{Number: new(big.Int).SetUint64(first + uint64(i)), Time: uint64(at), Difficulty: new(big.Int)}
		if parent != nil {
			h.ParentHash = parent.Hash()
		}
		blocks = append(blocks, chains.Block{Hash: h.Hash(), Header: h, Parent: parent})
		parent = h
	}
	return blocks
}

// ambiguousPoll has a second strategy on Optimism, where three blocks have the
// snapshot's timestamp. Each vote's powers are those at the first and at the
// last of them; the hub has what chosen says, 0 or 1.
func ambiguousPoll(t testing.TB, chosen []int, powers ...[2]string) *report.Bundle {
	t.Helper()
	b := poll(t, make0(powers)...)
	blocks := chainOf(5000, snapshotTime-10, snapshotTime, snapshotTime, snapshotTime, snapshotTime+5)
	b.Evidence = pollEvidence(t, blocks[1])
	p := b.Vote.Proposal
	p.Strategies = append(p.Strategies, snapshot.Strategy{Name: "erc20-balance-of", Network: "10", Params: json.RawMessage(`{"address":"` + perpOnL2 + `","decimals":18}`)})
	first, last := strategy.Sample{Block: blocks[1], From: "optimism.example#0a1b2"}, strategy.Sample{Block: blocks[3], From: "optimism.example#0a1b2"}
	second := 0.0
	for i, power := range powers {
		a, z := baseUnits(t, power[0], 18), baseUnits(t, power[1], 18)
		first.Results = append(first.Results, common.LeftPadBytes(a.Bytes(), 32))
		last.Results = append(last.Results, common.LeftPadBytes(z.Bytes(), 32))
		vp, _ := new(big.Rat).SetFrac([]*big.Int{a, z}[chosen[i]], big.NewInt(1e18)).Float64()
		v := &b.Vote.Votes[i]
		v.VP, v.VPByStrategy = v.VP+vp, append(v.VPByStrategy, vp)
		p.Scores[0] += vp
		p.ScoresTotal += vp
		second += vp
	}
	zero, ones := 0.0, p.Scores[0]-second
	p.ScoresByStrategy = [][]*float64{{&ones, &second}, {&zero, &zero}, {&zero, &zero}}
	b.Vote.Power.Places[strategy.Place{Chain: chains.Optimism, Via: chains.Ethereum}] = strategy.Reading{
		Sampled: []strategy.Sample{first, last}, After: &blocks[4],
	}
	askAgain(t, b)
	return b
}

// make0 makes as many votes for, without any power on Ethereum but 1.
func make0(powers [][2]string) (cast []ballot) {
	for range powers {
		cast = append(cast, votesFor("1"))
	}
	return cast
}

// short misses the quorum by one wei, which the hub's doubles do not show.
func short(t testing.TB) *report.Bundle {
	return poll(t, votesFor("14639538"), against("0.499999999999999999"))
}

// disagreeing has a lie in a voter's power and one in a score.
func disagreeing(t testing.TB) *report.Bundle {
	b := reached(t)
	b.Vote.Votes[1].VPByStrategy[0] += 0.5
	b.Vote.Proposal.Scores[2]++
	return b
}

// open is a vote that is still open, for which no voters' power is read.
func open(t testing.TB) *report.Bundle {
	b := reached(t)
	b.Vote.ReadAt, b.Vote.Power = b.Vote.Proposal.End, nil
	return b
}

// hostileVote has texts that could break a line, a table or a page, and every
// finding that repeats foreign text.
func hostileVote(t testing.TB) *report.Bundle {
	const hostile = "a|b `c` <script>alert(1)</script> *not* [the](https://evil.example) @everyone www.evil.example\n# <img src=x>\u202e\x1b[31m"
	b := reached(t)
	p := b.Vote.Proposal
	p.Title, p.Type, p.ScoresState = hostile, hostile, "final"
	p.ID, p.Choices = "0x`<b>|", []string{hostile, "|" + hostile, ""}
	b.Vote.Hub = hostile
	b.Vote.Votes[0].VPByStrategy[0]++
	b.Vote.Votes[1].Created = 1
	unverifiable(b, hostile)
	askAgain(t, b)
	return b
}
