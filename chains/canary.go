package chains

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// A canary is a question about the block at which a batch of state reads runs,
// answered by the EVM itself: its number, its timestamp and the hash of the block
// before it. A node that answers for another block, because it lags, serves from a
// cache or ignores the block parameter, gives itself away. The parent's hash is
// used because no contract can see the hash of the block it runs in.
type canary int

const (
	// deployless runs a few bytes of init code, without a contract. It works on any
	// EVM chain and at any block, if the endpoint allows calls without "to".
	deployless canary = iota
	// multicall asks the getters of Multicall3, where it is deployed.
	multicall
	// noCanary asks nothing. The reads then need a header check before and after.
	noCanary
)

// probeCode returns the three words. Its opcodes are all of the first fork, so
// that it runs under the rules of any block.
var probeCode = hexutil.Bytes{
	0x43, 0x60, 0x00, 0x52, // NUMBER PUSH1 0 MSTORE
	0x42, 0x60, 0x20, 0x52, // TIMESTAMP PUSH1 32 MSTORE
	0x60, 0x01, 0x43, 0x03, 0x40, 0x60, 0x40, 0x52, // PUSH1 1 NUMBER SUB BLOCKHASH PUSH1 64 MSTORE
	0x60, 0x60, 0x60, 0x00, 0xf3, // PUSH1 96 PUSH1 0 RETURN
}

// blockGetters are the functions of Multicall3 that give the three words.
func blockGetters() []Call {
	return []Call{getter("getBlockNumber()"), getter("getCurrentBlockTimestamp()"), getter("getLastBlockHash()")}
}

// requests returns the questions of the canary; block is the block parameter.
func (c canary) requests(block any) []jsonrpc.Request {
	ask := func(call map[string]any) jsonrpc.Request {
		return jsonrpc.Request{Method: "eth_call", Params: []any{call, block}, Optional: true}
	}
	switch c {
	case deployless:
		return []jsonrpc.Request{ask(map[string]any{"data": probeCode})}
	case multicall:
		var reqs []jsonrpc.Request
		for _, call := range blockGetters() {
			reqs = append(reqs, ask(map[string]any{"to": call.To, "data": call.Data}))
		}
		return reqs
	}
	return nil
}

var (
	// errNotAnswered: the endpoint cannot run this canary, so the reads prove nothing.
	errNotAnswered = errors.New("block canary not answered")
	// errElsewhere: the canary ran at another block.
	errElsewhere = errors.New("ran at another block")
)

// check checks the replies to requests.
func (c canary) check(replies []jsonrpc.Reply, id ID, h *types.Header) error {
	if c == noCanary {
		return nil
	}
	var words []byte
	for _, r := range replies {
		data, err := r.Data()
		if err != nil {
			return fmt.Errorf("%w: %w", errNotAnswered, err)
		}
		words = append(words, data...)
	}
	if len(words) != 3*word {
		return fmt.Errorf("%w: found %d bytes, want %d", errNotAnswered, len(words), 3*word)
	}
	return sameBlockWords(words, id, h)
}

// sameBlockWords compares number, timestamp and parent hash, a word each, with the
// header.
func sameBlockWords(words []byte, id ID, h *types.Header) error {
	number, time := new(big.Int).SetBytes(words[:word]), new(big.Int).SetBytes(words[word:2*word])
	parent := common.BytesToHash(words[2*word:])
	if number.Cmp(h.Number) != 0 || time.Cmp(new(big.Int).SetUint64(h.Time)) != 0 {
		return fmt.Errorf("asked at block %v (timestamp %d), it answered as of block %v (timestamp %v): %w",
			h.Number, h.Time, number, time, errElsewhere)
	}
	// What BLOCKHASH gives in l2geth, which serves Optimism before Bedrock, is
	// unverified. A zero word passes there; number and timestamp still bind.
	// Block 0 has no parent: BLOCKHASH gives zero, as the header does.
	if id == Optimism && h.Number.Uint64() < bedrockBlock && parent == (common.Hash{}) {
		return nil
	}
	if parent != h.ParentHash {
		return fmt.Errorf("asked at block %v, it answered on top of block %v, want %v: %w",
			h.Number, parent, h.ParentHash, errElsewhere)
	}
	return nil
}
