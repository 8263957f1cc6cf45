package votingpower

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// Bounds of a document, which the largest models and their evidence are far from. They come
// before anything is made of it: a text of two bytes can become an object of hundreds.
const (
	maxValues = 1 << 18
	maxDepth  = 64
	maxKey    = 256 // bytes
)

// checkSize refuses a document that is out of bounds. It leaves other mistakes to decode.
func checkSize(data []byte) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	for values := 0; ; values++ {
		token, err := dec.ReadToken()
		if err != nil {
			return nil
		}
		f := fault{offset: dec.InputOffset()}
		container, length := dec.StackIndex(dec.StackDepth())
		switch {
		case values == maxValues:
			f.msg = fmt.Sprintf("has more than %d values", maxValues)
		case dec.StackDepth() > maxDepth:
			f.msg = fmt.Sprintf("is nested more than %d levels deep", maxDepth)
		case container == '{' && length%2 == 1 && len(token.String()) > maxKey:
			f.msg = fmt.Sprintf("has a key of %d bytes, want at most %d", len(token.String()), maxKey)
		default:
			continue
		}
		return &f
	}
}

// compare demands that data has the keys that written has: the form in which this
// package writes what it read from data. With exact it demands the values too.
func compare(data, written []byte, exact bool) error {
	inOrder := func(text []byte) (*jsontext.Decoder, error) {
		v := jsontext.Value(text).Clone()
		err := v.Format(jsontext.ReorderRawObjects(true))
		return jsontext.NewDecoder(bytes.NewBuffer(v)), err
	}
	found, err := inOrder(data)
	if err != nil {
		return explain(err)
	}
	want, err := inOrder(written)
	if err != nil {
		return explain(err)
	}
	return comparison{found, want, exact}.value()
}

// comparison goes through two documents with their keys in order.
type comparison struct {
	found, want *jsontext.Decoder
	exact       bool
}

func (c comparison) value() error {
	if c.found.PeekKind() != c.want.PeekKind() { // another spelling of the same value
		return errors.Join(c.surplus(), c.want.SkipValue())
	}
	found, err := c.found.ReadToken()
	if err != nil {
		return explain(err)
	}
	want, err := c.want.ReadToken()
	switch kind := want.Kind(); {
	case err != nil:
		return explain(err)
	case kind == jsontext.KindBeginObject:
		return c.object()
	case kind == jsontext.KindBeginArray:
		for c.want.PeekKind() != jsontext.KindEndArray {
			if err := c.value(); err != nil {
				return err
			}
		}
		return c.value() // the closing brackets
	case (c.exact || kind == jsontext.KindEndArray) && found.String() != want.String():
		return &fault{at: c.found.StackPointer(), msg: fmt.Sprintf("found %.80q, want %q", found.String(), want.String())}
	}
	return nil
}

func (c comparison) object() error {
	key, more := nextKey(c.found)
	wantKey, wantMore := nextKey(c.want)
	for more || wantMore {
		switch {
		case key == wantKey && more && wantMore:
			if err := c.value(); err != nil {
				return err
			}
			key, more = nextKey(c.found)
			wantKey, wantMore = nextKey(c.want)
		case more && (!wantMore || key < wantKey):
			if err := c.surplus(); err != nil {
				return err
			}
			key, more = nextKey(c.found)
		default:
			return &fault{at: c.want.StackPointer().Parent(), msg: fmt.Sprintf("the key %q is missing", wantKey)}
		}
	}
	return nil
}

// surplus judges a key that is not written again, because its value is empty, or because
// another spelling of it is.
func (c comparison) surplus() error {
	at := c.found.StackPointer()
	value, err := c.found.ReadValue()
	switch text := string(value); {
	case err != nil:
		return explain(err)
	case text == `""`, c.exact && (text == "[]" || text == "{}" || text == "0" || text == "false"):
		return &fault{at: at, msg: "is empty: leave the key out"}
	case c.exact:
		return &fault{at: at, msg: "is not how this key is written"}
	}
	return nil
}

// nextKey reads the next key of an object, or its end.
func nextKey(dec *jsontext.Decoder) (key string, more bool) {
	token, err := dec.ReadToken()
	if err != nil || token.Kind() == jsontext.KindEndObject {
		return "", false
	}
	return token.String(), true
}
