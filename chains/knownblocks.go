package chains

import (
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
func anchorOf(id ID) (anchor, bool) {
	switch id {
	case Ethereum:
		return anchor{mergeBlock, time.Unix(mergeTime, 0),
			common.HexToHash("0x56a9bb0302da44b8c0b3df540781424684c3af04d0b7a38d72842b762076a664")}, true
	case Optimism:
		return anchor{bedrockBlock, time.Unix(bedrockTime, 0),
			common.HexToHash("0xdbf6a80fef073de06add9b0d14026d6e5a86c85f6d102c36d3d8e9cf89c2afd3")}, true
	}
	return anchor{}, false
}

const (
	mergeBlock   = 15537394 // first proof-of-stake block of Ethereum
	mergeTime    = 1663224179
	bedrockBlock = 105235063 // first block of Optimism made by op-node
	bedrockTime  = 1686068903
)

// hintsOf returns what is known of the times of a public chain's blocks.
func hintsOf(id ID) blocksearch.Hints {
	h := blocksearch.Hints{}
	switch first := (blocksearch.Moment{Number: 1}); id {
	case Ethereum:
		first.Time = 1438269988
		h.Fork, h.Step = blocksearch.Moment{Number: mergeBlock, Time: mergeTime}, 12 // slots, some of them missed
		h.Moments = []blocksearch.Moment{first, h.Fork}
	case Optimism:
		first.Time = 1636665399
		h.Fork, h.Step = blocksearch.Moment{Number: bedrockBlock, Time: bedrockTime}, 2 // one block in every slot
		h.Moments = []blocksearch.Moment{first, h.Fork}
	}
	return h
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
