package report

import (
	"math/big"
	"strings"
)

// amount writes an exact number of base units, also in tokens.
func amount(n *big.Int, decimals uint8) Amount {
	return Amount{BaseUnits: n.String(), Tokens: exact(tokens(new(big.Rat).SetInt(n), decimals))}
}

// tokens converts base units to tokens.
func tokens(baseUnits *big.Rat, decimals uint8) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	return new(big.Rat).Quo(baseUnits, new(big.Rat).SetInt(unit))
}

// exact writes r as a decimal without trailing zeros, or as a fraction "n/d" in
// lowest terms if its decimal form does not end.
func exact(r *big.Rat) string {
	digits, ends := r.FloatPrec()
	if !ends {
		return r.RatString()
	}
	return trimZeros(r.FloatString(digits))
}

// rounded writes r with thousands separators and at most three decimals, as
// JavaScript's toLocaleString("en-US") does: halves are rounded away from zero.
func rounded(r *big.Rat) string {
	return grouped(trimZeros(r.FloatString(3)))
}

// grouped puts thousands separators into a decimal. A fraction stays as it is.
func grouped(decimal string) string {
	if strings.Contains(decimal, "/") {
		return decimal
	}
	sign := ""
	if strings.HasPrefix(decimal, "-") {
		sign, decimal = "-", decimal[1:]
	}
	whole, fraction, hasFraction := strings.Cut(decimal, ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if hasFraction {
		b.WriteString("." + fraction)
	}
	return sign + b.String()
}

func trimZeros(decimal string) string {
	if strings.Contains(decimal, ".") {
		decimal = strings.TrimSuffix(strings.TrimRight(decimal, "0"), ".")
	}
	if decimal == "-0" {
		return "0"
	}
	return decimal
}

// inBaseUnits converts tokens to base units.
func inBaseUnits(tokens *big.Rat, decimals uint8) *big.Rat {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	return new(big.Rat).Mul(tokens, new(big.Rat).SetInt(unit))
}

// shareOf is the part in percent, rounded to three decimals, that power is of
// the whole of which quorum is the given fraction.
func shareOf(power, quorum, fraction *big.Rat) string {
	percent := new(big.Rat).Mul(power, big.NewRat(100, 1))
	percent.Mul(percent, fraction)
	return rounded(percent.Quo(percent, quorum))
}
