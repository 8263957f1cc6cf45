package votingpower

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fault is an error at one place of a JSON document.
type fault struct {
	path   string // such as excluded[3].address, or "" for the document
	offset int    // in bytes, or -1 where only the path is known
	msg    string
}

func (f *fault) Error() string {
	if f.path == "" {
		return f.msg
	}
	return f.path + ": " + f.msg
}

// value is one JSON value with its place. It keeps what encoding/json forgets:
// the order and spelling of keys, and that a key was there at all.
type value struct {
	path   string
	offset int
	raw    json.RawMessage
	keys   []string // of an object, in order
	items  []value  // of an object (by keys) or an array
}

// maxDepth is far more than any document of this package needs.
const maxDepth = 16

// parseJSON reads exactly one JSON value and refuses what encoding/json lets
// pass: duplicate keys and invalid UTF-8.
func parseJSON(data []byte) (value, error) {
	if !utf8.Valid(data) {
		return value{}, &fault{offset: firstInvalid(data), msg: "text is not valid UTF-8"}
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		offset := len(data)
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			offset = max(0, int(syntax.Offset)-1)
		}
		return value{}, &fault{offset: offset, msg: "not valid JSON: " + err.Error()}
	}
	root := value{raw: raw, offset: bytes.Index(data, raw)}
	return root, root.open(0)
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// open reads the members of an object or array, all levels down.
func (v *value) open(depth int) error {
	if v.kind() != "object" && v.kind() != "array" {
		return nil
	}
	if depth == maxDepth {
		return &fault{v.path, v.offset, "nested too deeply"}
	}
	dec := json.NewDecoder(bytes.NewReader(v.raw))
	if _, err := dec.Token(); err != nil { // the opening bracket
		return err
	}
	seen := map[string]bool{}
	for dec.More() {
		path := fmt.Sprintf("%s[%d]", v.path, len(v.items))
		if v.kind() == "object" {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			key := token.(string) // the keys of valid JSON are strings
			path = strings.TrimPrefix(v.path+"."+pathKey(key), ".")
			if seen[key] {
				return &fault{path, v.offset + int(dec.InputOffset()) - 1, "this key is there twice"}
			}
			seen[key] = true
			v.keys = append(v.keys, key)
		}
		item := value{path: path}
		if err := dec.Decode(&item.raw); err != nil {
			return err
		}
		item.offset = v.offset + int(dec.InputOffset()) - len(item.raw)
		if err := item.open(depth + 1); err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	return nil
}

// pathKey is a key as a path shows it: quoted unless it is a plain word.
func pathKey(key string) string {
	for _, r := range key {
		if r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return strconv.Quote(key)
		}
	}
	return key
}

// kind names the JSON type of v for error messages.
func (v value) kind() string {
	switch v.raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// get returns the member of an object with the given key.
func (v value) get(key string) (value, bool) {
	if i := slices.Index(v.keys, key); i >= 0 {
		return v.items[i], true
	}
	return value{}, false
}

// find returns the offset of the value at path, or of the nearest value around
// it that exists.
func (v value) find(path string) int {
	for _, item := range v.items {
		rest, ok := strings.CutPrefix(path, item.path)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return item.find(path)
		}
	}
	return v.offset
}

func (v value) fault(format string, args ...any) error {
	return &fault{v.path, v.offset, fmt.Sprintf(format, args...)}
}

// show is v for an error message: one line, in full if it is short.
func (v value) show() string {
	switch kind := v.kind(); {
	case kind == "object" || kind == "array":
		return "an " + kind
	case kind == "null":
		return "null"
	case len(v.raw) > 80:
		return "a long " + kind
	case kind == "string":
		var text string
		if json.Unmarshal(v.raw, &text) == nil {
			return fmt.Sprintf("the string %q", text)
		}
		fallthrough
	default:
		return fmt.Sprintf("the %s %s", kind, v.raw)
	}
}

// same demands that v and want are the same JSON, whatever the order of keys
// and the white space.
func (v value) same(want value) error {
	if len(v.items) == 0 && len(want.items) == 0 && !bytes.Equal(v.raw, want.raw) {
		return v.fault("found %s, want %s", v.show(), want.show())
	}
	if v.kind() != want.kind() || len(v.items) != len(want.items) {
		return v.fault("found keys %v, want %v", v.keys, want.keys)
	}
	for i, item := range v.items {
		other := want.items[i]
		if v.keys != nil {
			var ok bool
			if other, ok = want.get(v.keys[i]); !ok {
				return item.fault("unknown key, want one of %s", strings.Join(want.keys, ", "))
			}
		}
		if err := item.same(other); err != nil {
			return err
		}
	}
	return nil
}
