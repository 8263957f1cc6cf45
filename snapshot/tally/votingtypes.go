package tally

import (
	"fmt"

	"github.com/perpdao/perpquorum/snapshot"
)

// rules are those of one voting type. valid decides which ballots count sees.
type rules struct {
	valid func(v value, choices int) bool
	count func(e election) (count, error)
}

// rulesOf returns the rules of a voting type.
func rulesOf(votingType string) (rules, error) {
	switch votingType {
	case "single-choice", "basic":
		return rules{validSingleChoice, countSingleChoice}, nil
	case "approval":
		return rules{validApproval, countApproval}, nil
	case "weighted":
		return rules{validWeights, countWeighted}, nil
	case "quadratic":
		return rules{validWeights, countQuadratic}, nil
	case "ranked-choice":
		return rules{validRanking, countRanked}, nil
	case "copeland":
		return rules{validCopeland, countCopeland}, nil
	}
	return rules{}, fmt.Errorf(
		"%w %q: want single-choice, basic, approval, weighted, quadratic, ranked-choice or copeland",
		ErrVotingType, votingType)
}

// votingType resolves "", which is single-choice in the oldest proposals.
func votingType(p *snapshot.Proposal) string {
	if p.Type == "" {
		return "single-choice"
	}
	return p.Type
}

// Single-choice and basic: a choice is the number of one choice. Basic has
// For, Against and perhaps Abstain, and is counted alike.

// validSingleChoice wants a JSON number; "1", [1] and true are not.
func validSingleChoice(v value, choices int) bool {
	_, ok := v.choice(choices)
	return ok && v.other == nil
}

func countSingleChoice(e election) (count, error) {
	return e.byColumn(func(power func(ballot) float64) []float64 {
		scores := make([]float64, e.choices)
		for _, b := range e.ballots {
			scores[int(b.choice.number)-1] += power(b)
		}
		return scores
	})
}

// Approval: a choice is a list of choice numbers, each of which gets the
// voter's whole power. The scores may add up to more than the power that voted.

// validApproval accepts an empty list, and whatever JavaScript takes for an
// index of the choices: "1" and [1] are valid here, though counted nowhere.
func validApproval(v value, choices int) bool {
	return v.kind() == kindArray && allChoices(v.items(), choices) && distinct(v.items(), choices)
}

func allChoices(items []value, choices int) bool {
	for _, item := range items {
		if _, ok := item.choice(choices); !ok {
			return false
		}
	}
	return true
}

func countApproval(e election) (count, error) {
	return e.byColumn(func(power func(ballot) float64) []float64 {
		scores := make([]float64, e.choices)
		for _, b := range e.ballots {
			for _, item := range b.choice.items() {
				if item.other == nil {
					scores[int(item.number)-1] += power(b)
				}
			}
		}
		return scores
	})
}
