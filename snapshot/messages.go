package snapshot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// The hub takes 100 ids of messages in one list, and 5 lists in one request.
const (
	idsOfList      = 100
	listsOfRequest = 5
	// MessagesOfRequest is how many messages one request reads.
	MessagesOfRequest = idsOfList * listsOfRequest
	// maxSig bounds the text of a signature, in bytes. Those of contracts take some thousand.
	maxSig = 1 << 16
)

// Messages reads what the hub keeps of the signatures of proposals or votes with the given ids,
// in their order. Those that it does not have are left out. 3,300 votes take 7 requests.
func (c *Client) Messages(ctx context.Context, ids []string) ([]Message, error) {
	messages := make([]Message, 0, len(ids))
	for batch := range slices.Chunk(ids, MessagesOfRequest) {
		found, err := c.messages(ctx, batch)
		if err != nil {
			return nil, err
		}
		for _, id := range batch {
			if m, ok := found[id]; ok {
				messages = append(messages, m)
			}
		}
	}
	return messages, nil
}

// messages makes one request, and returns the messages by id.
func (c *Client) messages(ctx context.Context, ids []string) (map[string]Message, error) {
	const op = "messages"
	var declared, lists strings.Builder
	variables, roots := map[string]any{}, []string{}
	for list := range slices.Chunk(ids, idsOfList) {
		root := fmt.Sprintf("m%d", len(roots))
		fmt.Fprintf(&declared, "$%s: [String], ", root)
		fmt.Fprintf(&lists, "%s: messages(first: 100, where: { id_in: $%s }) { id address sig version } ", root, root)
		variables[root], roots = list, append(roots, root)
	}
	query := "query Messages(" + declared.String() + ") { " + lists.String() + "}"
	rows, err := c.rows(ctx, op, query, variables, idsOfList, roots...)
	if err != nil {
		return nil, err
	}
	page, odd := decodeRows(op, rows, func(f *fields) (*Message, error) {
		m := &Message{ID: f.text("id"), Address: f.optionalText("address"), Sig: f.optionalText("sig"),
			Version: f.optionalText("version")}
		f.check(slices.Contains(ids, m.ID), "id", "one of those asked for")
		f.check(len(m.Sig) <= maxSig, "sig", fmt.Sprintf("at most %d bytes", maxSig))
		return m, f.err
	})
	if len(odd) > 0 {
		return nil, c.masked(odd[0])
	}
	found := make(map[string]Message, len(page))
	for _, m := range page {
		found[m.ID] = m
	}
	return found, nil
}

// Alias is a key that a voter lets sign for him, by a signed message of his own.
type Alias struct {
	Address string `json:"address"` // the voter
	Alias   string `json:"alias"`   // the key's address
	Created int64  `json:"created"` // Unix seconds; it is good for 30 days, or 90 since May 2026
}

const aliasesQuery = `query Aliases($addresses: [String], $aliases: [String]) {
  aliases(first: 1000, orderBy: "created", orderDirection: desc,
    where: { address_in: $addresses, alias_in: $aliases }) { address alias created }
}`

// Aliases reads which of the given aliases the hub has, the newest first. Created is of no importance
// in what is asked. Since May 2026 a voter can revoke an alias, and then the hub has it no more.
func (c *Client) Aliases(ctx context.Context, asked []Alias) ([]Alias, error) {
	var all []Alias
	for batch := range slices.Chunk(asked, idsOfList) {
		var addresses, aliases []string
		for _, a := range batch {
			addresses, aliases = append(addresses, a.Address), append(aliases, a.Alias)
		}
		rows, err := c.rows(ctx, "aliases", aliasesQuery,
			map[string]any{"addresses": addresses, "aliases": aliases}, pageSize, "aliases")
		if err != nil {
			return nil, err
		}
		page, odd := decodeRows("aliases", rows, func(f *fields) (*Alias, error) {
			return &Alias{Address: f.text("address"), Alias: f.text("alias"), Created: f.integer("created")}, f.err
		})
		if len(odd) > 0 {
			return nil, c.masked(odd[0])
		}
		all = append(all, page...)
	}
	return all, nil
}
