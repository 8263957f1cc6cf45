package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// proposalFields is what one proposal is read from. Body and discussion, the
// bulk of it, decide nothing and stay away.
const proposalFields = `{
  id ipfs author created updated space { id } network type title choices
  strategies { name network params }
  start end snapshot state privacy quorum quorumType link flagged
  scores scores_by_strategy scores_state scores_total scores_updated votes
}`

const proposalQuery = `query Proposal($id: String!) { proposal(id: $id) ` + proposalFields + ` }`

// Proposal reads one proposal. The id is one that [ParseProposalRef] accepts.
//
// It returns [ErrNotFound] if the hub has no such proposal, [ErrProposalRef] for
// an id that is none, a [FieldError] for a proposal that is not whole, and a
// [HubError] otherwise.
func (c *Client) Proposal(ctx context.Context, id string) (*Proposal, error) {
	id, ok := proposalID(id)
	if !ok {
		return nil, fmt.Errorf("%w: %w; want 0x and 64 hex digits, or Qm…", ErrProposalRef, badID(id))
	}
	op := "proposal " + id
	data, err := c.query(ctx, op, proposalQuery, map[string]any{"id": id})
	if err != nil {
		return nil, err
	}
	raw, err := c.one(op, data, "proposal")
	if err != nil {
		return nil, err
	}
	p, err := decodeProposal(op, raw)
	if err != nil {
		return nil, err
	}
	if p.ID != id {
		return nil, &FieldError{Object: op, Field: "id", Found: quote(p.ID), Want: "the id asked for"}
	}
	return p, nil
}

// one takes the single object out of the data of a query; null means that the
// hub has none.
func (c *Client) one(op string, data json.RawMessage, root string) (json.RawMessage, error) {
	f := newFields(op, data)
	raw := f.raw[root]
	switch {
	case f.err != nil:
		return nil, f.err
	case len(raw) == 0:
		f.fail(root, raw, "an object or null")
		return nil, f.err
	case isNull(raw):
		return nil, c.failure(op, ErrNotFound, "check the id, and that it is this hub's: the test network has its own")
	}
	return raw, nil
}

// many takes the list out of the data of a query.
func many(op string, data json.RawMessage, root string, limit int) ([]json.RawMessage, error) {
	f := newFields(op, data)
	list := f.list(root)
	if f.err == nil && len(list) > limit {
		f.err = &FieldError{Object: op, Field: root, Found: fmt.Sprintf("a list of %d", len(list)), Want: fmt.Sprintf("at most the %d asked for", limit)}
	}
	return list, f.err
}

// decodeProposal reads a proposal as the hub's GraphQL API gives it.
func decodeProposal(object string, raw json.RawMessage) (*Proposal, error) {
	f := newFields(object, raw)
	p := &Proposal{
		ID: f.text("id"), IPFS: f.optionalText("ipfs"), Author: f.text("author"),
		Network: f.textOrNumber("network"), Type: f.text("type"), Title: f.text("title"),
		Choices: f.texts("choices"), Strategies: f.strategies("strategies"),
		Created: f.integer("created"), Start: f.integer("start"), End: f.integer("end"),
		Snapshot: f.block("snapshot"), State: f.optionalText("state"), Privacy: f.text("privacy"),
		Quorum: f.number("quorum"), QuorumType: f.text("quorumType"),
		Link: f.optionalText("link"), Flagged: f.optionalBool("flagged"),
		Scores: f.numbers("scores"), ScoresByStrategy: f.table("scores_by_strategy"),
		ScoresState: f.text("scores_state"), ScoresTotal: f.number("scores_total"),
		ScoresUpdated: f.integer("scores_updated"), Votes: int(f.integer("votes")),
	}
	if !isNull(f.raw["updated"]) { // null until the proposal is edited
		p.Updated = f.integer("updated")
	}
	if p.QuorumType == "" {
		p.QuorumType = "default" // what the hub means by it
	}
	if f.err == nil {
		space := newFields(object+": space", f.raw["space"])
		p.Space = space.text("id")
		f.err = space.err
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := p.plausible(object); err != nil {
		return nil, err
	}
	return p, nil
}

// plausible refuses what no hub stores.
func (p *Proposal) plausible(object string) error {
	id, ok := proposalID(p.ID)
	switch {
	case !ok || id != p.ID:
		return &FieldError{Object: object, Field: "id", Found: quote(p.ID), Want: "0x and 64 lower-case hex digits, or Qm…"}
	case p.Space == "" || p.Network == "":
		return &FieldError{Object: object, Field: "space or network", Found: `""`, Want: "a name"}
	case p.End < p.Start:
		return &FieldError{Object: object, Field: "end", Found: strconv.FormatInt(p.End, 10), Want: "at least the start, " + strconv.FormatInt(p.Start, 10)}
	}
	return nil
}

// block reads a block number, which comes as a number or as a string.
func (f *fields) block(name string) uint64 {
	n, err := strconv.ParseUint(f.textOrNumber(name), 10, 63)
	if err != nil {
		f.fail(name, f.raw[name], "a block number")
	}
	return n
}

// strategies reads a list of strategies; a network may be missing.
func (f *fields) strategies(name string) []Strategy {
	strategies := []Strategy{}
	for i, raw := range f.list(name) {
		item := newFields(fmt.Sprintf("%s: %s[%d]", f.object, name, i), raw)
		s := Strategy{Name: item.text("name")}
		if network := item.raw["network"]; len(network) > 0 && !isNull(network) {
			s.Network = item.textOrNumber("network")
		}
		if params := item.raw["params"]; !isNull(params) {
			s.Params = params
		}
		if item.err != nil {
			if f.err == nil {
				f.err = item.err
			}
			return nil
		}
		strategies = append(strategies, s)
	}
	return strategies
}

// ProposalQuery narrows [Client.Proposals].
type ProposalQuery struct {
	// State is "pending", "active" or "closed" by the hub's clock, or "" for all.
	// In the very second of its start or end a proposal is in none of them.
	State string
	Limit int // 1 to 1000; 0 means 20
}

// Proposals reads the newest proposals of a space, newest first, in one request.
// An unknown space has none.
func (c *Client) Proposals(ctx context.Context, space string, q ProposalQuery) ([]Proposal, error) {
	op := "proposals of " + quote(space)
	limit := orElse(q.Limit, 20)
	if limit < 1 || limit > pageSize {
		return nil, fmt.Errorf("%s: limit %d, want 1 to %d", op, limit, pageSize)
	}
	variables := map[string]any{"space": space, "first": limit}
	parameter, filter := "", ""
	if q.State != "" { // a filter that is null would match nothing
		variables["state"] = q.State
		parameter, filter = ", $state: String!", ", state: $state"
	}
	query := `query Proposals($space: String!, $first: Int!` + parameter + `) {
  proposals(first: $first, skip: 0, orderBy: "created", orderDirection: desc, where: { space: $space` + filter + ` }) ` + proposalFields + `
}`
	data, err := c.query(ctx, op, query, variables)
	if err != nil {
		return nil, err
	}
	list, err := many(op, data, "proposals", limit)
	if err != nil {
		return nil, err
	}
	proposals := make([]Proposal, 0, len(list))
	for i, raw := range list {
		object := fmt.Sprintf("%s: proposals[%d]", op, i)
		p, err := decodeProposal(object, raw)
		if err != nil {
			return nil, err
		}
		if !strings.EqualFold(p.Space, space) {
			return nil, &FieldError{Object: object, Field: "space", Found: quote(p.Space), Want: quote(space)}
		}
		proposals = append(proposals, *p)
	}
	return proposals, nil
}
