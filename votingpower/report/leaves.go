package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// maxDepth bounds the nesting of a bundle's JSON. It has about ten levels, but
// an encrypted choice may turn out to be anything, up to the 100 levels that the
// hub's database stores, and one voter must not keep others from the evidence.
const maxDepth = 128

// maxLeaves bounds the values in a bundle's JSON. Each costs a hundred bytes of
// memory or more while it is compared, whatever little it takes in the file; a
// full vote of a hundred thousand voters has a quarter as many.
const maxLeaves = 4 << 20

// leaf is a value of a JSON text that is not made of others, with the path to
// it, such as evidence.reads[3].result. An empty object or list is a leaf too.
type leaf struct {
	path  string
	value string // as compact JSON
}

// flatten lists the leaves of exactly one JSON value, in its order. Duplicate
// keys and anything behind the value are errors.
func flatten(data []byte) ([]leaf, error) {
	f := flattener{dec: json.NewDecoder(bytes.NewReader(data))}
	f.dec.UseNumber()
	if err := f.value("", 0); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("JSON: %w", err)
	}
	if _, err := f.dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("JSON: more data behind the end")
	}
	return f.leaves, nil
}

type flattener struct {
	dec    *json.Decoder
	leaves []leaf
}

func (f *flattener) value(path string, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("nested more than %d levels deep", maxDepth)
	}
	token, err := f.dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return f.object(path, depth)
	case json.Delim('['):
		return f.list(path, depth)
	}
	return f.add(path, token)
}

func (f *flattener) object(path string, depth int) error {
	seen := map[string]bool{}
	for f.dec.More() {
		token, err := f.dec.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("%s: key %v is not a string", path, token)
		}
		inner := join(path, key)
		if seen[key] {
			return fmt.Errorf("key %s stands twice", inner)
		}
		seen[key] = true
		if err := f.value(inner, depth+1); err != nil {
			return err
		}
	}
	if len(seen) == 0 {
		if err := f.keep(path, "{}"); err != nil {
			return err
		}
	}
	_, err := f.dec.Token()
	return err
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join appends a key to a path so that no two paths look the same.
func join(path, key string) string {
	switch {
	case !plainKey.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func (f *flattener) list(path string, depth int) error {
	n := 0
	for ; f.dec.More(); n++ {
		if err := f.value(fmt.Sprintf("%s[%d]", path, n), depth+1); err != nil {
			return err
		}
	}
	if n == 0 {
		if err := f.keep(path, "[]"); err != nil {
			return err
		}
	}
	_, err := f.dec.Token()
	return err
}

func (f *flattener) add(path string, token json.Token) error {
	value, err := json.Marshal(token)
	if err != nil {
		return err
	}
	return f.keep(path, string(value))
}

func (f *flattener) keep(path, value string) error {
	if len(f.leaves) == maxLeaves {
		return fmt.Errorf("more than %d values", maxLeaves)
	}
	f.leaves = append(f.leaves, leaf{path, value})
	return nil
}
