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

// Before Bedrock, an endpoint of Optimism gets state from an l2geth behind it. op-reth
// answers from a state of its own, which is empty, whenever l2geth fails, call by call. So
// each figure is read by an eth_call that proves in itself that l2geth ran it: as COINBASE
// its EVM alone gives the fee vault, whatever the header says.

// feeVault is what COINBASE gives in l2geth.
var feeVault = common.HexToAddress("0x4200000000000000000000000000000000000011")

// legacyCalls is how many calls one such eth_call makes: less than its gas allows.
const legacyCalls = 20

// errSilent: the endpoint itself answered in place of l2geth, or what came is no answer.
var errSilent = errors.New("the legacy node behind it did not answer")

// legacyQuestion is one request, or two for nonces, that must come from l2geth.
type legacyQuestion struct {
	requests []jsonrpc.Request
	read     func(replies []jsonrpc.Reply) error
	optional bool // without an answer the state is not bound
}

// isLegacy reports whether the state is from before Bedrock.
func isLegacy(id ID, number uint64) bool { return id == Optimism && number < bedrockBlock }

// readLegacy is read for the state before Bedrock. If the calls of one eth_call need too
// much gas together, each is made alone.
func (s stateBatch) readLegacy(ctx context.Context) (results, error) {
	size := legacyCalls
	if s.way.canary == multicall { // it does not tell how much gas is left
		size = 1
	}
	out, err := s.askLegacy(ctx, size)
	if errors.Is(err, ErrTooLarge) && size > 1 {
		out, err = s.askLegacy(ctx, 1)
	}
	return out, err
}

// askLegacy asks all questions in one batch. What l2geth did not answer is asked again up to
// three times, with pauses, one request at a time: some endpoints forward no batches.
func (s stateBatch) askLegacy(ctx context.Context, size int) (results, error) {
	out := results{data: make([][]byte, len(s.calls)), bound: s.marks.twoSided}
	open, err := s.legacyQuestions(size, &out)
	if err != nil {
		return results{}, err
	}
	for try := 0; ; try++ {
		var again []legacyQuestion
		var silent error
		err := s.sendLegacy(ctx, open, try > 0, func(q legacyQuestion, replies []jsonrpc.Reply) error {
			err := q.read(replies)
			if q.optional && errors.Is(err, errSilent) && try == len(lagPauses) {
				out.bound = false
				return nil
			}
			if errors.Is(err, errSilent) || isWrongState(err) {
				again, silent = append(again, q), err
				return nil
			}
			return err
		})
		switch {
		case err != nil:
			return results{}, err
		case len(again) == 0:
			return out, s.explainLegacy(ctx, out)
		case try == len(lagPauses) && isWrongState(silent):
			return results{}, silent
		case try == len(lagPauses):
			return results{}, s.endpoint.Fail(jsonrpc.ClassLegacy, silent.Error())
		}
		if err := s.endpoint.Clock().Sleep(ctx, lagPauses[try]); err != nil {
			return results{}, err
		}
		open = again
	}
}

// sendLegacy sends the requests of the questions, in one batch or one by one.
func (s stateBatch) sendLegacy(
	ctx context.Context, questions []legacyQuestion, alone bool, read func(legacyQuestion, []jsonrpc.Reply) error,
) error {
	var all []jsonrpc.Request
	for _, q := range questions {
		all = append(all, q.requests...)
	}
	var replies []jsonrpc.Reply
	for len(all) > 0 {
		n := len(all)
		if alone {
			n = 1
		}
		some, err := s.endpoint.Send(ctx, all[:n])
		if err != nil {
			return err
		}
		replies, all = append(replies, some...), all[n:]
	}
	for _, q := range questions {
		if err := read(q, replies[:len(q.requests)]); err != nil {
			return err
		}
		replies = replies[len(q.requests):]
	}
	return nil
}

// legacyQuestions makes the questions of a read, whose answers go to out.
func (s stateBatch) legacyQuestions(size int, out *results) (all []legacyQuestion, err error) {
	if s.way.canary == noCanary {
		return nil, s.endpoint.Fail(jsonrpc.ClassLegacy, "it runs neither calls without an address nor Multicall3 there")
	}
	if s.unseen {
		all = append(all, legacyQuestion{[]jsonrpc.Request{headerRequest(s.block.Number())},
			func(r []jsonrpc.Reply) error { return s.sameHeader(r[0]) }, false})
	}
	for from := 0; from == 0 || from < len(s.calls); from += size {
		to := min(from+size, len(s.calls))
		q, err := s.legacyCall(s.calls[from:to], func(i int, data []byte) { out.data[from+i] = data })
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	if len(s.marks.nonces) > 0 {
		all = append(all, legacyQuestion{s.marks.nonceRequests(s.param), func(replies []jsonrpc.Reply) error {
			if n, err := replies[0].Quantity(); err == nil && n.Sign() == 0 { // it has sent a transaction
				return errSilent
			}
			bound, err := s.checkMarks(nil, replies)
			out.bound = out.bound && (bound || err != nil) // after an error it is asked again
			return err
		}, true})
	}
	return all, nil
}

// legacyCall is the question of some calls, in one eth_call.
func (s stateBatch) legacyCall(calls []Call, keep func(i int, data []byte)) (legacyQuestion, error) {
	inner := append(blockGetters(s.block.Header),
		getter("getChainId()"), getter("getCurrentBlockCoinbase()"), NativeBalance(s.known))
	own := len(inner)
	inner = append(inner, calls...)
	if s.way.canary == deployless {
		inner = slices.Concat(inner[:own], []Call{gasLeft}, calls, []Call{gasLeft})
		own++
	}
	request, err := s.way.canary.request(inner, s.param)
	return legacyQuestion{[]jsonrpc.Request{request}, func(replies []jsonrpc.Reply) error {
		results, err := s.legacyResults(replies[0], inner, own)
		if err != nil {
			return err
		}
		for i, call := range calls {
			if r := results[own+i]; !r.Success {
				return s.failed(call, fmt.Errorf("it failed or ran out of gas: %w", ErrReverted))
			}
			keep(i, results[own+i].ReturnData)
		}
		return nil
	}, false}, err
}

// legacyResults reads the reply to a legacyCall and checks that l2geth gave it, and that no
// call of several had less than half of the gas. The first ones are its own proof.
func (s stateBatch) legacyResults(r jsonrpc.Reply, inner []Call, own int) ([]innerResult, error) {
	if e, ok := errors.AsType[*EndpointError](r.Err); ok {
		switch e.Class {
		case jsonrpc.ClassExecution, jsonrpc.ClassGas:
			if len(inner) > own+2 { // l2geth has the same words for all that goes wrong in the EVM
				return nil, fmt.Errorf("%w: %w", ErrTooLarge, e)
			}
		case jsonrpc.ClassArchive, jsonrpc.ClassMissingState, jsonrpc.ClassLegacy, jsonrpc.ClassLag, jsonrpc.ClassReorg:
			return nil, e
		}
		return nil, fmt.Errorf("%w: %w", errNotAnswered, e)
	}
	results, err := s.way.canary.results(r, inner)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSilent, err)
	}
	number := func(i int) *big.Int { return new(big.Int).SetBytes(results[i].ReturnData) }
	block := len(blockGetters(s.block.Header))
	if _, err := words(results[:own]); err != nil {
		return nil, fmt.Errorf("%w: %w", errSilent, err)
	}
	vault := common.BytesToAddress(results[block+1].ReturnData)
	switch err := checkBlock(results[:block], s.block.Header); {
	case err != nil:
		return nil, err
	case number(block).Cmp(new(big.Int).SetUint64(uint64(s.id))) != 0:
		return nil, broken(s.endpoint, "the call ran on chain %v, want %d", number(block), uint64(s.id))
	case vault != feeVault || number(block+2).Sign() == 0:
		return nil, fmt.Errorf("%w: the call ran with coinbase %v and WETH of balance %v", errSilent, vault, number(block+2))
	case s.way.canary == deployless && len(inner) > own+2 &&
		number(len(inner)-1).Cmp(new(big.Int).Rsh(number(own-1), 1)) < 0:
		return nil, ErrTooLarge
	}
	return results, nil
}

// explainLegacy finds out why a call returned nothing, if one did: whether there is code
// at its address is asked of l2geth as well.
func (s stateBatch) explainLegacy(ctx context.Context, out results) error {
	for i, data := range out.data {
		if len(data) > 0 {
			continue
		}
		call := s.calls[i]
		if s.way.canary == multicall { // it cannot ask that
			return s.explainEmpty(ctx, call)
		}
		s.calls, s.marks, s.unseen = []Call{{To: call.To, Signature: codeSize}}, marks{}, false
		code, err := s.askLegacy(ctx, 1)
		switch {
		case err != nil:
			return err
		case new(big.Int).SetBytes(code.data[0]).Sign() == 0:
			return s.failed(call, s.noContract(call))
		}
		return s.failed(call, errEmpty)
	}
	return nil
}
