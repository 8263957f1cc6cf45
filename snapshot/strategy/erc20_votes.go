package strategy

import "encoding/json"

// parseERC20Votes: getVotes(voter) of an ERC-20 token with EIP-5805 votes.
func parseERC20Votes(params json.RawMessage, at Place) (scorer, error) {
	t, _, err := parseTokenRead(params, at, "getVotes(address)")
	return t, err
}
