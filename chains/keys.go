package chains

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"unicode"
)

// checkKeys refuses a key that stands twice in one object, at any depth. Keys
// that differ in letter case only count as the same: package json would let the
// second of them win.
func checkKeys(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	type level struct {
		keys  map[string]bool // nil in an array
		inKey bool            // the next token is a key
	}
	var stack []level
	for {
		token, err := dec.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return broken("malformed JSON")
		}
		top := len(stack) - 1
		if key, ok := token.(string); ok && top >= 0 && stack[top].inKey {
			folded := fold(key)
			if stack[top].keys[folded] {
				return broken("reply has the key " + key + " twice in one object")
			}
			stack[top].keys[folded] = true
			stack[top].inKey = false
			continue
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, level{keys: map[string]bool{}, inKey: true})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:top]
			top--
		}
		if top >= 0 && stack[top].keys != nil {
			stack[top].inKey = true
		}
	}
}

// fold maps letters that package json takes for the same onto one of them.
func fold(key string) string {
	return strings.Map(func(c rune) rune {
		least := c
		for next := unicode.SimpleFold(c); next != c; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
