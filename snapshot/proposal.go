package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// proposalFields selects the fields of a proposal that decide something.
const proposalFields = `
  id ipfs author created updated network type title choices
  strategies { name network params }
  start end snapshot state privacy quorum quorumType link flagged
  scores scores_by_strategy scores_state scores_total scores_updated votes
`

// signedFields are the rest of what a proposal's author signs. They decide nothing, and
// are the bulk of a proposal, so that lists are read without them.
const signedFields = "body discussion labels plugins app"

const proposalQuery = `query Proposal($id: String!) { proposal(id: $id) {` + proposalFields + signedFields +
	` space { id plugins voting { hideAbstain } } } }`

// Proposal reads one proposal, with all that its author signed. The id is one that [ParseProposalRef] accepts.
//
// It returns [ErrNotFound] if the hub has no such proposal, [ErrProposalRef] if
// the text is not an id, a [FieldError] if the proposal is not whole, and a
// [HubError] otherwise.
func (c *Client) Proposal(ctx context.Context, id string) (*Proposal, error) {
	id, ok := proposalID(id)
	if !ok {
		return nil, fmt.Errorf("%w: %w; want %s", ErrProposalRef, badID(id), idForms)
	}
	op := "proposal " + id
	f, err := c.object(ctx, op, "proposal", proposalQuery, id)
	if err != nil {
		return nil, err
	}
	f.demand(signedFields)
	p, err := decodeProposal(f)
	if err == nil && p.ID != id {
		p, err = nil, &FieldError{Object: op, Field: "id", Found: quote(p.ID), Want: "the id asked for"}
	}
	return p, c.masked(err)
}

// object asks for the one object of an id; null means that the hub has none.
func (c *Client) object(ctx context.Context, op, root, query, id string) (*fields, error) {
	data, err := c.query(ctx, op, query, map[string]any{"id": id})
	if err != nil {
		return nil, err
	}
	answer := newFields(op, data)
	raw, given := answer.raw[root]
	switch {
	case answer.err == nil && isNull(raw):
		return nil, c.failure(op, ErrNotFound, "check the id, and that it is this hub's: the test network has its own")
	case !given:
		answer.fail(root, raw, "an object or null")
	}
	if answer.err != nil {
		return nil, c.masked(answer.err)
	}
	return newFields(op, raw), nil
}

// rows asks for one list or several, of at most limit rows each, and joins them.
func (c *Client) rows(
	ctx context.Context, op, query string, variables map[string]any, limit int, roots ...string,
) (all []json.RawMessage, err error) {
	data, err := c.query(ctx, op, query, variables)
	if err != nil {
		return nil, err
	}
	answer := newFields(op, data)
	for _, root := range roots {
		list := answer.list(root, maxChoices)
		if answer.err == nil && len(list) > limit {
			return nil, &FieldError{Object: op, Field: root,
				Found: fmt.Sprintf("a list of %d", len(list)), Want: fmt.Sprintf("at most the %d asked for", limit)}
		}
		all = append(all, list...)
	}
	return all, c.masked(answer.err)
}

// decodeProposal reads a proposal as the hub's GraphQL API gives it.
func decodeProposal(f *fields) (*Proposal, error) {
	space := newFields(f.object+": space", f.raw["space"])
	p := &Proposal{
		ID: f.text("id"), IPFS: f.optionalText("ipfs"), Author: f.text("author"), Space: space.text("id"),
		Network: f.textOrNumber("network"), Type: f.text("type"), Title: f.text("title"),
		Choices: f.texts("choices"), Strategies: f.strategies("strategies"),
		Created: f.integer("created"), Start: f.integer("start"), End: f.integer("end"),
		Snapshot: f.block("snapshot"), State: f.optionalText("state"), Privacy: f.optionalText("privacy"),
		Quorum: f.number("quorum"), QuorumType: cmp.Or(f.optionalText("quorumType"), "default"),
		Link: f.optionalText("link"), Flagged: f.optionalBool("flagged"),
		Scores: f.numbers("scores"), ScoresByStrategy: f.cells("scores_by_strategy"),
		ScoresState: f.text("scores_state"), ScoresTotal: f.number("scores_total"),
		ScoresUpdated: f.integer("scores_updated"), Votes: int(f.integer("votes")),
	}
	if !isNull(f.raw["updated"]) { // null until the proposal is edited
		p.Updated = f.integer("updated")
	}
	p.readSettings(f.raw["space"])
	if f.has(strings.Fields(signedFields)...) {
		p.Body, p.Discussion, p.App = f.optionalText("body"), f.optionalText("discussion"), f.optionalText("app")
		if p.Plugins = f.orEmpty("plugins"); !isNull(f.raw["labels"]) {
			p.Labels = f.texts("labels")
		}
	}
	if f.err == nil {
		f.err = space.err
	}
	f.checkID()
	f.check(p.Space != "", "space", "a name")
	f.check(p.Network != "", "network", "a chain id")
	f.check(p.End >= p.Start, "end", "at least the start, "+strconv.FormatInt(p.Start, 10))
	if f.err != nil {
		return nil, f.err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

// readSettings reads what is well formed of a space's settings: no figure depends on them.
func (p *Proposal) readSettings(space json.RawMessage) {
	var settings struct{ Voting, Plugins json.RawMessage }
	var voting struct{ HideAbstain bool }
	var plugins struct{ Quorum struct{ BasicCount []int } }
	if json.Unmarshal(space, &settings) != nil {
		return
	}
	if json.Unmarshal(settings.Voting, &voting) == nil {
		p.HideAbstain = voting.HideAbstain
	}
	if json.Unmarshal(settings.Plugins, &plugins) == nil && len(plugins.Quorum.BasicCount) <= maxChoices {
		p.BasicCount = plugins.Quorum.BasicCount
	}
}

// Bounds of a proposal. Snapshot takes at most 10 strategies, and names and choices of 256
// characters; nobody can vote among thousands of choices.
const (
	maxChoices    = 10_000
	maxStrategies = 32
	maxTitle      = 64 << 10 // bytes of a title or choice
)

// Check returns a [FieldError] for a proposal that is out of bounds, or whose id no hub can give.
func (p *Proposal) Check() error {
	if err := checkID("proposal", p.ID); err != nil {
		return err
	}
	fail := func(field string, found, most int, what string) error {
		return &FieldError{Object: "proposal " + quote(p.ID), Field: field,
			Found: fmt.Sprintf("%d %s", found, what), Want: fmt.Sprintf("at most %d", most)}
	}
	if n := len(p.Choices); n > maxChoices {
		return fail("choices", n, maxChoices, "choices")
	}
	if n := len(p.Strategies); n > maxStrategies {
		return fail("strategies", n, maxStrategies, "strategies")
	}
	if n := len(p.Title); n > maxTitle {
		return fail("title", n, maxTitle, "bytes")
	}
	for i, choice := range p.Choices {
		if n := len(choice); n > maxTitle {
			return fail(fmt.Sprintf("choices[%d]", i), n, maxTitle, "bytes")
		}
	}
	return nil
}

// Check returns a [FieldError] for a vote whose id, voter or number of powers no hub can give.
func (v *Vote) Check() error {
	object := "vote " + v.ID
	switch err := checkID("vote", v.ID); {
	case err != nil:
		return err
	case !isVoter(v.Voter):
		return &FieldError{Object: object, Field: "voter", Found: quote(v.Voter), Want: wantVoter}
	case len(v.VPByStrategy) > maxStrategies:
		return &FieldError{Object: object, Field: "vp_by_strategy", Found: fmt.Sprintf("a list of %d", len(v.VPByStrategy)),
			Want: wantPowers}
	}
	return nil
}

var wantPowers = fmt.Sprintf("at most %d powers", maxStrategies)

// checkID refuses an id that is not in the hub's spelling.
func checkID(object, id string) error {
	if found, ok := proposalID(id); ok && found == id {
		return nil
	}
	return &FieldError{Object: object, Field: "id", Found: quote(id), Want: wantID}
}

// block reads a block number, which comes as a number or as a string.
func (f *fields) block(name string) uint64 {
	n, err := strconv.ParseUint(f.textOrNumber(name), 10, 63)
	f.check(err == nil, name, "a block number")
	return n
}

// strategies reads a list of strategies; a network may be missing.
func (f *fields) strategies(name string) []Strategy {
	strategies, odd := decodeRows(f.object+": "+name, f.list(name, maxStrategies), func(item *fields) (*Strategy, error) {
		s := &Strategy{Name: item.text("name")}
		if network := item.raw["network"]; len(network) > 0 && !isNull(network) {
			s.Network = item.textOrNumber("network")
		}
		if params := item.raw["params"]; !isNull(params) {
			s.Params = bytes.Clone(params)
		}
		return s, item.err
	})
	if len(odd) > 0 && f.err == nil {
		f.err = odd[0]
	}
	return strategies
}
