package vote

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// Group is a number of votes with their power on the hub, the sum of its doubles.
type Group struct {
	Votes int
	Power float64
}

func (g *Group) add(v snapshot.Vote) {
	g.Votes++
	g.Power += v.VP
}

func (g Group) String() string {
	return fmt.Sprintf("%s of power %s", count(g.Votes, "vote"), double(g.Power))
}

// checkContents compares the votes' ids with their rows. Rows of which nobody read all that was
// signed, as in older bundles, say nothing about their ids.
func (o *Outcome) checkContents() {
	e := o.Evidence
	read := slices.ContainsFunc(e.Votes, func(v snapshot.Vote) bool { return v.Metadata != nil })
	if read || e.Signatures != nil {
		o.ids = signature.CheckVotes(e.Proposal, e.Votes)
	}
}

// checkVoteIDs reports how many of the votes' ids are the hashes of their rows.
func (o *Outcome) checkVoteIDs() {
	votes := o.Evidence.Votes
	var matching, rewritten Group
	unchecked := map[signature.Reason]Group{}
	for i, c := range o.ids {
		switch {
		case c.Verdict == signature.NotCheckable:
			addTo(unchecked, c.Reason, votes[i])
		case c.Verdict == signature.Matches:
			if matching.add(votes[i]); c.Field != "" {
				rewritten.add(votes[i])
			}
		}
	}
	if matching.Votes > 0 {
		detail := fmt.Sprintf("%v, of %d: the id is the hash of voter, proposal, choice and time", matching, len(votes))
		if rewritten.Votes > 0 {
			detail += fmt.Sprintf("; of %d, the hub shows the reason or the application otherwise than signed", rewritten.Votes)
		}
		o.find(Info, VoteIDsMatch, "%s", detail)
	}
	o.voteIDsDiffer()
	if len(unchecked) > 0 {
		o.find(Info, VoteIDsNotChecked, "%s", groups(unchecked, inWords))
		o.doubts++
	}
}

// voteIDsDiffer names the votes whose rows are not what their ids say.
func (o *Outcome) voteIDsDiffer() {
	first := len(o.Findings)
	for i, c := range o.ids {
		if c.Verdict != signature.Differs {
			continue
		}
		signed := "no known form of message explains the id; the row may not be what the voter signed"
		if c.Field != "" {
			signed = fmt.Sprintf("the id is that of a vote with the %s %s", c.Field, quoted(c.Signed, 140))
		}
		v := o.Evidence.Votes[i]
		o.find(Failure, VoteIDDiffers, "voter %s, power %s: %s", v.Voter, double(v.VP), signed)
	}
	o.shorten(first)
}

func addTo[K comparable](groups map[K]Group, key K, v snapshot.Vote) {
	g := groups[key]
	g.add(v)
	groups[key] = g
}

func inWords(r signature.Reason) string { return string(r) }

// Ordered are the keys of groups, that of the most votes first.
func Ordered[K ~string](by map[K]Group) []K {
	return slices.SortedFunc(maps.Keys(by), func(a, b K) int {
		return cmp.Or(cmp.Compare(by[b].Votes, by[a].Votes), cmp.Compare(a, b))
	})
}

// groups writes groups of votes with their reasons.
func groups[K ~string](by map[K]Group, words func(K) string) string {
	var parts []string
	for _, reason := range Ordered(by) {
		parts = append(parts, fmt.Sprintf("%v: %s", by[reason], words(reason)))
	}
	return strings.Join(parts, "; ")
}
