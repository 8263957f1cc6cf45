package tally

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of what the choices of a recount hold together, in units of 16 bytes of memory, which
// a number takes. 100,000 ballots of 150 choices are within them.
const (
	maxUnits  = 16 << 20
	fieldCost = 2  // of a key
	outerCost = 8  // of a choice that is a list or an object
	innerCost = 32 // of anything but a number within a choice: no valid choice needs one
	maxItems  = 1 << 16
)

// choiceReader reads choices within these bounds.
type choiceReader struct {
	dec  *jsontext.Decoder
	left int // units
	err  error
}

func newChoiceReader() *choiceReader {
	return &choiceReader{dec: jsontext.NewDecoder(bytes.NewReader(nil)), left: maxUnits}
}

// read reads one JSON value. Numbers beyond the range of a double become
// infinite and the last of several equal keys wins, as in JavaScript.
func (r *choiceReader) read(raw json.RawMessage) (value, error) {
	r.dec.Reset(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	v := r.value(outerCost, bytes.Count(raw, []byte(","))+1)
	if _, err := r.dec.ReadToken(); r.err == nil && !errors.Is(err, io.EOF) {
		r.fail(errors.New("more than one value"))
	}
	if errors.Is(r.err, ErrTooLarge) {
		return value{}, r.err
	}
	if r.err != nil {
		return value{}, fmt.Errorf("choice %.40q is not JSON", []byte(raw))
	}
	return v, nil
}

func (r *choiceReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// spend takes from what may still be read.
func (r *choiceReader) spend(n int) {
	if r.left -= n; r.left < 0 {
		r.fail(fmt.Errorf("%w: the choices of all votes hold too many values", ErrTooLarge))
	}
}

// value reads the next value, which takes cost units unless it is a number. A list has at
// most as many items as the last argument says.
func (r *choiceReader) value(cost, most int) value {
	kind := r.dec.PeekKind()
	if kind == '0' {
		raw, err := r.dec.ReadValue()
		if err != nil {
			r.fail(err)
		}
		r.spend(1)
		return value{number: parseNumeral(raw)}
	}
	r.spend(cost)
	token, err := r.dec.ReadToken()
	if err != nil {
		r.fail(err)
		return value{}
	}
	switch kind {
	case 't':
		return value{1, &other{kind: kindBool}}
	case 'f':
		return value{0, &other{kind: kindBool}}
	case '"':
		return value{0, &other{kind: kindString, text: token.String()}}
	case '[':
		return value{0, &other{kind: kindArray, items: r.items(most)}}
	case '{':
		return value{0, &other{kind: kindObject, fields: r.fields()}}
	}
	return value{0, &other{kind: kindNull}}
}

func (r *choiceReader) items(most int) []value {
	items := make([]value, 0, min(most, maxItems))
	for r.err == nil && r.dec.PeekKind() != ']' {
		v := r.value(innerCost, 1)
		if len(items) == maxItems {
			r.fail(fmt.Errorf("%w: a choice is a list of more than %d values", ErrTooLarge, maxItems))
			break
		}
		items = append(items, v)
	}
	r.close()
	return items
}

func (r *choiceReader) fields() (fields []field) {
	at := map[string]int{}
	for r.err == nil && r.dec.PeekKind() != '}' {
		key, err := r.dec.ReadToken()
		if err != nil {
			r.fail(err)
			break
		}
		name := key.String()
		i, again := at[name]
		if !again {
			r.spend(fieldCost)
			i, at[name] = len(fields), len(fields)
			fields = append(fields, field{key: name})
		}
		fields[i].value = r.value(innerCost, 1)
	}
	r.close()
	return fields
}

// close reads the bracket or brace at the end.
func (r *choiceReader) close() {
	if _, err := r.dec.ReadToken(); err != nil {
		r.fail(err)
	}
}

// parseNumeral reads a JSON number. Out of range it gives ±Inf, which is what JavaScript has.
func parseNumeral(text []byte) float64 {
	n := 0
	for i, c := range text {
		if c < '0' || c > '9' || i == 15 {
			f, _ := strconv.ParseFloat(string(text), 64)
			return f
		}
		n = 10*n + int(c-'0')
	}
	return float64(n) // most numbers are choices, of a few digits
}
