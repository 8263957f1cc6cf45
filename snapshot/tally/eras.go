package tally

import (
	"slices"
	"time"
)

// EraResult is a result under rules that Snapshot had before. A final proposal
// keeps the result of the day it was counted.
type EraResult struct {
	Rule string `json:"rule"` // one of the Rule… constants
	// Until is the Unix time until which a vote may have closed and still have
	// been counted by these rules.
	Until int64 `json:"until"`
	Outcome
	ScoresTotal float64 `json:"scores_total"`
	// Null lists the choices, from 1, whose scores by strategy are null on the hub.
	Null []int `json:"null,omitempty"`
}

// isNull reports whether the scores by strategy of choice i, from 0, are null.
func (r EraResult) isNull(i int) bool { return slices.Contains(r.Null, i+1) }

// Snapshot's older rules. Each name says until when the rules applied.
const (
	RuleCopelandPartial = "before 2026-07: copeland accepts partial rankings and has no bonus for support"
	RuleNullCells       = "before 2025-08: ranked-choice scores_by_strategy is null without a first preference"
	RuleRunoffTotal     = "before 2023-12: ranked-choice scores_total is what a run-off over all ballots, " +
		"invalid ones too, ends with"
	RuleValidTotal      = "before 2023-03: scores_total counts votes with a valid choice only"
	RulePositiveWeights = "before 2022-08: weights of zero are invalid, " +
		"and scores_total counts votes with a valid choice only"
)

// rollout is how long after a release the hub may still have counted by the rules
// before it: it sometimes adopts a release months later.
const rollout = 365 * 24 * time.Hour

// until returns the Unix time after which a rule explains nothing any more. The
// months are those of the snapshot.js releases that ended the rules.
func until(rule string) int64 {
	year, month := 2022, time.August
	switch rule {
	case RuleCopelandPartial:
		year, month = 2026, time.July
	case RuleNullCells:
		year, month = 2025, time.August
	case RuleRunoffTotal:
		year, month = 2023, time.December
	case RuleValidTotal:
		year, month = 2023, time.March
	}
	return time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC).Add(rollout).Unix()
}

// addEras counts by the older rules, from all ballots and from the valid
// ones, and keeps what differs from today's result. The newest come first.
func (t *Tally) addEras(r rules, c count, all, valid election) {
	counted := valid // towards the total, before 2023-03
	switch t.Type {
	case "copeland":
		partial := all.only(func(b ballot) bool { return validPartialRanking(b.choice, all.choices) })
		d, err := c.duels, error(nil)
		if len(partial.ballots) > len(valid.ballots) {
			d, err = newDuels(partial)
		}
		if err == nil {
			t.addEra(RuleCopelandPartial, d.outcome(false), partial.power(), nil)
		}
		return
	case "ranked-choice":
		t.addRankedEras(c, all)
		return
	case "approval": // an empty list was invalid as well
		counted = valid.only(func(b ballot) bool { return len(b.choice.items()) > 0 })
	}
	t.addEra(RuleValidTotal, t.Outcome, counted.power(), nil)
	positive := valid.only(func(b ballot) bool {
		return !slices.ContainsFunc(b.choice.fields(), func(f field) bool { return f.value.number == 0 })
	})
	if len(positive.ballots) == len(valid.ballots) {
		return // no weight is zero
	}
	if c, err := r.count(positive); err == nil {
		t.addEra(RulePositiveWeights, c.Outcome, positive.power(), nil)
	}
}

func (t *Tally) addRankedEras(c count, all election) {
	null := c.runoff.withoutBallots(c.last)
	t.addEra(RuleNullCells, t.Outcome, t.ScoresTotal, null)
	if total, ok := all.runoffTotal(); ok {
		t.addEra(RuleRunoffTotal, t.Outcome, total, null)
	}
	t.addEra(RuleValidTotal, t.Outcome, fold(t.Scores), null)
}

// runoffTotal is the power at the end of a run-off over all ballots. It is not
// defined (the code of the time failed) if a choice is empty or not a list.
func (e election) runoffTotal() (total float64, ok bool) {
	lists := e.only(func(b ballot) bool { return len(b.choice.items()) > 0 })
	if len(lists.ballots) != len(e.ballots) {
		return 0, false
	}
	lists.strategies = 0
	r, err := newRunoff(lists)
	if err != nil {
		return 0, false
	}
	last, err := r.last()
	if err != nil {
		return 0, false
	}
	return fold(r.outcome(last).Scores), true
}

// withoutBallots lists the choices, from 1, that reached the last round with no
// first preference.
func (r *runoff) withoutBallots(last round) (none []int) {
	for c, candidate := range last.candidates {
		if i, ok := r.choiceOf(candidate); ok && last.ballots[c] == 0 {
			none = append(none, i)
		}
	}
	return none
}

// addEra appends a result if it is not today's.
func (t *Tally) addEra(rule string, o Outcome, total float64, null []int) {
	same := Agree(total, t.ScoresTotal) && !o.differs(t.Outcome) && (len(null) == 0 || o.ScoresByStrategy == nil)
	for i, row := range o.ScoresByStrategy {
		for k := range row {
			same = same && Agree(row[k], t.ScoresByStrategy[i][k])
		}
	}
	if !same {
		t.Eras = append(t.Eras, EraResult{Rule: rule, Until: until(rule), Outcome: o, ScoresTotal: total, Null: null})
	}
}
