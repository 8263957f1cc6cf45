package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of a claim, which is a Document as some version of the program writes it: what makes
// the paths of its values long.
const (
	maxClaimDepth = 12
	maxClaimKey   = 64 // bytes
)

// value is one value of a JSON text: a scalar as compact JSON, or "{" or "[".
type value struct {
	path jsontext.Pointer
	json string
}

// values lists the values of exactly one JSON text, in its order, the outermost left out, if
// there are at most as many as most. Duplicate keys, text that is not UTF-8 and anything behind
// the end are errors.
func values(data []byte, most int) (all []value, err error) {
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
		case depth > maxClaimDepth:
			return nil, fmt.Errorf("JSON: nested more than %d levels deep", maxClaimDepth)
		case parent == '{' && length%2 == 0 && kind == '"' && len(token.String()) > maxClaimKey:
			return nil, fmt.Errorf("JSON: a key of more than %d bytes", maxClaimKey)
		case len(all) == most:
			return nil, fmt.Errorf("JSON: more than %d values", most)
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
