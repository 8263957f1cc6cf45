package keyurl

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strconv"
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
//
// It finds each piece of 8 bytes or more of a secret: in upper or lower case, forwards
// or backwards, in base64 or hex, URL-escaped, and in letters that are percent-encoded,
// written as numbers (\u0041, &#65;) or set apart by blanks, signs or symbols. A secret
// of 4 to 7 bytes is only found whole and undisguised.
//
// It cannot know every disguise. A server that wants to show a key can spread it over
// several messages, leave out letters or use a cipher. Shorter secrets, such as the "v2"
// of a path, are not looked for.
type Redactor struct {
	pieces map[string]bool // windows of all secrets, lower case
	short  []string        // whole secrets of 4 to 7 bytes
}

// NewRedactor returns a redactor of what may be a key in the URL, of the user information
// of the proxies in the environment, and of more secrets.
func NewRedactor(u *url.URL, more ...string) *Redactor {
	r := &Redactor{pieces: map[string]bool{}}
	for _, s := range slices.Concat(secretsOf(u), proxySecrets(), more) {
		if len(s) >= 4 && len(s) < window {
			r.short = append(r.short, lowerASCII(s), backwards(lowerASCII(s)))
			continue
		}
		for _, form := range forms(s) {
			for _, text := range []string{lowerASCII(form), string(letters(form).text)} {
				r.add(text)
				r.add(backwards(text))
			}
		}
	}
	return r
}

func (r *Redactor) add(s string) {
	for i := 0; i+window <= len(s); i++ {
		r.pieces[s[i:i+window]] = true
	}
}

// forms lists the spellings of a secret: as it is, cleaned, URL-escaped, in hex, and in
// base64 at each of the three alignments that it can have inside a longer text.
func forms(s string) []string {
	out := []string{s, clean(s), url.QueryEscape(s), url.PathEscape(s), hex.EncodeToString([]byte(s))}
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

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// Text returns s fit for a message: masked, and at most 200 characters long.
func (r *Redactor) Text(s string) string { return Cut(r.Mask(s), maxDetail) }

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
	secret := make([]bool, len(s))
	for _, v := range []view{bytesOf(s), letters(s)} {
		for i := 0; i+window <= len(v.text); i++ {
			if r.pieces[string(v.text[i:i+window])] {
				v.mark(secret, i, window)
			}
		}
	}
	plain := bytesOf(s)
	for _, short := range r.short {
		for i := 0; i+len(short) <= len(s); i++ {
			if string(plain.text[i:i+len(short)]) == short {
				plain.mark(secret, i, len(short))
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

// view is a way to read a text: lower-case bytes, each with the piece of the text that
// stands for it.
type view struct {
	text     []byte
	from, to []int
}

func (v *view) append(c byte, from, to int) {
	v.text, v.from, v.to = append(v.text, lower(c)), append(v.from, from), append(v.to, to)
}

// mark marks the piece of the text that n bytes stand for.
func (v *view) mark(secret []bool, i, n int) {
	for k := v.from[i]; k < v.to[i+n-1]; k++ {
		secret[k] = true
	}
}

// bytesOf reads a text as it is.
func bytesOf(s string) (v view) {
	for i := range len(s) {
		v.append(s[i], i, i+1)
	}
	return v
}

// letters reads only letters and digits, also where they are escaped.
func letters(s string) (v view) {
	for i := 0; i < len(s); {
		c, n := letter(s[i:])
		if '0' <= c && c <= '9' || 'a' <= lower(c) && lower(c) <= 'z' {
			v.append(c, i, i+n)
		}
		i += n
	}
	return v
}

// escape matches %41 (also %2541 and so on), \x41, \u0041, &#x41; and &#65;.
var escape = regexp.MustCompile(
	`^(?:(?:%(?:25)*|\\x|\\u00|&#[xX]0*)([0-9a-fA-F]{2})|&#0*([0-9]{2,3}));?`)

// letter returns the byte that a text begins with, and how many bytes stand for it.
func letter(s string) (c byte, n int) {
	if strings.IndexByte(`%\&`, s[0]) >= 0 {
		if m := escape.FindStringSubmatch(s); m != nil {
			code, err := strconv.ParseUint(m[1], 16, 8)
			if m[2] != "" {
				code, err = strconv.ParseUint(m[2], 10, 8)
			}
			if err == nil {
				return byte(code), len(m[0])
			}
		}
	}
	return s[0], 1
}

// lowerASCII keeps every other byte, so that offsets stay valid.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = lower(c)
	}
	return string(b)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
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

// Cut shortens a text to at most so many runes, of which the last is then an ellipsis.
func Cut(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}
