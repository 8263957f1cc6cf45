package vote

import (
	"errors"
	"fmt"
	"strings"

	"github.com/perpdao/perpquorum/snapshot/tally"
)

// checkScores compares the hub's scores with the recount. Only a recount under today's rules
// without a close decision is agreement.
func (o *Outcome) checkScores() {
	if o.TallyErr != nil {
		o.notRecounted()
		return
	}
	switch o.Comparison.Verdict {
	case tally.Agrees:
		o.find(Info, ScoresAgree, "every score and the total are those of the recount (voting type %s)", o.Tally.Type)
	case tally.NearTied:
		o.doubt(NearTie, "the scores are one of several results that rounding allows: %s",
			describeTies(o.Tally.NearTies))
	case tally.OlderRules:
		o.doubt(OlderRules, "the scores are not those of today's rules, but follow rules that Snapshot had %s",
			o.Comparison.Rule)
	case tally.StillSealed:
		o.doubt(ChoicesSealed, "never decrypted, and counted as invalid: %s", count(len(o.Tally.Sealed), "choice"))
	case tally.Unsplit:
		o.doubt(ScoresByStrategyUncounted, "votes lack their power by strategy; scores and total agree")
	default:
		o.scoresDiffer()
	}
}

// notRecounted reports votes that have no tally. Nothing can be done about a type without
// rules of its own, choices that are still encrypted, and votes that are too large to count;
// anything else is no result of a vote. The hub's total is compared with the sum of its votes,
// but not where the type may be copeland, whose total leaves votes out.
func (o *Outcome) notRecounted() {
	if errors.Is(o.TallyErr, tally.ErrTooLarge) {
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
	compare := func(what string, s tally.Score) {
		hub := "nothing"
		if s.Hub != nil {
			hub = double(*s.Hub)
		}
		if !s.Agrees {
			o.find(level, ScoresDiffer, "%s: the hub has %s, the recount gives %s (difference %s)",
				what, hub, double(s.Recount), double(s.Difference))
		}
	}
	if c.Shape != "" {
		o.find(level, ScoresDiffer, "%s", c.Shape)
	}
	compare("total of all votes", c.Total)
	for _, s := range c.Scores {
		compare(o.choice(s.Choice), s)
	}
	for _, s := range c.ByStrategy {
		compare(fmt.Sprintf("%s, strategy %d", o.choice(s.Choice), s.Strategy), s)
	}
	if len(o.Findings) == first { // each figure is near enough, and together they are no result
		o.find(level, ScoresDiffer, "the scores are not those of any one count")
	}
	o.shorten(first)
}

// choice names a choice by its number, from 1, and its text.
func (o *Outcome) choice(number int) string {
	choices := o.Evidence.Proposal.Choices
	if number < 1 || number > len(choices) {
		return fmt.Sprintf("choice %d", number)
	}
	return fmt.Sprintf("choice %d (%s)", number, choices[number-1])
}
