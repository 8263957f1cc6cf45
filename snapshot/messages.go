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
	maxSig = 1 << 14
)

// Messages reads what the hub keeps of the signatures of votes for p with the given ids, in their
// order. Those that it does not have are left out. 2,000 votes take 4 requests.
//
// Many votes are looked for among all votes of their space at the time, which takes a tenth of the
// requests unless the space had other large votes then: 100,000 votes take 21 requests.
func (c *Client) Messages(ctx context.Context, p *Proposal, ids []string) ([]Message, error) {
	found := make(map[string]Message, len(ids))
	if len(ids) > listsOfRequest*MessagesOfRequest {
		if err := c.messagesOfSpace(ctx, p, len(ids)/(listsOfRequest*pageSize)+1, found); err != nil {
			return nil, err
		}
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return found[id].ID != "" })
	for batch := range slices.Chunk(missing, MessagesOfRequest) {
		if err := c.messagesByID(ctx, batch, found); err != nil {
			return nil, err
		}
	}
	messages := make([]Message, 0, len(ids))
	for _, id := range ids {
		if m, ok := found[id]; ok {
			messages = append(messages, m)
		}
	}
	return messages, nil
}

// messagesOfSpace reads messages of votes in the space and the period of p, with at most so many
// requests. The number mci of a message is its own, and rises.
func (c *Client) messagesOfSpace(ctx context.Context, p *Proposal, requests int, found map[string]Message) error {
	const op = "messages of the space"
	var lists strings.Builder
	roots := []string{}
	for i := range listsOfRequest {
		roots = append(roots, fmt.Sprintf("m%d", i))
		fmt.Fprintf(&lists, `m%d: messages(first: 1000, skip: %d, orderBy: "mci", orderDirection: asc, where: { space: $space,
			type: "vote", timestamp_gte: $start, timestamp_lte: $end, mci_gt: $last }) { id address sig version mci } `,
			i, i*pageSize)
	}
	query := "query Messages($space: String, $start: Int, $end: Int, $last: Int) { " + lists.String() + "}"
	for last := int64(0); requests > 0; requests-- {
		variables := map[string]any{"space": p.Space, "start": p.Start, "end": p.End, "last": last}
		rows, err := c.rows(ctx, op, query, variables, pageSize, roots...)
		if err != nil {
			return err
		}
		page, odd := decodeRows(op, rows, func(f *fields) (*Message, error) {
			mci := f.integer("mci")
			f.check(mci > last, "mci", fmt.Sprintf("more than %d: the hub ignores the order", last))
			last = mci
			return decodeMessage(f)
		})
		if len(odd) > 0 {
			return c.masked(odd[0])
		}
		for _, m := range page {
			found[m.ID] = m
		}
		if len(page) < listsOfRequest*pageSize {
			return nil
		}
	}
	return nil
}

func decodeMessage(f *fields) (*Message, error) {
	m := &Message{ID: f.text("id"), Address: f.optionalText("address"), Sig: f.optionalText("sig"),
		Version: f.optionalText("version")}
	f.check(len(m.Sig) <= maxSig, "sig", fmt.Sprintf("at most %d bytes", maxSig))
	return m, f.err
}

// messagesByID makes one request.
func (c *Client) messagesByID(ctx context.Context, ids []string, found map[string]Message) error {
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
		return err
	}
	page, odd := decodeRows(op, rows, func(f *fields) (*Message, error) {
		f.check(slices.Contains(ids, f.text("id")), "id", "one of those asked for")
		return decodeMessage(f)
	})
	if len(odd) > 0 {
		return c.masked(odd[0])
	}
	for _, m := range page {
		found[m.ID] = m
	}
	return nil
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
