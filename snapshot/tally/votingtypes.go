package tally

import (
	"strconv"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
)

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

// validNonEmptyApproval is as Snapshot had it before 2023-03.
func validNonEmptyApproval(v value, choices int) bool {
	return len(v.items()) > 0 && validApproval(v, choices)
}

// countApproval finds each number once, and other numbers than the choices' nowhere.
func countApproval(e election) (count, error) {
	return e.byColumn(func(power func(ballot) float64) []float64 {
		scores, last := make([]float64, e.choices), make([]int, e.choices)
		for n, b := range e.ballots {
			for _, item := range b.choice.items() {
				if i, ok := wholeWithin(item.number, e.choices); ok && item.other == nil && last[i-1] <= n {
					scores[i-1] += power(b)
					last[i-1] = n + 1
				}
			}
			if text := b.choice.text(); text != "" { // the first code searched texts for digits
				for i := range scores {
					if strings.Contains(text, strconv.Itoa(i+1)) {
						scores[i] += power(b)
					}
				}
			}
		}
		return scores
	})
}
