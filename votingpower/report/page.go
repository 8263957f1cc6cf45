package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"maps"
	"regexp"
	"strings"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Page is the shell of an HTML page in one file: it makes no request, needs no script, follows the
// system's light or dark colors, fits from 360 to 1200 pixels, and prints. Its texts are plain and
// may be foreign.
//
// An index of several pages gives Write a body of its own. Its styles are those of page.css: a
// section with an h2 and a p.lead; a table.stack.rows, whose cells have their column's heading in
// data-l for narrow screens; .n for numbers, .good, .bad and .sub; figure and svg for a chart. A
// policy forbids style attributes, handlers and images that are not data.
type Page struct {
	Title   string // of the document; the marks come before it
	Summary string // a sentence that is shown with a link to the page
	Of      string // who or what it is about, in the top line
	// Marks are the warnings that take weight from every figure. They stand in a band above
	// everything, in the title, and at the top of each printed page.
	Marks []vote.Finding
	Foot  string           // a line below everything; "" for none
	Funcs template.FuncMap // further functions of the body
}

//go:embed page.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// Write writes the page in one Write. Body is the text of an html/template, executed with data. It
// has the templates icon ("ok", "no", "warn", "wait" or "note"), hash and copy, which take what the
// function hash returns; and the functions
//
//	hash WHAT TEXT LINK  a hash or address that is shown short and copied whole, with a link or ""
//	group, round         a decimal with separators, and rounded to three decimals
//	heading, cell, words foreign text of at most 140, 80 and 600 characters, for a bdi element
//	title, quote, long   the same in quotes, among words of ours
func (p Page) Write(w io.Writer, body string, data any) error {
	functions := inText()
	maps.Copy(functions, template.FuncMap{
		"hash": newCopyable, "group": grouped, "round": roundDecimal,
		"heading": func(s string) string { return clean(s, maxTitle) },
	})
	maps.Copy(functions, p.Funcs)
	t, err := template.New("").Funcs(functions).Parse(pageTemplate)
	if err == nil {
		_, err = t.New("body").Parse(body)
	}
	if err != nil {
		return err
	}
	marks, style := p.marks(), pageStyle
	if marks != "" {
		style += `@page { @top-center { content: "` + marks + `"; font: 600 9pt system-ui, sans-serif; color: #5c3b00 } }`
		p.Title, p.Summary = "["+marks+"] "+p.Title, marks+". "+p.Summary
	}
	var out bytes.Buffer
	err = t.ExecuteTemplate(&out, "page", struct {
		Page
		Policy string
		CSS    template.CSS
		Script template.JS
		Data   any
	}{p, policy(style, pageScript), template.CSS(style), template.JS(pageScript), data})
	if err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// policy allows one style and one script, and no request.
func policy(style, script string) string {
	hash := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
		"; img-src data:; base-uri 'none'; form-action 'none'"
}

// marks are the titles of the marks in capitals, which can stand in a style sheet.
func (p Page) marks() string {
	list := titles(p.Marks)
	for i, title := range list {
		list[i] = strings.ToUpper(notPlain.ReplaceAllString(title, ""))
	}
	return strings.Join(list, " · ")
}

var (
	isHex    = regexp.MustCompile(`^(0x)?[0-9A-Fa-f]+$`)
	notPlain = regexp.MustCompile(`[^A-Za-z0-9 ,.-]`)
)

// copyable is a text to copy. The middle of a hash or an address is part of the page, but not shown.
type copyable struct{ What, Start, Middle, End, Whole, Link string }

func newCopyable(what, whole, link string) copyable {
	start, end := 10, 8
	if len(whole) <= 42 {
		start, end = 6, 4
	}
	h := copyable{What: what, Start: whole, Whole: whole, Link: link}
	if len(whole) > start+end && isHex.MatchString(whole) {
		h.Start, h.Middle, h.End = whole[:start], whole[start:len(whole)-end], whole[len(whole)-end:]
	}
	return h
}
