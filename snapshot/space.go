package snapshot

import (
	"context"
	"strings"
)

const spaceQuery = `query Space($id: String!) {
  space(id: $id) { id name network symbol strategies { name network params } voting { quorum } }
}`

// Space reads a space, such as "vote-perp.eth". It returns [ErrNotFound] if the
// hub has none of that id.
func (c *Client) Space(ctx context.Context, id string) (*Space, error) {
	op := "space " + quote(id)
	f, err := c.object(ctx, op, "space", spaceQuery, id)
	if err != nil {
		return nil, err
	}
	s := &Space{
		ID: f.text("id"), Name: f.optionalText("name"), Network: f.textOrNumber("network"),
		Symbol: f.optionalText("symbol"), Strategies: f.strategies("strategies"),
	}
	if voting := f.raw["voting"]; f.err == nil && !isNull(voting) {
		settings := newFields(op+": voting", voting)
		if !isNull(settings.raw["quorum"]) { // null: the space sets none
			s.Quorum = settings.number("quorum")
		}
		f.err = settings.err
	}
	f.check(strings.EqualFold(s.ID, id), "id", "the id asked for")
	if f.err != nil {
		return nil, c.masked(f.err)
	}
	return s, nil
}
