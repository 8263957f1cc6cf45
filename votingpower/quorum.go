package votingpower

import (
	"errors"
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Quorum says how much voting power a vote needs: exactly one of a Fraction of the circulating
// voting power, a Fixed amount, or a Read from a contract. Its JSON form is that of a fraction,
// or an object.
type Quorum struct {
	Fraction *big.Rat `json:"fraction,omitempty"` // 0 to 1
	Fixed    *Tokens  `json:"fixed,omitempty"`
	// Read is a contract's answer, in base units of its Decimals.
	Read *ContractRead `json:"read,omitempty"`
	// Min and Max bound what Fraction or Read gives.
	Min *Tokens `json:"min,omitempty"`
	Max *Tokens `json:"max,omitempty"`
}

// Tokens is an exact amount of the model's token, 0 or more.
type Tokens struct{ big.Rat }

// NewTokens is a whole number of tokens.
func NewTokens(n int64) *Tokens {
	t := new(Tokens)
	t.SetInt64(n)
	return t
}

// Rules by which a quorum came about.
const (
	RuleFraction = "fraction"
	RuleFixed    = "fixed"
	RuleRead     = "read"
	RuleMin      = "min" // a fraction or a read below it
	RuleMax      = "max" // a fraction or a read above it
)

// FractionOf is the quorum of a fraction of the circulating voting power.
func FractionOf(numerator, denominator int64) Quorum {
	return Quorum{Fraction: big.NewRat(numerator, denominator)}
}

// SumDecides reports whether the quorum follows from the circulating voting power. If not,
// that is for information.
func (q Quorum) SumDecides() bool { return q.Fraction != nil }

// of is the quorum in base units, and the rule that gave it.
func (q Quorum) of(m *Model, power, read *big.Int) (*big.Rat, string) {
	quorum, rule := new(big.Rat), RuleFraction
	switch {
	case q.Fixed != nil:
		return m.InBaseUnits(&q.Fixed.Rat), RuleFixed
	case q.Read != nil:
		quorum, rule = quorum.SetInt(read), RuleRead
	default:
		quorum.Mul(quorum.SetInt(power), q.Fraction)
	}
	if q.Min != nil {
		if least := m.InBaseUnits(&q.Min.Rat); quorum.Cmp(least) < 0 {
			return least, RuleMin
		}
	}
	if q.Max != nil {
		if most := m.InBaseUnits(&q.Max.Rat); quorum.Cmp(most) > 0 {
			return most, RuleMax
		}
	}
	return quorum, rule
}

// Plain reports whether the quorum is a fraction and nothing else.
func (q Quorum) Plain() bool { return q.Fixed == nil && q.Read == nil && q.Min == nil && q.Max == nil }

func (c *checker) quorum() {
	q := c.model.Quorum
	if c.model.Format == ModelFormat1 && !q.Plain() {
		c.fail("/quorum", "other than a fraction needs the format %q", ModelFormat)
	}
	rules := 0
	for _, given := range []bool{q.Fraction != nil, q.Fixed != nil, q.Read != nil} {
		if given {
			rules++
		}
	}
	switch {
	case rules == 0:
		c.fail("/quorum", "is missing")
	case rules > 1:
		c.fail("/quorum", "has %d rules, want one of fraction, fixed and read", rules)
	case q.Fixed != nil && (q.Min != nil || q.Max != nil):
		c.fail("/quorum", "is fixed: min and max would say nothing")
	case q.Min != nil && q.Max != nil && q.Min.Cmp(&q.Max.Rat) > 0:
		c.fail("/quorum/max", "is %s, less than min, %s", Decimal(&q.Max.Rat), Decimal(&q.Min.Rat))
	}
	if q.Fraction != nil {
		if err := checkFraction(q.Fraction); err != nil {
			c.fail("/quorum", "%v", err)
		}
	}
	c.tokenAmount("/quorum/fixed", q.Fixed)
	c.tokenAmount("/quorum/min", q.Min)
	c.tokenAmount("/quorum/max", q.Max)
	if q.Read != nil {
		c.contractRead("/quorum/read", *q.Read)
	}
}

// tokenAmount checks an amount, if there is one.
func (c *checker) tokenAmount(at jsontext.Pointer, amount *Tokens) {
	if amount == nil {
		return
	}
	_, err := parseTokens(Decimal(&amount.Rat))
	if err == nil && amount.Sign() == 0 {
		err = errors.New("is 0")
	}
	if err != nil {
		c.fail(at, "%v", err)
	}
}

// parseTokens reads an amount of tokens such as "75000" or "0.5".
func parseTokens(text string) (t Tokens, err error) {
	if _, ok := t.SetString(text); !decimal.MatchString(text) || !ok || t.Sign() < 0 || Decimal(&t.Rat) != text {
		return t, fmt.Errorf(`found %.80q, want an amount of tokens such as "75000" or "0.5"`, text)
	}
	return t, nil
}

func writeQuorum(enc *jsontext.Encoder, q Quorum) error {
	if q.Plain() && q.Fraction != nil {
		return enc.WriteToken(jsontext.String(q.Fraction.RatString()))
	}
	return errors.ErrUnsupported // leaves the object to the library
}

func readQuorum(dec *jsontext.Decoder, into *Quorum) error {
	switch dec.PeekKind() {
	case jsontext.KindString:
	case jsontext.KindBeginObject:
		return errors.ErrUnsupported // leaves the object to the library
	default:
		found, err := dec.ReadValue()
		if err != nil {
			return err
		}
		return &fault{msg: fmt.Sprintf(`found %s, want a fraction such as "10%%", or an object`, show(found))}
	}
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	into.Fraction, err = parseFraction(token.String())
	return err
}

// Turnout says which votes count towards the quorum: those for Choices by their text, those of
// the choice with the highest score if Winner is set, or else all votes, Abstain and invalid
// choices included. Its JSON form is the list of choices, "winner" or "all".
type Turnout struct {
	Choices []string
	Winner  bool
}

func (c *checker) turnout() {
	m := c.model
	if m.Turnout.Winner && m.Format == ModelFormat1 {
		c.fail("/turnout", "of the winner needs the format %q", ModelFormat)
	}
	if m.Turnout.Winner && len(m.Turnout.Choices) > 0 {
		c.fail("/turnout", "is of the winner and of choices, want one of the two")
	}
	seen := map[string]bool{}
	for i, choice := range m.Turnout.Choices {
		// A choice is compared with the proposal's text, odd spaces included.
		if choice == "" || !utf8.ValidString(choice) || seen[choice] {
			c.fail(at("turnout", i, ""), "found %.80q, want a choice that is not empty and not listed twice", choice)
		}
		seen[choice] = true
	}
}

func writeTurnout(enc *jsontext.Encoder, t Turnout) error {
	switch {
	case t.Winner:
		return enc.WriteToken(jsontext.String("winner"))
	case len(t.Choices) == 0:
		return enc.WriteToken(jsontext.String("all"))
	}
	return json.MarshalEncode(enc, t.Choices)
}

func readTurnout(dec *jsontext.Decoder, into *Turnout) error {
	if dec.PeekKind() != jsontext.KindString {
		err := json.UnmarshalDecode(dec, &into.Choices)
		if len(into.Choices) == 0 {
			into.Choices = nil // all
		}
		return err
	}
	token, err := dec.ReadToken()
	switch word := token.String(); {
	case err != nil:
		return err
	case word == "winner":
		into.Winner = true
	case word != "all":
		return &fault{msg: fmt.Sprintf(`found the string %.80q, want "all", "winner" or a list of choices`, word)}
	}
	return nil
}

// String says the rule in words, such as "30%, at least 150000 tokens".
func (q Quorum) String() string {
	text := ""
	switch {
	case q.Fixed != nil:
		return Decimal(&q.Fixed.Rat) + " tokens"
	case q.Read != nil:
		text = q.Read.Call + " of " + q.Read.Contract.Hex()
	case q.Fraction != nil:
		text = Decimal(new(big.Rat).Mul(q.Fraction, big.NewRat(100, 1))) + "%"
	}
	if q.Min != nil {
		text += ", at least " + Decimal(&q.Min.Rat) + " tokens"
	}
	if q.Max != nil {
		text += ", at most " + Decimal(&q.Max.Rat) + " tokens"
	}
	return text
}
