package chains

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// A mark is a value in the state that tells the state after block N from that of other
// blocks: what N wrote, which older state lacks, and what the block after it writes in its
// first operation, which only newer state has. A node that takes the header of N and the
// state of another block gives itself away.
type mark struct {
	call  Call // to a contract; one without data asks for the nonce of the account
	judge func(r innerResult) finding
}

// finding is what the value of a mark says about the state.
type finding string

const (
	asExpected finding = ""
	unanswered finding = "no answer" // nothing can be concluded
	older      finding = "older than that"
	newer      finding = "newer than that"
	another    finding = "not that"
	forgotten  finding = "older or much newer than that"
)

// marks are those of one block.
type marks struct {
	calls, nonces []mark
	twoSided      bool // no state but that of the block passes
}

// Contracts that the protocol itself writes in each block.
var (
	// beaconRoots keeps the beacon block roots of the last 8191 blocks by time (EIP-4788).
	beaconRoots = common.HexToAddress("0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02")
	// l1Block keeps what the first transaction of a block of the OP Stack says about Ethereum.
	l1Block = common.HexToAddress("0x4200000000000000000000000000000000000015")
)

// marksOf returns the marks of block b. They are looked up once, and of the same endpoint
// that is asked for the state: one that made them up would blame only itself.
func (r *stateReader) marksOf(ctx context.Context, b Block, public bool) (marks, error) {
	r.mu.Lock()
	known, found := r.marks, r.marked == b.Hash
	r.mu.Unlock()
	if found {
		return known, nil
	}
	m := r.findMarks(ctx, b, public)
	if ctx.Err() != nil {
		return m, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marked, r.marks = b.Hash, m
	return m, nil
}

// findMarks asks the endpoint for what the marks are made from, in one round, or two for
// nonces. What it does not answer cannot bind its state.
func (r *stateReader) findMarks(ctx context.Context, b Block, public bool) marks {
	if b.Parent == nil {
		return marks{}
	}
	// In the block that begins with them, the contract may not be there yet.
	root, before := b.Header.ParentBeaconRoot, b.Parent.ParentBeaconRoot
	beacon := root != nil && before != nil && *root != (common.Hash{})
	reqs := []jsonrpc.Request{headerRequest(b.Number() + 1)}
	if !beacon || !public {
		reqs = append(reqs, transactionAt(b.Hash, 0),
			jsonrpc.Request{Method: "eth_getBlockTransactionCountByHash", Params: []any{b.Hash}})
	}
	if beacon && !public {
		slot, head := hexutil.Uint64(b.Header.Time%8191), hexutil.Uint64(r.headers.tips().head.Number.Uint64())
		reqs = append(reqs, jsonrpc.Request{Method: "eth_getStorageAt", Params: []any{beaconRoots, slot, head}})
	}
	replies := r.optional(ctx, reqs...)
	if replies == nil {
		return marks{}
	}
	next, err := r.headers.parse(replies[0], b.Number()+1)
	if err != nil || !next.sound || next.ParentHash != b.Hash {
		next = &header{}
	}
	if beacon && !public { // does this chain write the contract at all?
		kept, err := replies[3].Data()
		beacon = err == nil && new(big.Int).SetBytes(kept).Sign() != 0
	}
	if beacon {
		return beaconMarks(b.Header, next.Header)
	}
	if m, ok := l1BlockMarks(transactionOf(replies[1], b.Hash)); ok {
		return m
	}
	count, err := replies[2].Quantity()
	if err != nil || next.Header == nil || !count.IsUint64() || count.Sign() == 0 {
		return marks{}
	}
	replies = r.optional(ctx, transactionAt(b.Hash, count.Uint64()-1), transactionAt(next.hash, 0))
	if replies == nil {
		return marks{}
	}
	return nonceMarks(transactionOf(replies[0], b.Hash), transactionOf(replies[1], next.hash))
}

// optional sends requests that an endpoint need not answer.
func (r *stateReader) optional(ctx context.Context, reqs ...jsonrpc.Request) []jsonrpc.Reply {
	for i := range reqs {
		reqs[i].Optional = true
	}
	replies, err := r.headers.endpoint.Send(ctx, reqs)
	if err != nil {
		return nil
	}
	return replies
}

// beaconMarks: the contract knows the root of h by its time, and does not know the time of
// the next block.
func beaconMarks(h, next *types.Header) marks {
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
	}}
	if next == nil || next.Time == h.Time {
		return marks{calls: []mark{own}}
	}
	after := mark{get(next.Time), func(r innerResult) finding {
		if r.Success {
			return newer
		}
		return asExpected
	}}
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
func l1BlockMarks(tx transaction) (marks, bool) {
	var sequence []byte
	if tx.Type != 0x7e || len(tx.Input) < 164 {
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
		}}
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
			return marks{}
		}
	}
	nonce := func(tx transaction, least, most uint64) mark {
		return mark{Call{To: tx.From, Signature: "eth_getTransactionCount"}, func(r innerResult) finding {
			switch n := new(big.Int).SetBytes(r.ReturnData); {
			case n.Cmp(new(big.Int).SetUint64(least)) < 0:
				return older
			case n.Cmp(new(big.Int).SetUint64(most)) > 0:
				return newer
			}
			return asExpected
		}}
	}
	// EIP-7702 can raise the first of them further in the same block.
	used, unused := uint64(*last.Nonce), uint64(*first.Nonce)
	return marks{twoSided: true, nonces: []mark{nonce(last, used+1, ^uint64(0)), nonce(first, unused, unused)}}
}

// callList returns the calls of the marks that ask contracts.
func (m marks) callList() []Call {
	out := make([]Call, len(m.calls))
	for i, k := range m.calls {
		out[i] = k.call
	}
	return out
}

// nonceRequests asks for the marks that are nonces.
func (m marks) nonceRequests(block any) []jsonrpc.Request {
	var reqs []jsonrpc.Request
	for _, k := range m.nonces {
		reqs = append(reqs, jsonrpc.Request{
			Method: "eth_getTransactionCount", Params: []any{k.call.To, block}, Optional: true,
		})
	}
	return reqs
}

// checkMarks compares the answers to callList and nonceRequests with the block. It returns
// whether they bind the state to it. calls is nil if the contracts could not be asked.
func (s stateBatch) checkMarks(calls []innerResult, nonces []jsonrpc.Reply) (bound bool, err error) {
	m := s.marks
	bound = m.twoSided && (calls != nil || len(m.calls) == 0)
	for i, r := range calls {
		f := unanswered
		switch n := len(r.ReturnData); {
		case !r.Success, n == word:
			f = m.calls[i].judge(r)
		case n > 0:
			return false, broken(s.endpoint, "%v returned %d bytes, want %d", m.calls[i].call.To, n, word)
		}
		if bound, err = s.conclude(f, bound); err != nil {
			return false, err
		}
	}
	for i, r := range nonces {
		f := unanswered
		if n, err := r.Quantity(); err == nil && !r.Null() {
			f = m.nonces[i].judge(innerResult{true, n.Bytes()})
		}
		if bound, err = s.conclude(f, bound); err != nil {
			return false, err
		}
	}
	return bound, nil
}

// conclude says what a finding means for the state.
func (s stateBatch) conclude(f finding, bound bool) (bool, error) {
	switch f {
	case asExpected:
		return bound, nil
	case unanswered:
		return false, nil
	}
	return false, s.reader.failAt(s.block, jsonrpc.ClassWrongState,
		fmt.Sprintf("its state is %s of block %d", f, s.block.Number()))
}
