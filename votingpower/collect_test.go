package votingpower_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// node serves one made-up chain from memory. Its headers have true hashes.
type node struct {
	chains.Node // panics: a model needs no calls by the thousand

	id          chains.ID
	development bool
	headers     []*types.Header
	finalized   int // index
	state       state
	// before is called before each answer, with the name of the method.
	before func(ctx context.Context, method string) error

	mu    sync.Mutex
	asked []string
}

// newNode is a chain with a block at each of the given Unix times.
func newNode(id chains.ID, s state, times ...int64) *node {
	n := &node{id: id, state: s, finalized: len(times) - 1}
	parent := common.Hash{}
	for i, at := range times {
		h := &types.Header{Number: big.NewInt(int64(i)), Time: uint64(at), ParentHash: parent, Difficulty: new(big.Int),
			Extra: []byte(id.String())}
		parent = h.Hash()
		n.headers = append(n.headers, h)
	}
	return n
}

func (n *node) ask(ctx context.Context, method string) error {
	n.mu.Lock()
	n.asked = append(n.asked, method)
	n.mu.Unlock()
	if n.before != nil {
		if err := n.before(ctx, method); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (n *node) block(i int, pinned bool) chains.Block {
	b := chains.Block{Hash: n.headers[i].Hash(), Header: n.headers[i], Pinned: pinned}
	if i > 0 {
		b.Parent = n.headers[i-1]
	}
	return b
}

func (n *node) Chain() (chains.ID, bool) { return n.id, n.development }

func (n *node) BlockAt(ctx context.Context, t time.Time) (chains.Block, error) {
	if err := n.ask(ctx, "BlockAt"); err != nil {
		return chains.Block{}, err
	}
	for i := range n.headers {
		if b := n.block(i, false); !b.Time().Before(t) {
			return b, nil
		}
	}
	return chains.Block{}, chains.ErrNoBlockYet
}

func (n *node) BlockByNumber(ctx context.Context, number uint64) (chains.Block, error) {
	if err := n.ask(ctx, fmt.Sprint("BlockByNumber ", number)); err != nil {
		return chains.Block{}, err
	}
	if number >= uint64(len(n.headers)) {
		return chains.Block{}, chains.ErrNoBlockYet
	}
	return n.block(int(number), true), nil
}

func (n *node) Finalized(ctx context.Context) (*types.Header, error) {
	if err := n.ask(ctx, "Finalized"); err != nil {
		return nil, err
	}
	return n.headers[n.finalized], nil
}

func (n *node) Faults() []chains.Fault { return nil }

func (n *node) CallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	if err := n.ask(ctx, "CallAt"); err != nil {
		return nil, err
	}
	answers := make([]chains.Answer, len(calls))
	for i, call := range calls {
		amount, ok := n.state[stateKey(n.id, call.To.Hex(), call.Data)]
		if !ok {
			return nil, &chains.CallError{Chain: n.id, Block: b.Number(), Call: call, Err: chains.ErrNoContract}
		}
		answers[i] = chains.Answer{Data: word(amount), From: []string{n.id.String() + ".example#00000"}}
	}
	return answers, nil
}

// perpNodes are two chains around the query time: Optimism has a run of equal
// timestamps, as before Bedrock, and is final only up to block 4.
func perpNodes() (nodes map[chains.ID]chains.Node, ethereum, optimism *node) {
	t := queryTime.Unix()
	ethereum = newNode(chains.Ethereum, perpState(), t-24, t-12, t, t+12, t+24)
	optimism = newNode(chains.Optimism, perpState(), t-30, t-10, t-10, t-9, t-9, t+6, t+6, t+20)
	optimism.finalized = 4
	ethereum.development, optimism.development = true, true // their blocks are not those of the public chains
	return map[chains.ID]chains.Node{chains.Ethereum: ethereum, chains.Optimism: optimism}, ethereum, optimism
}

func TestCollect(t *testing.T) {
	t.Parallel()
	unix := func(offset int64) time.Time { return time.Unix(queryTime.Unix()+offset, 0) }
	for _, c := range []struct {
		name     string
		when     votingpower.When
		at       int64 // seconds from the query time
		ethereum uint64
		optimism uint64
		pinned   []chains.ID
		asked    string // of ethereum
	}{
		{"at a block's time", votingpower.When{At: queryTime}, 0, 2, 5, nil, "BlockAt, CallAt"},
		{"at a time in another zone", votingpower.When{At: queryTime.In(time.FixedZone("", 3600))}, 0, 2, 5, nil,
			"BlockAt, CallAt"},
		{"between blocks", votingpower.When{At: unix(1)}, 1, 3, 5, nil, "BlockAt, CallAt"},
		{"final on both chains", votingpower.When{}, -9, 2, 3, nil, "Finalized, BlockAt, CallAt"},
		{"network pinned", votingpower.When{Blocks: map[chains.ID]uint64{chains.Ethereum: 2}}, 0, 2, 5,
			[]chains.ID{chains.Ethereum}, "BlockByNumber 2, CallAt"},
		{"network pinned, time given", votingpower.When{At: queryTime, Blocks: map[chains.ID]uint64{chains.Ethereum: 2}}, 0,
			2, 5, []chains.ID{chains.Ethereum}, "BlockByNumber 2, CallAt"},
		{"rollup pinned", votingpower.When{Blocks: map[chains.ID]uint64{chains.Optimism: 1}}, -10, 2, 1,
			[]chains.ID{chains.Optimism}, "BlockAt, CallAt"},
		{"rollup pinned, time given", votingpower.When{At: queryTime, Blocks: map[chains.ID]uint64{chains.Optimism: 6}}, 0, 2,
			6, []chains.ID{chains.Optimism}, "BlockAt, CallAt"},
		{"both pinned", votingpower.When{Blocks: map[chains.ID]uint64{chains.Ethereum: 3, chains.Optimism: 0}}, 12, 3, 0,
			[]chains.ID{chains.Ethereum, chains.Optimism}, "BlockByNumber 3, CallAt"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes, ethereum, optimism := perpNodes()
			e, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(), c.when)
			if err != nil {
				t.Fatal(err)
			}
			if want := unix(c.at).UTC(); e.At != want {
				t.Errorf("query time %v, want %v", e.At, want)
			}
			for id, want := range map[chains.ID]uint64{chains.Ethereum: c.ethereum, chains.Optimism: c.optimism} {
				chain := e.Chains[id]
				if chain.Block.Number() != want || chain.Block.Pinned != slices.Contains(c.pinned, id) ||
					!chain.Development {
					t.Errorf("%v: found block %d (pinned %t, development %t), want %d", id, chain.Block.Number(), chain.Block.Pinned,
						chain.Development, want)
				}
			}
			if got := strings.Join(ethereum.asked, ", "); got != c.asked {
				t.Errorf("ethereum was asked for %s, want %s", got, c.asked)
			}
			if calls := slices.DeleteFunc(optimism.asked, func(s string) bool { return s != "CallAt" }); len(calls) != 1 {
				t.Errorf("optimism answered %d CallAt, want 1", len(calls))
			}
			r, err := votingpower.Compute(e)
			if err != nil {
				t.Fatal(err)
			}
			if r.VotingPower.String() != perpVotingPower {
				t.Errorf("voting power %v, want %s", r.VotingPower, perpVotingPower)
			}
		})
	}
}

func TestCollectFrom(t *testing.T) {
	t.Parallel()
	nodes, _, _ := perpNodes()
	e, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(), votingpower.When{At: queryTime})
	if err != nil {
		t.Fatal(err)
	}
	for i, read := range e.Reads {
		if want := read.Chain.String() + ".example#00000"; read.From != want {
			t.Errorf("reads[%d] is from %s, want %s", i, read.From, want)
		}
	}
}

// The same run gives the same bytes, in whatever order the chains answer.
func TestCollectDeterministic(t *testing.T) {
	t.Parallel()
	var first []byte
	for _, slow := range []chains.ID{chains.Ethereum, chains.Optimism} {
		nodes, ethereum, optimism := perpNodes()
		done := make(chan struct{})
		for _, n := range []*node{ethereum, optimism} {
			n.before = func(ctx context.Context, method string) error {
				if n.id == slow && method == "BlockAt" {
					<-done // until the other chain has begun its calls
				}
				if n.id != slow && method == "CallAt" {
					close(done)
				}
				return nil
			}
		}
		e, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(), votingpower.When{At: queryTime})
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = data
		} else if string(first) != string(data) {
			t.Errorf("%s\ndiffers from\n%s", data, first)
		}
	}
}

func TestCollectRestartsOnReorg(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		reorgs int // answers that fail
		calls  int // CallAt on the rollup in all
		want   error
	}{
		{"once", 1, 2, nil},
		{"again and again", 5, 2, chains.ErrReorg},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes, _, optimism := perpNodes()
			left, calls := c.reorgs, 0
			optimism.before = func(_ context.Context, method string) error {
				if method != "CallAt" {
					return nil
				}
				calls++
				if left--; left >= 0 {
					return fmt.Errorf("block 5: %w", chains.ErrReorg)
				}
				return nil
			}
			e, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(), votingpower.When{At: queryTime})
			if !errors.Is(err, c.want) || (e == nil) != (c.want != nil) {
				t.Errorf("found %v, %v, want error %v", e, err, c.want)
			}
			if calls != c.calls {
				t.Errorf("found %d calls, want %d", calls, c.calls)
			}
		})
	}
}

// What is wrong with the input is found before any request.
func TestCollectRefuses(t *testing.T) {
	t.Parallel()
	type input struct {
		nodes map[chains.ID]chains.Node
		model *votingpower.Model
		when  votingpower.When
	}
	for _, c := range []struct {
		name   string
		change func(*input)
		want   string
	}{
		{"no model", func(in *input) { in.model = nil }, "no model"},
		{"invalid model", func(in *input) { in.model.Symbol = "" }, "symbol: is empty"},
		{"time before chains", func(in *input) { in.when.At = time.Unix(-1, 0) },
			"query time: found year 1969, want 1970 to 9999"},
		{"node missing", func(in *input) { delete(in.nodes, chains.Optimism) },
			`model "Perpetual Protocol" reads optimism, and there is no node for it`},
		{"node nil", func(in *input) { in.nodes[chains.Optimism] = nil }, "there is no node for it"},
		{"node on another chain", func(in *input) { in.nodes[chains.Optimism] = in.nodes[chains.Ethereum] },
			"the node given for optimism is on ethereum"},
		{"pinned chain not in the model", func(in *input) { in.when.Blocks = map[chains.ID]uint64{8453: 1} },
			"a block of 8453 is pinned"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes, ethereum, optimism := perpNodes()
			in := input{nodes, votingpower.PERP(), votingpower.When{At: queryTime}}
			c.change(&in)
			e, err := votingpower.Collect(context.Background(), in.nodes, in.model, in.when)
			if e != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("found %v, %v, want error %q", e, err, c.want)
			}
			if len(ethereum.asked)+len(optimism.asked) > 0 {
				t.Errorf("sent requests: %v, %v", ethereum.asked, optimism.asked)
			}
		})
	}
}

func TestCollectFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	failing := func(method string) func(*node) {
		return func(n *node) {
			n.before = func(_ context.Context, m string) error {
				if strings.HasPrefix(m, method) {
					return boom
				}
				return nil
			}
		}
	}
	blocks := map[chains.ID]uint64{chains.Optimism: 3}
	for _, c := range []struct {
		name   string
		when   votingpower.When
		rollup func(*node)
		want   string
		is     error
	}{
		{"after the head", votingpower.When{At: queryTime.Add(time.Hour)}, func(*node) {}, "no block yet",
			chains.ErrNoBlockYet},
		{"block", votingpower.When{At: queryTime}, failing("BlockAt"), "boom", boom},
		{"pinned block", votingpower.When{Blocks: blocks}, failing("BlockByNumber"), "boom", boom},
		{"finalized block", votingpower.When{}, failing("Finalized"), "boom", boom},
		{"calls", votingpower.When{At: queryTime}, failing("CallAt"), "boom", boom},
		{"contract", votingpower.When{At: queryTime}, func(n *node) { n.state = state{} },
			"balanceOf(address) of 0x9e1028F5F1D5eDE59748FFceE5532509976840E0 at optimism block 5: no contract",
			chains.ErrNoContract},
		{"pinned block with another number", votingpower.When{Blocks: blocks},
			func(n *node) { n.headers[3] = n.headers[4]; n.headers[2] = n.headers[3] }, "optimism: block 4", nil},
		{"pinned network at another time", votingpower.When{At: queryTime, Blocks: map[chains.ID]uint64{chains.Ethereum: 1}},
			func(*node) {},
			"is pinned, whose time 2023-05-19T13:39:23Z is the query time, but 2023-05-19T13:39:35Z was asked for", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			nodes, _, optimism := perpNodes()
			c.rollup(optimism)
			e, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(), c.when)
			if e != nil || err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("found %v, %v, want error %q", e, err, c.want)
			}
		})
	}
}

// Where several chains fail, the error is that of the model's first one, even if it is the last to answer.
// It does not wait for the chains after the one that failed.
func TestCollectFailsInOrder(t *testing.T) {
	t.Parallel()
	nodes, ethereum, optimism := perpNodes()
	failed, boom := make(chan struct{}), errors.New("boom")
	ethereum.before = func(context.Context, string) error {
		<-failed
		return boom
	}
	optimism.before = func(context.Context, string) error {
		close(failed)
		return errors.New("the rollup fails first")
	}
	if _, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(),
		votingpower.When{At: queryTime}); !errors.Is(err, boom) {
		t.Errorf("found %v, want the error of ethereum", err)
	}
	ethereum.before = func(context.Context, string) error { return boom }
	optimism.before = func(ctx context.Context, _ string) error {
		<-ctx.Done()
		return ctx.Err()
	}
	if _, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(),
		votingpower.When{At: queryTime}); !errors.Is(err, boom) {
		t.Errorf("found %v, want the error of ethereum", err)
	}
}

// liar breaks the contract of Node in one way.
type liar struct {
	*node
	shift uint64 // added to the numbers of pinned blocks
	loose bool   // pinned blocks are not marked as such
	drop  int    // answers left out
}

func (l liar) BlockByNumber(ctx context.Context, n uint64) (chains.Block, error) {
	b, err := l.node.BlockByNumber(ctx, n+l.shift)
	b.Pinned = !l.loose
	return b, err
}

func (l liar) CallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	answers, err := l.node.CallAt(ctx, b, calls)
	return answers[:len(answers)-l.drop], err
}

func TestCollectRefusesLies(t *testing.T) {
	t.Parallel()
	for want, lie := range map[string]liar{
		"optimism: asked for block 3, found block 4":                            {shift: 1},
		"optimism: block 3 was asked for by number and is not marked as pinned": {loose: true},
		"optimism: made 7 calls, found 6 answers":                               {drop: 1},
	} {
		nodes, _, optimism := perpNodes()
		lie.node = optimism
		nodes[chains.Optimism] = lie
		_, err := votingpower.Collect(context.Background(), nodes, votingpower.PERP(),
			votingpower.When{Blocks: map[chains.ID]uint64{chains.Optimism: 3}})
		if err == nil || err.Error() != want {
			t.Errorf("found %v, want %s", err, want)
		}
	}
}

func TestCollectCancelled(t *testing.T) {
	t.Parallel()
	nodes, ethereum, _ := perpNodes()
	ctx, cancel := context.WithCancel(context.Background())
	ethereum.before = func(ctx context.Context, method string) error {
		if method == "CallAt" {
			cancel()
			<-ctx.Done()
			return fmt.Errorf("%w: %w", chains.ErrReorg, ctx.Err())
		}
		return nil
	}
	if _, err := votingpower.Collect(ctx, nodes, votingpower.PERP(), votingpower.When{At: queryTime}); !errors.Is(err,
		context.Canceled) {
		t.Errorf("found %v, want context.Canceled", err)
	}
	if n := len(ethereum.asked); n != 2 {
		t.Errorf("ethereum was asked %d times: the run went on after it was cancelled", n)
	}
}

// A model whose network has no token still takes its query time from there.
func TestCollectNetworkWithoutToken(t *testing.T) {
	t.Parallel()
	m := madeUp(t)
	m.Network = chains.Ethereum
	unix := queryTime.Unix()
	network := newNode(chains.Ethereum, state{}, unix-12, unix)
	network.development = true
	nodes := map[chains.ID]chains.Node{
		chains.Ethereum: network,
		base:            newNode(base, madeUpState(), unix-2, unix, unix+2),
	}
	e, err := votingpower.Collect(context.Background(), nodes, m, votingpower.When{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := votingpower.Compute(e)
	if err != nil {
		t.Fatal(err)
	}
	if e.At != queryTime || e.Chains[base].Block.Number() != 1 || r.VotingPower.String() != "630000000001" {
		t.Errorf("found voting power %v at %v, block %d", r.VotingPower, e.At, e.Chains[base].Block.Number())
	}
}
