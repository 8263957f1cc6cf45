package report

import (
	"regexp"
	"strings"
	"unicode"
)

// clean makes foreign text (labels of a model, names of endpoints) safe for one
// line of plain text: no line breaks, control characters or invisible format
// characters such as those that turn the direction of writing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

var markdownSpecial = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "|", `\|`,
	"[", `\[`, "]", `\]`, "#", `\#`, "!", `\!`, "~", `\~`, "@", "&#64;", "$", `\$`, "{", `\{`, "}", `\}`,
	"://", ":&#47;/", "www.", "www&#46;", "WWW.", "WWW&#46;",
)

// markdown makes foreign text mean nothing but itself in a line or a table cell
// of Markdown: no markup, HTML, links, mentions or cell borders.
func markdown(s string) string { return markdownSpecial.Replace(clean(s)) }

// plainURL matches a web address without any character that could end a
// Markdown autolink or smuggle in markup.
var plainURL = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~%/?=&+-]*)?$`)

// source writes a model's source: an address as a link, anything else as text.
func source(s string) string {
	if plainURL.MatchString(s) {
		return "<" + s + ">"
	}
	return markdown(s)
}
