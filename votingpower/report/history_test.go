package report_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// oneOfEach is a history with a vote of each verdict, one of hostile text, and one that was not read.
func oneOfEach(t testing.TB) *report.History {
	t.Helper()
	h, err := report.NewHistory("vote-perp.eth", load(t, "reached").Evidence.Model, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range []*report.Bundle{load(t, "reached"), load(t, "short"), unestablished(t), disagreeing(t), open(t),
		hostileVote(t)} {
		r, err := report.New(b)
		if err != nil {
			t.Fatal(err)
		}
		v := report.HistoryVote{Page: r.Document().Vote.ID + ".html"}
		v.Fill(r, h)
		v.End = report.NewMoment(time.Unix(v.End.Unix, 0).AddDate(0, i, 0))
		h.Votes = append(h.Votes, v)
	}
	unread := report.HistoryVote{ID: h.Votes[0].ID, Title: "SYNTHETIC unread", End: h.Votes[0].End}
	unread.Fail(report.HistoryUnread, errors.New("the hub\nsays \x1b[31m=no\u202e"))
	h.Votes = append(h.Votes, unread)
	h.Sort()
	return h
}

func renderHistory(t testing.TB, h *report.History, format report.Format) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := h.Render(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var historyFormats = []report.Format{report.Text, report.CSV, report.JSON, report.HTML, report.SVG}

func TestHistoryGolden(t *testing.T) {
	t.Parallel()
	for _, format := range []report.Format{report.Text, report.CSV, report.SVG} {
		got, golden := renderHistory(t, oneOfEach(t), format), "testdata/history."+string(format)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: differs from its golden file (rewrite with -update):\n%s", err, got)
		}
	}
	if _, err := png.Decode(bytes.NewReader(renderHistory(t, oneOfEach(t), report.PNG))); err != nil {
		t.Error(err)
	}
	if err := oneOfEach(t).Render(io.Discard, report.Markdown); err == nil {
		t.Error("rendered as Markdown")
	}
}

// What takes weight from the figures stands in every format.
func TestHistoryMarks(t *testing.T) {
	t.Parallel()
	quick, err := report.NewHistory("vote-perp.eth", votingpower.PERP(), false)
	if err != nil {
		t.Fatal(err)
	}
	measured, err := report.New(load(t, "post"))
	if err != nil {
		t.Fatal(err)
	}
	v := report.NewHistoryVote(load(t, "reached").Vote.Proposal, votingpower.PERP())
	v.Fill(measured, quick)
	quick.Votes = append(quick.Votes, v)
	for mark, h := range map[string]*report.History{
		"synthetic figures": oneOfEach(t), "another model": oneOfEach(t), "not checked": quick,
	} {
		for _, format := range historyFormats {
			if text := renderHistory(t, h, format); !bytes.Contains(bytes.ToLower(text), []byte(mark)) {
				t.Errorf("no %q in %s:\n%s", mark, format, text)
			}
		}
	}
}

// A turnout that is not known is not zero, and a hub's total that does not count what the model counts is
// none.
func TestHistoryUnknownTurnout(t *testing.T) {
	t.Parallel()
	choices, winner := *votingpower.PERP(), *votingpower.PERP()
	choices.Turnout.Choices, winner.Turnout.Winner = []string{"Yes"}, true
	pending := *load(t, "reached").Vote.Proposal
	pending.ScoresState = "pending"
	for name, test := range map[string]struct {
		proposal *snapshot.Proposal
		model    *votingpower.Model
	}{
		"some choices": {load(t, "reached").Vote.Proposal, &choices},
		"the winner":   {load(t, "reached").Vote.Proposal, &winner},
		"pending":      {&pending, votingpower.PERP()},
	} {
		h, _ := report.NewHistory("vote-perp.eth", test.model, false)
		v := report.NewHistoryVote(test.proposal, test.model)
		v.Quorum = "7000000"
		h.Votes = append(h.Votes, v)
		rows, err := csv.NewReader(bytes.NewReader(renderHistory(t, h, report.CSV))).ReadAll()
		if err != nil || rows[1][7] != "" || rows[1][8] != "" {
			t.Errorf("%s: %v, %q", name, err, rows)
		}
		if text := string(renderHistory(t, h, report.Text)); !strings.Contains(text, " ?  not ") {
			t.Errorf("%s: %s", name, text)
		}
		if picture := string(renderHistory(t, h, report.SVG)); strings.Contains(picture, "<title>") ||
			!strings.Contains(picture, ">?<") {
			t.Errorf("%s: %s", name, picture)
		}
	}
}

// Foreign text stays inside its place, whatever it is.
func TestHistoryForeignText(t *testing.T) {
	t.Parallel()
	h := oneOfEach(t)
	for _, text := range []string{"=1+1", "\x1b[2J\u202e\u0000", "a\nClosed votes of", `<script>"';`,
		strings.Repeat("選", 9999)} {
		for i := range h.Votes {
			h.Votes[i].Title, h.Votes[i].Problem, h.Votes[i].ID = text, text, text
		}
		h.Space, h.Symbol, h.Notes = text, text, []string{text}
		for _, format := range historyFormats {
			out := string(renderHistory(t, h, format))
			odd := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) })
			marked := (format == report.HTML || format == report.SVG) && strings.Contains(out, `<script>"';`)
			if odd >= 0 || marked || strings.Contains(out, "\nClosed votes of") {
				t.Errorf("%.20q in %s: %.2000s", text, format, out[max(odd, 0):])
			}
		}
		rows, err := csv.NewReader(bytes.NewReader(renderHistory(t, h, report.CSV))).ReadAll()
		if err != nil || strings.HasPrefix(rows[1][1], "=") {
			t.Errorf("%.20q: %v", text, err)
		}
		if err := xml.Unmarshal(renderHistory(t, h, report.SVG), new(struct{})); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// A chart has room for the newest votes, and says of how many.
func TestHistoryChartOfMany(t *testing.T) {
	t.Parallel()
	h := oneOfEach(t)
	one := h.Votes[len(h.Votes)-2]
	h.Votes = nil
	for i := range 200 {
		v := one
		v.ID, v.End = fmt.Sprintf("vote %03d of the past", i), report.NewMoment(time.Unix(one.End.Unix, 0).AddDate(0, 0, i))
		h.Votes = append(h.Votes, v)
	}
	h.Sort()
	picture := string(renderHistory(t, h, report.SVG))
	newest, oldest := strings.Contains(picture, "vote 199"), strings.Contains(picture, "vote 139")
	if bars := strings.Count(picture, "</title></rect>"); bars != 60 || !newest || oldest ||
		!strings.Contains(picture, "the newest 60 of 200") {
		t.Errorf("%d bars, the newest %v, an older one %v", bars, newest, oldest)
	}
	if first, last := h.Votes[0].End.Unix, h.Votes[199].End.Unix; first-last != int64(199*24*time.Hour/time.Second) {
		t.Errorf("the first row ended at %d, the last at %d", first, last)
	}
}

// The index is looked at as a page of one vote is; see TestPageInBrowser.
func TestHistoryInBrowser(t *testing.T) {
	t.Setenv("CHROMIUM", testenv.Chromium(t))
	h := oneOfEach(t)
	h.Votes[2].Title = strings.Repeat("verylong", 500) + strings.Repeat("選", 10_000)
	file := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(file, renderHistory(t, h, report.HTML), 0o644); err != nil {
		t.Fatal(err)
	}
	page := browserPage{File: file, Text: []string{h.Votes[0].ID}, Mark: "SYNTHETICFIGURES"}
	for _, problems := range testenv.Ask[browserPage, []string](t, "testdata/browser.cjs", []browserPage{page}) {
		for _, problem := range problems {
			t.Error(problem)
		}
	}
}
