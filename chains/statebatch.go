package chains

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"

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
	if s.known = b.Header.Coinbase; public {
		s.known, s.hasKnown = knownAccount(s.id, b.Number(), b.Header.Coinbase)
	}
	return s
}

func (s stateBatch) request(call Call) jsonrpc.Request {
	if call.isNativeBalance() {
		return jsonrpc.Request{Method: "eth_getBalance", Params: []any{call.To, s.param}}
	}
	return jsonrpc.Request{Method: "eth_call", Params: []any{map[string]any{"to": call.To, "data": call.Data}, s.param}}
}

// legacy reports whether the state is from before Bedrock.
func (s stateBatch) legacy() bool { return s.hasKnown && isLegacy(s.id, s.block.Number()) }

// read makes the calls in runs, if the endpoint takes these.
func (s stateBatch) read(ctx context.Context) (results, error) {
	switch {
	case s.way.canary != noCanary:
		return s.readRuns(ctx)
	case s.legacy():
		return results{}, s.endpoint.Fail(jsonrpc.ClassLegacy,
			"it runs neither calls without an address nor Multicall3 there")
	}
	return s.readPlain(ctx)
}

// readsPerCanary is how many reads share one canary if batches are too small to
// carry one each.
const readsPerCanary = 20

// plainRequests returns the reads by themselves, with the balance that cannot be zero.
func (s stateBatch) plainRequests() []jsonrpc.Request {
	var reqs []jsonrpc.Request
	if s.hasKnown {
		reqs = append(reqs, s.request(NativeBalance(s.known)))
	}
	for _, call := range s.calls {
		reqs = append(reqs, s.request(call))
	}
	return reqs
}

// readPlain makes each call in an eth_call of its own. Nothing binds these to the state of the
// block: where several nodes share the address, each may have answered another one. A canary
// in front of each batch shows the block. If the endpoint turns out to take smaller batches
// only, everything is asked again, so that each of the smaller ones has its canary.
func (s stateBatch) readPlain(ctx context.Context) (results, error) {
	var canary []jsonrpc.Request
	if s.way.canary != noCanary {
		request, err := s.way.canary.request(common.Address{}, blockGetters(s.block.Header), s.param)
		if err != nil {
			return results{}, err
		}
		canary = append(canary, request)
	}
	reads := append(s.marks.nonceRequests(s.param), s.plainRequests()...)
	for {
		size := s.endpoint.BatchSize()
		every := size - len(canary)
		if every < 1 {
			every = readsPerCanary
		}
		var reqs []jsonrpc.Request
		for part := range slices.Chunk(reads, every) {
			reqs = slices.Concat(reqs, canary, part)
		}
		replies, err := s.endpoint.Send(ctx, reqs)
		if err != nil {
			return results{}, err
		}
		if now := s.endpoint.BatchSize(); now < size && len(reqs) > now {
			continue
		}
		return s.checkPlain(ctx, replies, len(canary), every)
	}
}

// checkPlain takes the answers to the canaries out of the replies and reads the rest.
func (s stateBatch) checkPlain(ctx context.Context, replies []jsonrpc.Reply, canary, every int) (results, error) {
	if err := s.refused(replies); err != nil {
		return results{}, err
	}
	var reads []jsonrpc.Reply
	for part := range slices.Chunk(replies, canary+every) {
		if canary > 0 {
			inner, err := s.way.canary.results(part[0], blockGetters(s.block.Header))
			if err == nil {
				err = checkBlock(inner, s.block.Header)
			}
			if err != nil {
				return results{}, err
			}
		}
		reads = append(reads, part[canary:]...)
	}
	nonces := len(s.marks.nonces)
	wrong := s.checkNonces(reads[:nonces]) // said last: a node without any state is no node with that of another block
	if reads = reads[nonces:]; s.hasKnown {
		if err := s.checkKnownAccount(reads[0]); err != nil {
			return results{}, err
		}
		reads = reads[1:]
	}
	if wrong != nil {
		return results{}, wrong
	}
	data, err := s.answers(ctx, reads)
	return results{data: data}, err
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

// checkKnownAccount checks the balance that cannot be zero, if one is known. Only then are zeros
// of other accounts believed.
func (s stateBatch) checkKnownAccount(r jsonrpc.Reply) error {
	data, err := s.answer(NativeBalance(s.known), r)
	switch {
	case !s.hasKnown:
		return nil
	case err == nil && new(big.Int).SetBytes(data).Sign() == 0:
		return s.noEther()
	}
	return err
}

func (s stateBatch) noEther() error {
	return s.missing(fmt.Sprintf("it says that %v, which is known to hold ether, holds none", s.known))
}
