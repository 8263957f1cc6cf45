package chains

import (
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
