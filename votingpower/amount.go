package votingpower

import "math/big"

// Decimal writes r exactly: as a decimal without trailing zeros, or as a fraction "n/d" in
// lowest terms if its decimal form does not end.
func Decimal(r *big.Rat) string {
	digits, ends := r.FloatPrec()
	if !ends {
		return r.RatString()
	}
	return r.FloatString(digits)
}

// InTokens converts base units of the model's token to tokens, exactly.
func (m *Model) InTokens(baseUnits *big.Rat) *big.Rat { return new(big.Rat).Quo(baseUnits, m.unit()) }

// InBaseUnits converts tokens to base units of the model's token, exactly.
func (m *Model) InBaseUnits(tokens *big.Rat) *big.Rat { return new(big.Rat).Mul(tokens, m.unit()) }

func (m *Model) unit() *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.Decimals)), nil))
}
