package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// signedVoteFields are the rest of what a voter signs. They decide nothing.
const signedVoteFields = "reason app metadata"

// Votes reads every vote of p, however many there are, and then the proposal
// again. Use the list's Proposal from then on: it is the one that belongs to the
// votes. 12,000 votes take 6 requests. Of p only ID and ScoresUpdated matter, and
// ScoresState and Votes for how many votes are asked for at once.
//
// If the proposal is final but the number of rows is not [Proposal].Votes, if
// its scores were recounted meanwhile, or if a row is not a vote, everything is read
// once more. A few rows that are still not votes are set aside. If the number
// is still another, or the scores still change, Votes returns the list together with an [IncompleteError]: a
// careless caller stops, and an audit can go on and name the difference.
// With any other error the list is nil.
//
// The votes of an open proposal may be incomplete: Created is signed by the
// voter, so that a vote may still appear in the past.
//
// More than 5,999 votes of one second cannot be told apart by the hub's lists,
// and end in [ErrRefused].
func (c *Client) Votes(ctx context.Context, p *Proposal) (*VoteList, error) {
	return c.StreamVotes(ctx, p, func([]Vote) {})
}

// StreamVotes is Votes, and shows votes to arrived, which may not keep the slice, as soon as they
// are read: all of them again where everything is read once more. What counts is the list that
// it returns.
func (c *Client) StreamVotes(ctx context.Context, p *Proposal, arrived func([]Vote)) (*VoteList, error) {
	id, ok := proposalID(p.ID)
	if !ok {
		return nil, fmt.Errorf("votes: %w: %w", ErrProposalRef, badID(p.ID))
	}
	r := voteReader{client: c, proposal: id, arrived: arrived}
	if p.ScoresState == "final" { // of an open vote, a row could move from one page to another
		r.expected = p.Votes
	}
	before := p
	for again := false; ; again = true {
		if err := r.read(ctx); err != nil {
			return nil, err
		}
		after, err := c.Proposal(ctx, id)
		if err != nil {
			return nil, err
		}
		list := newVoteList(r.rows)
		list.Odd, list.Proposal = r.odd, after
		incomplete := list.incomplete(before)
		if again || incomplete == nil && len(list.Odd) == 0 {
			return list, incomplete
		}
		before, r.expected = after, 0
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
	f.check(len(v.VPByStrategy) <= maxStrategies, "vp_by_strategy", wantPowers)
	if f.err != nil {
		return nil, f.err
	}
	return v, nil
}

func isVoter(s string) bool {
	return (len(s) == 42 || len(s) == 66) && strings.HasPrefix(s, "0x") && isHex(s[2:])
}
