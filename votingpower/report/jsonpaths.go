package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a bundle's JSON. It has about ten levels, but an encrypted
// choice may turn out to be anything, up to the 100 levels that the hub's database stores,
// and one voter must not keep others from the evidence.
const maxDepth = 128

// maxLeaves bounds the values in a bundle's JSON. Each costs a hundred bytes of memory or
// more while it is compared, whatever little it takes in the file; a full vote of a hundred
// thousand voters has a quarter as many.
const maxLeaves = 4 << 20

// leaf is a value of a JSON text that is not made of others. An empty object or list is a
// leaf too.
type leaf struct {
	path  string // such as evidence.reads[3].result; no two paths look the same
	value string // as compact JSON
}

// leaves lists the leaves of exactly one JSON value, in its order. Duplicate keys, text
// that is not UTF-8 and anything behind the value are errors.
func leaves(data []byte) (all []leaf, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		depth, kind := dec.StackDepth(), dec.PeekKind()
		container, length := dec.StackIndex(depth)
		token, err := dec.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("JSON: %w", io.ErrUnexpectedEOF)
		case err != nil:
			return nil, fmt.Errorf("JSON: %w", err)
		case depth > maxDepth:
			return nil, fmt.Errorf("JSON: nested more than %d levels deep", maxDepth)
		case len(all) == maxLeaves:
			return nil, fmt.Errorf("JSON: more than %d values", maxLeaves)
		case kind == '{', kind == '[', container == '{' && kind == '"' && length%2 == 0: // the last is a key
			continue
		case kind != '}' && kind != ']':
			all = append(all, leaf{path(dec), compact(token)})
		case length == 0:
			all = append(all, leaf{path(dec), string(container) + token.String()})
		}
		if dec.StackDepth() == 0 {
			if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
				return nil, errors.New("JSON: more data behind the end")
			}
			return all, nil
		}
	}
}

// compact writes a token as JSON that is the same for all spellings of a string.
func compact(token jsontext.Token) string {
	if token.Kind() == '"' {
		return strconv.Quote(token.String())
	}
	return token.String()
}

// plainKey reports whether a key needs no quotes in a path.
func plainKey(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	})
}

// path says where dec is.
func path(dec *jsontext.Decoder) string {
	var b strings.Builder
	level := 0
	for token := range dec.StackPointer().Tokens() {
		level++
		container, _ := dec.StackIndex(level)
		switch {
		case container == '[':
			fmt.Fprintf(&b, "[%s]", token)
		case !plainKey(token):
			fmt.Fprintf(&b, "[%q]", token)
		case level > 1:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}
