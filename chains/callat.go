package chains

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// nativeBalance marks a Call that reads an account's native balance.
const nativeBalance = "eth_getBalance"

// NativeBalance is a Call that reads the account's balance of the chain's own
// currency, in wei. The Answer is one 32-byte word.
func NativeBalance(account common.Address) Call {
	return Call{To: account, Signature: nativeBalance}
}

// name is the call's readable form.
func (c Call) name() string {
	if c.Signature != "" {
		return c.Signature
	}
	return fmt.Sprintf("call with %d bytes of calldata", len(c.Data))
}

func (c Call) isNativeBalance() bool { return c.Signature == nativeBalance && len(c.Data) == 0 }

// CallAt runs the calls in the state after block b and returns the answers in
// order, all or none. It takes one round in the usual case: the reads of a
// batch travel together with the questions that prove them (see the package
// comment), and every read names the block by its hash (EIP-1898). An endpoint
// that does not support this, or ignores it, is asked by number, with b's
// header checked before and after.
//
// A call that fails is a *CallError: ErrReverted, or ErrNoContract if there is
// no code at the address at that block. ErrReorg says that b is no longer part of
// the chain, ErrArchive that no endpoint has the state of b, ErrDisagree (with
// Agree N) names each difference. Chains on which block.number is not the block's
// number, such as Arbitrum, cannot be read.
func (c *Client) CallAt(ctx context.Context, b Block, calls []Call) ([]Answer, error) {
	return c.answers(ctx, b, calls, (*member).callAt)
}

// answers reads the calls by the given way from as many endpoints as shall agree.
func (c *Client) answers(ctx context.Context, b Block, calls []Call,
	read func(m *member, ctx context.Context, b Block, calls []Call, public bool) ([][]byte, error)) ([]Answer, error) {
	if err := b.Check(); err != nil {
		return nil, fmt.Errorf("%v: %w", c.ID, err)
	}
	if len(calls) == 0 {
		return nil, nil
	}
	data, from, err := ask(ctx, c.pool, func(ctx context.Context, m *member) ([][]byte, error) {
		return read(m, ctx, b, calls, c.Anchored)
	}, func(x, y reading[[][]byte]) error { return differentAnswers(c.ID, b, calls, x, y) })
	if err != nil {
		return nil, err
	}
	out := make([]Answer, len(data))
	for i := range data {
		out[i] = Answer{Data: data[i], From: from}
	}
	return out, nil
}

// way is how an endpoint is asked for state.
//
// What keeps a wrong number out differs. By hash the endpoint itself must
// refuse a block it does not have, and the canary shows that it looked at the
// parameter at all. By number, the header before and after shows that number
// and hash belong together during the reads, and the canary that the reads ran
// there. Without a canary only the second remains, so a mute endpoint is never
// asked by hash: one that ignored the hash would go unnoticed, while a number is
// the oldest form of the parameter, which every endpoint knows. Unlike nodes
// behind one address, only some of which ignore the hash, could still pass
// where the canary ran on another of them than a read; Dialer.Agree is for that.
type way struct {
	byNumber bool
	canary   canary
}

// next is the way to try after err, if there is one.
func (w way) next(err error) (way, bool) {
	var failure *EndpointError
	switch {
	case errors.Is(err, errMute) && w.canary < uncanny:
		w.canary++
		w.byNumber = w.byNumber || w.canary == uncanny
		return w, true
	case w.byNumber:
		return w, false
	case errors.Is(err, errElsewhere), errors.Is(err, errUnnamed),
		errors.As(err, &failure) && failure.Class == jsonrpc.ClassUnknown: // EIP-1898 refused in unknown words
		w.byNumber = true
		return w, true
	}
	return w, false
}

// errUnnamed: the endpoint refused every read, as it does when it does not know
// the block parameter's form.
var errUnnamed = errors.New("every read was refused")

// callAt reads from one endpoint and learns the way that works there.
func (m *member) callAt(ctx context.Context, b Block, calls []Call, public bool) ([][]byte, error) {
	m.mu.Lock()
	w := m.way
	m.mu.Unlock()
	for pause := 0; ; {
		data, err := m.readState(ctx, b, calls, public, w)
		if err == nil {
			m.mu.Lock()
			m.way = w
			m.mu.Unlock()
			return data, nil
		}
		if other, ok := w.next(err); ok {
			w = other
			continue
		}
		if !errors.Is(err, errElsewhere) || pause == len(lagPauses) {
			return nil, m.diagnose(ctx, err, b)
		}
		// Another node behind the same address may be up to date.
		if err := m.clock.Sleep(ctx, lagPauses[pause]); err != nil {
			return nil, err
		}
		pause++
	}
}

// readState reads in one given way; by number with the header checked before and after.
func (m *member) readState(ctx context.Context, b Block, calls []Call, public bool, w way) ([][]byte, error) {
	if w.byNumber {
		if err := m.stillThere(ctx, b); err != nil {
			return nil, err
		}
	}
	data, err := m.readBatch(ctx, newStateBatch(m, b, calls, public, w))
	if err != nil {
		return nil, err
	}
	if w.byNumber {
		if err := m.stillThere(ctx, b); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// stillThere checks that the endpoint has b at b's number.
func (m *member) stillThere(ctx context.Context, b Block) error {
	hs, err := m.headers(ctx, []uint64{b.Number()})
	if err != nil {
		if errors.Is(err, ErrNoBlockYet) { // it had the block, or another endpoint has
			return atBlock(m.endpoint.Fail(jsonrpc.ClassLag, err.Error()), m.id, b.Number(), b.Time())
		}
		return err
	}
	return m.sameBlock(b, hs[0].Hash())
}

func (m *member) sameBlock(b Block, got common.Hash) error {
	if got == b.Hash {
		return nil
	}
	return atBlock(m.endpoint.Fail(jsonrpc.ClassReorg, fmt.Sprintf("block %d has hash %v, it was %v", b.Number(), got, b.Hash)), m.id, b.Number(), b.Time())
}

// diagnose adds the block to a failure that is about it, and finds out what
// "unknown block" means: replaced, or older than what the endpoint keeps.
func (m *member) diagnose(ctx context.Context, err error, b Block) error {
	var e *EndpointError
	switch {
	case errors.Is(err, errElsewhere):
		return m.endpoint.Fail(jsonrpc.ClassElsewhere, err.Error())
	case !errors.As(err, &e) || e != err:
		return err
	}
	found := *e
	e = &found
	if e.Class == jsonrpc.ClassLag {
		if gone := m.stillThere(ctx, b); errors.Is(gone, ErrReorg) {
			return gone
		}
		m.mu.Lock()
		head := m.tip.head
		m.mu.Unlock()
		if head.Number.Uint64() >= b.Number()+deep {
			e.Class = jsonrpc.ClassMissingState
		}
	}
	switch e.Class {
	case jsonrpc.ClassArchive, jsonrpc.ClassMissingState, jsonrpc.ClassLegacy, jsonrpc.ClassLag, jsonrpc.ClassReorg:
		return atBlock(e, m.id, b.Number(), b.Time())
	}
	return e
}

// deep is how far below the head a block must be known to every node that
// keeps it: two epochs of Ethereum.
const deep = 64

// listed is how many differences an error names one by one.
const listed = 20

// differentAnswers compares two endpoints' answers item by item.
func differentAnswers(id ID, b Block, calls []Call, x, y reading[[][]byte]) error {
	var differences joined
	n := 0
	for i, call := range calls {
		if bytes.Equal(x.value[i], y.value[i]) {
			continue
		}
		if n++; n <= listed {
			differences = append(differences, &CallError{Chain: id, Block: b.Number(), Call: call,
				Err: fmt.Errorf("%s says 0x%x, %s says 0x%x: %w", x.label, x.value[i], y.label, y.value[i], ErrDisagree)})
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
