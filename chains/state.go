package chains

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// CallAt runs the calls in the state after block b and returns the answers in
// order, all or none. It usually takes one round: few eth_calls make many calls each,
// together with the questions that prove them (see the package comment), and every
// one names the block by its hash (EIP-1898). An endpoint that does not support
// this, or ignores it, is asked by number, with b's header checked before and
// after.
//
// The contracts see as msg.sender the address of the code that makes the calls, which
// differs from one eth_call to the next, or Multicall3. A call that fails or is too large
// there is made by itself, from the zero address.
//
// The level of the answers says whether the state showed that it is b's: see Level. An
// endpoint with the state of another block is left with a Fault, and the next one is asked.
//
// A call that fails is a *CallError: ErrReverted, or ErrNoContract if there is no
// code at the address at that block. ErrReorg says that b is no longer part of the
// chain, ErrArchive that no endpoint has the state of b. ErrDisagree (with Agree N)
// names each difference. ErrNotSupported says that block.number is not the block's number,
// unless the chain is Arbitrum.
func (c *Client) CallAt(ctx context.Context, b Block, calls []Call) ([]Answer, error) {
	answers, err := c.answers(ctx, b, calls, (*stateReader).callAt)
	return answers, onChain(c.ID, err)
}

// answers reads the calls with read from as many endpoints as must agree.
func (c *Client) answers(
	ctx context.Context, b Block, calls []Call,
	read func(r *stateReader, ctx context.Context, b Block, calls []Call, public bool) (results, error),
) ([]Answer, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	if len(calls) == 0 {
		return nil, nil
	}
	c.pool.startAt(b.Number())
	all, err := ask(ctx, c.pool, func(ctx context.Context, n *node) (results, error) {
		return read(n.state, ctx, b, calls, c.Anchored)
	}, func(x, y reading[results]) error { return differentAnswers(c.ID, b, calls, x, y) })
	if err != nil {
		return nil, err
	}
	level, unbound := Bound, ""
	var from []string
	for _, r := range all {
		from = append(from, r.label())
		if !r.value.bound {
			level, unbound = Trusted, cmp.Or(unbound, r.value.unbound)
		}
	}
	out := make([]Answer, len(calls))
	for i, data := range all[0].value.data {
		out[i] = Answer{data, from, level, unbound}
	}
	return out, nil
}

// listed is how many differences an error names one by one.
const listed = 20

// differentAnswers compares two endpoints' answers one by one.
func differentAnswers(id ID, b Block, calls []Call, x, y reading[results]) error {
	var differences joined
	n := 0
	for i, call := range calls {
		if bytes.Equal(x.value.data[i], y.value.data[i]) {
			continue
		}
		if n++; n <= listed {
			err := fmt.Errorf("%s says 0x%x, %s says 0x%x: %w",
				x.label(), x.value.data[i], y.label(), y.value.data[i], ErrDisagree)
			differences = append(differences, &CallError{Chain: id, Block: b.Number(), Call: call, Err: err})
		}
	}
	switch {
	case n == 0:
		return nil
	case n > listed:
		return append(differences, fmt.Errorf("and %d more differences", n-listed))
	}
	return differences
}

// stateReader reads contract state from one endpoint, and remembers which way of
// asking works there.
type stateReader struct {
	headers *headerReader

	mu         sync.Mutex
	way        way
	chunk      int // calls in the next multicall, as learned
	chunkLimit int // the most that is worth trying
	marked     common.Hash
	marks      marks // of the block with that hash
}

// way is how an endpoint is asked for state.
//
// By hash, the endpoint itself must refuse a block that it does not have, and the
// canary shows that it looked at the parameter at all. By number, the header before
// and after shows that number and hash belong together during the reads, and the
// canary that the reads ran there. Without a canary only the headers remain, so an
// endpoint that answers none is never asked by hash: if it ignored the hash, nothing
// would show it, while a number is the oldest form of the parameter, which every
// endpoint knows.
type way struct {
	byNumber bool
	canary   canary
}

// param is the block parameter of a read at b.
func (w way) param(b Block) any {
	if w.byNumber {
		return hexutil.Uint64(b.Number())
	}
	return map[string]any{"blockHash": b.Hash, "requireCanonical": true}
}

// next is the way to try after err, if there is one.
func (w way) next(err error) (way, bool) {
	var failure *EndpointError
	switch {
	case errors.Is(err, errNotAnswered) && w.canary == multicall && !w.byNumber:
		return way{byNumber: true}, true // some take more calls that way
	case errors.Is(err, errNotAnswered) && w.canary < noCanary:
		w.canary++
		return w, true
	case w.byNumber:
		return w, false
	case errors.Is(err, errElsewhere), errors.Is(err, errAllRefused),
		errors.As(err, &failure) && mayMeanHash(failure):
		w.byNumber = true
		return w, true
	}
	return w, false
}

// mayMeanHash reports whether the endpoint may have refused EIP-1898 in words of another meaning: in
// unknown ones, as if it had not the block, or by an "Internal error", which may be missing state too.
func mayMeanHash(e *EndpointError) bool {
	return e.Class == jsonrpc.ClassUnknown || e.Class == jsonrpc.ClassLag ||
		e.Class == jsonrpc.ClassMissingState && e.Code == -32603
}

// errAllRefused: the endpoint refused every read, as it does when it does not know
// the form of the block parameter.
var errAllRefused = errors.New("every read was refused")

func (r *stateReader) currentWay() way {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.way
}

// callAt reads from the endpoint and learns the way that works there.
func (r *stateReader) callAt(ctx context.Context, b Block, calls []Call, public bool) (results, error) {
	w := r.currentWay()
	m, err := r.marksOf(ctx, b, public)
	if err != nil {
		return results{}, err
	}
	for pause, again := 0, true; ; {
		data, err := r.read(ctx, newStateBatch(r, b, calls, public, w, m))
		if err == nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.way = w
			return data.explain(w, m), nil
		}
		if other, ok := w.next(err); ok {
			w = other
			continue
		}
		if again && isOdd(err) {
			again = false
			continue
		}
		if !errors.Is(err, errElsewhere) || pause == len(lagPauses) {
			return results{}, r.diagnose(ctx, err, b)
		}
		// Another node behind the same address may be up to date.
		if err := r.headers.endpoint.Clock().Sleep(ctx, lagPauses[pause]); err != nil {
			return results{}, err
		}
		pause++
	}
}

// read reads a batch in its way. By number, the header is checked before and after.
func (r *stateReader) read(ctx context.Context, s stateBatch) (results, error) {
	if s.way.byNumber {
		if err := r.stillThere(ctx, s.block); err != nil {
			return results{}, err
		}
	}
	data, err := s.read(ctx)
	if err == nil && s.way.byNumber || isWrongState(err) { // a block that was replaced has another state
		err = cmp.Or(r.stillThere(ctx, s.block), err)
	}
	return data, err
}

// isWrongState reports whether the endpoint answered with the state of another block.
func isWrongState(err error) bool {
	e, ok := errors.AsType[*EndpointError](err)
	return ok && e.Class == jsonrpc.ClassWrongState
}

// stillThere checks that the endpoint has b at b's number.
func (r *stateReader) stillThere(ctx context.Context, b Block) error {
	hs, err := r.headers.read(ctx, []uint64{b.Number()})
	if errors.Is(err, ErrNoBlockYet) { // it had the block, or another endpoint has it
		return r.failAt(b, jsonrpc.ClassLag, err.Error())
	}
	if err != nil {
		return err
	}
	return r.sameBlock(b, hs[0].Hash())
}

func (r *stateReader) sameBlock(b Block, got common.Hash) error {
	if got == b.Hash {
		return nil
	}
	return r.failAt(b, jsonrpc.ClassReorg, fmt.Sprintf("block %d has hash %v, it was %v", b.Number(), got, b.Hash))
}

func (r *stateReader) failAt(b Block, class jsonrpc.Class, detail string) error {
	return atBlock(r.headers.endpoint.Fail(class, detail), r.headers.id, b.Number(), b.Time())
}

// deep is how far below the head a block must be known to every node that
// keeps it: two epochs of Ethereum.
const deep = 64

// diagnose adds the block to a failure that is about it, and finds out what
// "unknown block" means: replaced, or older than what the endpoint keeps.
func (r *stateReader) diagnose(ctx context.Context, err error, b Block) error {
	if errors.Is(err, errElsewhere) {
		return r.headers.endpoint.Fail(jsonrpc.ClassElsewhere, err.Error())
	}
	e, ok := err.(*EndpointError)
	if !ok {
		return err
	}
	found := *e
	if found.Class == jsonrpc.ClassLag {
		if gone := r.stillThere(ctx, b); errors.Is(gone, ErrReorg) {
			return gone
		}
		if r.headers.tips().head.Number.Uint64() >= b.Number()+deep {
			found.Class = jsonrpc.ClassMissingState
		}
	}
	switch found.Class {
	case jsonrpc.ClassArchive, jsonrpc.ClassMissingState, jsonrpc.ClassLegacy, jsonrpc.ClassLag, jsonrpc.ClassReorg:
		return atBlock(&found, r.headers.id, b.Number(), b.Time())
	}
	return &found
}
