package vote_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// startHub serves one proposal that reads a token on Ethereum and on chain 137.
func startHub(t *testing.T, space string) (*hub.Hub, *snapshot.Client, snapshot.ProposalRef) {
	h, ref := newHub(space)
	endpoint, stop := h.Start()
	t.Cleanup(stop)
	return h, &snapshot.Client{Endpoint: endpoint}, ref
}

func newHub(space string) (*hub.Hub, snapshot.ProposalRef) {
	p := hub.NewProposal(space, "a vote")
	params := json.RawMessage(`{"address":"` + perpOnL1 + `","decimals":18}`)
	p.Strategies = []hub.Strategy{
		{Name: "erc20-balance-of", Network: "1", Params: params},
		{Name: "erc20-balance-of", Network: "137", Params: params},
	}
	h := hub.New(hub.Options{Spaces: []hub.Space{hub.NewSpace(space)}, Proposals: []hub.Proposal{p}})
	return h, snapshot.ProposalRef{ID: p.ID}
}

// castVotes gives the one proposal of a hub votes, one a second.
func castVotes(o *hub.Options, n int) {
	p := &o.Proposals[0]
	p.Votes = n
	for i := range n {
		o.Votes = append(o.Votes, hub.NewVote(*p, fmt.Sprint(i), p.Start+int64(i), 1, 5))
	}
}

// TestCollectDials: Dial is asked once, for the chains of this vote, and after what does not
// fit the proposal was found.
func TestCollectDials(t *testing.T) {
	refused := errors.New("no connection")
	tests := map[string]struct {
		space   string
		collect func(context.Context, *snapshot.Client, vote.Dial, snapshot.ProposalRef, vote.Options) error
		dialed  []chains.ID
		want    error
	}{
		"a vote":      {"vote-perp.eth", collectVote, []chains.ID{chains.Ethereum, chains.Optimism, 137}, refused},
		"the quorum":  {"vote-perp.eth", collectCirculating, []chains.ID{chains.Ethereum, chains.Optimism}, refused},
		"other space": {"other.eth", collectVote, nil, vote.ErrModel},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, client, ref := startHub(t, test.space)
			var dialed []chains.ID
			var steps []string
			dial := func(_ context.Context, ids, optional []chains.ID) (map[chains.ID]chains.Node, error) {
				dialed = append(append(dialed, ids...), optional...)
				return nil, refused
			}
			o := vote.Options{Progress: func(step string) { steps = append(steps, step) }}
			err := test.collect(t.Context(), client, dial, ref, o)
			if !errors.Is(err, test.want) || !slices.Equal(dialed, test.dialed) {
				t.Errorf("found %v after dialing %v; want %v after %v", err, dialed, test.want, test.dialed)
			}
			if !slices.Equal(steps, []string{"reading the proposal"}) {
				t.Errorf("found steps %q", steps)
			}
		})
	}
}

func collectVote(ctx context.Context, c *snapshot.Client, dial vote.Dial, ref snapshot.ProposalRef,
	o vote.Options) error {
	_, err := vote.Collect(ctx, c, dial, votingpower.PERP(), ref, o)
	return err
}

func collectCirculating(ctx context.Context, c *snapshot.Client, dial vote.Dial, ref snapshot.ProposalRef,
	o vote.Options) error {
	_, err := vote.CollectCirculating(ctx, c, dial, votingpower.PERP(), ref, o)
	return err
}

// TestCollectWithoutNode: a chain without a node is an error that names it.
func TestCollectWithoutNode(t *testing.T) {
	h, client, ref := startHub(t, "vote-perp.eth")
	dial := func(context.Context, []chains.ID, []chains.ID) (map[chains.ID]chains.Node, error) { return nil, nil }
	_, err := vote.Collect(t.Context(), client, dial, votingpower.PERP(), ref, vote.Options{})
	if err == nil || err.Error() != "the vote reads ethereum, and there is no node for it" || len(h.Requests()) != 1 {
		t.Errorf("found %v after %d requests to the hub", err, len(h.Requests()))
	}
}

// stuck is a node that is proven, and answers nothing until it is given up.
type stuck struct {
	chains.Node
	id chains.ID
}

func (s stuck) Chain() (id chains.ID, development bool) { return s.id, false }

func (stuck) BlockByNumber(ctx context.Context, _ uint64) (chains.Block, error) {
	<-ctx.Done()
	return chains.Block{}, ctx.Err()
}

// TestProposalChangesWhileRead: what the hub says of a proposal before and after the votes
// must agree in everything that counting does not change.
func TestProposalChangesWhileRead(t *testing.T) {
	tests := map[string]string{
		"ipfs": `"bafkreianother"`, "author": `"` + hub.Address("another") + `"`, "space": `{"id":"other.eth"}`,
		"network": `"10"`, "type": `"single-choice"`, "title": `"SYNTHETIC b vote"`, "choices": `["Against","For","Abstain"]`,
		"strategies": `[{"name":"ticket","network":"1","params":{}}]`, "created": `1699990001`, "start": `1700000001`,
		"end": `1700399999`, "snapshot": `18500001`, "privacy": `"shutter"`, "quorum": `1`, "quorumType": `"rejection"`,
		"body": `"SYNTHETIC."`, "discussion": `"https://forum.example"`, "labels": `["fees"]`, "plugins": `{"poap":{}}`,
		"app": `"snapshot-v2"`,
	}
	for field, value := range tests {
		t.Run(field, func(t *testing.T) {
			h, client, ref := startHub(t, "vote-perp.eth")
			h.Update(func(o *hub.Options) {
				o.Fault = func(r hub.Request) *hub.Fault {
					if r.Root != "proposal" || r.Number == 1 {
						return nil
					}
					return hub.SetField(0, field, value)
				}
			})
			dial := func(_ context.Context, ids, optional []chains.ID) (map[chains.ID]chains.Node, error) {
				nodes := map[chains.ID]chains.Node{}
				for _, id := range append(ids, optional...) {
					nodes[id] = stuck{id: id}
				}
				return nodes, nil
			}
			want := "the hub changed the proposal's " + field + " while its votes were read; try again"
			_, err := vote.Collect(t.Context(), client, dial, votingpower.PERP(), ref, vote.Options{})
			if err == nil || err.Error() != want {
				t.Errorf("found %v, want %s", err, want)
			}
		})
	}
}

// TestCirculatingReadBefore: what was read for another proposal is used where it is the same.
func TestCirculatingReadBefore(t *testing.T) {
	t.Parallel()
	m := votingpower.PERP()
	before := reached(t).Circulating
	before.Model = m
	p := *reached(t).Proposal
	later := p
	later.Snapshot++
	for name, test := range map[string]struct {
		proposal *snapshot.Proposal
		model    *votingpower.Model
		blocks   map[chains.ID]uint64
		used     bool
	}{
		"the same block": {&p, m, nil, true},
		"another block":  {&later, m, nil, false},
		"another model":  {&p, votingpower.PERP(), nil, false},
		"named blocks":   {&p, m, map[chains.ID]uint64{chains.Optimism: 7}, false},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nodes answer nothing
		dial := func(context.Context, []chains.ID, []chains.ID) (map[chains.ID]chains.Node, error) {
			return map[chains.ID]chains.Node{
				chains.Ethereum: stuck{id: chains.Ethereum}, chains.Optimism: stuck{id: chains.Optimism}}, nil
		}
		o := vote.Options{Circulating: before, Blocks: test.blocks}
		e, err := vote.CirculatingOf(ctx, dial, test.model, test.proposal, snapshot.ProposalRef{ID: p.ID}, o)
		if used := e == before && err == nil; used != test.used || used == errors.Is(err, context.Canceled) {
			t.Errorf("%s: used %v, error %v", name, used, err)
		}
	}
}
