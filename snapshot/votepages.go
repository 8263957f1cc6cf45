package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// The hub's limits of a list: rows of a page, and rows that may be skipped.
const (
	pageSize = 1000
	maxSkip  = 5000
)

// Pages that are read side by side, and those of one request: the hub takes up to five.
const (
	maxPages     = 1 + maxSkip/pageSize
	requestPages = 3
)

// voteQuery selects scalar fields only: with the vote's proposal or space in
// it, the newer hub drops rows after it has cut the page, and a short page would
// no longer be the last. "created" ascending, then id, is the one order that
// both generations of the hub share. A $since of 0 filters nothing.
func voteQuery(skip, pages int) (query string, roots []string) {
	var b strings.Builder
	b.WriteString("query Votes($proposal: String!, $since: Int!) {")
	for i := range pages {
		roots = append(roots, fmt.Sprintf("votes%d", i))
		fmt.Fprintf(&b, `
  %s: votes(first: 1000, skip: %d, orderBy: "created", orderDirection: asc,
    where: { proposal: $proposal, created_gte: $since }) {
    id ipfs voter created choice vp vp_by_strategy vp_state %s
  }`, roots[i], skip+i*pageSize, signedVoteFields)
	}
	return b.String() + "\n}", roots
}

// voteReader reads all votes of a proposal.
type voteReader struct {
	client   *Client
	proposal string
	arrived  func([]Vote)
	expected int // votes that the hub counted; 0 reads one page after the other
}

func (r *voteReader) op() string { return "votes of proposal " + r.proposal }

// read reads all rows, each id once. The cursor is a time, and the next pages
// begin with the second the last one ended in, not after it: votes of one
// second may lie on both. Going forward in time, a voter who votes again during
// the read is seen twice rather than missed.
func (r *voteReader) read(ctx context.Context) (rows []Vote, err error) {
	index := map[string]int{} // of each id in rows
	since, skip := int64(0), 0
	for {
		pages := max(1, min(maxPages-skip/pageSize, 1+(r.expected-len(rows))/pageSize))
		votes, err := r.pages(ctx, since, skip, pages)
		switch {
		case err == nil:
		case pages > 1 && (errors.Is(err, ErrRefused) || errors.Is(err, ErrProtocol)):
			r.expected = 0 // a hub that does not give several pages may give one
			continue
		default:
			return nil, err
		}
		known := len(rows)
		if rows, err = r.merge(rows, index, votes); err != nil {
			return nil, err
		}
		r.arrived(rows[known:])
		if len(votes) < pages*pageSize {
			return rows, nil
		}
		if last := votes[len(votes)-1].Created; last > since {
			since, skip = last, 0
			continue
		}
		if skip += pages * pageSize; skip > maxSkip {
			return nil, r.client.failure(r.op(), ErrRefused,
				fmt.Sprintf("more votes in the second %d than the hub lists (%d); they cannot all be read",
					since, maxSkip+pageSize-1))
		}
	}
}

// merge adds votes to rows; the fresher reading of a vote counts.
func (r *voteReader) merge(rows []Vote, index map[string]int, votes []Vote) ([]Vote, error) {
	for _, v := range votes {
		i, seen := index[v.ID]
		switch {
		case !seen:
			index[v.ID] = len(rows)
			rows = append(rows, v)
		case !strings.EqualFold(rows[i].Voter, v.Voter):
			return nil, r.client.masked(&FieldError{Object: "vote " + v.ID, Field: "voter", Found: quote(v.Voter),
				Want: "as on the page before, " + rows[i].Voter})
		default:
			rows[i] = v
		}
	}
	return rows, nil
}

// pages reads that many pages, side by side, of votes created at or after since.
func (r *voteReader) pages(ctx context.Context, since int64, skip, pages int) ([]Vote, error) {
	lists := make([][]json.RawMessage, (pages+requestPages-1)/requestPages)
	group, ctx := errgroup.WithContext(ctx)
	for i := range lists {
		query, roots := voteQuery(skip+i*requestPages*pageSize, min(requestPages, pages-i*requestPages))
		group.Go(func() (err error) {
			variables := map[string]any{"proposal": r.proposal, "since": since}
			lists[i], err = r.client.rows(ctx, r.op(), query, variables, pageSize, roots...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return r.decode(slices.Concat(lists...), since)
}

// decode reads the rows of pages that follow one another.
func (r *voteReader) decode(rows []json.RawMessage, since int64) ([]Vote, error) {
	ids := make(map[string]bool, len(rows))
	votes, odd := decodeRows(r.op()+": votes", rows, func(f *fields) (*Vote, error) {
		f.demand(signedVoteFields)
		v, err := decodeVote(f)
		if err != nil {
			return nil, err
		}
		f.check(!ids[v.ID], "id", "an id that is not on this page already")
		f.check(v.Created >= since, "created",
			fmt.Sprintf("the %d asked for, or later: the hub ignores the order", since))
		since, ids[v.ID] = v.Created, true
		return v, f.err
	})
	if len(odd) > 0 {
		return nil, r.client.masked(odd[0])
	}
	return votes, nil
}
