package strategy

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// parseERC1155BalanceOf: balanceOf(voter, tokenId) of an ERC-1155 contract. Missing
// decimals mean 18 here too, which makes a balance of 1 a score of 1e-18: a
// frequent mistake in spaces, reproduced as it is.
func parseERC1155BalanceOf(params json.RawMessage, at Place) (scorer, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	id, err := integer(p.TokenID)
	if err != nil || id.Sign() < 0 || id.BitLen() > 256 {
		return nil, cannot("params.tokenId: found %s, want a token id", clip(p.TokenID))
	}
	t, _, err := parseTokenRead(params, at, "balanceOf(address,uint256)", id)
	return t, err
}

// integer reads a whole number: a JSON number, or a string in decimal or 0x form.
// Token ids beyond 2^53 only keep their digits in a string.
func integer(raw json.RawMessage) (*big.Int, error) {
	text := string(raw)
	var inner string
	quoted := json.Unmarshal(raw, &inner) == nil
	if quoted {
		text = inner
	}
	base := 10
	if quoted && strings.HasPrefix(text, "0x") {
		base, text = 16, text[2:]
	}
	n, ok := new(big.Int).SetString(text, base)
	switch {
	case !ok || strings.ContainsAny(text, "+_"):
		return nil, fmt.Errorf("found %s, want a whole number", clip(raw))
	case !quoted && n.CmpAbs(big.NewInt(1<<53-1)) > 0:
		return nil, fmt.Errorf("found %s, which is beyond 2^53 and loses digits outside a string", clip(raw))
	}
	return n, nil
}
