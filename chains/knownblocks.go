package chains

import (
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/blocksearch"
)

// anchor is a block whose hash tells the public chain from its forks and copies.
// A hash covers all blocks before it, so one late block is enough.
type anchor struct {
	Number uint64
	Time   time.Time
	Hash   common.Hash
}

// anchorOf returns the anchor of the public chain with the given id.
//
// Ethereum: the first block after the Merge. It lies after the DAO fork (1920000),
// where Ethereum Classic left with the same genesis block, and after the Merge
// itself, so it tells Ethereum from each proof-of-work fork.
// Optimism: the Bedrock block, the oldest one that every op-geth serves itself.
// Arbitrum and Gnosis: blocks whose headers are published in documents of a node provider,
// GetBlock-io/getblock-docs (eth_getBlockByHash), and hash to the hashes shown there.
func anchorOf(id ID) (anchor, bool) {
	switch id {
	case Ethereum:
		return anchor{mergeBlock, time.Unix(mergeTime, 0),
			common.HexToHash("0x56a9bb0302da44b8c0b3df540781424684c3af04d0b7a38d72842b762076a664")}, true
	case Optimism:
		return anchor{bedrockBlock, time.Unix(bedrockTime, 0),
			common.HexToHash("0xdbf6a80fef073de06add9b0d14026d6e5a86c85f6d102c36d3d8e9cf89c2afd3")}, true
	case 42161:
		return anchor{86011219, time.Unix(1682899522, 0),
			common.HexToHash("0xf5524f0cf99ac6bc5905e95294ebed9007e2d978155f3457118eb7a26d97503a")}, true
	case 100: // after its merge
		return anchor{28067555, time.Unix(1684736520, 0),
			common.HexToHash("0xc11de1b67dd435ada2b83bbf0bb45cba5efab4e8dd00b100142e799ba902dddc")}, true
	}
	return anchor{}, false
}

// fullyKnown reports whether every form that headers of a public chain ever had is known here.
func fullyKnown(id ID) bool { return id == Ethereum || id == Optimism }

// otherHashes names chains whose block hashes are not those of Ethereum's headers.
var otherHashes = map[ID]string{
	250: "Fantom Opera", 324: "zkSync Era", 1284: "Moonbeam", 1285: "Moonriver", 43114: "the C-Chain of Avalanche",
	1666600000: "Harmony",
}

// lastLegacyBlock is the block before Bedrock, number 105235062: the last one of l2geth.
var lastLegacyBlock = common.HexToHash("0x21a168dfa5e727926063a28ba16fd5ee84c814e847c81a699c7a0ea551e4ca50")

// Known reports whether b is a block by whose hash the public chain of this id is known.
func (b Block) Known(id ID) bool {
	a, ok := anchorOf(id)
	return ok && b.Hash == a.Hash || id == Optimism && b.Hash == lastLegacyBlock
}

const (
	mergeBlock   = 15537394 // first proof-of-stake block of Ethereum
	mergeTime    = 1663224179
	bedrockBlock = 105235063 // first block of Optimism made by op-node
	bedrockTime  = 1686068903
)

// knownBlock is a block of a public chain, and how blocks follow it up to the next known one.
type knownBlock struct {
	blocksearch.Moment
	// Step is how many seconds two blocks are apart at least. From 2 on, times lie on a grid:
	// that of the block plus multiples of Step.
	Step uint64
	Full bool // the grid has no gaps
}

// knownBlocks returns blocks of the public chain with the given id, ascending: its first one
// that has a time, those where its rules changed, and some that tell how many slots were missed.
func knownBlocks(id ID) []knownBlock {
	switch id {
	case Ethereum:
		return []knownBlock{
			{blocksearch.Moment{Number: 1, Time: 1438269988}, 1, false},
			{blocksearch.Moment{Number: 12965000, Time: 1628166822}, 1, false}, // London
			{blocksearch.Moment{Number: mergeBlock, Time: mergeTime}, 12, false},
			{blocksearch.Moment{Number: 18000000, Time: 1693066895}, 12, false},
			{blocksearch.Moment{Number: 19449567, Time: 1710617795}, 12, false},
			{blocksearch.Moment{Number: 22431084, Time: 1746612311}, 12, false}, // Prague
			{blocksearch.Moment{Number: 23935694, Time: 1764798551}, 12, false}, // Osaka
		}
	case Optimism:
		return []knownBlock{
			{blocksearch.Moment{Number: 1, Time: 1636665399}, 0, false}, // a block for each transaction
			{blocksearch.Moment{Number: 16328931, Time: 1659041061}, 0, false},
			{blocksearch.Moment{Number: bedrockBlock, Time: bedrockTime}, 2, true},
		}
	}
	return nil
}

// hintsOf returns what is known of the times of a public chain's blocks.
func hintsOf(id ID) blocksearch.Hints {
	for _, k := range knownBlocks(id) {
		if k.Step > 1 {
			first := knownBlocks(id)[0].Moment
			return blocksearch.Hints{Moments: []blocksearch.Moment{first, k.Moment}, Fork: k.Moment, Step: k.Step}
		}
	}
	return blocksearch.Hints{}
}

// Plausible reports why b cannot be a block of the public chain with the given id: its number and
// time do not fit the known blocks of Ethereum or Optimism, or it has the number of the block by
// which the chain is known (of Arbitrum and Gnosis too) and another hash. For any other chain it
// is nil. It needs no node, and cannot tell that b is a block of the chain.
func (b Block) Plausible(id ID) error {
	for _, h := range []header{{Header: b.Parent, hash: b.Header.ParentHash}, {Header: b.Header, hash: b.Hash}} {
		if h.Header == nil {
			continue
		}
		if a, ok := anchorOf(id); ok && h.Number.Uint64() == a.Number && h.hash != a.Hash {
			return fmt.Errorf("block %d has hash %v, and that of the public chain has %v", a.Number, h.hash, a.Hash)
		}
		if err := plausible(knownBlocks(id), blocksearch.Moment{Number: h.Number.Uint64(), Time: h.Time}); err != nil {
			return err
		}
	}
	return nil
}

// manySlots is a month of slots on Ethereum. Behind the last known block, more than that and half of
// all slots are never without a block: a chain that finalizes has two thirds of its proposers, and
// since the Merge hardly one slot in a hundred was missed.
const manySlots = 30 * 24 * 3600 / 12

// plausible compares a block with the last known one up to it and with the one behind that.
func plausible(known []knownBlock, m blocksearch.Moment) error {
	next := 0
	for next < len(known) && known[next].Number <= m.Number {
		next++
	}
	step := uint64(1)
	if next > 0 {
		last := known[next-1]
		step = last.Step
		switch distance := m.Number - last.Number; {
		case !apart(last.Moment, m, step):
			return implausible(m, "too early for the public chain, whose block %d has time %v", last.Number, utc(last.Time))
		case distance == 0 && m.Time != last.Time:
			return implausible(m, "and on the public chain %v", utc(last.Time))
		case step > 1 && (m.Time-last.Time)%step != 0:
			return implausible(m, "not a multiple of %d seconds after %v, as on the public chain", step, utc(last.Time))
		case next == len(known) && step > 1 && 2*distance+manySlots < (m.Time-last.Time)/step:
			return implausible(m, "too late for the public chain, whose block %d has time %v: half of the slots since then "+
				"would have no block", last.Number, utc(last.Time))
		case last.Full && distance != (m.Time-last.Time)/step:
			return implausible(m, "which is that of block %d of the public chain", last.Number+(m.Time-last.Time)/step)
		}
	}
	if next < len(known) && !apart(m, known[next].Moment, step) {
		return implausible(m, "too late for the public chain, whose block %d has time %v",
			known[next].Number, utc(known[next].Time))
	}
	return nil
}

// apart reports whether q can follow p at a distance of at least step seconds a block.
func apart(p, q blocksearch.Moment, step uint64) bool {
	return q.Time >= p.Time && (step == 0 || (q.Time-p.Time)/step >= q.Number-p.Number)
}

func implausible(m blocksearch.Moment, why string, args ...any) error {
	return fmt.Errorf("block %d has time %v, %s", m.Number, utc(m.Time), fmt.Sprintf(why, args...))
}

// knownAccount returns an account whose balance is not zero after the given block of
// a public chain. An endpoint that reports zero for it does not have the state of
// that block, whatever it answers for other accounts. ok is false for chains
// without such an account.
//
// coinbase is the block's beneficiary. Before the Merge the protocol itself pays it
// at the end of the block, so it cannot be empty then. After the Merge the account
// is WETH, which has held ether since 2017. On Optimism it is the WETH predeploy.
func knownAccount(id ID, number uint64, coinbase common.Address) (account common.Address, ok bool) {
	switch {
	case id == Ethereum && number == 0: // named in the genesis allocation
		return common.HexToAddress("0x000d836201318ec6899a67540690382780743280"), true
	case id == Ethereum && number < mergeBlock:
		return coinbase, true
	case id == Ethereum:
		return common.HexToAddress("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"), true
	case id == Optimism:
		return common.HexToAddress("0x4200000000000000000000000000000000000006"), true
	}
	return common.Address{}, false
}
