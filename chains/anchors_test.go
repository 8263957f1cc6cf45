package chains_test

import (
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// The real headers of the two anchor blocks, so that a local node can pass for
// the public chain: Ethereum's first block after the Merge and Optimism's
// Bedrock block. Their hashes prove the fields.

func mergeHeader() *types.Header {
	h := &types.Header{
		ParentHash:  common.HexToHash("0x55b11b918355b1ef9c5db810302ebad0bf2544255b530cdce90674d5887bb286"),
		UncleHash:   types.EmptyUncleHash,
		Coinbase:    common.HexToAddress("0xeee27662c2b8eba3cd936a23f039f3189633e4c8"),
		Root:        common.HexToHash("0x40c07091e16263270f3579385090fea02dd5f061ba6750228fcc082ff762fda7"),
		TxHash:      common.HexToHash("0x1ea1746468686159ce730c1cc49a886721244e5d1fa9a06d6d4196b6f013c82c"),
		ReceiptHash: common.HexToHash("0x928073fb98ce316265ea35d95ab7e2e1206cecd85242eb841dbbcc4f568fca4b"),
		Difficulty:  new(big.Int),
		Number:      big.NewInt(15537394),
		GasLimit:    0x1c9c380,
		GasUsed:     0x1c9811e,
		Time:        0x6322c973,
		Extra:       []byte{},
		MixDigest:   common.HexToHash("0xa86c2e601b6c44eb4848f7d23d9df3113fbcac42041c49cbed5000cb4f118777"),
		BaseFee:     big.NewInt(0xb5d68e0a3),
	}
	for i := range h.Bloom { // transfers filled the block's logs on purpose
		h.Bloom[i] = 0xff
	}
	return h
}

func bedrockHeader() *types.Header {
	return &types.Header{
		ParentHash:  common.HexToHash("0x21a168dfa5e727926063a28ba16fd5ee84c814e847c81a699c7a0ea551e4ca50"),
		UncleHash:   types.EmptyUncleHash,
		Coinbase:    common.HexToAddress("0x4200000000000000000000000000000000000011"),
		Root:        common.HexToHash("0x920314c198da844a041d63bf6cbe8b59583165fd2229d1b3f599da812fd424cb"),
		TxHash:      types.EmptyTxsHash,
		ReceiptHash: types.EmptyReceiptsHash,
		Difficulty:  new(big.Int),
		Number:      big.NewInt(105235063),
		GasLimit:    30000000,
		Time:        1686068903,
		Extra:       []byte("BEDROCK"),
		BaseFee:     big.NewInt(1000000000),
	}
}
