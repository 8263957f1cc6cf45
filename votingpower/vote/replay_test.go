package vote_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// exampleVote is the evidence of the built-in vote.
func exampleVote() *vote.Evidence {
	b, err := report.ReadBundle(bytes.NewReader(fixtures.ExampleVote))
	if err != nil {
		log.Fatal(err)
	}
	b.Vote.Circulating = b.Evidence
	return b.Vote
}

// replay serves what evidence of a vote was collected from: a hub, and nodes without a network.
func replay(e *vote.Evidence) (client *snapshot.Client, dial vote.Dial, stop func()) {
	url, stop := hub.New(replayedHub(e)).Start()
	return &snapshot.Client{Endpoint: url}, func(
		_ context.Context, ids, optional []chains.ID,
	) (map[chains.ID]chains.Node, error) {
		nodes := map[chains.ID]chains.Node{}
		for _, id := range append(ids, optional...) {
			nodes[id] = newReplayed(e, id)
		}
		return nodes, nil
	}, stop
}

// replayedHub has the proposal and the votes of evidence, and no signatures.
func replayedHub(e *vote.Evidence) hub.Options {
	p := hub.Proposal{
		ID: e.Proposal.ID, Space: e.Proposal.Space, Created: e.Proposal.Created, Override: fields(e.Proposal),
	}
	var votes []hub.Vote
	for _, v := range e.Votes {
		replayed := hub.Vote{
			Voter: v.Voter, Space: p.Space, Proposal: p.ID, Created: v.Created, VP: v.VP, Override: fields(v),
		}
		delete(replayed.Override, "id") // it is made up
		replayed.Sign()
		votes = append(votes, replayed)
	}
	return hub.Options{Spaces: []hub.Space{hub.NewSpace(p.Space)}, Proposals: []hub.Proposal{p}, Votes: votes}
}

// fields are the fields of a row of the hub.
func fields(row any) map[string]string {
	text, err := json.Marshal(row)
	if err != nil {
		log.Fatal(err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		log.Fatal(err)
	}
	out := map[string]string{}
	for name, value := range raw {
		out[name] = string(value)
	}
	delete(out, "space") // an object on the hub
	return out
}

// replayed is a node that gives the answers of evidence.
type replayed struct {
	chains.Node
	id          chains.ID
	development bool
	blocks      []chains.Block
	reads       map[string][]byte        // of circulating voting power, by contract and call data
	voters      map[common.Hash][][]byte // by block, in the order in which they are asked
}

func newReplayed(e *vote.Evidence, id chains.ID) *replayed {
	chain := e.Circulating.Chains[id]
	n := &replayed{id: id, development: chain.Development, blocks: []chains.Block{chain.Block},
		reads: map[string][]byte{}, voters: map[common.Hash][][]byte{}}
	for _, read := range e.Circulating.Reads {
		if read.Chain == id {
			n.reads[read.To+string(read.Data)] = read.Result
		}
	}
	for place, reading := range e.Power.Places {
		if place.Chain != id {
			continue
		}
		for _, sample := range reading.Sampled {
			n.blocks = append(n.blocks, sample.Block)
			for _, result := range sample.Results {
				n.voters[sample.Block.Hash] = append(n.voters[sample.Block.Hash], result)
			}
		}
		if reading.After != nil {
			n.blocks = append(n.blocks, *reading.After)
		}
	}
	return n
}

func (n *replayed) Chain() (chains.ID, bool) { return n.id, n.development }

func (n *replayed) find(match func(chains.Block) bool, pinned bool) (chains.Block, error) {
	i := slices.IndexFunc(n.blocks, match)
	if i < 0 {
		return chains.Block{}, chains.ErrNoBlockYet
	}
	b := n.blocks[i]
	b.Pinned = pinned
	return b, nil
}

func (n *replayed) BlockAt(_ context.Context, t time.Time) (chains.Block, error) {
	return n.find(func(b chains.Block) bool { return b.Proves(t) == nil }, false)
}

func (n *replayed) BlockByNumber(_ context.Context, number uint64) (chains.Block, error) {
	return n.find(func(b chains.Block) bool { return b.Number() == number }, true)
}

func (n *replayed) Faults() []chains.Fault { return nil }

func (n *replayed) CallAt(_ context.Context, _ chains.Block, calls []chains.Call) (answers []chains.Answer, err error) {
	for _, call := range calls {
		answers = append(answers, chains.Answer{Data: n.reads[call.To.Hex()+string(call.Data)]})
	}
	return answers, nil
}

func (n *replayed) BulkCallAt(
	_ context.Context, b chains.Block, calls []chains.Call,
) (answers []chains.Answer, err error) {
	for _, result := range n.voters[b.Hash][:len(calls)] {
		answers = append(answers, chains.Answer{Data: result})
	}
	n.voters[b.Hash] = n.voters[b.Hash][len(calls):]
	return answers, nil
}
