package vote_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// counting is a node that answers each call with its hash, and counts the calls made in bulk.
type counting struct {
	chains.Node
	id    chains.ID
	block chains.Block

	mu     sync.Mutex
	calls  map[string]int
	asked  chan struct{} // closed by the first
	reorgs int           // so many reads find that the block was replaced
	caught bool          // after the first bulk read, an endpoint is
}

func (n *counting) Faults() []chains.Fault {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.caught && len(n.calls) > 0 {
		return []chains.Fault{{Endpoint: "rpc.example#0a1b2", Code: chains.WrongState}}
	}
	return nil
}

func (n *counting) Chain() (chains.ID, bool) { return n.id, false }

func (n *counting) BlockAt(context.Context, time.Time) (chains.Block, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.block, nil
}

func (n *counting) BlockByNumber(ctx context.Context, _ uint64) (chains.Block, error) {
	b, _ := n.BlockAt(ctx, time.Time{})
	b.Pinned = true
	return b, nil
}

func (n *counting) CallAt(_ context.Context, b chains.Block, calls []chains.Call) (answers []chains.Answer, _ error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.reorgs > 0 {
		n.reorgs--
		n.block = blockAt(n.block.Number(), int64(n.block.Parent.Time)-1, int64(n.block.Header.Time))
	}
	if b.Hash != n.block.Hash {
		return nil, chains.ErrReorg
	}
	for _, c := range calls {
		answers = append(answers, chains.Answer{Data: crypto.Keccak256(c.Data)})
	}
	return answers, nil
}

func (n *counting) BulkCallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	n.mu.Lock()
	if len(n.calls) == 0 {
		close(n.asked)
	}
	for _, c := range calls {
		n.calls[string(c.Data)]++
	}
	n.mu.Unlock()
	return n.CallAt(ctx, b, calls)
}

// TestCollectReadsAhead: the power of the first voters is read before the hub has said all,
// and once, unless a reorg or an endpoint that is caught casts doubt on it.
func TestCollectReadsAhead(t *testing.T) {
	tests := map[string]struct {
		reorgs int
		caught bool
	}{"calm": {}, "a reorg": {reorgs: 1}, "caught": {caught: true}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			nodes := map[chains.ID]*counting{}
			h, client, ref := startHub(t, "vote-perp.eth")
			h.Update(func(o *hub.Options) {
				castVotes(o, 6500)
				proposals := 0
				o.Fault = func(r hub.Request) *hub.Fault {
					if strings.Contains(r.Query, "query Proposal") {
						if proposals++; proposals == 2 { // behind the votes
							<-nodes[chains.Ethereum].asked
						}
					}
					return nil
				}
			})
			dial := func(_ context.Context, ids, _ []chains.ID) (map[chains.ID]chains.Node, error) {
				all := map[chains.ID]chains.Node{}
				for _, id := range ids {
					nodes[id] = &counting{id: id, block: blockAt(18_500_000, snapshotTime-12, snapshotTime+int64(id)),
						calls: map[string]int{}, asked: make(chan struct{}),
						reorgs: test.reorgs, caught: test.caught}
					all[id] = nodes[id]
				}
				return all, nil
			}
			var steps []string
			e, err := vote.Collect(t.Context(), client, dial, votingpower.PERP(), ref,
				vote.Options{Progress: func(step string) { steps = append(steps, step) }})
			if err != nil {
				t.Fatal(err)
			}
			for _, place := range e.Places() {
				n, results := nodes[place.Chain], e.Power.Places[place].Sampled[0].Results
				if len(results) != 6500 || len(n.calls) != 6500 {
					t.Fatalf("%v: found %d results of %d calls, want 6500", place, len(results), len(n.calls))
				}
				for i, v := range e.Votes {
					data := append(crypto.Keccak256([]byte("balanceOf(address)"))[:4], make([]byte, 12)...)
					data = append(data, common.HexToAddress(v.Voter).Bytes()...)
					times := n.calls[string(data)]
					if !bytes.Equal(results[i], crypto.Keccak256(data)) ||
						name == "calm" && times != 1 || test.caught && i == 0 && times != 2 {
						t.Fatalf("%v: voter %d: found %v after %d calls", place, i, results[i], times)
					}
				}
			}
			if !slices.Contains(steps, "votes 6,000/6,500") || !slices.Contains(steps, "votes 6,500/6,500") {
				t.Errorf("found steps %q", steps)
			}
		})
	}
}

// Logs finds no events, in two steps.
func (n *counting) Logs(_ context.Context, _ chains.Block, f chains.Filter) ([]types.Log, error) {
	f.Progress(4000, 8_000_000)
	f.Progress(8_000_000, 8_000_000)
	return nil, nil
}

// TestCollectShowsDelegations: the search for events, which may take long, says how far it is.
func TestCollectShowsDelegations(t *testing.T) {
	h, client, ref := startHub(t, "vote-perp.eth")
	h.Update(func(o *hub.Options) {
		castVotes(o, 2)
		s := &o.Proposals[0].Strategies[1]
		s.Name, s.Network = "erc20-balance-of-delegation", "10"
	})
	dial := func(_ context.Context, ids, _ []chains.ID) (map[chains.ID]chains.Node, error) {
		nodes := map[chains.ID]chains.Node{}
		for _, id := range ids {
			nodes[id] = &counting{id: id, block: blockAt(18_500_000, snapshotTime-12, snapshotTime+int64(id)),
				calls: map[string]int{}, asked: make(chan struct{})}
		}
		return nodes, nil
	}
	var mu sync.Mutex
	var steps []string
	o := vote.Options{Progress: func(step string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, step)
	}}
	if _, err := vote.Collect(t.Context(), client, dial, votingpower.PERP(), ref, o); err != nil {
		t.Fatal(err)
	}
	if want := "reading delegations on optimism, 4,000/8,000,000 blocks"; !slices.Contains(steps, want) {
		t.Errorf("found steps %q, want %q", steps, want)
	}
}

// TestCollectOfTooMuch ends as soon as it is known that a bundle would be too large.
func TestCollectOfTooMuch(t *testing.T) {
	h, client, ref := startHub(t, "vote-perp.eth")
	h.Update(func(o *hub.Options) { castVotes(o, 6500) })
	dial := func(_ context.Context, ids, _ []chains.ID) (map[chains.ID]chains.Node, error) {
		nodes := map[chains.ID]chains.Node{}
		for _, id := range ids {
			nodes[id] = stuck{id: id}
		}
		return nodes, nil
	}
	_, err := vote.Collect(t.Context(), client, dial, votingpower.PERP(), ref, vote.Options{MaxSize: 1 << 20})
	if !errors.Is(err, vote.ErrTooLarge) || !strings.Contains(err.Error(), "6,000 votes take more than 1 MB") {
		t.Errorf("found %v", err)
	}
	if n := len(h.Requests()); n != 4 {
		t.Errorf("%d requests, want one of the proposal and three of votes", n)
	}
}

// far is a node that takes 80 milliseconds for a request, as chains.Client makes them: ten for the
// search of a block, and for reads in bulk eight multicalls of 500 calls each at once.
type far struct{ *counting }

const rpcLatency, hubLatency = 80 * time.Millisecond, 500 * time.Millisecond

func (n far) BlockAt(ctx context.Context, t time.Time) (chains.Block, error) {
	time.Sleep(10 * rpcLatency)
	return n.counting.BlockAt(ctx, t)
}

func (n far) BlockByNumber(ctx context.Context, number uint64) (chains.Block, error) {
	time.Sleep(rpcLatency)
	return n.counting.BlockByNumber(ctx, number)
}

func (n far) CallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	time.Sleep(rpcLatency)
	return n.counting.CallAt(ctx, b, calls)
}

func (n far) BulkCallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	time.Sleep(time.Duration(3+len(calls)/4000) * rpcLatency)
	return n.counting.BulkCallAt(ctx, b, calls)
}

// TestCollectTakesAThird: pages side by side, and chains read meanwhile, take a third of the time that
// everything takes one after the other.
func TestCollectTakesAThird(t *testing.T) {
	took := map[bool]time.Duration{}
	for _, slow := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			h, ref := newHub("vote-perp.eth")
			h.Update(func(o *hub.Options) {
				p := &o.Proposals[0]
				p.Created, p.Start, p.End = 900_000_000, 900_000_000, 900_100_000 // a bubble begins in 2000
				castVotes(o, 12_000)
				o.Fault = func(r hub.Request) *hub.Fault {
					if slow && strings.Contains(r.Query, "votes1") {
						return &hub.Fault{Message: "one list at a time"} // at once: the sequential reader does not ask for it
					}
					time.Sleep(hubLatency)
					return nil
				}
			})
			client, stop := h.Pipe()
			defer stop()
			dial := func(_ context.Context, ids, _ []chains.ID) (map[chains.ID]chains.Node, error) {
				nodes := map[chains.ID]chains.Node{}
				for _, id := range ids {
					nodes[id] = far{&counting{id: id, block: blockAt(18_500_000, snapshotTime-12, snapshotTime+int64(id)),
						calls: map[string]int{}, asked: make(chan struct{})}}
				}
				return nodes, nil
			}
			var o vote.Options
			if slow {
				o.Prove = vote.ProveVoters // then nothing is read ahead
			}
			start := time.Now()
			e, err := vote.Collect(t.Context(), &snapshot.Client{Endpoint: "http://hub.example/graphql", HTTP: client},
				dial, votingpower.PERP(), ref, o)
			if err != nil || len(e.Votes) != 12_000 {
				t.Fatal(err)
			}
			took[slow] = time.Since(start)
		})
	}
	t.Logf("one after the other %v, side by side %v", took[true], took[false])
	if took[false] > took[true]/3 {
		t.Errorf("one after the other %v, side by side %v", took[true], took[false])
	}
}
