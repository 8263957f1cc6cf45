package chains

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// stateBatch is the state reads of one CallAt at one endpoint.
type stateBatch struct {
	id       ID
	endpoint *jsonrpc.Endpoint
	reader   *stateReader
	block    Block
	calls    []Call
	way      way
	marks    marks
	param    any  // the block parameter
	unseen   bool // the endpoint has not shown the block's header itself

	hasKnown bool
	known    common.Address // an account whose balance cannot be zero, if hasKnown
}

func newStateBatch(r *stateReader, b Block, calls []Call, public bool, w way, m marks) stateBatch {
	s := stateBatch{
		id: r.headers.id, endpoint: r.headers.endpoint, reader: r, block: b, calls: calls,
		way: w, marks: m, param: w.param(b), unseen: !w.byNumber && !r.headers.hasShown(b.Hash),
	}
	if public {
		s.known, s.hasKnown = knownAccount(s.id, b.Number(), b.Header.Coinbase)
	}
	return s
}

// requests returns the requests besides the canaries: b's header, if the endpoint
// has not shown it yet, the balance that cannot be zero, and the calls.
func (s stateBatch) requests() []jsonrpc.Request {
	var reqs []jsonrpc.Request
	if s.unseen {
		reqs = append(reqs, headerRequest(s.block.Number()))
	}
	if s.hasKnown {
		reqs = append(reqs, s.request(NativeBalance(s.known)))
	}
	for _, call := range s.calls {
		reqs = append(reqs, s.request(call))
	}
	return reqs
}

func (s stateBatch) request(call Call) jsonrpc.Request {
	if call.isNativeBalance() {
		return jsonrpc.Request{Method: "eth_getBalance", Params: []any{call.To, s.param}}
	}
	return jsonrpc.Request{Method: "eth_call", Params: []any{map[string]any{"to": call.To, "data": call.Data}, s.param}}
}

// readsPerCanary is how many reads share one canary if batches are too small to
// carry one each.
const readsPerCanary = 20

// questions returns the canary and the marks, which travel with the reads.
func (s stateBatch) questions() ([]jsonrpc.Request, error) {
	nonces := s.marks.nonceRequests(s.param)
	if s.way.canary == noCanary {
		return nonces, nil
	}
	canary, err := s.way.canary.request(append(blockGetters(s.block.Header), s.marks.callList()...), s.param)
	return append([]jsonrpc.Request{canary}, nonces...), err
}

// read sends the requests, with the questions in front of each batch, and checks the
// replies. Where batches are too small for that, the nonces are asked once. If the endpoint
// turns out to take smaller batches only, everything is asked again, so that each of the
// smaller ones has its questions.
func (s stateBatch) read(ctx context.Context) (results, error) {
	if s.hasKnown && isLegacy(s.id, s.block.Number()) {
		return s.readLegacy(ctx)
	}
	all, err := s.questions()
	if err != nil {
		return results{}, err
	}
	for {
		size, questions, reads := s.endpoint.BatchSize(), all, s.requests()
		if once := len(all) - len(s.marks.nonces); size <= len(all) {
			questions, reads = all[:once], append(all[once:], reads...)
		}
		every := size - len(questions)
		if every < 1 {
			every = readsPerCanary
		}
		var reqs []jsonrpc.Request
		for i, r := range reads {
			if i%every == 0 {
				reqs = append(reqs, questions...)
			}
			reqs = append(reqs, r)
		}
		replies, err := s.endpoint.Send(ctx, reqs)
		if err != nil {
			return results{}, err
		}
		if now := s.endpoint.BatchSize(); now < size && len(reqs) > now {
			continue
		}
		return s.check(ctx, replies, every, len(questions), len(all)-len(questions))
	}
}

// check takes the answers to the questions out of the replies and reads the rest, of which
// the first ones may be nonces.
func (s stateBatch) check(
	ctx context.Context, replies []jsonrpc.Reply, every, questions, nonces int,
) (results, error) {
	if err := s.refused(replies); err != nil {
		return results{}, err
	}
	var reads []jsonrpc.Reply
	var wrong error // said last: a node without any state is no node with that of another block
	allBound := true
	for start := 0; start < len(replies); start += questions + every {
		end := min(start+questions+every, len(replies))
		bound, err := s.checkQuestions(replies[start : start+questions])
		if isWrongState(err) {
			wrong = err
		} else if err != nil {
			return results{}, err
		}
		allBound = allBound && bound
		reads = append(reads, replies[start+questions:end]...)
	}
	if nonces > 0 {
		bound, err := s.checkMarks(nil, reads[:nonces])
		allBound, wrong, reads = allBound && bound, cmp.Or(wrong, err), reads[nonces:]
	}
	if s.unseen {
		if err := s.sameHeader(reads[0]); err != nil {
			return results{}, err
		}
		reads = reads[1:]
	}
	if s.hasKnown {
		if err := s.checkKnownAccount(reads[0]); err != nil {
			return results{}, err
		}
		reads = reads[1:]
	}
	if wrong != nil {
		return results{}, wrong
	}
	data, err := s.answers(ctx, reads)
	return results{data, allBound}, err
}

// checkQuestions checks the replies to questions, and returns whether they bind the state.
func (s stateBatch) checkQuestions(replies []jsonrpc.Reply) (bound bool, err error) {
	if s.way.canary == noCanary {
		return s.checkMarks(nil, replies)
	}
	inner, err := s.way.canary.results(replies[0], append(blockGetters(s.block.Header), s.marks.callList()...))
	if err != nil {
		return false, err
	}
	own := len(blockGetters(s.block.Header))
	if err := checkBlock(inner[:own], s.block.Header); err != nil {
		return false, err
	}
	return s.checkMarks(inner[own:], replies[1:])
}

// refused is the failure of an endpoint that refused the form of every state read.
// The header is none of them.
func (s stateBatch) refused(replies []jsonrpc.Reply) error {
	var why error
	n := 0
	for _, r := range replies {
		if errors.Is(r.Err, ErrUnsupported) {
			why = r.Err
			n++
		}
	}
	if s.unseen {
		n++
	}
	if n < len(replies) || why == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errAllRefused, why)
}

func (s stateBatch) sameHeader(r jsonrpc.Reply) error {
	if r.Null() {
		return s.reader.headers.missing(s.block.Number())
	}
	h, err := s.reader.headers.parse(r, s.block.Number())
	if err != nil {
		return err
	}
	return s.reader.sameBlock(s.block, h.Hash())
}

// checkKnownAccount checks the balance that cannot be zero. Only then are zeros of other
// accounts believed.
func (s stateBatch) checkKnownAccount(r jsonrpc.Reply) error {
	data, err := s.answer(NativeBalance(s.known), r)
	if err != nil {
		return err
	}
	if new(big.Int).SetBytes(data).Sign() == 0 {
		return s.missing(fmt.Sprintf("it says that %v, which is known to hold ether, holds none", s.known))
	}
	return nil
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
