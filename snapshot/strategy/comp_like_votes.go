package strategy

import "encoding/json"

// parseCompLikeVotes: getCurrentVotes(voter) of a token like COMP.
func parseCompLikeVotes(params json.RawMessage, at Place) (scorer, error) {
	t, _, err := parseTokenRead(params, at, "getCurrentVotes(address)")
	return t, err
}
