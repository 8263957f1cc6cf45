package strategy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// defaultDecimals is what Snapshot's strategies assume where decimals is missing or null.
const defaultDecimals = 18

// maxDecimals bounds decimals as the unit conversion of the score service does.
const maxDecimals = 256

// unitNames are the names that the score service accepts in place of a number.
func unitNames() map[string]int {
	return map[string]int{"wei": 0, "kwei": 3, "mwei": 6, "gwei": 9, "szabo": 12, "finney": 15, "ether": 18}
}

// scale turns an integer in base units into a score: amount / 10^decimals. The
// double is rounded once from the exact decimal text, as Snapshot's formatUnits
// and parseFloat do; a division of doubles would differ in the last bit.
func scale(amount *big.Int, decimals int) Score {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil)
	exact := new(big.Rat).SetFrac(amount, unit)
	value, _ := strconv.ParseFloat(exact.FloatString(decimals), 64)
	return Score{Value: value, Exact: exact}
}

// maxBits bounds numerator and denominator of an exact score. An amount of 256 decimals has
// fewer than 1200 bits; only parameters made for it reach more.
const maxBits = 4096

// bounded returns nil for a number that is too long to compute with: as for a square root,
// only the double is known then.
func bounded(exact *big.Rat) *big.Rat {
	if exact.Num().BitLen() > maxBits || exact.Denom().BitLen() > maxBits {
		return nil
	}
	return exact
}

// times multiplies a score by a factor from the parameters. The double is the
// product of two doubles, because that is what Snapshot stores.
func (s Score) times(f Score) Score {
	out := Score{Value: s.Value * f.Value, missing: s.missing}
	if s.Exact != nil && f.Exact != nil {
		out.Exact = bounded(new(big.Rat).Mul(s.Exact, f.Exact))
	}
	return out
}

// plus adds two scores; the doubles are added as doubles, as Snapshot does.
func (s Score) plus(o Score) Score {
	out := Score{Value: s.Value + o.Value}
	if s.Exact != nil && o.Exact != nil {
		out.Exact = bounded(new(big.Rat).Add(s.Exact, o.Exact))
	}
	return out
}

// positive applies the filter at the top level: what is not greater than 0 is 0.
func (s Score) positive() Score {
	if s.Value > 0 {
		return s
	}
	return zero()
}

func zero() Score       { return Score{Exact: new(big.Rat)} }
func one() Score        { return Score{Value: 1, Exact: big.NewRat(1, 1)} }
func notANumber() Score { return Score{Value: math.NaN()} }

// maxDigits bounds the text of a number in parameters.
const maxDigits = 400

// number matches JSON numbers, and the strings that JavaScript reads as the same number.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?$`)

// parseNumber reads a JSON number, or a string that holds one.
func parseNumber(raw json.RawMessage) (Score, error) {
	text := strings.TrimSpace(string(raw))
	var inner string
	if json.Unmarshal(raw, &inner) == nil && text != "null" {
		text = inner
	}
	if len(text) > maxDigits || !number.MatchString(text) {
		return Score{}, fmt.Errorf("found %s, want a number", clip(raw))
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return Score{}, fmt.Errorf("found %s: %w", clip(raw), errors.Unwrap(err))
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return Score{}, fmt.Errorf("found %s, want a number", clip(raw))
	}
	return Score{Value: value, Exact: exact}, nil
}

// falsy reports whether JavaScript's || operator passes over a parameter.
func falsy(raw json.RawMessage) bool {
	switch text := strings.TrimSpace(string(raw)); text {
	case "", "null", "false", `""`:
		return true
	default:
		n, err := strconv.ParseFloat(text, 64)
		return err == nil && n == 0
	}
}

// absent reports whether a parameter is missing or null.
func absent(raw json.RawMessage) bool {
	text := strings.TrimSpace(string(raw))
	return text == "" || text == "null"
}

// parseDecimals reads a decimals parameter: a number or string from 0 to 256, a
// unit name such as "gwei", or nothing, which means 18.
func parseDecimals(raw json.RawMessage) (int, error) {
	if absent(raw) {
		return defaultDecimals, nil
	}
	var name string
	if json.Unmarshal(raw, &name) == nil {
		if n, ok := unitNames()[name]; ok {
			return n, nil
		}
	}
	n, err := parseNumber(raw)
	if err != nil {
		return 0, fmt.Errorf("params.decimals: %w", err)
	}
	if !n.Exact.IsInt() || n.Exact.Sign() < 0 || n.Exact.Cmp(new(big.Rat).SetInt64(maxDecimals)) > 0 {
		return 0, fmt.Errorf("params.decimals: found %s, want a whole number from 0 to %d", clip(raw), maxDecimals)
	}
	return int(n.Exact.Num().Int64()), nil
}

// clip shortens text from a proposal for an error message, and escapes what a
// terminal must not see.
func clip(raw []byte) string {
	const most = 60
	text := strings.Trim(string(raw), `"`)
	if len(text) > most {
		text = text[:most] + "…"
	}
	return strconv.Quote(text)
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
	var n *big.Int
	ok := len(text) <= maxDigits
	if ok {
		n, ok = new(big.Int).SetString(text, base)
	}
	switch {
	case !ok || strings.ContainsAny(text, "+_"):
		return nil, fmt.Errorf("found %s, want a whole number", clip(raw))
	case !quoted && n.CmpAbs(big.NewInt(1<<53-1)) > 0:
		return nil, fmt.Errorf("found %s, which is beyond 2^53 and loses digits outside a string", clip(raw))
	}
	return n, nil
}
