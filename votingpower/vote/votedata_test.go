package vote_test

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

// ballot is one voter's vote. Each vote has power in tokens, all of
// it from the balance on Ethereum.
type ballot struct {
	choice string // JSON
	power  string // decimal
}

// For, against and abstain are choices of a basic vote.
func votesFor(power string) ballot { return ballot{"1", power} }
func against(power string) ballot  { return ballot{"2", power} }
func abstain(power string) ballot  { return ballot{"3", power} }

// balanceOn is a strategy that counts the balance of a token.
func balanceOn(network, token string) snapshot.Strategy {
	params := json.RawMessage(`{"address":"` + token + `","decimals":18}`)
	return snapshot.Strategy{Name: "erc20-balance-of", Network: network, Params: params}
}

// voter is the address of the i-th voter.
func voter(i int) string { return common.BigToAddress(big.NewInt(int64(0x1000 + i))).Hex() }

// poll is evidence of a basic vote that is final and honest in everything.
func poll(t testing.TB, cast ...ballot) *vote.Evidence {
	t.Helper()
	p := &snapshot.Proposal{
		ID: "0x" + fmt.Sprintf("%064x", 1), Space: "vote-perp.eth", Network: "1", Type: "basic", Title: "SYNTHETIC vote",
		Choices: []string{"For", "Against", "Abstain"}, Snapshot: snapshotBlock,
		Created: snapshotTime, Start: snapshotTime + 100, End: snapshotTime + 1000,
		State: "closed", ScoresState: "final", ScoresUpdated: snapshotTime + 1100,
		QuorumType: "default", Quorum: 14639538.5, Votes: len(cast), Scores: make([]float64, 3),
		Strategies: []snapshot.Strategy{balanceOn("1", perpOnL1)},
	}
	e := &vote.Evidence{
		Circulating: pollEvidence(t, blockAt(99757040, 1684503566, 1684503581)),
		Hub:         "hub.example", ReadAt: snapshotTime + 2000, Proposal: p, Votes: []snapshot.Vote{},
	}
	var results []hexutil.Bytes
	for i, c := range cast {
		wei := baseUnits(t, c.power, 18)
		results = append(results, common.LeftPadBytes(wei.Bytes(), 32))
		vp, _ := new(big.Rat).SetFrac(wei, big.NewInt(1e18)).Float64()
		e.Votes = append(e.Votes, snapshot.Vote{
			ID: fmt.Sprintf("0x%064x", 100+i), Voter: voter(i), Created: p.Start + int64(i),
			Choice: json.RawMessage(c.choice), VP: vp, VPByStrategy: []float64{vp}, VPState: "final",
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
	e.Power = &strategy.Evidence{Places: map[strategy.Place]strategy.Reading{home: {Sampled: []strategy.Sample{{
		Block: e.Circulating.Chains[chains.Ethereum].Block, Results: results,
	}}}}}
	askAgain(t, e)
	return e
}

// askAgain makes the question to the chains that of the ballot's votes.
func askAgain(t testing.TB, e *vote.Evidence) {
	t.Helper()
	var pins map[chains.ID]uint64
	if e.Power != nil {
		pins = e.Power.Query.Pins
	}
	var voters []string
	for _, v := range e.Votes {
		voters = append(voters, v.Voter)
	}
	q, err := vote.PowerQuery(e.Proposal, voters, pins)
	if err != nil {
		t.Fatal(err)
	}
	e.Power.Query = q
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
func ambiguousPoll(t testing.TB, chosen []int, powers ...[2]string) *vote.Evidence {
	t.Helper()
	e := poll(t, make0(powers)...)
	blocks := chainOf(99757039, snapshotTime-10, snapshotTime, snapshotTime, snapshotTime, snapshotTime+5)
	e.Circulating = pollEvidence(t, blocks[1])
	p := e.Proposal
	p.Strategies = append(p.Strategies, balanceOn("10", perpOnL2))
	first, last := strategy.Sample{Block: blocks[1]}, strategy.Sample{Block: blocks[3]}
	second := 0.0
	for i, power := range powers {
		a, z := baseUnits(t, power[0], 18), baseUnits(t, power[1], 18)
		first.Results = append(first.Results, common.LeftPadBytes(a.Bytes(), 32))
		last.Results = append(last.Results, common.LeftPadBytes(z.Bytes(), 32))
		vp, _ := new(big.Rat).SetFrac([]*big.Int{a, z}[chosen[i]], big.NewInt(1e18)).Float64()
		v := &e.Votes[i]
		v.VP, v.VPByStrategy = v.VP+vp, append(v.VPByStrategy, vp)
		p.Scores[0] += vp
		p.ScoresTotal += vp
		second += vp
	}
	zero, ones := 0.0, p.Scores[0]-second
	p.ScoresByStrategy = [][]*float64{{&ones, &second}, {&zero, &zero}, {&zero, &zero}}
	e.Power.Places[strategy.Place{Chain: chains.Optimism, Via: chains.Ethereum}] = strategy.Reading{
		Sampled: []strategy.Sample{first, last}, After: &blocks[4],
	}
	askAgain(t, e)
	return e
}

// make0 makes as many votes for, without any power on Ethereum but 1.
func make0(powers [][2]string) (cast []ballot) {
	for range powers {
		cast = append(cast, votesFor("1"))
	}
	return cast
}

// open is a vote that is still open, for which no voters' power is read.
func open(t testing.TB) *vote.Evidence {
	e := reached(t)
	e.ReadAt, e.Power = e.Proposal.End, nil
	return e
}
