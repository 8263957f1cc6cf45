package report

import (
	"errors"
	"fmt"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// checkScores holds the hub's scores against the recount. Only a recount under
// today's rules without a close decision is agreement.
func checkScores(r *Report, _ *Document) []Finding {
	t := r.vote
	if t.tallyErr != nil {
		return append([]Finding{{t.uncounted(), "Scores not recounted", clean(t.tallyErr.Error())}}, t.totalFinding()...)
	}
	level := t.doubt()
	c := t.comparison
	switch c.Verdict {
	case tally.Agrees:
		return []Finding{{Info, "Scores agree", fmt.Sprintf("every score and the total are those of the recount (voting type %s)", t.tally.Type)}}
	case tally.NearTied:
		return []Finding{{level, "Near tie", "the scores are one of several results that rounding allows: " + nearTies(t.tally.NearTies)}}
	case tally.OlderRules:
		return []Finding{{level, "Older rules", "the scores are not those of today's rules, but follow rules that Snapshot had " + c.Rule}}
	case tally.StillSealed:
		return []Finding{{level, "Choices still sealed", fmt.Sprintf("%d choices were never decrypted and count as invalid", len(t.tally.Sealed))}}
	case tally.Unsplit:
		return []Finding{{level, "Scores by strategy not recounted", "votes lack their power by strategy; scores and total agree"}}
	}
	level = Failure
	if !t.status.Final { // an open vote is counted now and then
		level = Warning
	}
	return scoreFindings(t, level)
}

// uncounted is the level of votes that have no tally. A type without rules of
// its own and choices that are still encrypted cannot be helped; anything else
// is no result of a vote.
func (t *tallied) uncounted() Level {
	if errors.Is(t.tallyErr, tally.ErrVotingType) || errors.Is(t.tallyErr, tally.ErrSealed) {
		return t.doubt()
	}
	return Failure
}

// totalFinding holds the hub's total against the sum of its votes where there is
// no recount: in every voting type that gets here, all votes make the total.
func (t *tallied) totalFinding() []Finding {
	sum := 0.0 // doubles, because the hub's total is a sum of doubles
	for _, v := range t.Votes {
		sum += v.VP
	}
	if !t.status.Final || tally.Agree(t.Proposal.ScoresTotal, sum) {
		return nil
	}
	return []Finding{{Failure, "Scores differ", fmt.Sprintf("total of all votes: the hub has %s, the votes add up to %s (difference %s)",
		double(t.Proposal.ScoresTotal), double(sum), double(t.Proposal.ScoresTotal-sum))}}
}

func nearTies(ties []tally.NearTie) string {
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

// scoreFindings names each score that differs.
func scoreFindings(t *tallied, level Level) (found []Finding) {
	if t.comparison.Shape != "" {
		found = append(found, Finding{level, "Scores differ", t.comparison.Shape})
	}
	add := func(what string, s tally.Score) {
		if s.Agrees {
			return
		}
		hub := "nothing"
		if s.Hub != nil {
			hub = double(*s.Hub)
		}
		found = append(found, Finding{level, "Scores differ", fmt.Sprintf(
			"%s: the hub has %s, the recount gives %s (difference %s)", what, hub, double(s.Recount), double(s.Difference))})
	}
	add("total of all votes", t.comparison.Total)
	for _, s := range t.comparison.Scores {
		add(choiceName(t.Proposal, s.Choice), s)
	}
	for _, s := range t.comparison.ByStrategy {
		add(fmt.Sprintf("%s, strategy %d", choiceName(t.Proposal, s.Choice), s.Strategy), s)
	}
	if len(found) == 0 { // each figure is near enough, and together they are no result
		found = append(found, Finding{level, "Scores differ", "the scores are not those of any one count"})
	}
	return capped(found)
}

func choiceName(p *snapshot.Proposal, choice int) string {
	if choice < 1 || choice > len(p.Choices) {
		return fmt.Sprintf("choice %d", choice)
	}
	return fmt.Sprintf("choice %d (%s)", choice, clean(p.Choices[choice-1]))
}
