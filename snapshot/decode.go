package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// fields reads the fields of one JSON object of an answer and keeps the first
// thing that is wrong with them. A field that is missing, null, of another kind
// or out of range is an error, never a zero.
type fields struct {
	object string // for errors
	raw    map[string]json.RawMessage
	err    error
}

func newFields(object string, raw json.RawMessage) *fields {
	f := &fields{object: object}
	if err := json.Unmarshal(raw, &f.raw); err != nil || f.raw == nil {
		f.err = &FieldError{Object: object, Field: "the object itself", Found: show(raw), Want: "a JSON object"}
	}
	return f
}

func (f *fields) fail(field string, found json.RawMessage, want string) {
	if f.err == nil {
		f.err = &FieldError{Object: f.object, Field: field, Found: show(found), Want: want}
	}
}

// show gives the text of a JSON value for an error message.
func show(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return clean(string(raw))
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(raw), []byte("null")) }

// text reads a string.
func (f *fields) text(name string) string {
	var s *string
	if json.Unmarshal(f.raw[name], &s) != nil || s == nil {
		f.fail(name, f.raw[name], "a string")
		return ""
	}
	return *s
}

// optionalText reads a string that may be null and then is "": only for fields
// that no figure depends on, which the older hub types as nullable.
func (f *fields) optionalText(name string) string {
	if isNull(f.raw[name]) {
		return ""
	}
	return f.text(name)
}

// optionalBool reads a boolean that may be null and then is false.
func (f *fields) optionalBool(name string) bool {
	var b bool // null leaves it as it is
	if json.Unmarshal(f.raw[name], &b) != nil {
		f.fail(name, f.raw[name], "true or false")
	}
	return b
}

// textOrNumber reads a string, or a whole number as its decimal text: chain ids
// and block numbers come as either.
func (f *fields) textOrNumber(name string) string {
	if n, ok := parseInteger(f.raw[name]); ok {
		return strconv.FormatInt(n, 10)
	}
	return f.text(name)
}

// integer reads a whole number of at least 0.
func (f *fields) integer(name string) int64 {
	n, ok := parseInteger(f.raw[name])
	if !ok {
		f.fail(name, f.raw[name], "a whole number of at least 0")
	}
	return n
}

// number reads a double of at least 0.
func (f *fields) number(name string) float64 {
	x, ok := parseNumber(f.raw[name])
	if !ok {
		f.fail(name, f.raw[name], "a finite number of at least 0")
	}
	return x
}

// list reads an array.
func (f *fields) list(name string) []json.RawMessage {
	list, ok := parseList(f.raw[name])
	if !ok {
		f.fail(name, f.raw[name], "a list")
	}
	return list
}

// texts reads an array of strings.
func (f *fields) texts(name string) []string {
	texts := []string{}
	for i, raw := range f.list(name) {
		var s *string
		if json.Unmarshal(raw, &s) != nil || s == nil {
			f.fail(fmt.Sprintf("%s[%d]", name, i), raw, "a string")
			return nil
		}
		texts = append(texts, *s)
	}
	return texts
}

// numbers reads an array of doubles of at least 0.
func (f *fields) numbers(name string) []float64 {
	numbers := []float64{}
	for i, raw := range f.list(name) {
		x, ok := parseNumber(raw)
		if !ok {
			f.fail(fmt.Sprintf("%s[%d]", name, i), raw, "a finite number of at least 0")
			return nil
		}
		numbers = append(numbers, x)
	}
	return numbers
}

// table reads an array of arrays of doubles of at least 0 or null.
func (f *fields) table(name string) [][]*float64 {
	table := [][]*float64{}
	for i, rawRow := range f.list(name) {
		cells, ok := parseList(rawRow)
		if !ok {
			f.fail(fmt.Sprintf("%s[%d]", name, i), rawRow, "a list")
			return nil
		}
		row := make([]*float64, len(cells))
		for k, raw := range cells {
			if isNull(raw) {
				continue
			}
			x, ok := parseNumber(raw)
			if !ok {
				f.fail(fmt.Sprintf("%s[%d][%d]", name, i, k), raw, "a finite number of at least 0, or null")
				return nil
			}
			row[k] = &x
		}
		table = append(table, row)
	}
	return table
}

func parseList(raw json.RawMessage) ([]json.RawMessage, bool) {
	var list []json.RawMessage
	return list, json.Unmarshal(raw, &list) == nil && list != nil
}

// parseNumber reads a JSON number as the nearest double, which gives back the
// very double that the hub printed. Neither null nor a string is a number.
func parseNumber(raw json.RawMessage) (float64, bool) {
	var n json.Number
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] == '"' || isNull(raw) || json.Unmarshal(raw, &n) != nil {
		return 0, false
	}
	x, err := strconv.ParseFloat(n.String(), 64)
	return x, err == nil && !math.Signbit(x)
}

// parseInteger reads a whole JSON number of at least 0, however it is written,
// as long as it is exact in a double.
func parseInteger(raw json.RawMessage) (int64, bool) {
	x, ok := parseNumber(raw)
	if !ok || x != math.Trunc(x) || x > 1<<53 {
		return 0, false
	}
	return int64(x), true
}
