package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

const closedQuery = `query Closed($space: String!, $first: Int!, $before: Int!) {
  proposals(first: $first, skip: 0, orderBy: "created", orderDirection: desc,
    where: { space: $space, state: "closed", created_lte: $before }) {` + proposalFields + ` space { id } }
}`

// ClosedProposals reads the newest closed proposals of a space, the latest created first and
// without their texts: at most limit, which is at least 1. It asks for up to 1000 at once, and
// for older ones until there is none. An unknown space has none.
//
// A proposal that no hub should give is left out, and the error joins a
// [FieldError] for each. With any other error the list is nil.
func (c *Client) ClosedProposals(ctx context.Context, space string, limit int) (all []Proposal, err error) {
	op := "closed proposals of " + quote(space)
	if limit < 1 {
		return nil, fmt.Errorf("%s: limit %d, want at least 1", op, limit)
	}
	var odd []error
	known := map[string]bool{} // rows and ids; the next page begins with the last rows of a page
	taken := 0
	for before := int64(math.MaxInt32); ; before = all[len(all)-1].Created {
		first := min(limit, pageSize)
		variables := map[string]any{"space": space, "first": first, "before": before}
		rows, err := c.rows(ctx, op, closedQuery, variables, first, "proposals")
		if err != nil {
			return nil, err
		}
		fresh := slices.DeleteFunc(slices.Clone(rows), func(row json.RawMessage) bool {
			sum := sha256.Sum256(row)
			again := known[string(sum[:])]
			known[string(sum[:])] = true
			return again
		})
		proposals, bad := decodeClosed(op, space, fresh)
		for _, p := range proposals { // the hub may have counted one anew in between
			if !known[p.ID] {
				all = append(all, p)
			}
			known[p.ID] = true
		}
		odd, taken = append(odd, bad...), taken+len(fresh)
		if len(fresh) == 0 && len(rows) == pageSize {
			return nil, c.failure(op, ErrProtocol, fmt.Sprintf("%d proposals that were made at once", pageSize))
		}
		if len(fresh) == 0 || taken >= limit || len(all) == 0 {
			return all[:min(limit, len(all))], c.masked(errors.Join(odd...))
		}
	}
}

func decodeClosed(op, space string, rows []json.RawMessage) ([]Proposal, []error) {
	return decodeRows(op+": proposals", rows, func(f *fields) (*Proposal, error) {
		p, err := decodeProposal(f)
		if err == nil && !strings.EqualFold(p.Space, space) {
			err = &FieldError{Object: f.object, Field: "space", Found: quote(p.Space), Want: quote(space)}
		}
		return p, err
	})
}
