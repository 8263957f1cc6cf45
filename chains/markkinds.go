package chains

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Contracts that the protocol itself writes in each block.
var (
	// beaconRoots keeps the beacon block roots of the last 8191 blocks by time (EIP-4788).
	beaconRoots = common.HexToAddress("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02")
	// l1Block keeps what the first transaction of a block of the OP Stack says about Ethereum.
	l1Block     = common.HexToAddress("0x4200000000000000000000000000000000000015")
	l1Depositor = common.HexToAddress("0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001") // who sends that transaction
)

// beaconMarks: the contract knows the root of h by its time, and does not know the time of
// the next block.
func beaconMarks(h, next *types.Header, sure bool) marks {
	get := func(time uint64) Call {
		return Call{To: beaconRoots, Data: common.LeftPadBytes(binary.BigEndian.AppendUint64(nil, time), word)}
	}
	own := mark{get(h.Time), func(r innerResult) finding {
		switch {
		case !r.Success:
			return forgotten
		case bytes.Equal(r.ReturnData, h.ParentBeaconRoot[:]):
			return asExpected
		}
		return another
	}, sure}
	if next == nil || next.Time == h.Time {
		return marks{calls: []mark{own}, unbound: noNext}
	}
	after := mark{get(next.Time), func(r innerResult) finding {
		if r.Success {
			return newer
		}
		return asExpected
	}, sure}
	return marks{calls: []mark{after, own}, twoSided: true}
}

// transaction is what eth_getTransactionByBlockHashAndIndex says, as far as marks need it.
type transaction struct {
	BlockHash common.Hash     `json:"blockHash"`
	Type      hexutil.Uint64  `json:"type"`
	From      common.Address  `json:"from"`
	Nonce     *hexutil.Uint64 `json:"nonce"`
	Input     hexutil.Bytes   `json:"input"`
}

func transactionAt(block common.Hash, index uint64) jsonrpc.Request {
	return jsonrpc.Request{Method: "eth_getTransactionByBlockHashAndIndex",
		Params: []any{block, hexutil.Uint64(index)}}
}

// transactionOf reads a transaction of the given block; without one it returns the zero value.
func transactionOf(r jsonrpc.Reply, block common.Hash) (tx transaction) {
	if r.Err != nil || json.Unmarshal(r.Raw, &tx) != nil || tx.BlockHash != block {
		return transaction{}
	}
	return tx
}

// l1BlockMarks: the contract knows the L1 block and the place in its sequence that the
// first transaction of the block gives it. No two blocks share the pair.
func l1BlockMarks(tx transaction, sure bool) (marks, bool) {
	var sequence []byte
	if tx.Type != 0x7e || tx.From != l1Depositor || len(tx.Input) < 164 {
		return marks{}, false
	}
	switch hexutil.Encode(tx.Input[:4]) {
	case "0x015d8eb9": // Bedrock: setL1BlockValues
		sequence = tx.Input[132:164]
	case "0x440a5e20", "0x098999be", "0x3db6be2b": // Ecotone, Isthmus, Jovian
		sequence = common.LeftPadBytes(tx.Input[12:20], word)
	default:
		return marks{}, false
	}
	get := func(signature string, want []byte) mark {
		call := getter(signature)
		call.To = l1Block
		return mark{call, func(r innerResult) finding {
			if r.Success && bytes.Equal(r.ReturnData, want) {
				return asExpected
			}
			return another
		}, sure}
	}
	calls := []mark{get("hash()", tx.Input[100:132]), get("sequenceNumber()", sequence)}
	return marks{calls: calls, twoSided: true}, true
}

// nonceMarks: the sender of the last transaction of a block has used its nonce, and the
// sender of the first one after it has not yet. Only accounts with keys have such nonces:
// what rollups and sidechains send by themselves has types of its own, or no sender.
func nonceMarks(last, first transaction) marks {
	for _, tx := range []transaction{last, first} {
		if tx.Nonce == nil || tx.Type > 4 || tx.From == (common.Address{}) {
			return marks{unbound: noSender}
		}
	}
	// EIP-7702 can raise the first of them further in the same block.
	used, unused := uint64(*last.Nonce), uint64(*first.Nonce)
	return marks{twoSided: true, nonces: []nonceMark{{last.From, used + 1, ^uint64(0)}, {first.From, unused, unused}}}
}

// nonceMark is a mark that the EVM shows by the address of what the account creates. An
// eth_call without "to" creates a contract, and its code can ask for its own address.
type nonceMark struct {
	account     common.Address
	least, most uint64 // of the nonces that it can have after the block
}

func (m nonceMark) judge(nonce *big.Int) finding {
	switch {
	case nonce.Cmp(new(big.Int).SetUint64(m.least)) < 0:
		return older
	case nonce.Cmp(new(big.Int).SetUint64(m.most)) > 0:
		return newer
	}
	return asExpected
}

// systemUser is the account from which the protocol calls contracts (EIP-4788).
var systemUser = common.HexToAddress("0xfffffffffffffffffffffffffffffffffffffffe")

// nonceSearch is how many nonces around the expected one an address is looked for.
const nonceSearch = 5000

// judgeAddress judges the nonce with which the account has created a contract of this address.
// Where it is none of those nearby, errElsewhere lets the endpoint be asked again.
func (m nonceMark) judgeAddress(created common.Address) (finding, error) {
	switch created {
	// An endpoint that ignores the account creates from the zero address, which sends no
	// transactions. In system calls of Nethermind the code runs at the address of the account.
	case crypto.CreateAddress(common.Address{}, 0), m.account, common.Address{}, systemUser:
		return unanswered, nil
	}
	for i := range uint64(nonceSearch) {
		if crypto.CreateAddress(m.account, m.least+i) == created {
			return m.judge(new(big.Int).SetUint64(m.least + i)), nil
		}
		if i < m.least && crypto.CreateAddress(m.account, m.least-i) == created {
			return older, nil
		}
	}
	return another, fmt.Errorf("code that %v creates ran at %v, which is not the address for nonce %d: %w",
		m.account, created, m.least, errElsewhere)
}
