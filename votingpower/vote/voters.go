package vote

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
)

// checkPower reports how many votes have the power that the chains give, and lists the
// figures that are furthest off.
func (o *Outcome) checkPower() []Finding {
	a, votes := o.Audit, len(o.Evidence.Votes)
	switch {
	case o.Power == nil:
		return nil
	case len(a.Mismatches) > 0:
		return o.powerDiffers()
	case a.Recomputed == 0 && votes > 0:
		return one(Info, PowerNotRecomputed, "Voting power not recomputed",
			"a strategy is unverifiable here, so that none of %s is recomputed as a whole; what is recomputed agrees",
			count(votes, "vote"))
	}
	return one(Info, PowerAgrees, "Voting power agrees", "%s", strings.Join(append([]string{
		fmt.Sprintf("%d of %s recomputed from the chains", a.Recomputed, count(votes, "vote"))}, a.Agreement...), "; "))
}

func (o *Outcome) powerDiffers() []Finding {
	a, votes := o.Audit, len(o.Evidence.Votes)
	more := ""
	if len(a.Mismatches) > longest {
		more = fmt.Sprintf("; the %d that are furthest off follow", longest)
	}
	if a.Differing > votes/2 && votes > 1 {
		more += "; with so many, the votes may have been counted at another block than the proposal names, " +
			"or by other strategies"
	}
	found := one(Failure, PowerDiffers, "Voting power differs", "%d of %s, in %s%s",
		a.Differing, count(votes, "vote"), count(len(a.Mismatches), "figure"), more)
	for _, m := range a.Mismatches[:min(len(a.Mismatches), longest)] {
		found = append(found, one(Failure, PowerDiffers, "Voting power differs", "%s", o.describe(m))...)
	}
	return found
}

func (o *Outcome) describe(m Mismatch) string {
	hub, ours := double(m.Hub), "the chains give"
	if m.Missing {
		hub = "nothing"
	}
	if m.Strategy == Total && o.Audit.voters[m.Vote].unchecked {
		ours = "its parts add up to"
	}
	return fmt.Sprintf("voter %s, %s: the hub has %s, %s %s (difference %s)", o.Evidence.Votes[m.Vote].Voter,
		o.figure(m), hub, ours, double(m.Chains), double(m.Difference()))
}

// figure says which one does not agree.
func (o *Outcome) figure(m Mismatch) string {
	switch {
	case m.Strategy == Total:
		return "total"
	case m.Surplus:
		return fmt.Sprintf("strategy %d, which the proposal does not have", m.Strategy+1)
	}
	return fmt.Sprintf("strategy %d (%s)", m.Strategy+1, o.Evidence.Proposal.Strategies[m.Strategy].Name)
}

// checkPeriod: the hub takes votes from start to end, both included.
func (o *Outcome) checkPeriod() (found []Finding) {
	p := o.Evidence.Proposal
	for _, v := range o.Evidence.Votes {
		if v.Created < p.Start || v.Created > p.End {
			found = append(found, one(Failure, VoteOutsidePeriod, "Vote outside the voting period",
				"voter %s signed at %s, the vote ran from %s to %s", v.Voter, utc(v.Created), utc(p.Start), utc(p.End))...)
		}
	}
	return capped(found)
}

// checkDuplicates: one voter, one vote. On an open vote an older row may still be seen.
func (o *Outcome) checkDuplicates() (found []Finding) {
	level := Failure
	if !o.Status.Final {
		level = Warning
	}
	first := map[string]string{}
	for _, v := range append(slices.Clone(o.Evidence.Votes), o.Evidence.Superseded...) {
		key := strings.ToLower(v.Voter)
		if other, again := first[key]; again {
			found = append(found, one(level, DuplicateVoter, "Duplicate voter",
				"voter %s has more than one vote: %s counts, %s is there too", v.Voter, other, v.ID)...)
			continue
		}
		first[key] = v.ID
	}
	return capped(found)
}

// checkExcluded: tokens that do not circulate should not vote.
func (o *Outcome) checkExcluded() (found []Finding) {
	e := o.Evidence.Circulating
	excluded := map[common.Address]string{}
	for _, w := range e.Model.Excluded {
		if w.ExcludedAt(e.At) {
			excluded[w.Address] = w.Label
		}
	}
	for _, v := range o.Evidence.Votes {
		if !common.IsHexAddress(v.Voter) { // a Starknet address
			continue
		}
		if label, ok := excluded[common.HexToAddress(v.Voter)]; ok {
			found = append(found, one(Warning, ExcludedWalletVoted, "Excluded wallet voted",
				"%s (%s) voted with %s, and the circulating voting power leaves it out", v.Voter, label, double(v.VP))...)
		}
	}
	return capped(found)
}
