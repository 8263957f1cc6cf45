package tally

// Single-choice and basic: a choice is the number of one choice. Basic has
// For, Against and perhaps Abstain, and is counted alike.

// validSingleChoice wants a JSON number; "1", [1] and true are not.
func validSingleChoice(v value, choices int) bool {
	_, ok := v.choice(choices)
	return ok && v.kind == kindNumber
}

func countSingleChoice(e election) (Outcome, error) {
	return e.byColumn(func(power func(ballot) float64) []float64 {
		scores := make([]float64, e.choices)
		for _, b := range e.ballots {
			scores[int(b.choice.number)-1] += power(b)
		}
		return scores
	}), nil
}
