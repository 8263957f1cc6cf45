package chains

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// A block canary is a question about the block that a batch of state reads
// runs at, answered by the EVM itself: its number, its timestamp and the hash of
// the block before it. A node that answers for another block, because it lags,
// serves from a cache or ignores the block parameter, gives itself away. The
// parent's hash is used because no contract can see the hash of the block it
// runs in.
type canary int

const (
	// deployless runs a few bytes of init code, without a contract. It works on
	// any EVM chain and at any block, where the endpoint allows calls without "to".
	deployless canary = iota
	// multicall asks the getters of Multicall3, where it is deployed.
	multicall
	// uncanny is no canary: reads then need a header check before and after.
	uncanny
)

// probeCode returns the three words. Its opcodes are all of the first fork, so
// that it runs under the rules of any block.
var probeCode = hexutil.Bytes{
	0x43, 0x60, 0x00, 0x52, // NUMBER PUSH1 0 MSTORE
	0x42, 0x60, 0x20, 0x52, // TIMESTAMP PUSH1 32 MSTORE
	0x60, 0x01, 0x43, 0x03, 0x40, 0x60, 0x40, 0x52, // PUSH1 1 NUMBER SUB BLOCKHASH PUSH1 64 MSTORE
	0x60, 0x60, 0x60, 0x00, 0xf3, // PUSH1 96 PUSH1 0 RETURN
}

// multicall3 has the same address on every chain that has it.
var multicall3 = common.HexToAddress("0xcA11bde05977b3631167028862bE2a173976CA11")

// requests returns the questions of the canary; block is the block parameter.
func (c canary) requests(block any) []jsonrpc.Request {
	switch c {
	case deployless:
		return []jsonrpc.Request{{Method: "eth_call", Params: []any{map[string]any{"data": probeCode}, block}, Optional: true}}
	case multicall:
		var reqs []jsonrpc.Request
		// getBlockNumber(), getCurrentBlockTimestamp(), getLastBlockHash()
		for _, selector := range []string{"0x42cbb15c", "0x0f28c97d", "0x27e86d6e"} {
			reqs = append(reqs, jsonrpc.Request{Method: "eth_call", Params: []any{map[string]any{"to": multicall3, "data": selector}, block}, Optional: true})
		}
		return reqs
	}
	return nil
}

var (
	// errMute: the endpoint cannot run this canary; the reads prove nothing.
	errMute = errors.New("block canary not answered")
	// errElsewhere: the canary ran at another block.
	errElsewhere = errors.New("ran at another block")
)

// check judges the replies to requests.
func (c canary) check(replies []jsonrpc.Reply, id ID, h *types.Header) error {
	var words []byte
	for _, r := range replies {
		if r.Err != nil {
			return fmt.Errorf("%w: %w", errMute, r.Err)
		}
		data, err := r.Data()
		if err != nil {
			return fmt.Errorf("%w: %w", errMute, err)
		}
		words = append(words, data...)
	}
	if c == uncanny {
		return nil
	}
	if len(words) != 96 {
		return fmt.Errorf("%w: found %d bytes, want 96", errMute, len(words))
	}
	return sameBlockWords(words, id, h)
}

// sameBlockWords holds number, timestamp and parent hash, a word each, against the header.
func sameBlockWords(words []byte, id ID, h *types.Header) error {
	number, time := new(big.Int).SetBytes(words[:32]), new(big.Int).SetBytes(words[32:64])
	parent := words[64:]
	if number.Cmp(h.Number) != 0 || time.Cmp(new(big.Int).SetUint64(h.Time)) != 0 {
		return fmt.Errorf("asked at block %v (timestamp %d), it answered as of block %v (timestamp %v): %w", h.Number, h.Time, number, time, errElsewhere)
	}
	// What BLOCKHASH gives in l2geth, which serves Optimism before Bedrock, is
	// unverified; a zero word passes there, number and timestamp still bind.
	// Block 0 has no parent: BLOCKHASH gives zero, as the header does.
	zero := make([]byte, 32)
	if id == Optimism && h.Number.Uint64() < bedrockBlock && bytes.Equal(parent, zero) {
		return nil
	}
	if !bytes.Equal(parent, h.ParentHash[:]) {
		return fmt.Errorf("asked at block %v, it answered on top of block %v, want %v: %w", h.Number, common.Hash(parent), h.ParentHash, errElsewhere)
	}
	return nil
}
