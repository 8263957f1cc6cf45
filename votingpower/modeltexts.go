package votingpower

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds a text of format 1, in bytes.
const maxText = 1000

// symbolForm is a symbol of format 2: nothing in it can pass for words of a report.
var symbolForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,11}$`)

// Undecided begins a text of a draft that a person must replace.
const Undecided = "DECIDE: "

// maxCharacters bounds the texts of format 2, by the last part of their path.
func maxCharacters(key string) int {
	switch key {
	case "name", "label", "space", "reviewed_by":
		return 80
	case "definition":
		return 500
	}
	return 300 // sources and reasons
}

func (c *checker) texts() {
	m := c.model
	if m.Format != "" && m.Format != ModelFormat && m.Format != ModelFormat1 {
		c.fail("/format", "found %.80q, want %q or %q", m.Format, ModelFormat, ModelFormat1)
	}
	c.text("name", -1, "", m.Name, true)
	c.text("symbol", -1, "", m.Symbol, true)
	if m.Format != ModelFormat1 && !symbolForm.MatchString(m.Symbol) {
		c.fail("/symbol", "found %.80q, want at most 12 letters, digits, points and hyphens", m.Symbol)
	}
	c.text("definition", -1, "", m.Definition, true)
	c.text("synthetic", -1, "", m.Synthetic, false)
	c.text("space", -1, "", m.Space, false)
	c.text("reviewed_by", -1, "", m.ReviewedBy, false)
	if err := checkTime(m.FactsOf); err != nil && !m.FactsOf.IsZero() {
		c.fail("/facts_of", "%v", err)
	}
	if m.Format == ModelFormat1 && (m.ReviewedBy != "" || !m.FactsOf.IsZero()) {
		c.fail("/facts_of", "and reviewed_by need the format %q", ModelFormat)
	}
	for i, source := range m.Sources {
		c.text("sources", i, "", source, true)
	}
	c.turnout()
}

// text demands one printable line, so that a label cannot break or fake the
// layout of a report.
func (c *checker) text(list string, i int, key, s string, required bool) {
	switch length, most := utf8.RuneCountInString(s), maxCharacters(cmp.Or(key, list)); {
	case c.model.Format != ModelFormat1 && strings.HasPrefix(s, Undecided):
		c.fail(at(list, i, key), "is still to be decided: %s", strings.TrimPrefix(s, Undecided))
	case s == "" && required:
		c.fail(at(list, i, key), "is empty")
	case c.model.Format == ModelFormat1 && len(s) > maxText:
		c.fail(at(list, i, key), "has %d bytes, want at most %d", len(s), maxText)
	case c.model.Format != ModelFormat1 && length > most:
		c.fail(at(list, i, key), "has %d characters, want at most %d", length, most)
	case strings.TrimSpace(s) != s:
		c.fail(at(list, i, key), "%q starts or ends with a space", s)
	}
	if err := printable(s); err != nil {
		c.fail(at(list, i, key), "%v", err)
	}
}

func printable(s string) error {
	for _, r := range s {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return fmt.Errorf("%q holds the character %U, which is not printable", s, r)
		}
	}
	return nil
}
