package vote

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// checkPower reports how many votes have the power that the chains give, and lists the
// figures that are furthest off.
func (o *Outcome) checkPower() {
	a, votes := o.Audit, count(len(o.Evidence.Votes), "vote")
	switch {
	case o.Power == nil:
	case a.Figures > 0:
		o.powerDiffers()
	case a.Recomputed == 0 && len(o.Evidence.Votes) > 0:
		o.find(Info, VotingPowerNotRecomputed, "a strategy is unverifiable here, so that none of %s "+
			"is recomputed as a whole; what is recomputed agrees", votes)
	default:
		recomputed := fmt.Sprintf("%d of %s recomputed from %s", a.Recomputed, votes, o.basis())
		o.find(Info, VotingPowerAgrees, "%s", strings.Join(append([]string{recomputed}, a.Agreement...), "; "))
	}
}

// basis says what the voters' power is recomputed from.
func (o *Outcome) basis() string {
	counts := map[Source]int{}
	for _, share := range o.Strategies.Shares {
		counts[share.Source]++
	}
	switch len(o.Strategies.Shares) {
	case counts[FromProposal]:
		return "the proposal alone"
	case counts[FromChains]:
		return "the chains"
	}
	return "the chains and the proposal"
}

func (o *Outcome) powerDiffers() {
	a, votes, more := o.Audit, len(o.Evidence.Votes), ""
	if a.Figures > longest {
		more = fmt.Sprintf("; the %d that are furthest off follow", longest)
	}
	if a.Differing > votes/2 && votes > 1 {
		more += "; with so many, the votes may have been counted at another block than the proposal names, " +
			"or by other strategies"
	}
	o.find(Failure, VotingPowerDiffers, "%d of %s, in %s%s",
		a.Differing, count(votes, "vote"), count(a.Figures, "figure"), more)
	for _, m := range a.Worst {
		hub, ours := double(m.Hub), "the strategies give"
		if o.basis() == "the chains" {
			ours = "the chains give"
		}
		if m.Missing {
			hub = "nothing"
		}
		if m.Strategy == Total && a.voters[m.Vote].unchecked {
			ours = "its parts add up to"
		}
		o.find(Failure, VotingPowerDiffers, "voter %s, %s: the hub has %s, %s %s (difference %s)",
			o.Evidence.Votes[m.Vote].Voter, o.figure(m), hub, ours, double(m.Chains), double(m.Difference()))
	}
}

// figure says which one does not agree.
func (o *Outcome) figure(m Mismatch) string {
	switch {
	case m.Strategy == Total:
		return "total"
	case m.Surplus:
		return fmt.Sprintf("strategy %d, which the proposal does not have", m.Strategy+1)
	}
	return fmt.Sprintf("strategy %d (%s)", m.Strategy+1, name(o.Evidence.Proposal.Strategies[m.Strategy].Name))
}

// checkPeriod: the hub takes votes from start to end, both included.
func (o *Outcome) checkPeriod() {
	p, first := o.Evidence.Proposal, len(o.Findings)
	for _, v := range o.Evidence.Votes {
		if v.Created < p.Start || v.Created > p.End {
			o.find(Failure, VoteOutsidePeriod, "voter %s signed at %s, the vote ran from %s to %s",
				v.Voter, utc(v.Created), utc(p.Start), utc(p.End))
		}
	}
	o.shorten(first)
}

// checkDuplicates: one voter, one vote. On an open vote an older row may still be seen.
func (o *Outcome) checkDuplicates() {
	level, first := Failure, len(o.Findings)
	if !o.Status.Final {
		level = Warning
	}
	counted := map[string]string{}
	for _, v := range slices.Concat(o.Evidence.Votes, o.Evidence.Superseded) {
		key := strings.ToLower(v.Voter)
		if other, again := counted[key]; again {
			o.find(level, DuplicateVoter, "voter %s has more than one vote: %s counts, %s is there too",
				v.Voter, other, v.ID)
		} else {
			counted[key] = v.ID
		}
	}
	o.shorten(first)
}

// idleWallets are those whose tokens of the model do not circulate, and the escrows, whose tokens
// vote by the escrow's weight: the label of each on each chain.
type idleWallets map[common.Address]map[chains.ID]string

func newIdleWallets(e *votingpower.Evidence) idleWallets {
	idle := idleWallets{}
	add := func(address common.Address, chain chains.ID, label string) {
		if idle[address] == nil {
			idle[address] = map[chains.ID]string{}
		}
		idle[address][chain] = label
	}
	for _, w := range e.Model.Excluded {
		if w.ExcludedAt(e.At) {
			add(w.Address, w.Chain, w.Label)
		}
	}
	for _, term := range e.Model.Custom {
		if account, ok := term.Account(); ok && term.Sign == "-" && term.CountsAt(e.At) {
			add(account, term.Chain, term.Label)
		}
	}
	for _, escrow := range e.Model.Escrows {
		add(escrow.Address, escrow.Chain, escrow.Label)
	}
	return idle
}

// label returns the label of a voter whose tokens on a chain are idle.
func (w idleWallets) label(voter string, chain chains.ID) (label string, ok bool) {
	if !common.IsHexAddress(voter) { // a Starknet address is longer
		return "", false
	}
	label, ok = w[common.HexToAddress(voter)][chain]
	return label, ok
}

// checkExcluded: tokens that do not circulate should not vote.
func (o *Outcome) checkExcluded() {
	e, first := o.Evidence.Circulating, len(o.Findings)
	idle := newIdleWallets(e)
	for _, v := range o.Evidence.Votes {
		for _, chain := range e.Model.Chains() {
			if label, ok := idle.label(v.Voter, chain); ok {
				o.find(Warning, ExcludedWalletVoted,
					"%s (%s) voted with %s; its tokens on %v do not circulate, and are not established",
					v.Voter, name(label), double(v.VP), chain)
			}
		}
	}
	o.shorten(first)
}
