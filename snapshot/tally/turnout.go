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
