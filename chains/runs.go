package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// runs makes the calls of a batch in runs. A run is one eth_call that makes some of the calls
// and asks, in the same run of the EVM, at which block it is and what the marks of its state
// are. So the answers are from that state, whichever node behind the address ran it. Where the
// marks are nonces there are two runs, one from each account, with the same answers: the state
// of one is not older than that of the block, the state of the other not newer.
type runs struct {
	stateBatch
	size int // calls of a run
	out  results
	left []int // calls that failed in a run
}

// question is one request or more, and what reads the replies.
type question struct {
	requests []jsonrpc.Request
	read     func(replies []jsonrpc.Reply) error
}

// readRuns makes all calls in runs. If those of one run need too much gas or time together, a
// run makes fewer of them. A call that fails alone is read by itself, which tells why, or gives
// an answer that is not bound.
func (s stateBatch) readRuns(ctx context.Context) (results, error) {
	r := &runs{stateBatch: s}
	var err error
	for _, r.size = range s.runSizes() {
		if err = r.ask(ctx); !errors.Is(err, ErrTooLarge) && !ranTooLong(err) {
			break
		}
	}
	if err != nil {
		return results{}, err
	}
	for i, data := range r.out.data {
		if data != nil && len(data) == 0 {
			return results{}, r.explain(ctx, s.calls[i])
		}
	}
	if len(r.left) == 0 {
		return r.out, nil
	}
	slices.Sort(r.left)
	r.left = slices.Compact(r.left)
	s.calls = nil
	for _, i := range r.left {
		s.calls = append(s.calls, r.calls[i])
	}
	plain, err := s.readPlain(ctx)
	if err != nil {
		return results{}, err
	}
	for j, i := range r.left {
		r.out.data[i] = plain.data[j]
	}
	r.out.bound, r.out.unbound = false, fmt.Sprintf("%s of %v succeeds only by itself", s.calls[0].name(), s.calls[0].To)
	return r.out, nil
}

// runSizes are how many calls one run makes, until that is not too large. What init code returns
// is bounded (EIP-170): 200 calls can give a word each. l2geth allows less gas than others, and
// Multicall3 does not tell how much is left.
func (s stateBatch) runSizes() []int {
	sizes := []int{200, 20, 1}
	switch n := len(s.calls); {
	case n <= 1 || s.way.canary == multicall:
		return sizes[2:]
	case n <= 20 || s.legacy():
		return sizes[1:]
	}
	return sizes
}

// ranTooLong reports whether a node said that a call took too much time. One that is silent would
// be silent again.
func ranTooLong(err error) bool {
	e, ok := errors.AsType[*EndpointError](err)
	return ok && e.Class == jsonrpc.ClassTimeout && e.Code != 0
}

// ask asks all questions in one batch. What l2geth did not answer is asked again up to three
// times, with pauses, one request at a time: some endpoints forward no batches.
func (r *runs) ask(ctx context.Context) error {
	r.out, r.left = results{data: make([][]byte, len(r.calls)), bound: r.marks.twoSided}, nil
	open, err := r.questions()
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		replies, err := r.send(ctx, open, try > 0)
		if err == nil && !r.legacy() {
			err = r.refused(replies)
		}
		if err != nil {
			return err
		}
		var again []question
		var silent error
		for _, q := range open {
			err := q.read(replies[:len(q.requests)])
			replies = replies[len(q.requests):]
			switch {
			case err == nil:
			case r.legacy() && (errors.Is(err, errSilent) || isWrongState(err)):
				again, silent = append(again, q), err
			default:
				return err
			}
		}
		switch {
		case len(again) == 0:
			return nil
		case try == len(lagPauses) && isWrongState(silent):
			return silent
		case try == len(lagPauses):
			return r.endpoint.Fail(jsonrpc.ClassLegacy, silent.Error())
		}
		if err := r.endpoint.Clock().Sleep(ctx, lagPauses[try]); err != nil {
			return err
		}
		open = again
	}
}

// send sends the requests of the questions, in one batch or one by one.
func (r *runs) send(ctx context.Context, questions []question, alone bool) (replies []jsonrpc.Reply, err error) {
	var all []jsonrpc.Request
	for _, q := range questions {
		all = append(all, q.requests...)
	}
	if !alone {
		return r.endpoint.Send(ctx, all)
	}
	for _, request := range all {
		one, err := r.endpoint.Send(ctx, []jsonrpc.Request{request})
		if err != nil {
			return nil, err
		}
		replies = append(replies, one...)
	}
	return replies, nil
}

// questions asks for the header, if the endpoint has not shown it yet, and for all runs. A plain
// balance shows whether the endpoint has the state and takes the form of the block parameter.
// Before Bedrock it would show nothing. Multicall3 cannot ask for nonces.
func (r *runs) questions() (all []question, err error) {
	one := func(request jsonrpc.Request, read func(jsonrpc.Reply) error) {
		all = append(all, question{[]jsonrpc.Request{request}, func(rs []jsonrpc.Reply) error { return read(rs[0]) }})
	}
	if r.unseen {
		one(headerRequest(r.block.Number()), r.sameHeader)
	}
	if !r.legacy() {
		one(r.request(NativeBalance(r.known)), r.checkKnownAccount)
	}
	senders := []nonceMark{{}}
	if len(r.marks.nonces) > 0 && r.way.canary == deployless {
		senders = r.marks.nonces
	}
	for from := 0; from == 0 || from < len(r.calls); from += r.size {
		for _, sender := range senders {
			if err := r.run(from, min(from+r.size, len(r.calls)), sender, one); err != nil {
				return nil, err
			}
		}
	}
	if len(r.marks.nonces) > 0 && r.way.canary == multicall {
		all = append(all, question{r.marks.nonceRequests(r.param), r.checkNonces})
	}
	return all, nil
}

// run asks for one run of the calls in a range, from the given account.
func (r *runs) run(
	from, to int, sender nonceMark, one func(jsonrpc.Request, func(jsonrpc.Reply) error),
) error {
	own := r.ownQuestions()
	inner := slices.Concat(own, r.calls[from:to])
	if r.way.canary == deployless {
		inner = slices.Concat(own, []Call{ownAddress, gasLeft}, r.calls[from:to], []Call{gasLeft})
	}
	request, err := r.way.canary.request(sender.account, inner, r.param)
	one(request, func(reply jsonrpc.Reply) error {
		results, err := r.results(reply, inner, to-from)
		if err == nil {
			results, err = r.checkRun(results, len(own), sender)
		}
		switch {
		case errors.Is(err, ErrTooLarge) && to-from == 1 && !r.legacy():
			r.left = append(r.left, from)
			return nil
		case err != nil:
			return err
		}
		for i, result := range results {
			if err := r.keep(from+i, result); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// ownQuestions are those of each run: about the block, the marks, and the balance that cannot be
// zero. Before Bedrock, chain id and coinbase show that l2geth ran it.
func (s stateBatch) ownQuestions() []Call {
	own := append(blockGetters(s.block.Header), s.marks.callList()...)
	if s.hasKnown {
		own = append(own, NativeBalance(s.known))
	}
	if s.legacy() {
		own = append(own, environment("getChainId()", 0x46), environment("getCurrentBlockCoinbase()", 0x41))
	}
	return own
}
