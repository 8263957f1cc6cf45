// Package tally recounts the votes of a Snapshot proposal.
//
// [Recount] counts votes of every voting type by Snapshot's own rules of the day
// of the count, odd choices included, and [Compare] compares the hub's result with it, figure by
// figure. The comparison ends in a [Verdict]: the result agrees, it does not, or
// the verdict names the reason for the difference: rounding noise decides, votes were
// left out by a known defect of the hub, choices are still encrypted. [TurnoutOf] sums the votes that
// count towards a quorum exactly.
//
// The votes themselves are taken as given: nothing here checks a signature or
// a voter's power.
package tally

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
)

// Errors of Recount and TurnoutOf, for errors.Is.
var (
	// ErrVotingType is a voting type that Snapshot's own tally does not know, such as "custom".
	ErrVotingType = errors.New("unknown voting type")
	// ErrSealed means that choices are still encrypted (privacy "shutter").
	ErrSealed = errors.New("choices are sealed")
	// ErrUncountable means that the votes have no tally: a proposal without
	// choices, a voter with two votes, a choice that is not JSON, a power that is
	// negative or not finite, or ballots on which Snapshot's own run-off never ends.
	ErrUncountable = errors.New("votes cannot be counted")
	// ErrOddChoice means that Snapshot's code of the day of the count could not count a
	// choice, or only by accident: it says nothing about the other votes.
	ErrOddChoice = errors.New("the rules of the day of the count do not cover a choice")
	// ErrTooLarge means that a count would take more time or memory than any vote is worth:
	// it says nothing about the votes.
	ErrTooLarge = errors.New("too large to count")
)

// Tally is what Snapshot's rules make of a list of votes.
//
// Its figures are float64 on purpose. Snapshot's result is itself defined in
// doubles (sums in row order, percentages, square roots), so the same
// operations in the order of the votes given are the rule and not an
// approximation of it: with the rows in the hub's order they match Snapshot's
// own code bit for bit. The hub leaves its row order open, so use [Compare],
// which allows for it, and not ==. For a threshold sum the powers exactly: see
// [TurnoutOf].
type Tally struct {
	Type string `json:"type"` // voting type; "" is resolved to "single-choice"
	// Rule names the rules that counted, if they are not today's.
	Rule string `json:"rule,omitempty"`
	Outcome
	// ScoresTotal is by today's rules the power of all votes, those with an invalid choice
	// included; for copeland of the valid ones only.
	ScoresTotal float64 `json:"scores_total"`
	// Valid says of each vote, in the order given, whether the rules count its choice.
	Valid []bool `json:"valid"`
	// Ragged lists votes (by index) without exactly one power per strategy. If
	// there are any, ScoresByStrategy is nil: Snapshot's own would be null.
	Ragged []int `json:"ragged,omitempty"`
	// Sealed lists votes (by index) of a finally scored proposal whose choices
	// are still encrypted. Snapshot counts them as invalid.
	Sealed []int `json:"sealed,omitempty"`
	// NearTies lists the decisions that rounding noise could reverse.
	NearTies []NearTie `json:"near_ties,omitempty"`
	// Alternatives are the other outcomes that near ties allow. The list is
	// not complete where very many decisions are close.
	Alternatives []Outcome `json:"alternatives,omitempty"`

	// What Compare counts again by other rules or without some votes.
	all    election
	rules  rules
	near   []rules // by which the hub may have counted, these rules first
	latest rules   // today's
	odd    [][]*cell
}

// Outcome is a result in voting power.
type Outcome struct {
	Scores           []float64   `json:"scores"`             // one per choice
	ScoresByStrategy [][]float64 `json:"scores_by_strategy"` // [choice][strategy]
}

// Recount tallies votes as Snapshot did on the day on which the hub counted a final proposal
// (scores_updated), and otherwise as it does today (snapshot.js, 0.14.26 and later), from each
// vote's power as the hub gives it. Of the proposal it reads the type, the number of choices
// and of strategies, scores_state and scores_updated.
//
// It fails with [ErrVotingType], [ErrSealed], [ErrUncountable], [ErrOddChoice] or [ErrTooLarge] rather than
// return a doubtful tally. Its work is bounded: 500 choices on 10,000 ballots take some
// seconds in the voting types that compare choices, and what would take minutes is too large.
func Recount(p *snapshot.Proposal, votes []snapshot.Vote) (*Tally, error) {
	list, err := rulesOf(votingType(p))
	if err != nil {
		return nil, err
	}
	all, err := readBallots(p, votes)
	if err != nil {
		return nil, err
	}
	near := rulesAt(list, p)
	t, err := all.tally(near[0])
	for i := 1; (errors.Is(err, ErrUncountable) || errors.Is(err, ErrOddChoice)) && i < len(near); i++ {
		if other, otherErr := all.tally(near[i]); otherErr == nil {
			t, err = other, nil
		}
	}
	if err != nil {
		return nil, err
	}
	t.Type, t.all, t.near, t.latest = votingType(p), all, near, list[len(list)-1]
	return t, nil
}

// tally counts by some rules.
func (e election) tally(r rules) (*Tally, error) {
	t := &Tally{Rule: r.String(), rules: r}
	for i, b := range e.ballots {
		if b.choice.sealed() {
			t.Sealed = append(t.Sealed, i)
		}
		if len(b.split) != e.strategies {
			t.Ragged = append(t.Ragged, i)
		}
	}
	if len(t.Ragged) > 0 {
		e.strategies = 0 // nothing to count by strategy
	}
	counts := t.valid(e, r.valid)
	c, err := r.count(counts)
	if err != nil {
		return nil, err
	}
	t.Outcome, t.odd = c.Outcome, c.oddCells(r.cells)
	if t.ScoresTotal, err = r.scoresTotal(e, counts, c); err != nil {
		return nil, err
	}
	if !isFinite(e.power()) || !isFinite(t.ScoresTotal) || !t.finite() {
		return nil, fmt.Errorf("%w: the sum of their powers is too large for a double", ErrUncountable)
	}
	t.addNearTies(counts, c)
	return t, nil
}

// maxScores bounds the scores of a result: one for each choice, and for each strategy of it.
const maxScores = 500_000

// readBallots parses the votes.
func readBallots(p *snapshot.Proposal, votes []snapshot.Vote) (election, error) {
	e := election{choices: len(p.Choices), strategies: len(p.Strategies), ballots: make([]ballot, len(votes))}
	if e.choices == 0 {
		return e, fmt.Errorf("%w: the proposal has no choices; a snapshot.Client reads it from the hub",
			ErrUncountable)
	}
	if e.choices*(1+e.strategies) > maxScores {
		return e, fmt.Errorf("%w: found %d choices and %d strategies", ErrTooLarge, e.choices, e.strategies)
	}
	if err := checkVotes(votes); err != nil {
		return e, err
	}
	choices, sealed := newChoiceReader(), 0
	for i, v := range votes {
		choice, err := choices.read(v.Choice)
		if errors.Is(err, ErrTooLarge) {
			return e, err
		}
		if err != nil {
			return e, fmt.Errorf("%w: vote %.80q: %w", ErrUncountable, v.ID, err)
		}
		if choice.sealed() {
			sealed++
		}
		e.ballots[i] = ballot{choice, v.VP, v.VPByStrategy, v.Created}
	}
	if sealed > 0 && p.ScoresState != "final" {
		return e, fmt.Errorf(
			"%w: %d of %d votes are still encrypted and scores_state is %.80q; recount when it is \"final\"",
			ErrSealed, sealed, len(votes), p.ScoresState)
	}
	return e, nil
}

// checkVotes refuses what no hub counts: two votes of one voter, and a power
// that is negative or not finite.
func checkVotes(votes []snapshot.Vote) error {
	voted := make(map[string]bool, len(votes))
	for _, v := range votes {
		voter := strings.ToLower(v.Voter)
		if voted[voter] {
			return fmt.Errorf("%w: found two votes of voter %.80q, want the latest one only", ErrUncountable, v.Voter)
		}
		voted[voter] = true
		vp := v.VP
		if i := slices.IndexFunc(v.VPByStrategy, impossible); i >= 0 && !impossible(vp) {
			vp = v.VPByStrategy[i]
		}
		if impossible(vp) {
			return fmt.Errorf("%w: vote %.80q: power %v is not a finite number of at least 0", ErrUncountable, v.ID, vp)
		}
	}
	return nil
}

func impossible(vp float64) bool { return !isFinite(vp) || vp < 0 }

// sealed reports whether a choice is Shutter's ciphertext. No voting type has
// a valid choice that is a text, so this does not look at the proposal.
func (v value) sealed() bool {
	return len(v.text()) > 2 && v.text()[:2] == "0x"
}

// valid marks the ballots that count and returns those.
func (t *Tally) valid(all election, valid func(value, int) bool) election {
	t.Valid = make([]bool, 0, len(all.ballots))
	return all.only(func(b ballot) bool {
		ok := valid == nil || valid(b.choice, all.choices)
		t.Valid = append(t.Valid, ok)
		return ok
	})
}

// finite reports whether no sum has overflowed.
func (o Outcome) finite() bool {
	figures := append(slices.Concat(o.ScoresByStrategy...), o.Scores...)
	return !slices.ContainsFunc(figures, func(x float64) bool { return !isFinite(x) })
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
