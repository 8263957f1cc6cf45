package tally

import (
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/perpdao/perpquorum/snapshot"
)

// ErrTurnout means that a proposal has no turnout of the named choices: its
// voting type lets a vote have several choices, or it has no such choice.
var ErrTurnout = errors.New("turnout is not defined")

// Turnout is the part of the votes that counts towards a quorum.
type Turnout struct {
	Counted []bool // per vote, in the order given
	// Parts says of each counted vote which part of its power counts, above 0 and at most 1.
	// It is nil where all of it does.
	Parts []*big.Rat
	// Power is the exact sum of the hub's doubles of the counted votes, in voting power.
	Power *big.Rat
}

// TurnoutOf counts every vote once, whatever its choice: Abstain, invalid,
// sealed and empty ones too, as Snapshot's scores_total does. With choices, it
// counts only votes for a choice with one of these texts. That is defined for
// single-choice and basic alone, where a vote has one choice; otherwise it fails
// with [ErrTurnout]. It fails with [ErrSealed] while a choice is encrypted, and
// with [ErrUncountable] for two votes of one voter or an impossible power.
func TurnoutOf(p *snapshot.Proposal, votes []snapshot.Vote, choices []string) (*Turnout, error) {
	if err := checkVotes(votes); err != nil {
		return nil, err
	}
	counts := func(int) bool { return true }
	if len(choices) > 0 {
		if err := checkNames(p, choices); err != nil {
			return nil, err
		}
		all, err := readBallots(p, votes)
		if err != nil {
			return nil, err
		}
		counts = func(i int) bool {
			choice := all.ballots[i].choice
			return validSingleChoice(choice, all.choices) && slices.Contains(choices, p.Choices[int(choice.number)-1])
		}
	}
	t := &Turnout{Counted: make([]bool, len(votes)), Power: new(big.Rat)}
	for i, v := range votes {
		if t.Counted[i] = counts(i); t.Counted[i] {
			t.Power.Add(t.Power, new(big.Rat).SetFloat64(v.VP))
		}
	}
	return t, nil
}

// checkNames refuses names of choices for which a turnout is not defined.
func checkNames(p *snapshot.Proposal, names []string) error {
	if typ := votingType(p); typ != "single-choice" && typ != "basic" {
		return fmt.Errorf("%w: named choices %q want voting type single-choice or basic, found %q",
			ErrTurnout, names, typ)
	}
	for _, name := range names {
		if !slices.Contains(p.Choices, name) {
			return fmt.Errorf("%w: no choice is called %q, found %q", ErrTurnout, name, p.Choices)
		}
	}
	return nil
}

// CheckWinner fails with [ErrTurnout] for a voting type in which the score of the winning choice
// is not a sum of power that was cast for it: quadratic and copeland.
func CheckWinner(p *snapshot.Proposal) error {
	switch typ := votingType(p); typ {
	case "single-choice", "basic", "approval", "weighted", "ranked-choice":
		return nil
	default:
		return fmt.Errorf("%w: in voting type %.80q the winner's score is not a sum of voting power", ErrTurnout, typ)
	}
}

// WinnerTurnout counts the votes of the choice with the highest score by the recount, of several
// the first: in ranked-choice those that are its own in the last round, in weighted the part of
// each vote that is given to it. It fails as [CheckWinner] does.
func (t *Tally) WinnerTurnout(p *snapshot.Proposal, votes []snapshot.Vote) (*Turnout, error) {
	if err := CheckWinner(p); err != nil {
		return nil, err
	}
	winner := 0
	for i, score := range t.Scores {
		if score > t.Scores[winner] {
			winner = i
		}
	}
	part, err := t.partFor(winner)
	if err != nil {
		return nil, err
	}
	out := &Turnout{Counted: make([]bool, len(votes)), Parts: make([]*big.Rat, len(votes)), Power: new(big.Rat)}
	next := 0 // among the valid ballots
	for i, v := range votes {
		if !t.Valid[i] {
			continue
		}
		if share := part(next, t.all.ballots[i].choice); share.Sign() > 0 {
			out.Counted[i], out.Parts[i] = true, share
			out.Power.Add(out.Power, new(big.Rat).Mul(share, new(big.Rat).SetFloat64(v.VP)))
		}
		next++
	}
	return out, nil
}

// partFor returns which part of the i-th valid ballot is for a choice.
func (t *Tally) partFor(winner int) (func(i int, choice value) *big.Rat, error) {
	whole := func(counts bool) *big.Rat {
		if counts {
			return big.NewRat(1, 1)
		}
		return new(big.Rat)
	}
	switch t.Type {
	case "weighted":
		return func(_ int, choice value) *big.Rat { return weightsOf(choice, t.all.choices).part(winner) }, nil
	case "approval":
		return func(_ int, choice value) *big.Rat {
			return whole(slices.ContainsFunc(choice.items(), func(v value) bool { return v.is(winner) }))
		}, nil
	case "ranked-choice":
		valid := -1
		run, err := countRanked(t.all.only(func(ballot) bool { valid++; return t.Valid[valid] }))
		if err != nil {
			return nil, err
		}
		return func(i int, _ value) *big.Rat { return whole(run.runoff.standing(run.last, i) == winner) }, nil
	}
	return func(_ int, choice value) *big.Rat { return whole(choice.is(winner)) }, nil
}

// is reports whether v is the number of a choice, from 0.
func (v value) is(choice int) bool { return v.other == nil && v.number == float64(choice+1) }

// part is what a ballot gives to a choice. Weights are the hub's doubles, taken exactly.
func (w weights) part(choice int) *big.Rat {
	part := new(big.Rat)
	for _, given := range w.of {
		if given.choice == choice && given.weight > 0 && isFinite(given.weight) && isFinite(w.sum) {
			part.Quo(part.SetFloat64(given.weight), new(big.Rat).SetFloat64(w.sum))
		}
	}
	return part
}

// standing is the choice, from 0, that the i-th ballot counts for in a round, or -1.
func (r *runoff) standing(now round, i int) int {
	ranking, first := r.rankings[i], int(now.first[i])
	if first == len(ranking) {
		return -1
	}
	choice, ok := r.choiceOf(r.candidate[ranking[first]])
	if !ok {
		return -1
	}
	return choice - 1
}
