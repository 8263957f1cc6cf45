package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a bundle's JSON. It has about ten levels, but an encrypted
// choice may turn out to be anything, up to the 100 levels that the hub's database stores,
// and one voter must not keep others from the evidence.
const maxDepth = 128

// maxValues bounds the values in a bundle's JSON. Each costs a hundred bytes of memory or
// more while it is compared, whatever little it takes in the file; a full vote of a hundred
// thousand voters has a quarter as many.
const maxValues = 4 << 20

// value is one value of a JSON text: a scalar as compact JSON, or "{" or "[".
type value struct {
	path jsontext.Pointer
	json string
}

// values lists the values of exactly one JSON text, in its order, the outermost left out.
// Duplicate keys, text that is not UTF-8 and anything behind the end are errors.
func values(data []byte) (all []value, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		parent, length := dec.StackIndex(dec.StackDepth())
		token, err := dec.ReadToken()
		depth, kind := dec.StackDepth(), token.Kind()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("JSON: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return nil, fmt.Errorf("JSON: %w", err)
		case depth > maxDepth:
			return nil, fmt.Errorf("JSON: nested more than %d levels deep", maxDepth)
		case len(all) == maxValues:
			return nil, fmt.Errorf("JSON: more than %d values", maxValues)
		case depth == 0:
			if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
				return nil, errors.New("JSON: more data behind the end")
			}
			return all, nil
		case kind == '}', kind == ']', parent == '{' && length%2 == 0: // the last is a key
		case kind == '"':
			all = append(all, value{dec.StackPointer(), strconv.Quote(token.String())})
		default:
			all = append(all, value{dec.StackPointer(), token.String()})
		}
	}
}
