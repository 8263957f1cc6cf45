package snapshot

import (
	"context"
	"encoding/json"
	"strings"
)

const spaceQuery = `query Space($id: String!) {
  space(id: $id) { id name network symbol strategies { name network params } voting { quorum } }
}`

// Space reads a space, such as "vote-perp.eth". It returns [ErrNotFound] if the
// hub has none of that id.
func (c *Client) Space(ctx context.Context, id string) (*Space, error) {
	op := "space " + quote(id)
	data, err := c.query(ctx, op, spaceQuery, map[string]any{"id": id})
	if err != nil {
		return nil, err
	}
	raw, err := c.one(op, data, "space")
	if err != nil {
		return nil, err
	}
	s, err := decodeSpace(op, raw)
	if err == nil && !strings.EqualFold(s.ID, id) {
		return nil, &FieldError{Object: op, Field: "id", Found: quote(s.ID), Want: "the id asked for"}
	}
	return s, err
}

func decodeSpace(object string, raw json.RawMessage) (*Space, error) {
	f := newFields(object, raw)
	s := &Space{
		ID: f.text("id"), Name: f.optionalText("name"), Network: f.textOrNumber("network"),
		Symbol: f.optionalText("symbol"), Strategies: f.strategies("strategies"),
	}
	if voting := f.raw["voting"]; f.err == nil && !isNull(voting) {
		settings := newFields(object+": voting", voting)
		if !isNull(settings.raw["quorum"]) { // null: the space sets none
			s.Quorum = settings.number("quorum")
		}
		f.err = settings.err
	}
	if f.err != nil {
		return nil, f.err
	}
	return s, nil
}
