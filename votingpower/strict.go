package votingpower

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
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

// fill stores v in dst, which it demands to fit exactly: every key of an object
// is a json tag of the struct, spelled the same, and every tag without
// omitempty or omitzero is there. An optional text is left out, not empty. An
// empty array gives a nil slice.
func (v value) fill(dst reflect.Value) error {
	switch target := dst.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		var text string
		if err := v.fill(reflect.ValueOf(&text).Elem()); err != nil {
			return err
		}
		if err := target.UnmarshalText([]byte(text)); err != nil {
			return v.fault("%v", err)
		}
		return nil
	case json.Unmarshaler:
		return v.fillWhole(target)
	}
	switch dst.Kind() {
	case reflect.Struct:
		return v.fillStruct(dst)
	case reflect.Slice:
		return v.fillSlice(dst)
	case reflect.Map:
		return v.fillMap(dst)
	}
	want := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean"}[dst.Kind()]
	if want == "" {
		want = "number"
	}
	if v.kind() != want {
		return v.fault("found %s, want a %s", v.show(), want)
	}
	if err := json.Unmarshal(v.raw, dst.Addr().Interface()); err != nil {
		return v.fault("found %s, want a whole number from 0 to %d", v.raw, uint64(1)<<dst.Type().Bits()-1)
	}
	return nil
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

func (v value) fillStruct(dst reflect.Value) error {
	if v.kind() != "object" {
		return v.fault("found %s, want an object", v.show())
	}
	known := make([]string, dst.NumField())
	optional := make([]bool, dst.NumField())
	for i := range known {
		var options string
		known[i], options, _ = strings.Cut(dst.Type().Field(i).Tag.Get("json"), ",")
		optional[i] = options != ""
	}
	for i, item := range v.items {
		at := slices.Index(known, v.keys[i])
		if at < 0 {
			return item.fault("unknown key, want one of %s", strings.Join(known, ", "))
		}
		if optional[at] && string(item.raw) == `""` {
			return item.fault("is empty: leave the key out")
		}
		if err := item.fill(dst.Field(at)); err != nil {
			return err
		}
	}
	for i, key := range known {
		if !optional[i] && !slices.Contains(v.keys, key) {
			return v.fault("the key %q is missing", key)
		}
	}
	return nil
}

func (v value) fillSlice(dst reflect.Value) error {
	if v.kind() != "array" {
		return v.fault("found %s, want an array", v.show())
	}
	if len(v.items) == 0 {
		return nil
	}
	dst.Set(reflect.MakeSlice(dst.Type(), len(v.items), len(v.items)))
	for i, item := range v.items {
		if err := item.fill(dst.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// fillMap reads an object whose keys are texts of the map's key type. Two
// spellings of one key are a duplicate.
func (v value) fillMap(dst reflect.Value) error {
	if v.kind() != "object" {
		return v.fault("found %s, want an object", v.show())
	}
	dst.Set(reflect.MakeMap(dst.Type()))
	for i, text := range v.keys {
		key, elem := reflect.New(dst.Type().Key()), reflect.New(dst.Type().Elem())
		if err := key.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text)); err != nil {
			return v.items[i].fault("%v", err)
		}
		if dst.MapIndex(key.Elem()).IsValid() {
			return v.items[i].fault("this key is there twice, in another spelling")
		}
		if err := v.items[i].fill(elem.Elem()); err != nil {
			return err
		}
		dst.SetMapIndex(key.Elem(), elem.Elem())
	}
	return nil
}

// fillWhole reads a value by its own UnmarshalJSON. Whatever that lets pass
// (encoding/json ignores the case of keys), only the spelling that the type
// itself writes is taken.
func (v value) fillWhole(target json.Unmarshaler) error {
	if err := target.UnmarshalJSON(v.raw); err != nil {
		return v.fault("%v", err)
	}
	written, err := json.Marshal(target)
	if err != nil {
		return v.fault("%v", err)
	}
	want, err := parseJSON(written)
	if err != nil {
		return v.fault("%v", err)
	}
	return v.same(want)
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
