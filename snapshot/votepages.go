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

// window is a number of pages of the votes that were created in a span of time: the earliest of
// them, or the latest.
type window struct {
	since, until int64 // Unix seconds; 0 is no bound
	skip, pages  int   // rows before the pages
	latest       bool
}

// query selects scalar fields only: with the vote's proposal or space in
// it, the newer hub drops rows after it has cut the page, and a short page would
// no longer be the last. Both generations of the hub sort by "created"; votes of one second
// come by id, the latest in another order on each. A $since of 0 filters nothing.
func (w window) query() (query string, roots []string) {
	direction, variable, filter := "asc", "", ""
	if w.latest {
		direction = "desc"
	}
	if w.until > 0 {
		variable, filter = ", $until: Int!", ", created_lte: $until"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "query Votes($proposal: String!, $since: Int!%s) {", variable)
	for i := range w.pages {
		roots = append(roots, fmt.Sprintf("votes%d", i))
		fmt.Fprintf(&b, `
  %s: votes(first: 1000, skip: %d, orderBy: "created", orderDirection: %s,
    where: { proposal: $proposal, created_gte: $since%s }) {
    id ipfs voter created choice vp vp_by_strategy vp_state %s
  }`, roots[i], w.skip+i*pageSize, direction, filter, signedVoteFields)
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

// read reads all rows, each id once, from both ends of time until the two readings meet. The next
// pages begin with the second the last one ended in, not after it: votes of one
// second may lie on both. Of an open vote, and where a hub does not give several pages, one page
// is read after the other, forward in time: a voter who votes again during
// the read is then seen twice rather than missed.
func (r *voteReader) read(ctx context.Context) error {
	r.rows, r.odd, r.index = nil, nil, map[string]int{}
	for early := (window{}); ; {
		left := max(1, 1+(r.expected-len(r.rows))/pageSize)
		early.pages = min(maxPages-early.skip/pageSize, left)
		late := early
		if late.latest, late.pages = true, min(maxPages, left-early.pages); early.skip > 0 {
			late.pages = 0
		}
		ends, err := r.windows(ctx, early, late)
		switch {
		case err == nil:
		case early.pages > 1 && (errors.Is(err, ErrRefused) || errors.Is(err, ErrProtocol)):
			r.expected = 0 // a hub that does not give several pages may give one
			continue
		default:
			return err
		}
		if err := errors.Join(r.merge(ends[0]), r.merge(ends[1])); err != nil || !ends[0].full {
			return err
		}
		last := ends[0].votes[len(ends[0].votes)-1].Created
		if late.pages > 0 && !ends[1].full {
			return nil
		}
		if late.pages > 0 {
			if early.until = ends[1].votes[0].Created; early.until < last {
				return nil
			}
		}
		if last > early.since {
			early.since, early.skip = last, 0
			continue
		}
		if early.skip += early.pages * pageSize; early.skip > maxSkip {
			return r.client.failure(r.op(), ErrRefused,
				fmt.Sprintf("more votes in the second %d than the hub lists (%d); they cannot all be read",
					early.since, maxSkip+pageSize-1))
		}
	}
}

// merge adds rows; the fresher reading of a vote counts.
func (r *voteReader) merge(list listed) error {
	for _, row := range list.odd {
		if !slices.Contains(r.odd, row) {
			r.odd = append(r.odd, row)
		}
		if len(r.odd) > MaxOddRows {
			return r.client.masked(CheckRow(row))
		}
	}
	known := len(r.rows)
	for _, v := range list.votes {
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

// listed are the votes of a window, in the order of time.
type listed struct {
	votes []Vote
	odd   []string // rows that are no votes
	full  bool     // all pages are, and there may be more
}

// windows reads the pages of both windows side by side.
func (r *voteReader) windows(ctx context.Context, early, late window) (lists [2]listed, err error) {
	group, ctx := errgroup.WithContext(ctx)
	for i, w := range []window{early, late} {
		group.Go(func() error {
			rows, err := r.pages(ctx, w)
			if err == nil {
				lists[i], err = r.decode(rows, w.since)
				lists[i].full = len(rows) == w.pages*pageSize
			}
			return err
		})
	}
	return lists, group.Wait()
}

// pages reads the rows of a window in the order of time, a few pages a request.
func (r *voteReader) pages(ctx context.Context, w window) ([]json.RawMessage, error) {
	lists := make([][]json.RawMessage, (w.pages+requestPages-1)/requestPages)
	group, ctx := errgroup.WithContext(ctx)
	for i := range lists {
		part := w
		part.skip, part.pages = w.skip+i*requestPages*pageSize, min(requestPages, w.pages-i*requestPages)
		query, roots := part.query()
		group.Go(func() (err error) {
			variables := map[string]any{"proposal": r.proposal, "since": w.since}
			if w.until > 0 {
				variables["until"] = w.until
			}
			lists[i], err = r.client.rows(ctx, r.op(), query, variables, pageSize, roots...)
			return err
		})
	}
	err := group.Wait()
	rows := slices.Concat(lists...)
	if w.latest {
		slices.Reverse(rows)
	}
	return rows, err
}

// decode reads the rows of pages that follow one another. It sets a few rows that are no votes
// aside, but trusts no list that is out of order or has a row twice.
func (r *voteReader) decode(rows []json.RawMessage, since int64) (list listed, err error) {
	ids := make(map[string]bool, len(rows))
	for i, raw := range rows {
		f := newFields(fmt.Sprintf("%s: votes[%d]", r.op(), i), raw)
		v, err := decodeListed(f)
		if err != nil && len(list.odd) < MaxOddRows && len(raw) <= MaxOddRow {
			list.odd = append(list.odd, strings.ToValidUTF8(string(raw), "\uFFFD"))
			continue
		}
		if err != nil {
			return listed{}, r.client.masked(err)
		}
		f.check(!ids[v.ID], "id", "an id that is not on this page already")
		f.check(v.Created >= since, "created",
			fmt.Sprintf("the %d asked for, or later: the hub ignores the order", since))
		if f.err != nil {
			return listed{}, r.client.masked(f.err)
		}
		since, ids[v.ID] = v.Created, true
		list.votes = append(list.votes, *v)
	}
	return list, nil
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
