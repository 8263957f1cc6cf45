package chains

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// results is what one endpoint gave for calls, and whether marks bind it to their block.
type results struct {
	data    [][]byte
	bound   bool
	unbound string // why they do not
}

// explain says why the results are not bound, if nothing did yet.
func (r results) explain(w way, m marks) results {
	switch {
	case r.bound || r.unbound != "":
	case w.canary == noCanary:
		r.unbound = "the endpoint takes no eth_call that asks several contracts"
	case len(m.nonces) > 0 && w.canary == multicall:
		r.unbound = `nonces bind this block, and the endpoint takes no eth_call without "to"`
	default:
		r.unbound = cmp.Or(m.unbound, "the endpoint did not say what binds the state")
	}
	return r
}

// answers reads the replies to the calls, all or none. The first failure in order
// counts.
func (s stateBatch) answers(ctx context.Context, replies []jsonrpc.Reply) ([][]byte, error) {
	out := make([][]byte, len(replies))
	for i, r := range replies {
		data, err := s.answer(s.calls[i], r)
		if err == nil && len(data) == 0 {
			err = s.explainEmpty(ctx, s.calls[i])
		}
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

// answer reads one reply: return data, or a balance as one word.
func (s stateBatch) answer(call Call, r jsonrpc.Reply) ([]byte, error) {
	switch {
	case r.Err != nil:
		return nil, s.failed(call, r.Err)
	case r.Null(): // how Besu says that it has no state
		failure := s.endpoint.Fail(jsonrpc.ClassMissingState, "it answered null for "+call.name())
		failure.Err = errOdd
		return nil, failure
	case call.isNativeBalance():
		n, err := r.Quantity()
		if err != nil {
			return nil, broken(s.endpoint, "%s of %v: %v", call.name(), call.To, err)
		}
		return common.LeftPadBytes(n.Bytes(), word), nil
	}
	data, err := r.Data()
	if err != nil {
		return nil, broken(s.endpoint, "%s of %v: %v", call.name(), call.To, err)
	}
	if isRevertReason(data) {
		err := fmt.Errorf("%s returned the reason of a revert as a result: %w", s.endpoint.Label(), ErrReverted)
		return nil, s.failed(call, err)
	}
	return data, nil
}

// errEmpty: a contract's code ran and returned nothing.
var errEmpty = errors.New("empty answer: the contract returned no data, so it has no such function")

// explainEmpty finds out why a call returned nothing. An address without code at
// that block answers every call with success and no data.
func (s stateBatch) explainEmpty(ctx context.Context, call Call) error {
	replies, err := s.endpoint.Send(ctx, []jsonrpc.Request{{Method: "eth_getCode", Params: []any{call.To, s.param}}})
	if err != nil {
		return err
	}
	r := replies[0]
	if r.Err != nil {
		return s.failed(call, r.Err)
	}
	if r.Null() {
		return s.missing("it answered null for eth_getCode")
	}
	code, err := r.Data()
	if err != nil {
		return broken(s.endpoint, "eth_getCode of %v: %v", call.To, err)
	}
	if len(code) == 0 {
		return s.failed(call, s.noContract(call))
	}
	return s.failed(call, errEmpty)
}

func (s stateBatch) noContract(call Call) error {
	return fmt.Errorf("%w at %v at block %d", ErrNoContract, call.To, s.block.Number())
}

func (s stateBatch) failed(call Call, err error) error {
	return &CallError{Chain: s.id, Block: s.block.Number(), Call: call, Err: err}
}

func (s stateBatch) missing(detail string) error {
	return s.endpoint.Fail(jsonrpc.ClassMissingState, detail)
}

// revertSelectors are those of Error(string) and Panic(uint256), with which
// Solidity encodes the reason of a revert.
var revertSelectors = [][]byte{{0x08, 0xc3, 0x79, 0xa0}, {0x4e, 0x48, 0x7b, 0x71}}

// isRevertReason reports whether return data is the reason of a revert, given as a
// success. One word is never taken for it: it may be a number.
func isRevertReason(data []byte) bool {
	if len(data) == word || len(data) < 4 {
		return false
	}
	return bytes.Equal(data[:4], revertSelectors[0]) || bytes.Equal(data[:4], revertSelectors[1])
}
