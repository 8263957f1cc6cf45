package report

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/perpdao/perpquorum/votingpower"
)

// amount writes an exact number of base units, also in tokens.
func amount(n *big.Int, m *votingpower.Model) Amount {
	return Amount{BaseUnits: n.String(), Tokens: votingpower.Decimal(m.InTokens(new(big.Rat).SetInt(n)))}
}

// rounded writes r with thousands separators and at most three decimals, as JavaScript's
// toLocaleString("en-US") does: halves are rounded away from zero.
func rounded(r *big.Rat) string {
	text := strings.TrimSuffix(strings.TrimRight(r.FloatString(3), "0"), ".")
	if text == "-0" {
		text = "0"
	}
	return grouped(text)
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

// roundDecimal rounds one of the document's exact numbers, a decimal or a fraction, for a
// reader.
func roundDecimal(number string) (string, error) {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		return "", fmt.Errorf("number %q is not a decimal or a fraction", number)
	}
	return rounded(r), nil
}

// visible rounds a number for a reader, unless nothing would be left of it: one base unit
// can decide.
func visible(number string) (string, error) {
	text, err := roundDecimal(number)
	if text == "0" && number != "0" {
		text = grouped(number)
	}
	return text, err
}

// apart is write, unless turnout and quorum would then look equal and are not: no verdict is read off a
// rounded figure.
func apart(write func(*big.Rat) string, turnout, quorum *big.Rat) func(*big.Rat) string {
	if turnout.Cmp(quorum) != 0 && write(turnout) == write(quorum) {
		return func(amount *big.Rat) string { return grouped(votingpower.Decimal(amount)) }
	}
	return write
}

// share writes the quorum's fraction of the voting power: in percent, or as a fraction such
// as 1/3 where percent would have to be rounded.
func share(q Quorum) string {
	if _, _, endless := strings.Cut(q.Percent, "/"); endless {
		return q.Fraction
	}
	return grouped(q.Percent) + "%"
}

// basis says where the quorum comes from.
func basis(q Quorum) string {
	switch rule := q.Rule; {
	case rule == "":
		return share(q)
	case rule == votingpower.RuleFixed:
		return "a fixed amount of the model"
	case rule == votingpower.RuleRead:
		return "as the contract says"
	case rule == votingpower.RuleFraction:
		return share(q) + ", within the bounds of the model"
	case q.Read != nil:
		return "the " + rule + "imum of the model, instead of what the contract says"
	default:
		return "the " + rule + "imum of the model, instead of " + share(q)
	}
}
