package report

import (
	"errors"
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
	maxCell   = 60  // in a table of a post
	maxWord   = 24  // there, as a longer one makes the table wider than the column
	maxSymbol = 12
)

// inText returns the functions by which templates of text and pages write foreign text.
func inText() template.FuncMap {
	return template.FuncMap{
		"title": func(s string) string { return quoted(s, maxTitle) },
		"quote": func(s string) string { return quoted(s, maxName) },
		"cell":  func(s string) string { return clean(s, maxName) }, // alone in its column
		"long":  func(s string) string { return quoted(s, maxDetail) },
		"words": func(s string) string { return clean(s, maxDetail) },
		"unit": func(symbol string) string {
			if plainSymbol.MatchString(symbol) {
				return symbol
			}
			return quoted(symbol, maxName)
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

// lively matches text of which a forum makes mentions, hashtags or emoji even where it is escaped:
// they are found in the finished text.
var lively = regexp.MustCompile(`[@#]|[:;]\S|8-\)|\^_`)

// clockTime is none, though it has colons.
var clockTime = regexp.MustCompile(`\b\d\d:\d\d(:\d\d)?\b`)

func isLively(s string) bool { return lively.MatchString(clockTime.ReplaceAllString(s, "0")) }

// inQuotes writes foreign text for Markdown in quotes or, if that could end them or come to life, as code.
func inQuotes(s string, most int) string {
	if s = clean(s, most); isLively(s) || strings.ContainsAny(s, `"\`) {
		return code(s)
	}
	return markdown(`"` + s + `"`)
}

// cell writes foreign text alone in a cell, which it does not widen, or else in quotes.
func (p post) cell(s string) string {
	if !p.tables {
		return inQuotes(s, maxName)
	}
	if s = narrow(clean(s, maxCell), maxWord); isLively(s) {
		return strings.ReplaceAll(code(s), "|", `\|`)
	}
	return markdown(s)
}

// narrow cuts the words of a text for a column.
func narrow(s string, most int) string {
	return longWord.ReplaceAllStringFunc(s, func(word string) string { return clean(word, most) })
}

var longWord = regexp.MustCompile(`[!-\x{10FF}]+…?`)

// markdownWords writes words of ours, in which names stand in quotes, for Markdown.
func markdownWords(s string) string {
	return word.ReplaceAllStringFunc(clean(s, maxDetail), func(s string) string {
		if isLively(s) {
			return code(s)
		}
		return markdown(s)
	})
}

var word = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^" ]+|"`)

// markdown makes text mean nothing but itself in a line or a table cell of Markdown: each sign of
// punctuation is escaped, but for one that ends a word or joins letters.
func markdown(s string) string {
	letters := []rune(" " + s + " ")
	var b strings.Builder
	for i, r := range letters[1 : len(letters)-1] {
		before, after := letters[i], letters[i+2]
		ends := strings.ContainsRune(",.;:!?%", r) && (alphanumeric(before) || before == ')') && after == ' '
		joins := strings.ContainsRune("-,:", r) && alphanumeric(before) && alphanumeric(after) ||
			r == '.' && unicode.IsDigit(before) && unicode.IsDigit(after)
		if r < unicode.MaxASCII && !ends && !joins && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func alphanumeric(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// code writes clean text as a span of code, in which nothing has a meaning.
func code(s string) string {
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// plainURL matches a web address without any character that could end a Markdown autolink or
// smuggle in markup.
var plainURL = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(/[A-Za-z0-9._~%/?=&+-]*)?$`)

// plainFile matches the name of a bundle's file.
var plainFile = regexp.MustCompile(`^[A-Za-z0-9-]+\.json(\.gz)?$`)

// CheckURL refuses an address that is not of the form that posts and pages take as it is: https, and no
// character that has a meaning in Markdown or HTML. The error does not repeat it: it may be an endpoint's.
func CheckURL(url string) error {
	if !plainURL.MatchString(url) {
		return errors.New("want https://HOST/PATH of letters, digits and ._~%/?=&+-")
	}
	return nil
}

// source writes a model's source: an address as a link, anything else as text.
func source(s string) string {
	if plainURL.MatchString(s) {
		return "<" + s + ">"
	}
	return inQuotes(s, maxDetail)
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
