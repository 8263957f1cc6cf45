package report

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"unicode"
)

// Text of a hub, a model or a bundle is foreign: anybody may have written it, to look like words
// of ours. It stands in quotes or alone in a column, and each format cleans, cuts and escapes it
// once, by one of the functions of foreign.

// How many characters of foreign text a report repeats.
const (
	maxTitle  = 140
	maxName   = 80
	maxDetail = 600 // words of ours with names in them, which are quoted and cut already
)

// foreign gives templates the functions that write foreign text in a format with its own escapes.
func foreign(escape func(string) string) template.FuncMap {
	return template.FuncMap{
		"title": func(s string) string { return escape(quoted(s, maxTitle)) },
		"quote": func(s string) string { return escape(quoted(s, maxName)) },
		"cell":  func(s string) string { return escape(clean(s, maxName)) }, // alone in its column
		"long":  func(s string) string { return escape(quoted(s, maxDetail)) },
		"words": func(s string) string { return escape(clean(s, maxDetail)) },
		"unit": func(symbol string) string {
			if plainSymbol.MatchString(symbol) {
				return symbol
			}
			return escape(quoted(symbol, maxName))
		},
	}
}

// plainSymbol is a symbol of a token that cannot pass for words or numbers of a report.
var plainSymbol = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.-]{0,11}$`)

var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoted(s string, most int) string { return `"` + quotes.Replace(clean(s, most)) + `"` }

// clean makes foreign text one line of at most so many characters: white space becomes single
// spaces, and what does not show, turns the direction of writing or piles up marks is left out.
func clean(s string, most int) string {
	var out []rune
	space, marks := false, 3 // a mark at the start would join what stands before
	for _, r := range s {
		if len(out) > most {
			break
		}
		mark := unicode.Is(unicode.M, r)
		switch {
		case unicode.IsSpace(r), r == '\u2800': // the second is a blank of braille
			space = len(out) > 0
			continue
		case !unicode.IsGraphic(r), unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector),
			mark && marks == 3:
			continue
		case mark:
			marks++
		default:
			marks = 0
		}
		if space {
			out, space = append(out, ' '), false
		}
		out = append(out, r)
	}
	if len(out) > most {
		return string(out[:most-1]) + "…"
	}
	return string(out)
}

var markdownSpecial = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "|", `\|`,
	"[", `\[`, "]", `\]`, "#", `\#`, "!", `\!`, "~", `\~`, "@", "&#64;", "$", `\$`, "{", `\{`, "}", `\}`,
	"//", "&#47;&#47;",
)

// domain matches the dots at which a forum finds the name of a host, and makes a link of it.
var domain = regexp.MustCompile(`\.(\pL)|(\pL)\.(\pN)`)

// markdown makes clean text mean nothing but itself in a line or a table cell of Markdown: no
// markup, HTML, links, mentions or cell borders.
func markdown(s string) string {
	return domain.ReplaceAllString(markdownSpecial.Replace(s), "$2&#46;$1$3")
}

// plainURL matches a web address without any character that could end a Markdown autolink or
// smuggle in markup.
var plainURL = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~%/?=&+-]*)?$`)

// CheckURL refuses an address that is not of the form that posts and pages take as it is: https, and no
// character that has a meaning in Markdown or HTML.
func CheckURL(url string) error {
	if !plainURL.MatchString(url) {
		return fmt.Errorf("%s: want https://HOST/PATH of letters, digits and ._~%%/?=&+-", quoted(url, maxName))
	}
	return nil
}

// source writes a model's source: an address as a link, anything else as text.
func source(s string) string {
	if plainURL.MatchString(s) {
		return "<" + s + ">"
	}
	return markdown(quoted(s, maxDetail))
}

// lineWidth is how many columns a line of text takes at most, as on the narrowest terminals in use.
const lineWidth = 80

// Wrap breaks the lines of text that have more than 80 columns, and indents what follows, so that no
// foreign text begins a line of a terminal. A word that needs more room is indented less.
func Wrap(text string, indent int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		column, begun := 0, false
		next := func(indent int) {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		}
		for word := range strings.SplitAfterSeq(line, " ") {
			width := columns(strings.TrimRight(word, " \n"))
			if begun && column+width > lineWidth {
				next(max(4, min(indent, lineWidth-width)))
			}
			begun = begun || width > 0
			for _, r := range word {
				if width := columns(string(r)); r != ' ' && r != '\n' && column+width > lineWidth {
					next(4)
				}
				out.WriteRune(r)
				column += columns(string(r))
			}
		}
	}
	return blanks.ReplaceAllString(out.String(), "")
}

var blanks = regexp.MustCompile(`(?m) +$`)

// columns is how many columns a terminal needs for a text, or a few more: letters from U+1100 on
// may be wide. Marks of color take none.
func columns(s string) (n int) {
	for _, r := range s {
		switch {
		case r < ' ':
		case r >= 0x1100 && !strings.ContainsRune("✓✗█░┃", r):
			n += 2
		default:
			n++
		}
	}
	return n
}
