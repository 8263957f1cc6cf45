package chains

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// A mark is a value in the state that tells the state after block N from that of other
// blocks: what N wrote, which older state lacks, and what the block after it writes in its
// first operation, which only newer state has. A node that takes the header of N and the
// state of another block gives itself away.
type mark struct {
	call  Call // to a contract
	judge func(r innerResult) finding
	sure  bool // the contract has code at the block
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
	calls    []mark
	nonces   []nonceMark
	twoSided bool   // no state but that of the block passes
	unbound  string // why other state may pass
}

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

// Reasons why nothing binds the state of a block.
const (
	noNext   = "there is no block after it yet, whose state would show"
	noSender = "the endpoint shows no ordinary transaction in this block or the next one"
)

// findMarks asks the endpoint for what the marks are made from, in one round, or two for
// nonces. What it does not answer cannot bind its state.
func (r *stateReader) findMarks(ctx context.Context, b Block, public bool) marks {
	if b.Parent == nil {
		return marks{unbound: "nothing binds the state of block 0"}
	}
	// In the block that begins with them, the contract may not be there yet.
	root, before := b.Header.ParentBeaconRoot, b.Parent.ParentBeaconRoot
	beacon := root != nil && before != nil && *root != (common.Hash{})
	public = public && (r.headers.id == Ethereum || r.headers.id == Optimism) // others may not write it at all
	replies := r.optional(ctx, r.markRequests(b, beacon, public)...)
	if replies == nil {
		return marks{}
	}
	next, err := r.headers.parse(replies[0], b.Number()+1)
	if err != nil || !next.sound || next.ParentHash != b.Hash {
		next = &header{}
	}
	if beacon && !public {
		kept, err := replies[3].Data()
		beacon = err == nil && new(big.Int).SetBytes(kept).Sign() != 0
	}
	if beacon {
		return beaconMarks(b.Header, next.Header, public)
	}
	if m, ok := l1BlockMarks(transactionOf(replies[1], b.Hash), public); ok {
		return m
	}
	count, err := replies[2].Quantity()
	switch {
	case next.Header == nil:
		return marks{unbound: noNext}
	case err != nil || !count.IsUint64():
		return marks{}
	case count.Sign() == 0:
		return marks{unbound: noSender}
	}
	replies = r.optional(ctx, transactionAt(b.Hash, count.Uint64()-1), transactionAt(next.hash, 0))
	if replies == nil {
		return marks{}
	}
	return nonceMarks(transactionOf(replies[0], b.Hash), transactionOf(replies[1], next.hash))
}

// markRequests asks for the next block and, unless beacon roots are sure to do, for the first
// transaction of b and their count. The last one asks whether the chain has beacon roots.
func (r *stateReader) markRequests(b Block, beacon, public bool) []jsonrpc.Request {
	reqs := []jsonrpc.Request{headerRequest(b.Number() + 1)}
	if beacon && public {
		return reqs
	}
	reqs = append(reqs, transactionAt(b.Hash, 0),
		jsonrpc.Request{Method: "eth_getBlockTransactionCountByHash", Params: []any{b.Hash}})
	if beacon {
		slot, head := hexutil.Uint64(b.Header.Time%8191), hexutil.Uint64(r.headers.tips().head.Number.Uint64())
		reqs = append(reqs, jsonrpc.Request{Method: "eth_getStorageAt", Params: []any{beaconRoots, slot, head}})
	}
	return reqs
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
			Method: "eth_getTransactionCount", Params: []any{k.account, block}, Optional: true,
		})
	}
	return reqs
}

// checkMarks compares the answers to callList with the block. It returns whether they bind
// the state of their eth_call to it.
func (s stateBatch) checkMarks(calls []innerResult) (bound bool, err error) {
	m := s.marks
	bound = m.twoSided && len(m.calls) > 0
	for i, r := range calls {
		f := unanswered
		switch n := len(r.ReturnData); {
		case !r.Success, n == word:
			f = m.calls[i].judge(r)
		case n == 0 && m.calls[i].sure:
			f = older
		case n > 0:
			return false, broken(s.endpoint, "%v returned %d bytes, want %d", m.calls[i].call.To, n, word)
		}
		if bound, err = s.conclude(f, bound); err != nil {
			return false, err
		}
	}
	return bound, nil
}

// checkNonces compares the answers to nonceRequests with the block. Another node may have
// given them than those beside them, so they can find other state and bind none.
func (s stateBatch) checkNonces(replies []jsonrpc.Reply) error {
	for i, r := range replies {
		// Before Bedrock zero may be from the empty state of another node than l2geth.
		if n, err := r.Quantity(); err == nil && !r.Null() && (n.Sign() > 0 || !s.legacy()) {
			if _, err := s.conclude(s.marks.nonces[i].judge(n), false); err != nil {
				return err
			}
		}
	}
	return nil
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
