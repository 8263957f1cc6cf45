package report

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Render writes the history as Text, CSV, JSON, HTML, SVG or PNG, in one Write.
func (h *History) Render(w io.Writer, format Format) error {
	switch format {
	case Text:
		_, err := io.WriteString(w, Wrap(h.text(), 4))
		return err
	case CSV:
		return h.writeCSV(w)
	case JSON:
		return WriteJSON(w, h)
	case HTML:
		return h.writePage(w)
	case SVG:
		return h.draw().writeSVG(w)
	case PNG:
		return h.draw().writePNG(w)
	}
	return fmt.Errorf("unknown format %q", format)
}

// word is what stands in the column of the verdict.
func (v HistoryVote) word() string {
	if v.Quorum == "" {
		return string(v.State)
	}
	return cmp.Or(string(v.Verdict), "not checked")
}

// marks are those of all rows, each once.
func (h *History) marks() (all []string) {
	for _, v := range h.Votes {
		for mark := range strings.SplitSeq(v.Marks, " · ") {
			if mark != "" && !slices.Contains(all, mark) {
				all = append(all, mark)
			}
		}
	}
	return all
}

// basis says where figures come from.
func (h *History) basis() string {
	if h.Checked {
		return "Each vote is judged at its own snapshot."
	}
	return "Not checked: the turnout is the hub's own figure (scores_total); only the quorum is from the chains."
}

// summary counts the rows by their words.
func (h *History) summary() string {
	count, words := map[string]int{}, []string{}
	for _, v := range h.Votes {
		if count[v.word()]++; count[v.word()] == 1 {
			words = append(words, v.word())
		}
	}
	slices.Sort(words)
	for i, word := range words {
		if words[i] = fmt.Sprintf("%d %s", count[word], word); count[word] > 1 { // "2 disagree"
			words[i] = strings.TrimSuffix(words[i], "s")
		}
	}
	return strings.TrimSuffix(votes(len(h.Votes))+": "+strings.Join(words, ", "), ": ")
}

func day(m Moment) string {
	if m.Unix == 0 {
		return "?"
	}
	return time.Unix(m.Unix, 0).UTC().Format(time.DateOnly)
}

func (h *History) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Closed votes of %s, newest first, in %s\n%s\n%s\n",
		quoted(h.Space, maxName), unit(h.Symbol), h.summary(), h.basis())
	if marks := h.marks(); len(marks) > 0 {
		fmt.Fprintf(&b, "Marks: %s\n", strings.Join(marks, " · "))
	}
	for _, note := range h.Notes {
		fmt.Fprintf(&b, "Note: %s\n", clean(note, maxDetail))
	}
	fmt.Fprintf(&b, "\n%-10s %17s %17s  %-15s %16s\n", "Ended", "Quorum", "Turnout", "Verdict", "Margin")
	for _, v := range h.Votes {
		fmt.Fprintf(&b, "%-10s %17s %17s  %-15s %16s\n", day(v.End), short(v.Quorum), short(v.Turnout), v.word(), v.margin())
		fmt.Fprintf(&b, "  %s %s\n", v.name(), quoted(v.Title, maxTitle))
		if v.Problem != "" {
			fmt.Fprintf(&b, "  %s\n", clean(v.Problem, maxDetail))
		}
	}
	return b.String()
}

// short rounds an amount for a column; "?" where it is not known.
func short(amount string) string {
	text, err := visible(amount)
	if err != nil {
		return "?"
	}
	return text
}

// name is the proposal's id, shortened.
func (v HistoryVote) name() string { return cmp.Or(clean(v.ID, 18), "no id") }

// margin is "" where no verdict asks for one.
func (v HistoryVote) margin() string {
	if v.Margin == "" {
		return ""
	}
	return short(v.Margin)
}

func (h *History) writeCSV(w io.Writer) error {
	rows := [][]string{{"proposal", "title", "end", "network", "snapshot_block", "quorum", "level", "turnout",
		"turnout_source", "votes", "verdict", "margin", "symbol", "bundle_sha256", "state", "problem", "marks"}}
	for _, v := range h.Votes {
		end, block := "", ""
		if v.End.Unix != 0 {
			end, block = time.Unix(v.End.Unix, 0).UTC().Format(time.RFC3339), strconv.FormatUint(v.SnapshotBlock, 10)
		}
		rows = append(rows, []string{clean(v.ID, maxName), inert(clean(v.Title, maxTitle)), end,
			inert(clean(v.Network, maxName)), block, v.Quorum, string(v.Level), v.Turnout, string(v.TurnoutSource),
			strconv.Itoa(v.Votes), string(v.Verdict), v.Margin, inert(unit(h.Symbol)), v.Bundle, string(v.State),
			inert(clean(v.Problem, maxDetail)), v.Marks})
	}
	return writeRows(w, rows)
}

//go:embed historypage.tmpl
var historyTemplate string

// writePage writes the index of the votes, which links to the page of each.
func (h *History) writePage(w io.Writer) error {
	var marks []vote.Finding
	for _, mark := range h.marks() {
		marks = append(marks, vote.Finding{Title: mark, Detail: "the rows say which figures that is about"})
	}
	chart := h.draw()
	var picture strings.Builder
	if err := chart.writeSVG(&picture); err != nil {
		return err
	}
	page := Page{Title: "Votes of " + clean(h.Space, maxName), Summary: h.summary() + ". " + h.basis(), Of: h.Space,
		Marks: marks, Funcs: template.FuncMap{"day": day, "short": short, "word": HistoryVote.word, "tone": HistoryVote.tone,
			"margin": HistoryVote.margin}}
	return page.Write(w, historyTemplate, struct {
		*History
		Summary, Basis, Alt string
		Source              template.URL
	}{h, h.summary(), h.basis(), chart.title + ". " + chart.description,
		template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(picture.String())))})
}

// tone is the style of the row's word.
func (v HistoryVote) tone() string {
	switch {
	case v.Verdict == vote.Reached:
		return "good"
	case v.Verdict == vote.NotReached, v.Verdict == vote.Disagrees, v.State == HistoryNotVerified:
		return "bad"
	}
	return ""
}
