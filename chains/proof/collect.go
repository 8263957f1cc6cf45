package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

const (
	listedCalls  = 50      // how many calls are worth an access list each
	requestKeys  = 500     // storage keys in one eth_getProof; go-ethereum takes 1,024
	batchKeys    = 1500    // in one batch: each key brings about 5 kB
	firstGuesses = 16      // reads that a call may get wrong in the first round
	maxReads     = 1 << 19 // parts of the state that are asked for
	maxNode      = 1 << 10 // bytes; a branch of 16 hashes has 532
)

// collection is the gathering of one witness from one endpoint.
type collection struct {
	endpoint *chains.Endpoint
	id       chains.ID
	block    chains.Block
	calls    []chains.Call
	open     []chains.Call // those that read what is not known yet
	state    *partialState
	asked    map[read]bool
	guesses  int // see machine.guesses; doubled with each round
}

func newCollection(id chains.ID, b chains.Block, calls []chains.Call, e *chains.Endpoint) *collection {
	return &collection{
		endpoint: e, id: id, block: b, calls: calls, open: calls, state: newState(b.Header.Root), asked: map[read]bool{},
		guesses: firstGuesses,
	}
}

// collect asks for more until the calls read nothing unknown.
func (c *collection) collect(ctx context.Context) error {
	want := c.callees()
	lists, err := c.accessLists(ctx)
	if err != nil {
		return err
	}
	for want = append(want, lists...); len(want) > 0; {
		if err := c.fetch(ctx, c.fresh(want)); err != nil {
			return err
		}
		if want, err = c.explore(ctx); err != nil {
			return err
		}
	}
	return nil
}

// answers prunes what was collected to what the calls read.
func (c *collection) answers() ([]chains.Answer, chains.Witness, error) {
	s := newState(c.block.Header.Root)
	s.blobs = c.state.blobs
	for _, one := range s.blobs.all {
		one.used = false
	}
	results, err := run(c.id, c.block, s, c.calls)
	if err != nil {
		return nil, nil, err
	}
	answers := make([]chains.Answer, len(results))
	for i, r := range results {
		answers[i] = chains.Answer{Data: r.Data, From: []string{c.endpoint.Label()}}
	}
	w := s.blobs.witness()
	return answers, w, w.Check()
}

// fresh leaves out what was asked for before.
func (c *collection) fresh(want []read) (fresh []read) {
	for _, r := range want {
		if !c.asked[r] {
			c.asked[r] = true
			fresh = append(fresh, r)
		}
	}
	return fresh
}

// explore runs the open calls and returns what they read that is not known. A
// call goes on with zero for what is missing, since most of what it reads
// then it reads in any case; but not for long, as it may loop. To miss what was
// asked for is the endpoint's fault.
func (c *collection) explore(ctx context.Context) ([]read, error) {
	var m *machine
	var open []chains.Call
	for _, call := range c.open {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if m == nil || m.evm.Cancelled() {
			m = newMachine(c.id, c.block.Header, c.state, 0)
		}
		m.gas, m.guesses, c.state.fault = callGas, c.guesses, nil
		m.run(call) // its result does not count before everything is known
		if errors.Is(c.state.fault, ErrNotProvable) {
			return nil, c.state.fault
		}
		if c.state.fault != nil {
			open = append(open, call)
		}
	}
	c.open, c.guesses = open, 2*c.guesses
	want := c.state.missing
	c.state.missing, c.state.wanted = nil, map[read]bool{}
	for _, r := range want {
		if c.asked[r] {
			return nil, c.wrong("they do not show %v", r)
		}
	}
	if len(c.asked)+len(want) > maxReads {
		return nil, fmt.Errorf("%w: the calls read more than %d parts of the state", ErrNotProvable, maxReads)
	}
	return withCode(want), nil
}

// withCode asks for the code of each account as well, which is what accounts
// are mostly read for.
func withCode(want []read) []read {
	for _, r := range want {
		if r.part == accountPart {
			want = append(want, read{part: codePart, account: r.account})
		}
	}
	return want
}

func (c *collection) callees() (want []read) {
	for _, call := range c.calls {
		want = append(want, read{part: accountPart, account: call.To})
		if !isNativeBalance(call) {
			want = append(want, read{part: codePart, account: call.To})
		}
	}
	return want
}

// accessLists asks what the calls read. The lists save rounds; they are not
// trusted, and that there are none is no fault.
func (c *collection) accessLists(ctx context.Context) (want []read, err error) {
	var questions []chains.Question
	for _, call := range c.calls {
		if !isNativeBalance(call) {
			questions = append(questions, chains.Question{
				Method: "eth_createAccessList", Params: []any{map[string]any{"to": call.To, "data": call.Data}},
			})
		}
	}
	// Nodes of Optimism before Bedrock have no access lists, and those in front of
	// them make some up.
	if len(questions) > listedCalls || c.id == chains.Optimism && c.block.Header.BaseFee == nil {
		return nil, nil
	}
	replies, err := c.endpoint.Ask(ctx, c.block, questions)
	if errors.Is(err, chains.ErrAuth) || errors.Is(err, chains.ErrUnsupported) || errors.Is(err, chains.ErrProtocol) {
		return nil, nil
	}
	for _, reply := range replies {
		var found struct {
			AccessList []struct {
				Address     common.Address
				StorageKeys []common.Hash
			}
		}
		if reply.Err != nil || json.Unmarshal(reply.Raw, &found) != nil {
			continue
		}
		for _, a := range found.AccessList {
			want = append(want, read{part: accountPart, account: a.Address}, read{part: codePart, account: a.Address})
			for _, slot := range a.StorageKeys {
				want = append(want, read{storagePart, a.Address, slot})
			}
		}
	}
	return want[:min(len(want), maxReads)], err
}

// fetch asks for parts of the state and keeps the nodes and codes that come.
func (c *collection) fetch(ctx context.Context, want []read) error {
	questions := questionsFor(want)
	for len(questions) > 0 {
		keys, n := 0, 0
		for n < len(questions) && keys <= batchKeys {
			keys += 1 + questions[n].keys
			n++
		}
		batch := make([]chains.Question, n)
		for i, q := range questions[:n] {
			batch[i] = q.Question
		}
		replies, err := c.endpoint.Ask(ctx, c.block, batch)
		if err != nil {
			return err
		}
		for i, reply := range replies {
			if err := c.take(batch[i].Method, reply); err != nil {
				return err
			}
		}
		questions = questions[n:]
	}
	return nil
}

type question struct {
	chains.Question
	keys int
}

// questionsFor asks for the storage of an account together, and with it for the
// account itself.
func questionsFor(want []read) (questions []question) {
	slots := map[common.Address][]common.Hash{}
	var accounts []common.Address
	for _, r := range want {
		if r.part == codePart {
			questions = append(questions, question{chains.Question{Method: "eth_getCode", Params: []any{r.account}}, 0})
			continue
		}
		if slots[r.account] == nil {
			slots[r.account] = []common.Hash{}
			accounts = append(accounts, r.account)
		}
		if r.part == storagePart {
			slots[r.account] = append(slots[r.account], r.slot)
		}
	}
	for _, a := range accounts {
		for keys, more := slots[a], true; more; more = len(keys) > 0 {
			n := min(len(keys), requestKeys)
			questions = append(questions, question{chains.Question{Method: "eth_getProof", Params: []any{a, keys[:n]}}, n})
			keys = keys[n:]
		}
	}
	return questions
}

// take keeps the nodes of a proof, or a code. What a node says in words of the
// account and its storage is not looked at.
func (c *collection) take(method string, reply chains.Reply) error {
	switch {
	case reply.Err != nil:
		return refusal{c.endpoint.Label(), reply.Err}
	case reply.Null():
		return fmt.Errorf("%s answers null to %s", c.endpoint.Label(), method)
	case method == "eth_getCode":
		code, err := reply.Data()
		if err != nil {
			return c.wrong("%s: %w", method, err)
		}
		c.keep([]hexutil.Bytes{code}, len(code))
		return nil
	}
	var found struct {
		AccountProof []hexutil.Bytes
		StorageProof []struct{ Proof []hexutil.Bytes }
	}
	if err := json.Unmarshal(reply.Raw, &found); err != nil {
		return c.wrong("%s: %w", method, err)
	}
	if len(found.AccountProof) == 0 { // how op-geth says that the node behind it did not answer
		return fmt.Errorf("%s gives an empty proof", c.endpoint.Label())
	}
	c.keep(found.AccountProof, maxNode)
	for _, s := range found.StorageProof {
		c.keep(s.Proof, maxNode)
	}
	return nil
}

func (c *collection) keep(blobs []hexutil.Bytes, longest int) {
	for _, blob := range blobs {
		if len(blob) > 0 && len(blob) <= longest {
			c.state.blobs.add(blob)
		}
	}
}

func (c *collection) wrong(format string, args ...any) error {
	return fmt.Errorf("%s: %w: "+format, append([]any{c.endpoint.Label(), ErrWrongProof}, args...)...)
}

// refusal says that an endpoint gives no proofs, in its own words.
type refusal struct {
	endpoint string
	err      error
}

func (r refusal) Error() string {
	var e *chains.EndpointError
	if errors.As(r.err, &e) {
		return r.endpoint + " gives none" + e.Said()
	}
	return r.endpoint + " gives none: " + r.err.Error()
}

func (r refusal) Unwrap() error { return r.err }
