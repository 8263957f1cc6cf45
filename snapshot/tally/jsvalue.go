package tally

import (
	"cmp"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// value is the JSON text of a choice as JavaScript sees it. Snapshot's rules
// are JavaScript expressions that coerce what they find ("1", true, [1] and 1
// all pick the first choice in some places and not in others), so the recount
// keeps the original kinds and coerces where Snapshot does. Most values are
// numbers, of which there can be millions: they take 16 bytes.
type value struct {
	number float64 // of a number; 1 for true
	other  *other  // nil for a number
}

// other is a value that is not a number.
type other struct {
	kind   kind
	text   string  // of a string
	items  []value // of an array
	fields []field // of an object, in order of first appearance
}

type field struct {
	key   string
	value value
}

type kind uint8

const (
	kindNumber kind = iota
	kindNull
	kindBool
	kindString
	kindArray
	kindObject
)

func (v value) kind() kind {
	if v.other == nil {
		return kindNumber
	}
	return v.other.kind
}

func (v value) text() string {
	if v.other == nil {
		return ""
	}
	return v.other.text
}

func (v value) items() []value {
	if v.other == nil {
		return nil
	}
	return v.other.items
}

func (v value) fields() []field {
	if v.other == nil {
		return nil
	}
	return v.other.fields
}

// choice coerces v to a number, as an array index is, and says whether that is
// one of n choices, numbered from 1.
func (v value) choice(n int) (number int, ok bool) { return wholeWithin(v.toNumber(), n) }

func wholeWithin(f float64, n int) (int, bool) {
	if f >= 1 && f <= float64(n) && f == math.Trunc(f) {
		return int(f), true
	}
	return 0, false
}

// toNumber is JavaScript's ToNumber.
func (v value) toNumber() float64 {
	switch {
	case v.kind() == kindString:
		return stringToNumber(v.text())
	case v.kind() == kindObject, len(v.items()) > 1: // "[object Object]", and a text with a comma
		return math.NaN()
	case v.kind() == kindArray:
		return stringToNumber(v.toString())
	}
	return v.number
}

// toString is JavaScript's ToString.
func (v value) toString() string {
	var b strings.Builder
	v.writeTo(&b)
	return b.String()
}

func (v value) writeTo(b *strings.Builder) {
	switch v.kind() {
	case kindNull:
		b.WriteString("null")
	case kindBool:
		b.WriteString(strconv.FormatBool(v.number == 1))
	case kindNumber:
		b.WriteString(numberToString(v.number))
	case kindString:
		b.WriteString(v.text())
	case kindObject:
		b.WriteString("[object Object]")
	case kindArray:
		for i, item := range v.items() {
			if i > 0 {
				b.WriteByte(',')
			}
			if item.kind() != kindNull {
				item.writeTo(b)
			}
		}
	}
}

func numberToString(f float64) string {
	switch size := math.Abs(f); {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case size >= 1e21 || 0 < size && size < 1e-6:
		text := strconv.FormatFloat(f, 'e', -1, 64)
		return strings.Replace(text, "e-0", "e-", 1)
	}
	return strconv.FormatFloat(f+0, 'f', -1, 64) // + 0 turns -0 into 0
}

// looselyEquals is JavaScript's v == s for a string s, of which number is the value.
func (v value) looselyEquals(s string, number float64) bool {
	switch v.kind() {
	case kindNull:
		return false
	case kindBool, kindNumber:
		return v.number == number
	}
	return v.toString() == s
}

// entries lists an object's fields in JavaScript's order: array indexes first, ascending, then the
// others as they came. The keys of a list's items and of a text's characters are their indexes.
func (v value) entries() (entries []field) {
	for i, item := range v.items() {
		entries = append(entries, field{strconv.Itoa(i), item})
	}
	for i, character := range []rune(v.text()) {
		entries = append(entries, field{strconv.Itoa(i), value{other: &other{kind: kindString, text: string(character)}}})
	}
	inOrder := func(a, b field) int { return cmp.Compare(propertyOrder(a.key), propertyOrder(b.key)) }
	if len(entries) == 0 && slices.IsSortedFunc(v.fields(), inOrder) {
		return v.fields() // as most are
	}
	type place struct {
		order uint64
		at    int
	}
	places := make([]place, len(v.fields()))
	for i, f := range v.fields() {
		places[i] = place{propertyOrder(f.key), i}
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.at, b.at)) })
	entries = slices.Grow(entries, len(places))
	for _, p := range places {
		entries = append(entries, v.fields()[p.at])
	}
	return entries
}

// addUp is JavaScript's sum of the values from 0, which becomes a text at the first that is
// neither a number, a boolean nor null.
func addUp(entries []field) float64 {
	sum := 0.0
	for i, f := range entries {
		if f.value.kind() < kindString {
			sum += f.value.number
			continue
		}
		var text strings.Builder
		value{number: sum}.writeTo(&text)
		for _, f := range entries[i:] {
			f.value.writeTo(&text)
		}
		return stringToNumber(text.String())
	}
	return sum
}

// distinct reports whether a JavaScript Set of the items, which are choices, has as many
// members: equal texts, numbers, booleans and nulls fall together, arrays and objects never do.
func distinct(items []value, choices int) bool {
	type member struct {
		kind   kind
		number float64
		text   string
	}
	numbers, others := make([]bool, choices+1), map[member]bool{}
	for _, v := range items {
		if v.other == nil {
			if numbers[int(v.number)] {
				return false
			}
			numbers[int(v.number)] = true
			continue
		}
		m := member{v.kind(), v.number, v.text()}
		if m.kind < kindArray && others[m] {
			return false
		}
		others[m] = true
	}
	return true
}

var (
	decimalLiteral = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)
	radixLiteral   = regexp.MustCompile(`^0([xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$`)
	infinity       = regexp.MustCompile(`^[+-]?Infinity$`)
)

// stringToNumber is JavaScript's Number(s), which takes more than JSON does
// (" 1 ", "01", "1.", "0x1") and less than strconv ("1_0", "inf").
func stringToNumber(s string) float64 {
	s = strings.TrimFunc(s, func(r rune) bool { return r == '\uFEFF' || r != '\u0085' && unicode.IsSpace(r) })
	switch {
	case s == "":
		return 0
	case len(s) < 16 && strings.Trim(s, "0123456789") == "":
		return parseNumeral([]byte(s))
	case decimalLiteral.MatchString(s), infinity.MatchString(s):
		f, _ := strconv.ParseFloat(s, 64)
		return f
	case radixLiteral.MatchString(s):
		i, _ := new(big.Int).SetString(s, 0)
		f, _ := new(big.Float).SetInt(i).Float64()
		return f
	}
	return math.NaN()
}
