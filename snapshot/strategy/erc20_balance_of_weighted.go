package strategy

import "encoding/json"

// parseERC20BalanceOfWeighted: an ERC-20 balance times weight. Without weight
// the product is not a number, and everyone's score is 0.
func parseERC20BalanceOfWeighted(params json.RawMessage, at Place) (scorer, error) {
	t, p, err := parseTokenRead(params, at, "balanceOf(address)")
	if err != nil {
		return nil, err
	}
	return multiplied(t, p.Weight, "weight")
}

// multiplied multiplies by a parameter that has no default: null counts as 0
// and a missing one makes every score not a number, which the top level drops.
func multiplied(inner scorer, raw json.RawMessage, name string) (scorer, error) {
	switch {
	case len(raw) == 0:
		return factored{inner, notANumber()}, nil
	case absent(raw):
		return factored{inner, zero()}, nil
	}
	factor, err := parseNumber(raw)
	if err != nil {
		return nil, cannot("params.%s: %v", name, err)
	}
	return factored{inner, factor}, nil
}
