package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// The hub's limits of a list: rows of a page, and rows that may be skipped.
const (
	pageSize = 1000
	maxSkip  = 5000
)

// signedVoteFields are the rest of what a voter signs. They decide nothing.
const signedVoteFields = "reason app metadata"

// votesQuery selects scalar fields only: with the vote's proposal or space in
// it, the newer hub drops rows after it has cut the page, and a short page would
// no longer be the last. "created" ascending, then id, is the one order that
// both generations of the hub share. A $since of 0 filters nothing.
const votesQuery = `query Votes($proposal: String!, $since: Int!, $skip: Int!) {
  votes(first: 1000, skip: $skip, orderBy: "created", orderDirection: asc,
    where: { proposal: $proposal, created_gte: $since }) {
    id ipfs voter created choice vp vp_by_strategy vp_state ` + signedVoteFields + `
  }
}`

// Votes reads every vote of p, however many there are, and then the proposal
// again. Use the list's Proposal from then on: it is the one that belongs to the
// votes. 12,000 votes take 14 requests. Of p only ID and ScoresUpdated matter.
//
// If the proposal is final but the number of rows is not [Proposal].Votes, or
// its scores were recounted meanwhile, everything is read once more. If that
// does not help, Votes returns the list together with an [IncompleteError]: a
// careless caller stops, and an audit can go on and name the difference.
// With any other error the list is nil.
//
// The votes of an open proposal may be incomplete: Created is signed by the
// voter, so that a vote may still appear in the past.
//
// More than 5,999 votes of one second cannot be told apart by the hub's lists,
// and end in [ErrRefused].
func (c *Client) Votes(ctx context.Context, p *Proposal) (*VoteList, error) {
	id, ok := proposalID(p.ID)
	if !ok {
		return nil, fmt.Errorf("votes: %w: %w", ErrProposalRef, badID(p.ID))
	}
	before := p
	for again := false; ; again = true {
		rows, err := c.voteRows(ctx, id)
		if err != nil {
			return nil, err
		}
		after, err := c.Proposal(ctx, id)
		if err != nil {
			return nil, err
		}
		list := newVoteList(rows)
		list.Proposal = after
		incomplete := list.incomplete(before)
		switch {
		case incomplete == nil:
			return list, nil
		case again:
			return list, incomplete
		}
		before = after
	}
}

// incomplete compares the list with its final proposal, and that with the
// proposal as it was before the votes were read.
func (l *VoteList) incomplete(before *Proposal) error {
	after := l.Proposal
	changed := before.ScoresUpdated != after.ScoresUpdated
	if after.ScoresState != "final" || (!changed && l.Rows() == after.Votes) {
		return nil
	}
	return &IncompleteError{Proposal: after.ID, Rows: l.Rows(), Counted: after.Votes, Changed: changed}
}

// newVoteList orders the rows and keeps the latest of each voter: a later
// Created wins, then a larger id, as on the hub.
func newVoteList(rows []Vote) *VoteList {
	slices.SortFunc(rows, func(a, b Vote) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.ID, b.ID))
	})
	latest := make(map[string]int, len(rows))
	for i, v := range rows {
		latest[strings.ToLower(v.Voter)] = i
	}
	l := &VoteList{Votes: make([]Vote, 0, len(latest))}
	for i, v := range rows {
		if latest[strings.ToLower(v.Voter)] == i {
			l.Votes = append(l.Votes, v)
		} else {
			l.Superseded = append(l.Superseded, v)
		}
	}
	return l
}

// voteRows reads all rows, each id once. The cursor is a time, and the next page
// begins with the second the last one ended in, not after it: votes of one
// second may lie on both. Going forward in time, a voter who votes again during
// the read is seen twice rather than missed.
func (c *Client) voteRows(ctx context.Context, proposal string) ([]Vote, error) {
	var rows []Vote
	index := map[string]int{} // of each id in rows
	since, skip := int64(0), 0
	for {
		page, err := c.votePage(ctx, proposal, since, skip)
		if err != nil {
			return nil, err
		}
		for _, v := range page {
			i, seen := index[v.ID]
			switch {
			case !seen:
				index[v.ID] = len(rows)
				rows = append(rows, v)
			case !strings.EqualFold(rows[i].Voter, v.Voter):
				return nil, c.masked(&FieldError{Object: "vote " + v.ID, Field: "voter", Found: quote(v.Voter),
					Want: "as on the page before, " + rows[i].Voter})
			default:
				rows[i] = v // the fresher reading
			}
		}
		if len(page) < pageSize {
			return rows, nil
		}
		if last := page[len(page)-1].Created; last > since {
			since, skip = last, 0
			continue
		}
		if skip += pageSize; skip > maxSkip {
			return nil, c.failure("votes of proposal "+proposal, ErrRefused,
				fmt.Sprintf("more votes in the second %d than the hub lists (%d); they cannot all be read",
					since, maxSkip+pageSize-1))
		}
	}
}

// votePage reads up to pageSize votes created at or after since.
func (c *Client) votePage(ctx context.Context, proposal string, since int64, skip int) ([]Vote, error) {
	op := "votes of proposal " + proposal
	variables := map[string]any{"proposal": proposal, "since": since, "skip": skip}
	rows, err := c.rows(ctx, op, "votes", votesQuery, variables, pageSize)
	if err != nil {
		return nil, err
	}
	ids := make(map[string]bool, len(rows))
	page, odd := decodeRows(op+": votes", rows, func(f *fields) (*Vote, error) {
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
		return nil, c.masked(odd[0])
	}
	return page, nil
}

// decodeVote reads a vote as the hub's GraphQL API gives it.
func decodeVote(f *fields) (*Vote, error) {
	v := &Vote{
		ID: f.text("id"), IPFS: f.optionalText("ipfs"), Voter: f.text("voter"), Created: f.integer("created"),
		Choice: bytes.Clone(f.raw["choice"]), VP: f.number("vp"), VPByStrategy: f.numbers("vp_by_strategy"),
		VPState: f.text("vp_state"),
	}
	if f.has(strings.Fields(signedVoteFields)...) {
		v.Reason, v.App, v.Metadata = f.optionalText("reason"), f.optionalText("app"), f.orEmpty("metadata")
	}
	f.check(len(v.Choice) > 0 && !isNull(v.Choice), "choice", "a choice")
	f.checkID()
	f.check(isVoter(v.Voter), "voter", wantVoter)
	if f.err != nil {
		return nil, f.err
	}
	return v, nil
}

func isVoter(s string) bool {
	return (len(s) == 42 || len(s) == 66) && strings.HasPrefix(s, "0x") && isHex(s[2:])
}
