package votingpower

import (
	"bytes"
	"encoding"
	rawjson "encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// fault is an error at one place of a JSON document.
type fault struct {
	at     jsontext.Pointer // "" is the document
	offset int64            // of broken syntax, in bytes; else 0
	msg    string
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// Error shows the place as a path such as excluded[3].address.
func (f *fault) Error() string {
	var path strings.Builder
	for token := range f.at.Tokens() {
		_, err := strconv.ParseUint(token, 10, 64)
		switch {
		case err == nil:
			fmt.Fprintf(&path, "[%s]", token)
			continue
		case path.Len() > 0:
			path.WriteByte('.')
		}
		if !plainKey.MatchString(token) {
			token = strconv.Quote(token)
		}
		path.WriteString(token)
	}
	if path.Len() == 0 {
		return f.msg
	}
	return fmt.Sprintf("%.300s: %s", &path, f.msg)
}

// strict returns the options under which this package writes and reads JSON. One
// value has one form when it is written; no duplicate or unknown key, no key in
// another case and no value of another kind, null included, is taken.
func strict() json.Options {
	return json.JoinOptions(
		json.Deterministic(true), json.RejectUnknownMembers(true), jsontext.EscapeForJS(true),
		json.WithMarshalers(json.JoinMarshalers(
			writeText(common.Address.Hex), writeText((*big.Rat).RatString), writeText(formatTime),
			writeText(func(t Tokens) string { return Decimal(&t.Rat) }),
			json.MarshalToFunc(writeQuorum), json.MarshalToFunc(writeTurnout), json.MarshalToFunc(writeObject))),
		json.WithUnmarshalers(json.JoinUnmarshalers(
			json.UnmarshalFromFunc(readObject),
			json.UnmarshalFromFunc(readQuorum), json.UnmarshalFromFunc(readTurnout),
			json.UnmarshalFromFunc(refuseOtherKind), readText(parseTokens), readText(parseAddress),
			readText(parseFraction), readText(parseTime), readText(parseBytes))),
	)
}

func writeText[T any](format func(T) string) *json.Marshalers {
	return json.MarshalToFunc(func(enc *jsontext.Encoder, v T) error { return enc.WriteToken(jsontext.String(format(v))) })
}

func readText[T any](parse func(string) (T, error)) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, into *T) error {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		*into, err = parse(token.String())
		return err
	})
}

// writeObject writes an empty object for none, so that compare finds that the key is missing.
func writeObject(enc *jsontext.Encoder, v rawjson.RawMessage) error {
	if v == nil {
		v = rawjson.RawMessage("{}")
	}
	object, err := canonicalObject(v)
	if err != nil {
		return err
	}
	return enc.WriteValue(object)
}

func readObject(dec *jsontext.Decoder, into *rawjson.RawMessage) error {
	found, err := dec.ReadValue()
	if err != nil {
		return err
	}
	object, err := canonicalObject(rawjson.RawMessage(found))
	*into = rawjson.RawMessage(object)
	return err
}

// canonicalObject is the canonical form (RFC 8785) of a JSON object of any keys.
func canonicalObject(raw rawjson.RawMessage) (jsontext.Value, error) {
	object := jsontext.Value(raw).Clone()
	switch err := object.Canonicalize(); {
	case err != nil:
		return nil, explain(err)
	case object.Kind() != jsontext.KindBeginObject:
		return nil, &fault{msg: fmt.Sprintf("found %s, want an object", show(object))}
	}
	return object, nil
}

// refuseOtherKind lets a value pass only if its kind is that of the Go type.
func refuseOtherKind(dec *jsontext.Decoder, into any) error {
	want := kindOf(reflect.TypeOf(into).Elem())
	if kindName(dec.PeekKind()) == want {
		return errors.ErrUnsupported // leaves the value to the next reader
	}
	found, err := dec.ReadValue()
	if err != nil {
		return err
	}
	return &fault{msg: fmt.Sprintf("found %s, want %s", show(found), want)}
}

// kindOf names the JSON kind of a Go type.
func kindOf(t reflect.Type) string {
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || t.Kind() == reflect.String:
		return "a string"
	case t.Kind() == reflect.Pointer:
		return kindOf(t.Elem())
	case t.Kind() == reflect.Bool:
		return "a boolean"
	case t.Kind() == reflect.Slice:
		return "an array"
	case t.Kind() == reflect.Map || t.Kind() == reflect.Struct:
		return "an object"
	}
	return "a number"
}

func kindName(k jsontext.Kind) string {
	switch k {
	case jsontext.KindBeginObject, jsontext.KindEndObject:
		return "an object"
	case jsontext.KindBeginArray, jsontext.KindEndArray:
		return "an array"
	case jsontext.KindString:
		return "a string"
	case jsontext.KindTrue, jsontext.KindFalse:
		return "a boolean"
	case jsontext.KindNumber:
		return "a number"
	}
	return "null"
}

// show is v for an error message: one line, in full if it is short.
func show(v jsontext.Value) string {
	kind := kindName(v.Kind())
	_, bare, _ := strings.Cut(kind, " ")
	switch {
	case kind == "null" || kind == "an object" || kind == "an array":
		return kind
	case len(v) > 80:
		return "a long " + bare
	case kind == "a string":
		text, err := jsontext.AppendUnquote(nil, v)
		if err == nil {
			return fmt.Sprintf("the string %q", text)
		}
	}
	return fmt.Sprintf("the %s %s", bare, v)
}

// encode writes v in the one form that this package reads back.
func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v, strict())
	return data, explain(err)
}

// decode reads data into v and compares it with the form in which v is written.
func decode(data []byte, v any, exact bool) error {
	if err := checkSize(data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v, strict()); err != nil {
		return explain(err)
	}
	written, err := encode(v)
	if err != nil {
		return err
	}
	return compare(data, written, exact)
}

// explain turns an error of the JSON library into a fault that says what was
// found and what is wanted.
func explain(err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return &fault{syntax.JSONPointer, syntax.ByteOffset, "this key is there twice"}
		}
		return &fault{syntax.JSONPointer, syntax.ByteOffset, "not valid JSON: " + syntax.Err.Error()}
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return err
	}
	f := &fault{at: semantic.JSONPointer, msg: fmt.Sprint(semantic.Err)}
	if inner, ok := errors.AsType[*fault](semantic.Err); ok {
		f.at, f.msg = f.at+inner.at, inner.msg
	} else if errors.Is(err, json.ErrUnknownName) {
		f.msg = "unknown key, want one of " + strings.Join(keys(semantic.GoType), ", ")
	} else if semantic.JSONKind == jsontext.KindNumber && semantic.GoType == reflect.TypeFor[uint8]() {
		f.msg = fmt.Sprintf("found %.80s, want a whole number from 0 to %d", semantic.JSONValue, math.MaxUint8)
	}
	return f
}

// keys lists the keys of a struct's JSON form.
func keys(t reflect.Type) (names []string) {
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// line returns the number of the line that f is about.
func (f *fault) line(data []byte) int {
	offset := f.offset
	if offset == 0 {
		offset = find(data, f.at)
	}
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// find returns the offset behind the key, the bracket or the value at a place, or
// that of the end if there is no such place.
func find(data []byte, at jsontext.Pointer) int64 {
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	for {
		if _, err := dec.ReadToken(); err != nil || dec.StackPointer() == at {
			return dec.InputOffset()
		}
	}
}
