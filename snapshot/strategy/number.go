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
	"unicode/utf8"
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

// maxExponent bounds the digits of its exponent.
const maxExponent = 3

// number matches the numbers of JavaScript, without Infinity and those in other bases.
var number = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?([0-9]+))?$`)

// parseNumber reads a parameter as JavaScript's arithmetic and comparisons do: true is 1, null,
// false and empty text are 0, text is the number that it holds, and anything else is not a
// number. What a list would be is refused.
func parseNumber(raw json.RawMessage) (Score, error) {
	switch text := string(raw); text[0] {
	case 't':
		return one(), nil
	case 'n', 'f':
		return zero(), nil
	case '{':
		return notANumber(), nil
	case '"':
		var inner string
		if err := json.Unmarshal(raw, &inner); err != nil {
			return Score{}, fmt.Errorf("found %s: %w", clip(raw), err)
		}
		return textNumber(inner)
	case '[':
		return Score{}, fmt.Errorf("found %s, want a number", clip(raw))
	default:
		return textNumber(text)
	}
}

// textNumber reads text as JavaScript's Number does.
func textNumber(text string) (Score, error) {
	trimmed := strings.TrimSpace(text)
	hex, isHex := strings.CutPrefix(strings.ToLower(trimmed), "0x")
	n, ok := new(big.Int), len(trimmed) <= maxDigits
	for _, r := range text {
		ok = ok && r < utf8.RuneSelf // which white space counts is not the same everywhere
	}
	if isHex && ok {
		if _, ok = n.SetString(hex, 16); ok && !strings.ContainsAny(hex, "+-_") {
			value, _ := new(big.Float).SetInt(n).Float64()
			return Score{Value: value, Exact: new(big.Rat).SetInt(n)}, nil
		}
		return notANumber(), nil
	}
	switch lower := strings.ToLower(trimmed); {
	case !ok, strings.HasPrefix(lower, "0b"), strings.HasPrefix(lower, "0o"), strings.HasSuffix(lower, "infinity"):
		return Score{}, fmt.Errorf("found %s, want a number", clip([]byte(text)))
	case trimmed == "":
		return zero(), nil
	}
	parts := number.FindStringSubmatch(trimmed)
	if parts == nil {
		return notANumber(), nil
	}
	if len(parts[2]) > maxExponent {
		return Score{}, fmt.Errorf("found %s, want a number", clip([]byte(text)))
	}
	value, err := strconv.ParseFloat(trimmed, 64)
	if err != nil {
		return Score{}, fmt.Errorf("found %s: %w", clip([]byte(text)), errors.Unwrap(err))
	}
	exact, ok := new(big.Rat).SetString(trimmed)
	if !ok {
		return Score{}, fmt.Errorf("found %s, want a number", clip([]byte(text)))
	}
	return Score{Value: value, Exact: exact}, nil
}

// entry reads a parameter that is itself the score of a voter. Numbers in text are joined to a
// sum as text, and what is not a number spoils the sum of a composition: both are refused.
func entry(raw json.RawMessage, at site) (Score, error) {
	n, err := parseNumber(raw)
	if number := !math.IsNaN(n.Value); err == nil && (number && raw[0] == '"' || !number && at.depth > 0) {
		err = fmt.Errorf("found the text %s, want a number", clip(raw))
	}
	return n, err
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

// parseDecimals reads a decimals parameter: a whole number from 0 to 256, also as text in
// decimal or 0x form, a unit name such as "gwei", or nothing, which means 18.
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
	n, err := integer(raw)
	if err == nil && (n.Sign() < 0 || n.Cmp(big.NewInt(maxDecimals)) > 0) {
		err = fmt.Errorf("found %s, want a whole number from 0 to %d", clip(raw), maxDecimals)
	}
	if err != nil {
		return 0, fmt.Errorf("params.decimals: %w", err)
	}
	return int(n.Int64()), nil
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

// wholeText matches the texts that the score service reads as whole numbers.
var wholeText = regexp.MustCompile(`^-?([0-9]+|0x[0-9a-fA-F]+)$`)

// integer reads a whole number: a JSON number, or text in decimal or 0x form.
// Token ids beyond 2^53 only keep their digits in text.
func integer(raw json.RawMessage) (*big.Int, error) {
	var text string
	quoted := json.Unmarshal(raw, &text) == nil && !absent(raw)
	switch {
	case quoted && wholeText.MatchString(text) && len(text) <= maxDigits:
		digits, isHex := strings.CutPrefix(strings.TrimPrefix(text, "-"), "0x")
		base := 10
		if isHex {
			base = 16
		}
		n, _ := new(big.Int).SetString(digits, base) // these are digits
		if text[0] == '-' {
			n.Neg(n)
		}
		return n, nil
	case !quoted && len(raw) > 0 && (raw[0] == '-' || raw[0] <= '9'):
		score, err := parseNumber(raw)
		if err != nil || !score.Exact.IsInt() {
			break
		}
		n := score.Exact
		if n.Num().CmpAbs(big.NewInt(1<<53-1)) >= 0 {
			return nil, fmt.Errorf("found %s, which is beyond 2^53 and loses digits outside a string", clip(raw))
		}
		return n.Num(), nil
	}
	return nil, fmt.Errorf("found %s, want a whole number", clip(raw))
}
