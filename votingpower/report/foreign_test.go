package report_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/perpdao/perpquorum/votingpower/report"
)

// forgeries are texts that want to pass for words of ours, or to hide some.
var forgeries = map[string]string{
	"a line of ours":      "Verdict: not reached; the quorum was missed by 7",
	"a quote that ends":   `For": 99,000,000; - Verdict: reached; "`,
	"an escaped quote":    `For\": 99,000,000`,
	"a backslash at last": `For\`,
	"line breaks":         "For\r\n- Verdict: reached\n\nQuery timestamp:\n",
	"other line breaks":   "For\u2028- Verdict: reached\u2029\u0085\v\fChecks:",
	"spaces to column 80": "For" + strings.Repeat(" ", 70) + "- Verdict: reached",
	"words to column 80":  strings.Repeat("word ", 14) + "xxx - Verdict: reached",
	"wide spaces":         "For" + strings.Repeat("\u3000\u00a0\u2003\u2800", 20) + "- Verdict: reached",
	"blank letters":       "For" + strings.Repeat("\u3164\uffa0\u115f", 20) + "- Verdict: reached",
	"no space at all":     strings.Repeat("x", 73) + "-Verdict:reached" + strings.Repeat("x", 300),
	"wide letters":        strings.Repeat("漢字", 60),
	"right to left":       "For \u202edehcaer :tciderV -\u202c \u2067x\u2069 \u200f\u061c",
	"nothing to see":      "\u200b\u200c\u200d\ufeff\u00ad\u2060\U000e0041",
	"terminal":            "\x1b[2J\x1b]0;x\a\u009b31m\u0090x\u009c\x00\x7f",
	"piled marks":         "\u0338\u0338" + strings.Repeat("Z\u0338\u0336\u0335\u0334\u0333\u0332\u0331", 8),
	"private and unknown": "\ue000\U000f0000\uffff",
	"not UTF-8":           "For\xff\xc3(\xed\xa0\x80",
	"a mark of ours":      "Perpetual Protocol (built in). The model is the built-in one, SHA-256",
	"a cell":              "For | 99 | 99 | yes |\n| Against",
	"markup":              "**Total** `x` <b>x</b> # x [x](https://evil.example) ![](//evil.example/i) ~~x~~ $x$ {x}",
	"links":               "//evil.example evil.com www.evil.example www.1.2 mailto:x@evil.example https://evil.example/x",
	"mentions":            "@everyone #tag :smile: &#64;all &lt;x&gt;",
	"a long text":         strings.Repeat("quorum reached, ", 2000),
	"a list":              "a, b, c",
	"nothing":             "",
}

// strange is a vote in which every text of the hub, of the bundle and of the model is s, as far
// as a model takes it.
func strange(t testing.TB, s string) *report.Bundle {
	t.Helper()
	b := load(t, "reached")
	p, m := b.Vote.Proposal, b.Evidence.Model
	b.Synthetic, b.Vote.Hub = "x"+s, "x"+s
	p.Title, p.Type, p.Choices = s, "x"+s, []string{s, "x" + s, "y" + s}
	b.Vote.Votes[1].Created = 1
	p.Strategies[0].Name, b.Vote.Power.Query.Strategies[0].Name = "x"+s, "x"+s
	for _, reading := range b.Vote.Power.Places { // nothing is read for an unknown strategy
		reading.Sampled[0].Results, reading.Sampled[0].From = nil, "x"+s
	}
	for i := range b.Evidence.Reads {
		b.Evidence.Reads[i].From = strings.ToValidUTF8("x"+s, "?")
	}
	text := strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, "x"+s[:min(len(s), 300)]))
	m.Name, m.Definition, m.Synthetic, m.Space, p.Space = text, text, text, text, text
	m.Symbol = "no symbol " + text
	m.Tokens[0].Label, m.Excluded[0].Label, m.Escrows[0].Label = text, text, text
	m.Sources, m.Excluded[0].Source = []string{text}, text
	return b
}

// printed is what a reader sees of a bundle at a terminal: its text, and what verify says.
func printed(t testing.TB, b *report.Bundle) map[string]string {
	t.Helper()
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	var text, verified bytes.Buffer
	for _, err := range []error{r.Render(&text, report.Text), r.RenderConsistent(&verified)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"text": text.String(), "verify": verified.String()}
}

var (
	inQuotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(?:, ?"(?:[^"\\]|\\.)*")*`)
	hashes   = regexp.MustCompile(`[0-9a-f]{64}`)
)

// ours is what is left of a text without what stands in quotes.
func ours(text string) string {
	text = hashes.ReplaceAllString(text, "#")
	text = strings.NewReplacer("\n    ", "", " ", "").Replace(text) // lines are broken at other places
	return inQuotes.ReplaceAllString(text, "…")
}

// TestForeignText: whatever strangers write, our own words, lines and rows stay the same.
func TestForeignText(t *testing.T) {
	plain := printed(t, strange(t, "x"))
	for name, s := range forgeries {
		t.Run(name, func(t *testing.T) { checkForeign(t, plain, s) })
	}
}

func FuzzForeignText(f *testing.F) {
	plain := printed(f, strange(f, "x"))
	for _, s := range forgeries {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkForeign(t, plain, s) })
}

func checkForeign(t *testing.T, plain map[string]string, s string) {
	for format, text := range printed(t, strange(t, s)) {
		got, want := strings.Split(ours(text), "\n"), strings.Split(ours(plain[format]), "\n")
		for i, line := range want {
			if len(got) != len(want) || got[i] != line {
				t.Errorf("%s: line %d of ours: found %.500q, want %.500q", format, i+1, got[i:min(i+1, len(got))], line)
				break
			}
		}
		for _, r := range text {
			if r != '\n' && !unicode.IsGraphic(r) {
				t.Errorf("%s: %U came through", format, r)
			}
		}
		for line := range strings.Lines(text) {
			if n := columns(strings.TrimRight(line, "\n")); n > 80 {
				t.Errorf("%s: a terminal breaks a line of %d columns: %q", format, n, line)
			}
		}
	}
}

// columns is the width of a text on a terminal, where letters from Hangul on are wide.
func columns(s string) (n int) {
	for _, r := range s {
		switch {
		case r >= 0x1100:
			n += 2
		default:
			n++
		}
	}
	return n
}

// TestJSONEscapes: JSON says what strangers wrote, and shows nothing else on a terminal.
func TestJSONEscapes(t *testing.T) {
	for name, s := range forgeries {
		var out bytes.Buffer
		if err := report.WriteJSON(&out, []string{s}); err != nil {
			t.Fatal(err)
		}
		var again []string
		if err := json.Unmarshal(out.Bytes(), &again); err != nil || again[0] != strings.ToValidUTF8(s, "\ufffd") &&
			utf8.ValidString(s) {
			t.Errorf("%s: found %q, %v", name, again, err)
		}
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsGraphic(r) {
				t.Errorf("%s: %U came through", name, r)
			}
		}
	}
	for name, s := range forgeries { // and so does a report
		for _, r := range render(t, strange(t, s), report.JSON) {
			if r != '\n' && !unicode.IsGraphic(r) {
				t.Errorf("report, %s: %U came through", name, r)
			}
		}
	}
}

// TestTextIsCut: a title keeps 140 characters, a name 80, a word in a table 24, with an ellipsis for the rest.
func TestTextIsCut(t *testing.T) {
	long := strings.Repeat("x", 200)
	text := render(t, strange(t, long), report.Markdown)
	for _, want := range []string{
		`:** \"` + long[:139] + `…\"`, "| " + long[:23] + "… | 10,000,007.500 |", "| 1: " + long[:23] + "… |",
		`voting type \"` + long[:79] + `…\"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
}
