package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

const spaceQuery = `query Space($id: String!) {
  space(id: $id) { id name network symbol strategies { name network params } voting { quorum } }
}`

const treasuriesQuery = `query Treasuries($id: String!) {
  space(id: $id) { id treasuries { name address network } }
}`

// maxTreasuries bounds the treasuries of a space.
const maxTreasuries = 100

// Treasuries reads the treasuries that a space names in its settings; nobody has checked that
// they are the space's. It returns [ErrNotFound] if the hub has no space of that id.
func (c *Client) Treasuries(ctx context.Context, id string) ([]Treasury, error) {
	op := "treasuries of space " + quote(id)
	f, err := c.object(ctx, op, "space", treasuriesQuery, id)
	if err != nil {
		return nil, err
	}
	var list []Treasury
	if !isNull(f.raw["treasuries"]) {
		for i, raw := range f.list("treasuries", maxTreasuries) {
			t := newFields(fmt.Sprintf("%s[%d]", op, i), raw)
			list = append(list, Treasury{t.optionalText("name"), t.text("address"), t.textOrNumber("network")})
			f.err = cmp.Or(f.err, t.err)
		}
	}
	f.check(strings.EqualFold(f.text("id"), id), "id", "the id asked for")
	if f.err != nil {
		return nil, c.masked(f.err)
	}
	return list, nil
}

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
