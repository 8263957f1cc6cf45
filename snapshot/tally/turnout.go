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
	counts, err := countingChoices(p, choices)
	if err != nil {
		return nil, err
	}
	if err := checkVotes(votes); err != nil {
		return nil, err
	}
	t := &Turnout{Counted: make([]bool, len(votes)), Power: new(big.Rat)}
	for i := range votes {
		if t.Counted[i], err = isCounted(p, &votes[i], counts); err != nil {
			return nil, err
		}
		if t.Counted[i] {
			t.Power.Add(t.Power, new(big.Rat).SetFloat64(votes[i].VP))
		}
	}
	return t, nil
}

// countingChoices says of each choice whether it counts; nil means all votes do.
func countingChoices(p *snapshot.Proposal, names []string) ([]bool, error) {
	if len(names) == 0 {
		return nil, nil
	}
	if typ := votingType(p); typ != "single-choice" && typ != "basic" {
		return nil, fmt.Errorf("%w: named choices %q want voting type single-choice or basic, found %q",
			ErrTurnout, names, typ)
	}
	for _, name := range names {
		if !slices.Contains(p.Choices, name) {
			return nil, fmt.Errorf("%w: no choice is called %q, found %q", ErrTurnout, name, p.Choices)
		}
	}
	counts := make([]bool, len(p.Choices))
	for i, choice := range p.Choices {
		counts[i] = slices.Contains(names, choice)
	}
	return counts, nil
}

func isCounted(p *snapshot.Proposal, v *snapshot.Vote, counts []bool) (bool, error) {
	if counts == nil {
		return true, nil
	}
	choice, err := choiceOf(v)
	if err != nil {
		return false, err
	}
	if choice.sealed() && p.ScoresState != "final" {
		return false, fmt.Errorf("%w: vote %s is encrypted and scores_state is %q, expected \"final\"",
			ErrSealed, v.ID, p.ScoresState)
	}
	return validSingleChoice(choice, len(counts)) && counts[int(choice.number)-1], nil
}
