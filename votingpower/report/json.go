package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	rawjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/perpdao/perpquorum/votingpower"
)

// writeJSON writes v as encoding/json does without the escaping that is meant for HTML, and
// without holding the whole text in memory: that of a large vote has a hundred megabytes.
func writeJSON(w io.Writer, v any, options ...jsontext.Options) error {
	return json.MarshalWrite(w, v, append([]jsontext.Options{jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false),
		jsontext.EscapeForJS(false), json.WithMarshalers(json.MarshalToFunc(writeOddText))}, options...)...)
}

// writeOddText writes the two characters that JavaScript once did not take in strings, and text
// that is not UTF-8, with the escapes of encoding/json. Raw JSON keeps its own spelling.
func writeOddText(enc *jsontext.Encoder, s string) error {
	if utf8.ValidString(s) && !strings.ContainsAny(s, "\u2028\u2029") {
		return errors.ErrUnsupported // as any other text
	}
	var b strings.Builder
	e := rawjson.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return err
	}
	return enc.WriteValue(jsontext.Value(b.String()))
}

// WriteJSON writes v as JSON for people and programs to read. Characters that a terminal would
// act on, or that do not show, are escaped.
func WriteJSON(w io.Writer, v any) error {
	var text bytes.Buffer
	if err := writeJSON(&text, v, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	var out []byte
	for _, r := range text.String() + "\n" { // beyond ASCII, these can only be part of texts
		if r == '\n' || unicode.IsGraphic(r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, "\\u%04x", unit)
		}
	}
	_, err := w.Write(out)
	return err
}

// digest returns the SHA-256 hash, in hex, of the compact JSON of v, without escapes for
// HTML: the bytes that `jq -cj` prints of it.
func digest(v any) (string, error) {
	sum := sha256.New()
	if err := writeJSON(sum, v); err != nil {
		return "", fmt.Errorf("%w: %w", votingpower.ErrEvidence, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
