package snapshot

import (
	"cmp"
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
	rows     []Vote
	odd      []string       // rows that are no votes
	index    map[string]int // of each id in rows
}

func (r *voteReader) op() string { return "votes of proposal " + r.proposal }

// read reads all rows, each id once. The cursor is a time, and the next pages
// begin with the second the last one ended in, not after it: votes of one
// second may lie on both. Going forward in time, a voter who votes again during
// the read is seen twice rather than missed.
func (r *voteReader) read(ctx context.Context) error {
	r.rows, r.odd, r.index = nil, nil, map[string]int{}
	since, skip := int64(0), 0
	for {
		pages := max(1, min(maxPages-skip/pageSize, 1+(r.expected-len(r.rows))/pageSize))
		rows, err := r.pages(ctx, since, skip, pages)
		var votes []Vote
		var odd []string
		if err == nil {
			votes, odd, err = r.decode(rows, since)
		}
		switch {
		case err == nil:
		case pages > 1 && (errors.Is(err, ErrRefused) || errors.Is(err, ErrProtocol)):
			r.expected = 0 // a hub that does not give several pages may give one
			continue
		default:
			return err
		}
		if err := r.merge(votes, odd); err != nil || len(rows) < pages*pageSize {
			return err
		}
		if last := votes[len(votes)-1].Created; last > since {
			since, skip = last, 0
			continue
		}
		if skip += pages * pageSize; skip > maxSkip {
			return r.client.failure(r.op(), ErrRefused,
				fmt.Sprintf("more votes in the second %d than the hub lists (%d); they cannot all be read",
					since, maxSkip+pageSize-1))
		}
	}
}

// merge adds rows; the fresher reading of a vote counts.
func (r *voteReader) merge(votes []Vote, odd []string) error {
	for _, row := range odd {
		if !slices.Contains(r.odd, row) {
			r.odd = append(r.odd, row)
		}
		if len(r.odd) > MaxOddRows {
			return r.client.masked(CheckRow(row))
		}
	}
	known := len(r.rows)
	for _, v := range votes {
		i, seen := r.index[v.ID]
		switch {
		case !seen:
			r.index[v.ID] = len(r.rows)
			r.rows = append(r.rows, v)
		case !strings.EqualFold(r.rows[i].Voter, v.Voter):
			return r.client.masked(&FieldError{Object: "vote " + v.ID, Field: "voter", Found: quote(v.Voter),
				Want: "as on the page before, " + r.rows[i].Voter})
		default:
			r.rows[i] = v
		}
	}
	r.arrived(r.rows[known:])
	return nil
}

// pages reads that many pages, side by side, of votes created at or after since.
func (r *voteReader) pages(ctx context.Context, since int64, skip, pages int) ([]json.RawMessage, error) {
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
	err := group.Wait()
	return slices.Concat(lists...), err
}

// decode reads the rows of pages that follow one another. It sets a few rows that are no votes
// aside, but trusts no list that is out of order or has a row twice.
func (r *voteReader) decode(rows []json.RawMessage, since int64) (votes []Vote, odd []string, err error) {
	ids := make(map[string]bool, len(rows))
	for i, raw := range rows {
		f := newFields(fmt.Sprintf("%s: votes[%d]", r.op(), i), raw)
		v, err := decodeListed(f)
		if err != nil && len(odd) < MaxOddRows && len(raw) <= MaxOddRow {
			odd = append(odd, strings.ToValidUTF8(string(raw), "\uFFFD"))
			continue
		}
		if err != nil {
			return nil, nil, r.client.masked(err)
		}
		f.check(!ids[v.ID], "id", "an id that is not on this page already")
		f.check(v.Created >= since, "created",
			fmt.Sprintf("the %d asked for, or later: the hub ignores the order", since))
		if f.err != nil {
			return nil, nil, r.client.masked(f.err)
		}
		since, ids[v.ID] = v.Created, true
		votes = append(votes, *v)
	}
	return votes, odd, nil
}

// Bounds of rows that are no votes: how many a list may have, and the bytes of each.
const (
	MaxOddRows = 100
	MaxOddRow  = 16 << 10
)

// CheckRow returns a [FieldError] for a row of a hub's list that is not a vote, as those in
// [VoteList].Odd.
func CheckRow(row string) error {
	_, err := decodeListed(newFields("row", json.RawMessage(row)))
	return err
}

// decodeListed reads a row in which everything that was asked for must be.
func decodeListed(f *fields) (*Vote, error) {
	if f.err != nil {
		return nil, f.err
	}
	v, err := decodeVote(f)
	f.demand(signedVoteFields)
	return v, cmp.Or(err, f.err)
}
