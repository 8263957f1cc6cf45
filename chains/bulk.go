package chains

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

const (
	// fewCalls is the number of calls below which a multicall is not worth it.
	fewCalls = 20
	// firstChunk, mostChunk and leastChunk bound the calls in one multicall. 500 plain
	// reads take about 4 million gas, well under the 25 million that any node allows
	// an eth_call, and their results stay under 100,000 bytes.
	firstChunk = 100
	mostChunk  = 500
	leastChunk = 10
	// parallelChunks is how many chunks are on their way at once, after the first was answered.
	parallelChunks = 8
)

// BulkCallAt is CallAt for thousands of calls at one block: the same answers and
// the same errors, with far fewer requests. The calls travel in chunks through
// Multicall3 where it is deployed at that block, and in batches elsewhere.
//
// Each chunk proves itself from inside: block number, timestamp, parent hash, chain
// id and the marks of the state, and on public chains a balance that cannot be zero, are
// read by the same eth_call. Of each function called in it, the last call, which has the least
// gas left, is also read on its own and must agree. A call that fails or returns
// nothing inside a chunk is read again on its own. A chunk that is too large for the
// endpoint is halved, and the size that works is remembered. An endpoint whose
// multicalls do not prove themselves is read in batches.
//
// One kind of view can still give a wrong answer: one whose gas differs much from
// call to call, and which hides that it ran out. Such views need CallAt.
//
// The contracts see Multicall3 as msg.sender, not the zero address as in a plain
// eth_call. Where nonces bind the state, which Multicall3 cannot see, the calls travel as
// those of CallAt.
func (c *Client) BulkCallAt(ctx context.Context, b Block, calls []Call) ([]Answer, error) {
	if len(calls) < fewCalls {
		return c.CallAt(ctx, b, calls)
	}
	answers, err := c.answers(ctx, b, calls, (*stateReader).bulkAt)
	return answers, onChain(c.ID, err)
}

// errMistrust: a multicall did not prove itself, so the endpoint is read in batches.
var errMistrust = errors.New("multicall not trusted")

// bulkAt reads from one endpoint, by multicall if that works there.
func (r *stateReader) bulkAt(ctx context.Context, b Block, calls []Call, public bool) (results, error) {
	if public && isLegacy(r.headers.id, b.Number()) {
		return r.callAt(ctx, b, calls, public)
	}
	// This plain read finds out how to ask the endpoint for state, proves that it has the
	// state of the block, and shows whether Multicall3 is deployed there.
	id, err := r.callAt(ctx, b, []Call{getter("getChainId()")}, public)
	if err != nil && !errors.As(err, new(*CallError)) {
		return results{}, err
	}
	w := r.currentWay()
	there := err == nil && new(big.Int).SetBytes(id.data[0]).Cmp(new(big.Int).SetUint64(uint64(r.headers.id))) == 0
	if !there || w.canary == noCanary {
		return r.callAt(ctx, b, calls, public)
	}
	m, err := r.marksOf(ctx, b, public)
	if err != nil {
		return results{}, err
	}
	if len(m.nonces) > 0 && w.canary == deployless { // no multicall can ask for nonces
		return r.callAt(ctx, b, calls, public)
	}
	k := &bulk{stateBatch: newStateBatch(r, b, calls, public, w, m)}
	k.out = results{data: make([][]byte, len(calls)), bound: true}
	switch err := k.run(ctx); {
	case errors.Is(err, errMistrust), errors.Is(err, ErrUnsupported):
		return r.callAt(ctx, b, calls, public)
	case err != nil:
		return results{}, r.diagnose(ctx, err, b)
	}
	if w.byNumber {
		if err := r.stillThere(ctx, b); err != nil {
			return results{}, err
		}
	}
	err = k.finish(ctx, public)
	return k.out.explain(w, m), err
}

// bulk is one BulkCallAt at one endpoint.
type bulk struct {
	stateBatch
	out results

	mu     sync.Mutex
	open   []span // calls that are not on their way
	left   []int  // calls without an answer from a multicall
	failed error
	at     span // that failed
}

// run keeps a number of chunks on their way. The first one goes alone, unless the endpoint is
// known to take larger ones. A chunk that is too large is cut, and so are all behind it; after
// one that is not, the next are twice its size.
func (k *bulk) run(ctx context.Context) error {
	k.open = []span{{0, len(k.calls)}}
	if k.reader.chunkSize() <= firstChunk {
		k.step(ctx)
	}
	jsonrpc.SideBySide(parallelChunks, func(int) {
		for k.step(ctx) {
		}
	})
	return k.failed
}

// step reads the next chunk, and reports whether there may be more.
func (k *bulk) step(ctx context.Context) (more bool) {
	chunk, ok := k.next()
	if !ok {
		return false
	}
	err := k.readChunk(ctx, chunk)
	n, halve := chunk.to-chunk.from, tooLarge(err) && ctx.Err() == nil
	if err == nil || halve {
		k.reader.learnChunk(n, err == nil)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case err == nil:
		return true
	case halve && n > leastChunk:
		k.open = append(k.open, chunk)
		return true
	case halve:
		err = fmt.Errorf("%w: %d calls are too many: %w", errMistrust, n, err)
	}
	if k.failed == nil || chunk.from < k.at.from { // chunks come in any order; the first one counts
		k.failed, k.at = err, chunk
	}
	return false
}

// next takes a chunk off the open calls. There is none after a failure.
func (k *bulk) next() (chunk span, ok bool) {
	size := k.reader.chunkSize()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.open) == 0 || k.failed != nil {
		return span{}, false
	}
	first := &k.open[0]
	chunk = span{first.from, min(first.from+size, first.to)}
	if first.from = chunk.to; first.from == first.to {
		k.open = k.open[1:]
	}
	return chunk, true
}

// tooLarge reports whether a chunk of half the size might work: the
// endpoint ran out of gas, time or room, or the whole multicall reverted.
func tooLarge(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrReverted) || errors.Is(err, ErrTimeout)
}

// finish reads what is left by plain calls, which also explain every failure.
func (k *bulk) finish(ctx context.Context, public bool) error {
	if len(k.left) == 0 {
		return nil
	}
	slices.Sort(k.left) // chunks come in any order; the first failure by index counts
	calls := make([]Call, len(k.left))
	for i, index := range k.left {
		calls[i] = k.calls[index]
	}
	data, err := k.reader.callAt(ctx, k.block, calls, public)
	if err != nil {
		return err
	}
	k.out.bound, k.out.unbound = k.out.bound && data.bound, data.unbound
	for i, index := range k.left {
		k.out.data[index] = data.data[i]
	}
	return nil
}

// span is a range of calls.
type span struct{ from, to int }

// chunkSize is how many calls the endpoint takes in one multicall, as far as learned.
func (r *stateReader) chunkSize() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.chunk
}

// learnChunk notes how a chunk of that many calls fared. Once that was too many, half of it is the most
// that is tried again.
func (r *stateReader) learnChunk(size int, clean bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if clean {
		r.chunk = max(r.chunk, min(2*size, r.chunkLimit))
		return
	}
	r.chunkLimit = min(r.chunkLimit, max(size/2, 1))
	r.chunk = min(r.chunk, r.chunkLimit)
}
