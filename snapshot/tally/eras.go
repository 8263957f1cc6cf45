package tally

import (
	"fmt"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
)

// rules are those by which Snapshot counted a voting type for a time. A final
// proposal keeps the result of the day it was counted.
type rules struct {
	from, until string                          // days; until is "" for today's
	sdk         string                          // the release of snapshot.js with which Snapshot began to count by them
	what        string                          // how they differ from today's, if they do
	valid       func(v value, choices int) bool // which ballots count sees; nil for all of them
	count       func(e election) (count, error)
	total       total
	cells       cells
}

// total is what scores_total adds up.
type total uint8

const (
	allBallots   total = iota // whatever their choice
	validBallots              // those that count sees
	allScores                 // what a run-off ends with: exhausted ballots are lost
	runoffOfAll               // what a run-off over all ballots ends with, invalid ones too
)

// What older rules say of themselves.
const (
	saysAnything = "no choice is invalid"
	saysSpread   = saysAnything + ", and the power of a vote that chooses nothing is spread over all choices"
	saysValid    = "scores_total leaves votes with an invalid choice out"
	saysNonEmpty = "an empty list is invalid, and " + saysValid
	saysPositive = "a weight of zero makes a choice invalid, and " + saysValid
	saysZeros    = "weights that are all zero are valid, and " + saysValid
	saysNull     = "scores_by_strategy is null without a first preference"
	saysPartial  = "partial rankings count until they are exhausted, and scores_total leaves exhausted ones out"
	saysBallot   = saysPartial + "; by a single strategy scores_by_strategy is the power of one ballot"
	saysSum      = saysPartial + "; by several strategies scores_by_strategy is their sum, then null"
	saysFull     = saysValid + ", and " + saysNull
	saysRunoff   = "scores_total is what a run-off over all ballots, invalid ones too, ends with, and " + saysNull
	saysPoints   = "scores are points, and partial rankings are valid"
	saysShares   = "partial rankings are valid, and there is no bonus for support"
)

// rulesOf returns the rules of a voting type, the oldest first. The days are those of the
// commits that put a release of snapshot.js to work in Snapshot's hub and, since December
// 2022, in its sequencer.
func rulesOf(votingType string) (list []rules, err error) {
	switch votingType {
	case "single-choice", "basic":
		list = rulesOfSingleChoice()
	case "approval":
		list = rulesOfApproval()
	case "weighted":
		list = rulesOfWeights(countWeighted)
	case "quadratic":
		list = rulesOfWeights(countQuadratic)
	case "ranked-choice":
		list = rulesOfRankings()
	case "copeland":
		list = rulesOfCopeland()
	default:
		return nil, fmt.Errorf(
			"%w %.80q: want single-choice, basic, approval, weighted, quadratic, ranked-choice or copeland",
			ErrVotingType, votingType)
	}
	for i, next := range list[1:] {
		list[i].until = next.from
	}
	return list, nil
}

func rulesOfSingleChoice() []rules {
	valid, count := validSingleChoice, countSingleChoice
	return []rules{
		{from: "2021-11-11", sdk: "0.3.4", valid: valid, count: count},
		{from: "2022-06-24", sdk: "0.4.0", what: saysValid, valid: valid, count: count, total: validBallots},
		{from: "2023-03-07", sdk: "0.4.68", valid: valid, count: count},
	}
}

func rulesOfApproval() []rules {
	count := countApproval
	return []rules{
		{from: "2021-11-11", sdk: "0.3.4", what: saysAnything, count: checked(count, kindString, kindArray)},
		{from: "2022-06-24", sdk: "0.4.0", what: saysNonEmpty, valid: validNonEmptyApproval, count: count,
			total: validBallots},
		{from: "2023-03-07", sdk: "0.4.68", valid: validApproval, count: count},
	}
}

func rulesOfWeights(count func(election) (count, error)) []rules {
	notNull := checked(count, kindNumber, kindBool, kindString, kindArray, kindObject)
	return []rules{
		{from: "2021-11-11", sdk: "0.3.4", what: saysSpread, count: notNull},
		{from: "2022-06-24", sdk: "0.4.0", what: saysPositive, valid: validPositiveWeights, count: count,
			total: validBallots},
		{from: "2022-08-09", sdk: "0.4.17", what: saysZeros, valid: validAnyWeights, count: count, total: validBallots},
		{from: "2022-08-23", sdk: "0.4.21", what: saysValid, valid: validWeights, count: count, total: validBallots},
		{from: "2023-03-07", sdk: "0.4.68", valid: validWeights, count: count},
	}
}

func rulesOfRankings() []rules {
	valid, full, lists := validRanking, countRanked, countRankedLists
	return []rules{
		{from: "2021-11-11", sdk: "0.3.4", what: saysBallot, count: lists, total: allScores, cells: ballotCells},
		{from: "2021-12-01", sdk: "0.3.15", what: saysSum, count: lists, total: allScores, cells: sumCells},
		{from: "2022-06-24", sdk: "0.4.0", what: saysFull, valid: valid, count: full, total: allScores, cells: nullCells},
		{from: "2023-03-07", sdk: "0.4.68", what: saysRunoff, valid: valid, count: full, total: runoffOfAll,
			cells: nullCells},
		{from: "2023-12-13", sdk: "0.9.7", what: saysNull, valid: valid, count: full, cells: nullCells},
		{from: "2025-08-10", sdk: "0.14.7", valid: valid, count: full},
	}
}

func rulesOfCopeland() []rules {
	partial, full := validPartialRanking, validCopeland
	return []rules{
		{from: "2025-02-26", sdk: "0.12.52", what: saysPoints, valid: partial, count: countCopeland(points),
			total: validBallots},
		{from: "2025-03-03", sdk: "0.12.53", what: saysShares, valid: partial, count: countCopeland(shares),
			total: validBallots},
		{from: "2026-07-11", sdk: "0.14.26", valid: full, count: countCopeland(supported), total: validBallots},
	}
}

// slack is how far from the day of a change, before or after it, the hub may have counted
// by either rules: nobody but Snapshot knows when it put a change to work.
const slack = 14 * 24 * time.Hour

// at returns the Unix time of a day such as "2022-06-24", with part of the slack.
func at(day string, slack time.Duration) int64 {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // a mistake in a table
	}
	return t.Add(slack).Unix()
}

// finallyCounted returns the Unix time at which the hub counted a final result, or 0.
func finallyCounted(p *snapshot.Proposal) int64 {
	if p.ScoresState != "final" {
		return 0
	}
	return p.ScoresUpdated
}

// rulesAt returns the rules by which the hub may have counted p, those of that day first.
func rulesAt(list []rules, p *snapshot.Proposal) (near []rules) {
	counted := finallyCounted(p)
	if counted == 0 {
		return list[len(list)-1:]
	}
	of := 0 // that day
	for i, r := range list {
		if at(r.from, 0) <= counted {
			of = i
		}
	}
	near = list[of : of+1 : of+1]
	for i, r := range list {
		if i != of && at(r.from, -slack) <= counted && (r.until == "" || counted < at(r.until, slack)) {
			near = append(near, r)
		}
	}
	return near
}

// String names rules that are not today's; today's are "".
func (r rules) String() string {
	if r.until == "" || r.what == "" {
		return ""
	}
	return fmt.Sprintf("rules of %s to %s (snapshot.js %s): %s", r.from, r.until, r.sdk, r.what)
}

// checked makes a count fail, as the code of its time did, if a choice is not of one of the kinds.
func checked(counted func(election) (count, error), kinds ...kind) func(election) (count, error) {
	return func(e election) (count, error) {
		for _, b := range e.ballots {
			if !slices.Contains(kinds, b.choice.kind()) {
				return count{}, fmt.Errorf("%w: found %.40q", ErrOddChoice, b.choice.toString())
			}
		}
		return counted(e)
	}
}

// scoresTotal is what scores_total adds up, of all ballots and of the count of some of them.
func (r rules) scoresTotal(all, counted election, c count) (float64, error) {
	switch r.total {
	case validBallots:
		return counted.power(), nil
	case allScores:
		return fold(c.Scores), nil
	case runoffOfAll:
		all.strategies = 0
		c, err := countRankedLists(all)
		return fold(c.Scores), err
	}
	return all.power(), nil
}
