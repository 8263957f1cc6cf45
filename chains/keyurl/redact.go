package keyurl

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	window    = 8   // bytes: no piece of a secret this long leaves the redactor
	maxDetail = 200 // runes of foreign text that a message quotes

	maxForeign = 4096 // bytes of foreign text that are looked at
)

// Redactor cleans foreign text for messages: it drops terminal escapes and control
// characters, masks every piece of a secret, and cuts the rest. Foreign text gets
// into an error only through it.
type Redactor struct {
	pieces map[string]bool // windows of all secrets, lower case
	short  []string        // whole secrets of 4 to 7 bytes; shorter ones are words such as "v2"
}

// NewRedactor returns a redactor of what may be a key in the URL, of the user information
// of the proxies in the environment, and of more secrets. Their URL-escaped and base64
// forms are covered too.
func NewRedactor(u *url.URL, more ...string) *Redactor {
	r := &Redactor{pieces: map[string]bool{}}
	for _, s := range slices.Concat(secretsOf(u), proxySecrets(), more) {
		if len(s) >= 4 && len(s) < window {
			r.short = append(r.short, lowerASCII(s))
			continue
		}
		for _, form := range forms(s) {
			r.add(lowerASCII(form))
		}
	}
	return r
}

func (r *Redactor) add(s string) {
	for i := 0; i+window <= len(s); i++ {
		r.pieces[s[i:i+window]] = true
	}
}

// forms lists the spellings of a secret: as it is, cleaned, URL-escaped, and base64 at
// each of the three alignments that it can have inside a longer text.
func forms(s string) []string {
	out := []string{s, clean(s), url.QueryEscape(s), url.PathEscape(s)}
	for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			text := enc.EncodeToString([]byte(strings.Repeat("x", shift) + s))
			// The first characters depend on what precedes the secret.
			if skip := []int{0, 2, 3}[shift]; len(text) > skip {
				out = append(out, text[skip:])
			}
		}
	}
	return out
}

// Text returns s fit for a message: masked, and at most 200 characters long.
func (r *Redactor) Text(s string) string { return cut(r.Mask(s)) }

// Mask returns s on one line, with secrets masked.
func (r *Redactor) Mask(s string) string {
	s = clean(s[:min(len(s), maxForeign)]) // bounds the work
	for range 3 {
		hidden := r.hide(s)
		if hidden == s {
			return s
		}
		s = hidden
	}
	return "" // secrets that the mask itself completes: show nothing
}

// hide replaces each run of secret bytes by a mask.
func (r *Redactor) hide(s string) string {
	lower := lowerASCII(s)
	secret := make([]bool, len(s))
	mark := func(from, n int) {
		for i := from; i < from+n; i++ {
			secret[i] = true
		}
	}
	for i := 0; i+window <= len(lower); i++ {
		if r.pieces[lower[i:i+window]] {
			mark(i, window)
		}
	}
	for _, short := range r.short {
		for i := 0; i+len(short) <= len(lower); i++ {
			if lower[i:i+len(short)] == short {
				mark(i, len(short))
			}
		}
	}
	var b strings.Builder
	for i := range len(s) {
		switch {
		case !secret[i]:
			b.WriteByte(s[i])
		case i == 0 || !secret[i-1]:
			b.WriteString("***")
		}
	}
	return b.String()
}

// lowerASCII keeps the length of valid UTF-8, so that offsets stay valid.
func lowerASCII(s string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, s)
}

var (
	ansi     = regexp.MustCompile("\x1b(\\[[0-9;:?<=>]*[ -/]*[@-~]|\\][^\x07\x1b]*(\x07|\x1b\\\\)?|[@-Z\\\\^_])")
	userinfo = regexp.MustCompile(`://[^/\s@'"]*@`)
)

// clean drops terminal escapes and everything unprintable, joins white space, and
// replaces double quotes, so that the text can stand in quotes.
func clean(s string) string {
	s = ansi.ReplaceAllString(strings.ToValidUTF8(s, "?"), "")
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case c == '"':
			return '\''
		case !unicode.IsPrint(c):
			return -1
		}
		return c
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	return userinfo.ReplaceAllString(s, "://")
}

func cut(s string) string {
	runes := []rune(s)
	if len(runes) <= maxDetail {
		return s
	}
	return string(runes[:maxDetail-1]) + "…"
}
