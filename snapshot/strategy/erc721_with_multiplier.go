package strategy

import "encoding/json"

// parseERC721WithMultiplier: the number of tokens times multiplier; nothing, null and 0 mean 1.
func parseERC721WithMultiplier(params json.RawMessage, at Place) (scorer, error) {
	t, p, err := parseCollection(params, at)
	if err != nil || falsy(p.Multiplier) {
		return t, err
	}
	return multiplied(t, p.Multiplier, "multiplier")
}
