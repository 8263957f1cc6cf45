package chains

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"sync"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

const (
	// fewCalls is how many calls are not worth a multicall.
	fewCalls = 20
	// firstChunk, mostChunk and leastChunk bound the calls in one multicall.
	// 500 plain reads take about 4 million gas, well under the 25 million that
	// any node allows an eth_call, and their results stay under 100,000 bytes.
	firstChunk = 100
	mostChunk  = 500
	leastChunk = 10
	// parallelChunks is how many chunks are sent at once, after the first was answered.
	parallelChunks = 4
)

// BulkCallAt is CallAt for thousands of calls at one block: the same answers
// and the same errors, with far fewer requests. The calls travel in chunks through
// Multicall3 where it is deployed at that block, and in batches elsewhere.
//
// Each chunk proves itself from inside: block number, timestamp, parent hash and
// chain id, and on public chains a balance that cannot be zero, are read by the
// same eth_call. Of each function called in it, the last call, which has the
// least gas left, is also read on its own and must agree. A call that fails or
// returns nothing inside a chunk is read anew on its own. A chunk that is too
// large for the endpoint is halved, and the size that works is remembered; an
// endpoint whose multicalls do not prove themselves is read in batches.
//
// What remains is a view whose gas differs much from call to call and that hides
// that it ran out: such views are for CallAt.
//
// The contracts see Multicall3 as msg.sender, not the zero address as in a plain eth_call.
func (c *Client) BulkCallAt(ctx context.Context, b Block, calls []Call) ([]Answer, error) {
	if len(calls) < fewCalls {
		return c.CallAt(ctx, b, calls)
	}
	return c.answers(ctx, b, calls, (*member).bulkAt)
}

// errMistrust: a multicall did not prove itself; the endpoint is read in batches.
var errMistrust = errors.New("multicall not trusted")

// bulkAt reads from one endpoint, by multicall if that works there.
func (m *member) bulkAt(ctx context.Context, b Block, calls []Call, public bool) ([][]byte, error) {
	// This plain read learns the way the endpoint is asked for state, proves
	// that it has the block's, and tells whether Multicall3 is there.
	probe := Call{To: multicall3, Data: getter(selChainID).data, Signature: "getChainId()"}
	id, err := m.callAt(ctx, b, []Call{probe}, public)
	if err != nil && !errors.As(err, new(*CallError)) {
		return nil, err
	}
	m.mu.Lock()
	w := m.way
	m.mu.Unlock()
	there := err == nil && new(big.Int).SetBytes(id[0]).Cmp(new(big.Int).SetUint64(uint64(m.id))) == 0
	if !there || w.canary == uncanny {
		return m.callAt(ctx, b, calls, public)
	}
	out := make([][]byte, len(calls))
	k := &bulk{stateBatch: newStateBatch(m, b, calls, public, w), out: out}
	switch err := k.run(ctx); {
	case errors.Is(err, errMistrust):
		return m.callAt(ctx, b, calls, public)
	case err != nil:
		return nil, m.diagnose(ctx, err, b)
	}
	if w.byNumber {
		if err := m.stillThere(ctx, b); err != nil {
			return nil, err
		}
	}
	return out, k.finish(ctx, public)
}

// bulk is one BulkCallAt at one endpoint.
type bulk struct {
	stateBatch
	out [][]byte

	mu   sync.Mutex
	left []int // calls without an answer from a multicall
}

// run sends waves of chunks. A wave with a chunk that is too large is followed
// by a wave of half the size; a clean wave by one of twice the size.
func (k *bulk) run(ctx context.Context) error {
	open := []span{{0, len(k.calls)}}
	for width := 1; len(open) > 0; width = parallelChunks {
		size := k.m.chunkSize()
		chunks, rest := cutSpans(open, size, width)
		errs := make([]error, len(chunks))
		var group sync.WaitGroup
		for i, c := range chunks {
			group.Go(func() { errs[i] = k.chunk(ctx, c) })
		}
		group.Wait()
		open = rest
		clean := true
		for i, err := range errs {
			switch {
			case err == nil:
			case !tooLarge(err) || ctx.Err() != nil:
				return err
			case chunks[i].to-chunks[i].from <= leastChunk:
				return fmt.Errorf("%w: %d calls are too many: %w", errMistrust, chunks[i].to-chunks[i].from, err)
			default:
				clean, open = false, append(open, chunks[i])
			}
		}
		k.m.learnChunk(size, clean)
	}
	return nil
}

// tooLarge tells whether a chunk of half the size could fare better: the
// endpoint ran out of gas, time or room, or the whole multicall reverted.
func tooLarge(err error) bool {
	var e *EndpointError
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrReverted) || errors.Is(err, ErrTimeout) ||
		errors.As(err, &e) && e.Class == jsonrpc.ClassSize
}

// chunk reads one span by one multicall, and its spots on their own.
func (k *bulk) chunk(ctx context.Context, s span) error {
	canaries := []inner{getter(selNumber), getter(selTimestamp), getter(selLastHash), getter(selChainID)}
	if k.funded {
		canaries = append(canaries, getter(selBalance, k.rich[:]))
	}
	inners := canaries
	for _, c := range k.calls[s.from:s.to] {
		inners = append(inners, innerOf(c))
	}
	aggregate := k.request(Call{To: multicall3, Data: encodeAggregate3(inners)})
	spots := k.spots(s)
	reqs := []jsonrpc.Request{aggregate}
	for _, i := range spots {
		reqs = append(reqs, k.request(k.calls[i]))
	}
	replies, err := k.m.endpoint.Send(ctx, reqs)
	if err != nil {
		return err
	}
	if replies[0].Err != nil {
		return replies[0].Err
	}
	data, err := replies[0].Data()
	if err != nil {
		return fmt.Errorf("%w: %w", errMistrust, err)
	}
	results, err := decodeAggregate3(data, len(inners))
	if err != nil {
		return fmt.Errorf("%w: %w", errMistrust, err)
	}
	if err := k.proven(results[:len(canaries)]); err != nil {
		return fmt.Errorf("%w: %w", errMistrust, err)
	}
	results = results[len(canaries):]
	for j, i := range spots {
		call, inside := k.calls[i], results[i-s.from]
		if alone, err := k.answer(call, replies[j+1]); err == nil && inside.success && !bytes.Equal(alone, inside.data) {
			return fmt.Errorf("%w: %s of %v gives another answer inside the multicall", ErrTooLarge, call.name(), call.To)
		}
	}
	k.keep(s, results)
	return nil
}

// spots returns the last call of each function in s. A contract that runs out of
// gas may hide it and return zero, and leave enough for plainer calls after it,
// so one call does not vouch for those of another function.
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

// proven checks what the multicall says of the block it ran in.
func (k *bulk) proven(canaries []outcome3) error {
	var words []byte
	for i, c := range canaries {
		if !c.success || len(c.data) != word {
			return fmt.Errorf("canary %d not answered", i)
		}
		words = append(words, c.data...)
	}
	if err := sameBlockWords(words[:3*word], k.m.id, k.block.Header); err != nil {
		return err
	}
	if id := new(big.Int).SetBytes(words[3*word : 4*word]); id.Cmp(new(big.Int).SetUint64(uint64(k.m.id))) != 0 {
		return fmt.Errorf("chain id is %v, want %d", id, uint64(k.m.id))
	}
	if k.funded && new(big.Int).SetBytes(words[4*word:]).Sign() == 0 {
		return fmt.Errorf("%v, which is known to hold ether, holds none", k.rich)
	}
	return nil
}

// keep takes the answers; calls that failed or returned nothing are left for finish.
func (k *bulk) keep(s span, results []outcome3) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, r := range results {
		if !r.success || len(r.data) == 0 {
			k.left = append(k.left, s.from+i)
			continue
		}
		k.out[s.from+i] = hexutil.Bytes(bytes.Clone(r.data))
	}
}

// finish reads what is left by the plain way, which also explains every failure.
func (k *bulk) finish(ctx context.Context, public bool) error {
	if len(k.left) == 0 {
		return nil
	}
	slices.Sort(k.left) // chunks come in any order; the first failure by index counts
	calls := make([]Call, len(k.left))
	for i, index := range k.left {
		calls[i] = k.calls[index]
	}
	data, err := k.m.callAt(ctx, k.block, calls, public)
	if err != nil {
		return err
	}
	for i, index := range k.left {
		k.out[index] = data[i]
	}
	return nil
}
