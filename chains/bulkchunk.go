package chains

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// readChunk reads one span by one multicall, and its spot checks on their own.
func (k *bulk) readChunk(ctx context.Context, s span) error {
	inner := append(append(blockGetters(k.block.Header), getter("getChainId()")), k.marks.callList()...)
	if k.hasKnown {
		inner = append(inner, NativeBalance(k.known))
	}
	proofs := len(inner)
	inner = append(inner, k.calls[s.from:s.to]...)
	reqs := []jsonrpc.Request{k.request(Call{To: multicall3, Data: encodeAggregate3(inner)})}
	spots := k.spots(s)
	for _, i := range spots {
		reqs = append(reqs, k.request(k.calls[i]))
	}
	replies, err := k.endpoint.Send(ctx, append(reqs, k.marks.nonceRequests(k.param)...))
	if err != nil {
		return err
	}
	if replies[0].Err != nil {
		return replies[0].Err
	}
	results, err := multicall.results(replies[0], inner)
	if err != nil {
		return fmt.Errorf("%w: %w", errMistrust, err)
	}
	bound, err := k.checkProofs(results[:proofs], replies[len(reqs):])
	if err != nil {
		return err
	}
	results = results[proofs:]
	for j, i := range spots {
		call, inside := k.calls[i], results[i-s.from]
		alone, err := k.answer(call, replies[j+1])
		if err == nil && inside.Success && !bytes.Equal(alone, inside.ReturnData) {
			return fmt.Errorf("%w: %s of %v gives another answer inside the multicall",
				ErrTooLarge, call.name(), call.To)
		}
	}
	k.keep(s, results, bound)
	return nil
}

// spots returns the last call of each function in s. A contract that runs out of
// gas may hide it and return zero, and leave enough for plainer calls after it, so
// one call does not vouch for those of another function.
func (k *bulk) spots(s span) []int {
	last := map[string]int{}
	for i := s.from; i < s.to; i++ {
		c := k.calls[i]
		function := nativeBalance
		if !c.isNativeBalance() {
			function = string(c.To[:]) + string(c.Data[:min(len(c.Data), 4)])
		}
		last[function] = i
	}
	return slices.Sorted(maps.Values(last))
}

// checkProofs checks what a multicall and the nonces beside it say about the block it ran
// in, and returns whether they bind its state.
func (k *bulk) checkProofs(proofs []innerResult, nonces []jsonrpc.Reply) (bound bool, err error) {
	own := len(blockGetters(k.block.Header))
	if err := checkBlock(proofs[:own], k.block.Header); err != nil {
		return false, fmt.Errorf("%w: %w", errMistrust, err)
	}
	numbers, err := words(proofs[own : own+1])
	if err != nil {
		return false, fmt.Errorf("%w: %w", errMistrust, err)
	}
	if id := new(big.Int).SetBytes(numbers); id.Cmp(new(big.Int).SetUint64(uint64(k.id))) != 0 {
		return false, fmt.Errorf("%w: chain id is %v, want %d", errMistrust, id, uint64(k.id))
	}
	marks := proofs[own+1:]
	if k.hasKnown {
		balance, err := words(marks[len(marks)-1:])
		if err != nil || new(big.Int).SetBytes(balance).Sign() == 0 {
			return false, fmt.Errorf("%w: %v, which is known to hold ether, holds none", errMistrust, k.known)
		}
		marks = marks[:len(marks)-1]
	}
	if err := k.checkNonces(nonces); err != nil {
		return false, err
	}
	return k.checkMarks(marks)
}

// keep takes the answers. Calls that failed or returned nothing are left for finish.
func (k *bulk) keep(s span, results []innerResult, bound bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.out.bound = k.out.bound && bound
	for i, r := range results {
		if !r.Success || len(r.ReturnData) == 0 {
			k.left = append(k.left, s.from+i)
			continue
		}
		k.out.data[s.from+i] = hexutil.Bytes(bytes.Clone(r.ReturnData))
	}
}
