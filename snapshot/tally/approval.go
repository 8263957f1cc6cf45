package tally

// Approval: a choice is a list of choice numbers, each of which gets the
// voter's whole power. The scores may add up to more than the power that voted.

// validApproval accepts an empty list, and whatever JavaScript takes for an
// index of the choices: "1" and [1] are valid here, though counted nowhere.
func validApproval(v value, choices int) bool {
	return v.kind == kindArray && allChoices(v.items, choices) && distinct(v.items)
}

func allChoices(items []value, choices int) bool {
	for _, item := range items {
		if _, ok := item.choice(choices); !ok {
			return false
		}
	}
	return true
}

func countApproval(e election) (Outcome, error) {
	return e.byColumn(func(power func(ballot) float64) []float64 {
		scores := make([]float64, e.choices)
		for _, b := range e.ballots {
			for _, item := range b.choice.items {
				if item.kind == kindNumber {
					scores[int(item.number)-1] += power(b)
				}
			}
		}
		return scores
	}), nil
}
