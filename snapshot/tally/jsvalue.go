package tally

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// value is the JSON text of a choice as JavaScript sees it. Snapshot's rules
// are JavaScript expressions that coerce what they find ("1", true, [1] and 1
// all pick the first choice in some places and not in others), so the recount
// keeps the original kinds and coerces where Snapshot does.
type value struct {
	kind   kind
	number float64 // of a number; 1 for true
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
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

// parseChoice reads one JSON value. Numbers beyond the range of a double become
// infinite and the last of several equal keys wins, as in JavaScript.
func parseChoice(raw json.RawMessage) (value, error) {
	if !json.Valid(raw) { // also bounds the depth of nesting
		return value{}, fmt.Errorf("choice %.40q is not JSON", []byte(raw))
	}
	if text := bytes.TrimSpace(raw); text[0] == '-' || '0' <= text[0] && text[0] <= '9' {
		return parseNumeral(string(text)), nil // most choices are; a decoder costs ten times as much
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return readValue(dec), nil
}

func parseNumeral(text string) value {
	f, _ := strconv.ParseFloat(text, 64) // out of range gives ±Inf, which is what JavaScript has
	return value{kind: kindNumber, number: f}
}

// readValue reads the next value of valid JSON, so that no token fails.
func readValue(dec *json.Decoder) value {
	token, _ := dec.Token()
	switch t := token.(type) {
	case bool:
		if t {
			return value{kind: kindBool, number: 1}
		}
		return value{kind: kindBool}
	case json.Number:
		return parseNumeral(string(t))
	case string:
		return value{kind: kindString, text: t}
	case json.Delim:
		if t == '{' {
			return readObject(dec)
		}
		v := value{kind: kindArray}
		for dec.More() {
			v.items = append(v.items, readValue(dec))
		}
		_, _ = dec.Token() // the closing bracket
		return v
	}
	return value{} // null
}

func readObject(dec *json.Decoder) value {
	v := value{kind: kindObject}
	at := map[string]int{}
	for dec.More() {
		token, _ := dec.Token()
		key, _ := token.(string)
		i, again := at[key]
		if !again {
			i, at[key] = len(v.fields), len(v.fields)
			v.fields = append(v.fields, field{key: key})
		}
		v.fields[i].value = readValue(dec)
	}
	_, _ = dec.Token() // the closing brace
	return v
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
	case v.kind == kindString:
		return stringToNumber(v.text)
	case v.kind == kindObject, len(v.items) > 1: // "[object Object]", and a text with a comma
		return math.NaN()
	case v.kind == kindArray:
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
	switch v.kind {
	case kindNull:
		b.WriteString("null")
	case kindBool:
		b.WriteString(strconv.FormatBool(v.number == 1))
	case kindNumber:
		b.WriteString(strconv.FormatFloat(v.number+0, 'f', -1, 64)) // + 0 turns -0 into 0
	case kindString:
		b.WriteString(v.text)
	case kindObject:
		b.WriteString("[object Object]")
	case kindArray:
		for i, item := range v.items {
			if i > 0 {
				b.WriteByte(',')
			}
			if item.kind != kindNull {
				item.writeTo(b)
			}
		}
	}
}

// looselyEquals is JavaScript's v == s for a string s.
func (v value) looselyEquals(s string) bool {
	switch v.kind {
	case kindNull:
		return false
	case kindBool, kindNumber:
		return v.number == stringToNumber(s)
	}
	return v.toString() == s
}

// distinct reports whether a JavaScript Set of the items has as many members:
// equal texts, numbers, booleans and nulls fall together, arrays and objects never do.
func distinct(items []value) bool {
	type member struct {
		kind   kind
		number float64
		text   string
	}
	seen := make(map[member]bool, len(items))
	for _, v := range items {
		m := member{v.kind, v.number, v.text}
		if v.kind < kindArray && seen[m] {
			return false
		}
		seen[m] = true
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
