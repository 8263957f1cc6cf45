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
	inner := append(blockGetters(), getter("getChainId()"))
	if k.hasKnown {
		inner = append(inner, NativeBalance(k.known))
	}
	proofs := len(inner)
	inner = append(inner, k.calls[s.from:s.to]...)
	data, err := encodeAggregate3(inner)
	if err != nil {
		return err
	}
	reqs := []jsonrpc.Request{k.request(Call{To: multicall3, Data: data})}
	spots := k.spots(s)
	for _, i := range spots {
		reqs = append(reqs, k.request(k.calls[i]))
	}
	replies, err := k.endpoint.Send(ctx, reqs)
	if err != nil {
		return err
	}
	if replies[0].Err != nil {
		return replies[0].Err
	}
	results, err := k.decode(replies[0], len(inner), proofs)
	if err != nil {
		return fmt.Errorf("%w: %w", errMistrust, err)
	}
	for j, i := range spots {
		call, inside := k.calls[i], results[i-s.from]
		alone, err := k.answer(call, replies[j+1])
		if err == nil && inside.Success && !bytes.Equal(alone, inside.ReturnData) {
			return fmt.Errorf("%w: %s of %v gives another answer inside the multicall",
				ErrTooLarge, call.name(), call.To)
		}
	}
	k.keep(s, results)
	return nil
}

// decode reads the reply to a multicall of n calls. The first ones prove where it ran;
// decode returns the results of the others.
func (k *bulk) decode(r jsonrpc.Reply, n, proofs int) ([]innerResult, error) {
	data, err := r.Data()
	if err != nil {
		return nil, err
	}
	results, err := decodeAggregate3(data, n)
	if err != nil {
		return nil, err
	}
	return results[proofs:], k.checkProofs(results[:proofs])
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

// checkProofs checks what the multicall says about the block it ran in.
func (k *bulk) checkProofs(proofs []innerResult) error {
	var words []byte
	for i, c := range proofs {
		if !c.Success || len(c.ReturnData) != word {
			return fmt.Errorf("canary %d not answered", i)
		}
		words = append(words, c.ReturnData...)
	}
	if err := sameBlockWords(words[:3*word], k.id, k.block.Header); err != nil {
		return err
	}
	if id := new(big.Int).SetBytes(words[3*word : 4*word]); id.Cmp(new(big.Int).SetUint64(uint64(k.id))) != 0 {
		return fmt.Errorf("chain id is %v, want %d", id, uint64(k.id))
	}
	if k.hasKnown && new(big.Int).SetBytes(words[4*word:]).Sign() == 0 {
		return fmt.Errorf("%v, which is known to hold ether, holds none", k.known)
	}
	return nil
}

// keep takes the answers. Calls that failed or returned nothing are left for finish.
func (k *bulk) keep(s span, results []innerResult) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, r := range results {
		if !r.Success || len(r.ReturnData) == 0 {
			k.left = append(k.left, s.from+i)
			continue
		}
		k.out[s.from+i] = hexutil.Bytes(bytes.Clone(r.ReturnData))
	}
}
