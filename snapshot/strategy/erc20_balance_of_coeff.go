package strategy

import "encoding/json"

// parseERC20BalanceOfCoeff: an ERC-20 balance times coeff; as weighted, with
// another name for the factor.
func parseERC20BalanceOfCoeff(params json.RawMessage, at Place) (scorer, error) {
	t, p, err := parseTokenRead(params, at, "balanceOf(address)")
	if err != nil {
		return nil, err
	}
	return multiplied(t, p.Coeff, "coeff")
}
