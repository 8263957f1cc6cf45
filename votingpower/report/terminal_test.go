package report_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower/report"
)

var escapes = regexp.MustCompile("\x1b\\[[0-9;]*m")

// TestTextStyles: color repeats what the marks say, no line has more than 80 columns, and the verdict
// is first.
func TestTextStyles(t *testing.T) {
	for name, b := range everyBundle(t) {
		if b.Vote == nil {
			continue
		}
		r, err := report.New(b)
		if err != nil {
			t.Fatal(err)
		}
		write := func(s report.Style) string {
			var out bytes.Buffer
			if err := r.RenderText(&out, s); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		plain, symbols := write(report.Style{}), write(report.Style{Symbols: true})
		if colored := write(report.Style{Symbols: true, Color: true}); colored == symbols ||
			escapes.ReplaceAllString(colored, "") != symbols {
			t.Errorf("%s: color changes the text:\n%s", name, colored)
		}
		if strings.ContainsAny(plain, "✓✗█░┃\x1b") ||
			strings.Contains(symbols, "\nOK ") || !strings.Contains(symbols, "┃") {
			t.Errorf("%s: found\n%s\n%s", name, plain, symbols)
		}
		for line := range strings.Lines(plain + symbols) {
			if n := len([]rune(line)); n > 80+len("\n") {
				t.Errorf("%s: a line of %d columns: %s", name, n-1, line)
			}
		}
		head, _, _ := strings.Cut(plain, "\n")
		alone := r.VerdictLine(report.Style{})
		if strings.Join(strings.Fields(alone), " ") != strings.Join(strings.Fields(head), " ") {
			t.Errorf("%s: the verdict alone is %q, the text begins with %q", name, alone, head)
		}
	}
}

// TestTextOrder: failures stand before warnings, and these before what was found right.
func TestTextOrder(t *testing.T) {
	for name, want := range map[string]string{
		"disagrees": "X X X X X ! OK OK OK - OK OK OK", "reached": "OK ! OK OK",
	} {
		var marks []string
		for line := range strings.Lines(render(t, everyBundle(t)[name], report.Text)) {
			if mark, _, _ := strings.Cut(line, " "); line != "\n" && len(mark) < 3 && mark != "" {
				marks = append(marks, mark)
			}
		}
		if got := strings.Join(marks, " "); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
