package vote

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// checkScores compares the hub's scores with the recount by the rules of the day of the count.
func (o *Outcome) checkScores() {
	if o.TallyErr != nil {
		o.notRecounted()
		return
	}
	switch o.Comparison.Verdict {
	case tally.Agrees:
		o.find(Info, ScoresAgree, "every score and the total are those of the recount (voting type %s)%s", o.Tally.Type,
			prefixed("; ", o.Comparison.Rule))
	case tally.NearTied:
		o.doubt(NearTie, "the scores are one of several results that rounding allows: %s",
			describeTies(o.Tally.NearTies))
	case tally.VotesLeftOut:
		o.votesLeftOut()
	case tally.StillSealed:
		o.doubt(ChoicesSealed, "never decrypted, and counted as invalid: %s", count(len(o.Tally.Sealed), "choice"))
	case tally.Unsplit:
		o.doubt(ScoresByStrategyUncounted, "votes lack their power by strategy; scores and total agree")
	default:
		o.scoresDiffer()
	}
	o.checkToday()
}

// checkToday names the figures that would be others by today's rules.
func (o *Outcome) checkToday() {
	var figures []string
	for _, s := range o.Comparison.Today {
		figures = append(figures, fmt.Sprintf("%s %s instead of %s", o.nameScore(s), double(s.Recount), hubFigure(s)))
	}
	if more := len(figures) - longest; more > 0 {
		figures = append(figures[:longest], fmt.Sprintf("and %d more", more))
	}
	if len(figures) > 0 {
		o.find(Info, OlderRules, "a count of all votes by today's rules gives %s", strings.Join(figures, "; "))
	}
}

// votesLeftOut names the votes that the hub did not count. Where they decide about the quorum,
// so does a second finding.
func (o *Outcome) votesLeftOut() {
	c, t, power, voters := o.Comparison, o.Turnout, new(big.Rat), []string{}
	for _, i := range c.LeftOut {
		v := o.Evidence.Votes[i]
		power.Add(power, new(big.Rat).SetFloat64(v.VP))
		if len(voters) < longest {
			voters = append(voters, v.Voter)
		}
	}
	if more := len(c.LeftOut) - len(voters); more > 0 {
		voters = append(voters, fmt.Sprintf("and %d more", more))
	}
	o.find(Warning, VotesLeftOut, "the scores agree without %s of power %s, which they leave out: %s (%s)%s",
		count(len(c.LeftOut), "vote"), votingpower.Decimal(power), c.Why, strings.Join(voters, ", "),
		prefixed("; ", c.Rule))
	hub := new(big.Rat).SetFloat64(o.Evidence.Proposal.ScoresTotal)
	rule := o.Result.Evidence.Model.Turnout
	if !rule.Winner && len(rule.Choices) == 0 && t.Power != nil && t.Reached() != (hub.Cmp(t.Quorum) >= 0) {
		o.find(Warning, TurnoutHubDiffers,
			"with these votes the turnout is %s, the hub's total without them %s, the quorum %s",
			votingpower.Decimal(t.Power), votingpower.Decimal(hub), votingpower.Decimal(t.Quorum))
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// notRecounted reports votes that have no tally. Nothing can be done about a type without
// rules of its own, choices that are still encrypted or beyond the rules of the day of the
// count, and votes that are too large to count;
// anything else is no result of a vote. The hub's total is compared with the sum of its votes,
// but not where the type may be copeland, whose total leaves votes out.
func (o *Outcome) notRecounted() {
	if errors.Is(o.TallyErr, tally.ErrTooLarge) || errors.Is(o.TallyErr, tally.ErrOddChoice) || len(o.Evidence.Odd) > 0 {
		o.doubt(ScoresNotRecounted, "%v", o.TallyErr)
		return
	}
	if errors.Is(o.TallyErr, tally.ErrVotingType) || errors.Is(o.TallyErr, tally.ErrSealed) {
		o.doubt(ScoresNotRecounted, "%v", o.TallyErr)
	} else {
		o.find(Failure, ScoresNotRecounted, "%v", o.TallyErr)
	}
	hub, sum := o.Evidence.Proposal.ScoresTotal, 0.0 // doubles, because the hub's total is a sum of doubles
	for _, v := range o.Evidence.Votes {
		sum += v.VP
	}
	if o.Status.Final && !tally.Agree(hub, sum) {
		o.find(Failure, ScoresDiffer, "total of all votes: the hub has %s, the votes add up to %s (difference %s)",
			double(hub), double(sum), double(hub-sum))
	}
}

func describeTies(ties []tally.NearTie) string {
	var parts []string
	for _, n := range ties[:min(len(ties), longest)] {
		part := fmt.Sprintf("%s between choices %v within %s", n.Rule, n.Choices, double(n.Margin))
		if n.Strategy > 0 {
			part += fmt.Sprintf(", in strategy %d alone", n.Strategy)
		}
		parts = append(parts, part)
	}
	if more := len(ties) - longest; more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// scoresDiffer names each score that differs.
func (o *Outcome) scoresDiffer() {
	level, c, first := Failure, o.Comparison, len(o.Findings)
	if !o.Status.Final { // the hub counts an open vote now and then
		level = Warning
	}
	if c.Shape != "" {
		o.find(level, ScoresDiffer, "%s", c.Shape)
	}
	for _, s := range slices.Concat([]tally.Score{c.Total}, c.Scores, c.ByStrategy) {
		if !s.Agrees {
			o.find(level, ScoresDiffer, "%s: the hub has %s, the recount gives %s (difference %s)%s",
				o.nameScore(s), hubFigure(s), double(s.Recount), double(s.Difference), prefixed("; ", c.Rule))
		}
	}
	if len(o.Findings) == first { // each figure is near enough, and together they are no result
		o.find(level, ScoresDiffer, "the scores are not those of any one count")
	}
	o.shorten(first)
}

// nameScore names what a score is of.
func (o *Outcome) nameScore(s tally.Score) string {
	switch {
	case s.Choice == 0:
		return "total of all votes"
	case s.Strategy == 0:
		return o.choice(s.Choice)
	}
	return fmt.Sprintf("%s, strategy %d", o.choice(s.Choice), s.Strategy)
}

func hubFigure(s tally.Score) string {
	if s.Hub == nil {
		return "nothing"
	}
	return double(*s.Hub)
}

// choice names a choice by its number, from 1, and its text.
func (o *Outcome) choice(number int) string {
	choices := o.Evidence.Proposal.Choices
	if number < 1 || number > len(choices) {
		return fmt.Sprintf("choice %d", number)
	}
	return fmt.Sprintf("choice %d (%s)", number, name(choices[number-1]))
}
