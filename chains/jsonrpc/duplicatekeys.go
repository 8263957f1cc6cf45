package jsonrpc

import (
	"strings"
	"unicode"
)

// checkKeys refuses a key that stands twice in one object, at any depth. Keys that
// differ in letter case only count as the same, because package json would let the
// second of them win. The body must be one valid JSON value. It is scanned by hand,
// since a walk by tokens would take most of the time of reading a reply.
func checkKeys(body []byte) *fault {
	var open []map[string]bool // the keys of each open object; nil for an array
	inKey := false             // the next string is a key
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{':
			open, inKey = append(open, map[string]bool{}), true
		case '[':
			open, inKey = append(open, nil), false
		case '}', ']':
			open, inKey = open[:len(open)-1], false
		case ',':
			inKey = open[len(open)-1] != nil
		case '"':
			end := stringEnd(body, i)
			if inKey {
				key := fold(plain(body[i : end+1]))
				if open[len(open)-1][key] {
					return broken("reply has the key " + plain(body[i:end+1]) + " twice in one object")
				}
				open[len(open)-1][key] = true
				inKey = false
			}
			i = end
		}
	}
	return nil
}

// stringEnd returns the index of the quote that ends the string starting at from.
func stringEnd(body []byte, from int) int {
	i := from + 1
	for body[i] != '"' {
		if body[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// fold maps letters that package json takes for the same to one of them.
func fold(key string) string {
	return strings.Map(func(c rune) rune {
		least := c
		for next := unicode.SimpleFold(c); next != c; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
