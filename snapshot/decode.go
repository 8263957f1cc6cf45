package snapshot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A list with a few odd rows is worth reading; one of nothing else is not.
const (
	maxOdd  = 100    // errors that are listed one by one
	mostOdd = 10_000 // odd rows, after which the rest is not read
)

// decodeRows decodes rows one by one, and returns an error for each that fails, up to maxOdd
// and one more.
func decodeRows[T any](
	object string, rows []json.RawMessage, decode func(*fields) (*T, error),
) (good []T, odd []error) {
	good = make([]T, 0, min(len(rows), pageSize))
	for i, raw := range rows {
		f := newFields(fmt.Sprintf("%s[%d]", object, i), raw)
		v, err := (*T)(nil), f.err
		if err == nil {
			v, err = decode(f)
		}
		switch bad := i - len(good); {
		case err == nil:
			good = append(good, *v)
		case bad < maxOdd:
			odd = append(odd, err)
		case bad == mostOdd:
			return good, append(odd, fmt.Errorf("%s: %d rows cannot be read; the %d behind them were not tried",
				object, mostOdd+1, len(rows)-i-1))
		}
	}
	if more := len(rows) - len(good) - len(odd); more > 0 {
		odd = append(odd, fmt.Errorf("%s: %d more of %d rows cannot be read", object, more, len(rows)))
	}
	return good, odd
}

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
	ok := false
	if f.raw, ok = parseObject(raw); !ok {
		f.err = &FieldError{Object: object, Field: "the object itself", Found: show(raw), Want: "a JSON object"}
	}
	return f
}

// has reports whether all the fields are given, if only as null.
func (f *fields) has(names ...string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		_, given := f.raw[name]
		return !given
	})
}

// demand fails those of the fields, named in one text, that are missing.
func (f *fields) demand(names string) {
	for name := range strings.FieldsSeq(names) {
		f.check(f.has(name), name, "a value")
	}
}

func (f *fields) fail(field string, found json.RawMessage, want string) {
	if f.err == nil {
		f.err = &FieldError{Object: f.object, Field: field, Found: show(found), Want: want}
	}
}

// check fails a field that has no acceptable value.
func (f *fields) check(ok bool, name, want string) {
	if !ok {
		f.fail(name, f.raw[name], want)
	}
}

// checkID refuses an id that is not in the hub's spelling.
func (f *fields) checkID() { f.check(checkID("", f.text("id")) == nil, "id", wantID) }

// show gives the text of a JSON value for an error message.
func show(raw json.RawMessage) string {
	if len(raw) == 0 {
		return "nothing"
	}
	return clean(string(raw))
}

func isNull(raw json.RawMessage) bool { return bytes.Equal(bytes.TrimSpace(raw), []byte("null")) }

// read reads one field.
func read[T any](f *fields, name, want string, parse func(json.RawMessage) (T, bool)) T {
	v, ok := parse(f.raw[name])
	f.check(ok, name, want)
	return v
}

// readList reads an array of as many items as a proposal may have choices, or fewer.
func readList[T any](f *fields, name, want string, parse func(json.RawMessage) (T, bool)) []T {
	raws := f.list(name, maxChoices)
	items := make([]T, len(raws))
	for i, raw := range raws {
		var ok bool
		if items[i], ok = parse(raw); !ok {
			f.fail(fmt.Sprintf("%s[%d]", name, i), raw, want)
		}
	}
	return items
}

const (
	wantID      = "0x and 64 lower-case hex digits, Qm…, or bafkrei…"
	wantVoter   = "an address of 40 (EVM) or 64 (Starknet) hex digits"
	wantNumber  = "a finite number of at least 0"
	wantInteger = "a whole number of at least 0"
)

func (f *fields) text(name string) string { return read(f, name, "a string", parseText) }

// optionalText reads a string that may be null and then is "": only for fields
// that no figure depends on, which the older hub types as nullable.
func (f *fields) optionalText(name string) string {
	if isNull(f.raw[name]) {
		return ""
	}
	return f.text(name)
}

// orEmpty returns any JSON, with an empty object in the place of null. It does not keep the
// whole answer in memory.
func (f *fields) orEmpty(name string) json.RawMessage {
	if isNull(f.raw[name]) {
		return json.RawMessage(`{}`)
	}
	return bytes.Clone(f.raw[name])
}

// optionalBool reads a boolean that may be null and then is false.
func (f *fields) optionalBool(name string) (b bool) {
	f.check(json.Unmarshal(f.raw[name], &b) == nil, name, "true or false") // null leaves b as it is
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

func (f *fields) integer(name string) int64     { return read(f, name, wantInteger, parseInteger) }
func (f *fields) number(name string) float64    { return read(f, name, wantNumber, parseNumber) }
func (f *fields) texts(name string) []string    { return readList(f, name, "a string", parseText) }
func (f *fields) numbers(name string) []float64 { return readList(f, name, wantNumber, parseNumber) }

// list reads an array of at most so many items.
func (f *fields) list(name string, most int) []json.RawMessage {
	list, ok := listOf(most)(f.raw[name])
	if !ok {
		f.fail(name, f.raw[name], fmt.Sprintf("a list of at most %d", most))
	}
	return list
}

// cells reads an array of arrays of numbers, null, or lists of one number: until
// June 2022 the hub nested the cells of weighted votes.
func (f *fields) cells(name string) [][]*float64 {
	table := [][]*float64{}
	for i, row := range readList(f, name, "a list", listOf(maxStrategies)) {
		cells := make([]*float64, len(row))
		for k, raw := range row {
			if inner, ok := listOf(1)(raw); ok && len(inner) == 1 {
				raw = inner[0]
			}
			if isNull(raw) {
				continue
			}
			x, ok := parseNumber(raw)
			if !ok {
				f.fail(fmt.Sprintf("%s[%d][%d]", name, i, k), raw, wantNumber+", or null")
			}
			cells[k] = &x
		}
		table = append(table, cells)
	}
	return table
}

func parseText(raw json.RawMessage) (string, bool) {
	var s *string
	if json.Unmarshal(raw, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// parseNumber reads a JSON number as the nearest double, which gives back the
// very double that the hub printed. Neither null nor a string is a number.
func parseNumber(raw json.RawMessage) (float64, bool) {
	x, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
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
