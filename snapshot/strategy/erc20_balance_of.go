package strategy

import "encoding/json"

// parseERC20BalanceOf: balanceOf(voter) of an ERC-20 token, scaled by decimals.
func parseERC20BalanceOf(params json.RawMessage, at Place) (scorer, error) {
	t, _, err := parseTokenRead(params, at, "balanceOf(address)")
	return t, err
}
