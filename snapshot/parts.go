package snapshot

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// listOf reads an array of at most so many items, and does not make a list of more.
func listOf(most int) func(json.RawMessage) ([]json.RawMessage, bool) {
	return func(raw json.RawMessage) ([]json.RawMessage, bool) {
		dec := newDecoder(raw)
		if token, err := dec.ReadToken(); err != nil || token.Kind() != jsontext.KindBeginArray {
			return nil, false
		}
		list := []json.RawMessage{}
		for dec.PeekKind() != jsontext.KindEndArray {
			item, err := nextValue(dec, raw)
			if err != nil || len(list) == most {
				return nil, false
			}
			list = append(list, item)
		}
		return list, ends(dec)
	}
}

// maxFields bounds the fields of an object: no more are asked for.
const maxFields = 100

func parseObject(raw json.RawMessage) (map[string]json.RawMessage, bool) {
	dec := newDecoder(raw)
	if token, err := dec.ReadToken(); err != nil || token.Kind() != jsontext.KindBeginObject {
		return nil, false
	}
	object := map[string]json.RawMessage{}
	for dec.PeekKind() != jsontext.KindEndObject {
		token, err := dec.ReadToken()
		if err != nil || len(object) == maxFields {
			return nil, false
		}
		name := token.String()
		if object[name], err = nextValue(dec, raw); err != nil {
			return nil, false
		}
	}
	return object, ends(dec)
}

// newDecoder takes all JSON that encoding/json takes.
func newDecoder(raw []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// ends reads the last bracket or brace, and reports whether nothing follows.
func ends(dec *jsontext.Decoder) bool {
	_, err := dec.ReadToken()
	_, end := dec.ReadToken()
	return err == nil && end == io.EOF
}

// nextValue returns the next value of the text that dec reads, as a part of that text.
func nextValue(dec *jsontext.Decoder, text []byte) (json.RawMessage, error) {
	value, err := dec.ReadValue()
	end := dec.InputOffset()
	return text[end-int64(len(value)) : end : end], err
}
