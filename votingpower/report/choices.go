package report

import (
	"slices"
	"strconv"
)

// choiceRow is a row of a reader's list of choices.
type choiceRow struct {
	VoteScore        // its Choice is foreign text, "" for votes without a valid choice
	Invalid   bool   // the row of the votes without a valid choice, which are in no score
	Votes     int    // that are for it; -1 where a vote can be for several, or nothing was recounted
	Share     string // of the turnout, such as "45.3%"; "" where the scores are not parts of it
}

// choices lists the proposal's choices in its order, and the invalid votes after them, if there are any.
func (r *Report) choices() []choiceRow {
	v := r.document.Vote
	counted := r.votesByChoice()
	_, whole := v.segments()
	row := func(s VoteScore, invalid bool, votes int) choiceRow {
		share := ""
		if !whole && s.Hub != "" && v.Turnout.Tokens != "" {
			share = percent(rational(s.Hub), rational(v.Turnout.Tokens))
		}
		return choiceRow{s, invalid, votes, share}
	}
	var rows []choiceRow
	for i, score := range v.Scores {
		votes := -1
		if counted != nil {
			votes = counted[i]
		}
		rows = append(rows, row(score, false, votes))
	}
	if v.InvalidVotes > 0 {
		rows = append(rows, row(VoteScore{Hub: v.InvalidPower}, true, v.InvalidVotes))
	}
	return rows
}

// votesByChoice counts the valid votes for each choice of a proposal whose votes are for one each, and is
// nil for others.
func (r *Report) votesByChoice() []int {
	v, o := r.document.Vote, r.outcome
	if o.Tally == nil || !slices.Contains([]string{"single-choice", "basic"}, v.Type) {
		return nil
	}
	counted := make([]int, len(v.Scores))
	for i, valid := range o.Tally.Valid {
		if !valid {
			continue
		}
		choice, err := strconv.Atoi(string(o.Evidence.Votes[i].Choice))
		if err != nil || choice < 1 || choice > len(counted) { // a rule of an older day
			return nil
		}
		counted[choice-1]++
	}
	return counted
}
