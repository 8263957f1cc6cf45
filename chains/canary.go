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

// A canary is a question about the block at which state reads run,
// answered by the EVM itself: its number, its timestamp and the hash of the block
// before it. A node that answers for another block, because it lags, serves from a
// cache or ignores the block parameter, gives itself away. The parent's hash is
// used because no contract can see the hash of the block it runs in. These three come
// from the block's header. What tells its state from another is asked in the same
// eth_call: see marks.
type canary int

const (
	// deployless runs init code, without a contract. It works on any EVM chain and at
	// any block, if the endpoint allows calls without "to".
	deployless canary = iota
	// multicall asks through Multicall3, where it is deployed.
	multicall
	// noCanary asks nothing. The reads then need a header check before and after.
	noCanary
)

// blockGetters are the functions of Multicall3 that give number, timestamp and parent hash of
// block h. On Arbitrum the EVM's number and hashes are those of Ethereum, and ArbSys has the
// block's number.
func blockGetters(h *types.Header) []Call {
	timestamp := environment("getCurrentBlockTimestamp()", 0x42) // TIMESTAMP
	if IsArbitrum(h) {
		return []Call{{To: arbSys, Data: hexutil.Bytes{0xa3, 0xb1, 0xb3, 0x1d}, Signature: "arbBlockNumber()"},
			timestamp}
	}
	return []Call{environment("getBlockNumber()", 0x43), timestamp, // NUMBER
		environment("getLastBlockHash()", 0x60, 1, 0x43, 0x03, 0x40)} // PUSH1 1 NUMBER SUB BLOCKHASH
}

// arbSys is the precompiled contract of Arbitrum that knows the chain itself.
var arbSys = common.HexToAddress("0x0000000000000000000000000000000000000064")

// IsArbitrum tells a header of Arbitrum, or of a chain made of it, by its form.
func IsArbitrum(h *types.Header) bool {
	return h.BaseFee != nil && h.Difficulty != nil && h.Difficulty.Cmp(common.Big1) == 0 &&
		len(h.Extra) == common.HashLength
}

// farOff is how far another number cannot be of a block with the same timestamp.
var farOff = big.NewInt(10_000)

// request is one eth_call that runs the calls one after the other. Init code comes from the given
// account, if it is not zero.
func (c canary) request(from common.Address, calls []Call, block any) (jsonrpc.Request, error) {
	args := map[string]any{"data": initCode(calls)}
	if from != (common.Address{}) {
		args["from"] = from
	}
	if c == multicall {
		args = map[string]any{"to": multicall3, "data": encodeAggregate3(calls)}
	}
	return jsonrpc.Request{Method: "eth_call", Params: []any{args, block}, Optional: true}, nil
}

// results reads the reply to request.
func (c canary) results(r jsonrpc.Reply, calls []Call) ([]innerResult, error) {
	data, err := r.Data()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotAnswered, err)
	}
	read := decodeInitCode
	if c == multicall {
		read = func(data []byte, calls []Call) ([]innerResult, error) { return decodeAggregate3(data, len(calls)) }
	}
	results, err := read(data, calls)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotAnswered, err)
	}
	return results, nil
}

var (
	// errNotAnswered: the endpoint cannot run this canary, so the reads prove nothing.
	errNotAnswered = errors.New("block canary not answered")
	// errElsewhere: the canary ran at another block.
	errElsewhere = errors.New("ran at another block")
)

// words joins results that are one word each.
func words(results []innerResult) ([]byte, error) {
	var out []byte
	for i, r := range results {
		if !r.Success || len(r.ReturnData) != word {
			return nil, fmt.Errorf("%w: word %d has %d bytes", errNotAnswered, i, len(r.ReturnData))
		}
		out = append(out, r.ReturnData...)
	}
	return out, nil
}

// checkBlock compares the answers to blockGetters with the header.
func checkBlock(results []innerResult, h *types.Header) error {
	data, err := words(results)
	if err != nil {
		return err
	}
	number, time := new(big.Int).SetBytes(data[:word]), new(big.Int).SetBytes(data[word:2*word])
	sameTime := time.Cmp(new(big.Int).SetUint64(h.Time)) == 0
	if sameTime && new(big.Int).Sub(number, h.Number).CmpAbs(farOff) > 0 {
		return fmt.Errorf("%w: the EVM of this chain gives block %v the number %v", ErrNotSupported, h.Number, number)
	}
	if number.Cmp(h.Number) != 0 || !sameTime {
		return fmt.Errorf("asked at block %v (timestamp %d), it answered as of block %v (timestamp %v): %w",
			h.Number, h.Time, number, time, errElsewhere)
	}
	// Zero for block 0, in the header and in the EVM.
	if parent := common.BytesToHash(data[2*word:]); len(data) > 2*word && parent != h.ParentHash {
		return fmt.Errorf("asked at block %v, it answered on top of block %v, want %v: %w",
			h.Number, parent, h.ParentHash, errElsewhere)
	}
	return nil
}
