package strategy

import "encoding/json"

// parseERC721: the number of tokens of an ERC-721 collection, without decimals.
func parseERC721(params json.RawMessage, at Place) (scorer, error) {
	t, _, err := parseCollection(params, at)
	return t, err
}

// parseCollection reads a collection: whole tokens, whatever decimals says.
func parseCollection(params json.RawMessage, at Place) (tokenRead, tokenParams, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return tokenRead{}, p, cannot("params: %v", err)
	}
	contract, err := address(p.Address)
	if err != nil {
		return tokenRead{}, p, cannot("params.address: %v", err)
	}
	t, err := newTokenRead(at, contract, "balanceOf(address)", 0)
	return t, p, err
}
