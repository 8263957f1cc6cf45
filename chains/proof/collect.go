package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/perpdao/perpquorum/chains"
)

const (
	firstGuesses = 16      // missing reads after which a call is stopped in the first round
	maxReads     = 1 << 19 // parts of the state that are asked for
)

// collection collects one witness from one endpoint.
type collection struct {
	endpoint *chains.Endpoint
	id       chains.ID
	block    chains.Block
	calls    []chains.Call
	open     []chains.Call // those that read what is not known yet
	state    *partialState
	asked    map[read]int // how often
	guesses  int          // see machine.guesses; doubled with each round
}

func newCollection(id chains.ID, b chains.Block, calls []chains.Call, e *chains.Endpoint) *collection {
	return &collection{
		endpoint: e, id: id, block: b, calls: calls, open: calls, state: newState(b.Header.Root), asked: map[read]int{},
		guesses: firstGuesses,
	}
}

// collect asks for more until the calls read nothing unknown.
func (c *collection) collect(ctx context.Context) error {
	var err error
	for want := append(c.callees(), c.accessLists(ctx)...); len(want) > 0; {
		if err := c.fetch(ctx, c.each(want)); err != nil {
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
		if !errors.Is(r.Err, ErrNotProvable) {
			answers[i] = chains.Answer{Data: r.Data, From: []string{c.endpoint.Label()}, Level: chains.Proven}
		}
	}
	w := s.blobs.witness()
	_, err = w.Hashes() // it may be too large
	return answers, w, err
}

// each returns what is wanted, each part once, and counts it.
func (c *collection) each(want []read) (once []read) {
	seen := map[read]bool{}
	for _, r := range want {
		if !seen[r] {
			seen[r] = true
			c.asked[r]++
			once = append(once, r)
		}
	}
	return once
}

// explore runs the open calls and returns what they read that is not known. A
// call goes on with zero for what is missing, since most of what it reads then it
// reads in any case, but not for long, as a wrong zero can make it loop.
func (c *collection) explore(ctx context.Context) ([]read, error) {
	var m *machine
	var open []chains.Call
	for _, call := range c.open {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if m == nil || m.evm.Cancelled() {
			m = newMachine(c.id, c.block, c.state, 0)
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
	return c.withCode(want), c.progress(want)
}

// progress fails if the calls miss what the endpoint was asked for twice: op-reth answers once from a
// state of its own when the l2geth behind it fails.
func (c *collection) progress(want []read) error {
	if len(c.asked)+len(want) > maxReads {
		return fmt.Errorf("%w: the calls read more than %d parts of the state", ErrNotProvable, maxReads)
	}
	for _, r := range want {
		switch {
		case c.asked[r] < 2:
		case c.state.blobs.all[c.block.Header.Root] == nil && c.id != chains.Ethereum && c.id != chains.Optimism:
			// Some chains keep their state in a tree of another kind.
			return fmt.Errorf("the proofs of %s do not begin at the block's state root", c.endpoint.Label())
		default:
			return c.wrong("they do not show %v", r)
		}
	}
	return nil
}

// withCode adds the code of each account, since accounts are mostly read to be
// called.
func (c *collection) withCode(want []read) []read {
	for _, r := range want {
		if code := (read{part: codePart, account: r.account}); r.part == accountPart && c.asked[code] == 0 {
			want = append(want, code)
		}
	}
	return want
}

// callees returns what the calls read in any case.
func (c *collection) callees() (want []read) {
	for _, call := range c.calls {
		want = append(want, read{part: accountPart, account: call.To})
		if !isNativeBalance(call) {
			want = append(want, read{part: codePart, account: call.To})
		}
	}
	return want
}

func (c *collection) wrong(format string, args ...any) error {
	return fmt.Errorf("%s: %w: "+format, append([]any{c.endpoint.Label(), chains.ErrWrongProof}, args...)...)
}
