package signature

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of JSON that is spelled again; what clients sign
// has a depth of at most ten or so.
const maxDepth = 64

// stringify spells JSON as JavaScript's JSON.stringify does, which is how clients
// make text of what they sign: no blanks, keys that are array indexes first and
// ascending, and numbers as JavaScript prints them. It is empty for what is no
// JSON or too deep.
func stringify(raw json.RawMessage) string {
	if !json.Valid(raw) {
		return ""
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	text, err := spell(dec, 0)
	if err != nil {
		return ""
	}
	return text
}

func spell(dec *json.Decoder, depth int) (string, error) {
	token, err := dec.Token()
	if err != nil {
		return "", err
	}
	if depth > maxDepth {
		return "", fmt.Errorf("JSON nested deeper than %d", maxDepth)
	}
	switch t := token.(type) {
	case bool:
		return strconv.FormatBool(t), nil
	case json.Number:
		return spellNumber(t), nil
	case string:
		return quote(t), nil
	case json.Delim:
		if t == '[' {
			return spellArray(dec, depth)
		}
		return spellObject(dec, depth)
	}
	return "null", nil
}

func spellArray(dec *json.Decoder, depth int) (string, error) {
	var items []string
	for dec.More() {
		item, err := spell(dec, depth+1)
		if err != nil {
			return "", err
		}
		items = append(items, item)
	}
	_, err := dec.Token() // the closing bracket
	return "[" + strings.Join(items, ",") + "]", err
}

func spellObject(dec *json.Decoder, depth int) (string, error) {
	var keys []string
	values := map[string]string{} // the last of equal keys wins
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return "", err
		}
		value, err := spell(dec, depth+1)
		if err != nil {
			return "", err
		}
		key := token.(string)
		if _, again := values[key]; !again {
			keys = append(keys, key)
		}
		values[key] = value
	}
	slices.SortStableFunc(keys, compareKeys)
	for i, key := range keys {
		keys[i] = quote(key) + ":" + values[key]
	}
	_, err := dec.Token() // the closing brace
	return "{" + strings.Join(keys, ",") + "}", err
}

// compareKeys sorts array indexes before other keys, which stay in their order.
func compareKeys(a, b string) int {
	i, isIndex := arrayIndex(a)
	k, isIndexToo := arrayIndex(b)
	switch {
	case isIndex && isIndexToo:
		return cmp.Compare(i, k)
	case isIndex:
		return -1
	case isIndexToo:
		return 1
	}
	return 0
}

func arrayIndex(key string) (uint64, bool) {
	n, err := strconv.ParseUint(key, 10, 32)
	return n, err == nil && n < 1<<32-1 && strconv.FormatUint(n, 10) == key
}

// spellNumber prints the nearest double. Go's JSON prints numbers as JavaScript
// does, but for -0.
func spellNumber(n json.Number) string {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return "null" // infinite
	}
	text, err := json.Marshal(f + 0)
	if err != nil {
		return "null"
	}
	return string(text)
}

// quote writes a JSON string with JavaScript's escapes, of which Go has more.
func quote(s string) string {
	const control, letter = "\b\t\n\f\r", "btnfr"
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		at := strings.IndexRune(control, r)
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case at >= 0:
			b.WriteByte('\\')
			b.WriteByte(letter[at])
		case r < ' ':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
