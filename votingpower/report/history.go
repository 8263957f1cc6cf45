package report

import (
	"cmp"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// HistoryFormat is the version of a history as JSON.
const HistoryFormat = "perpquorum-history/1"

// History is the closed votes of a space, as data and as the JSON that is printed.
type History struct {
	Format string `json:"format"` // HistoryFormat
	Space  string `json:"space"`
	// Model is the model by which quorums were read. A bundle that another one is in says so in its row.
	Model       string `json:"model"`
	ModelSHA256 string `json:"model_sha256"`
	Symbol      string `json:"symbol"`
	// Checked says that every vote was judged as a report on it is. Otherwise no row has a verdict,
	// and turnouts are the word of the hub.
	Checked bool `json:"checked"`
	// Notes say what is missing, and why.
	Notes []string      `json:"notes,omitempty"`
	Votes []HistoryVote `json:"votes"` // in the order of Sort
}

// HistoryVote is one row. Amounts are exact decimals in tokens, or "n/d"; "" is not known, never 0.
type HistoryVote struct {
	ID            string `json:"id"` // "" for a row of the hub that has none
	Title         string `json:"title"`
	End           Moment `json:"end"` // of voting; zero where it is not known
	Network       string `json:"network"`
	SnapshotBlock uint64 `json:"snapshot_block"`
	Quorum        string `json:"quorum"`
	// Level is the lowest of the chains that the quorum was read from.
	Level         chains.Level `json:"level"`
	Turnout       string       `json:"turnout"`
	TurnoutSource vote.Source  `json:"turnout_source"`
	Votes         int          `json:"votes"`
	Verdict       vote.Verdict `json:"verdict"`
	Margin        string       `json:"margin"` // turnout less quorum, where there is a verdict
	Bundle        string       `json:"bundle_sha256,omitempty"`
	Marks         string       `json:"marks"` // as in the CSV of a report
	// State says why there are no figures in words of Problem.
	State   HistoryState `json:"state"`
	Problem string       `json:"problem,omitempty"`
	// Page is the name of a file about the vote that is beside the index.
	Page string `json:"page,omitempty"`
}

// HistoryState says what a row is.
type HistoryState string

// The states.
const (
	HistoryRead        HistoryState = "read"         // its figures stand
	HistoryNotJudged   HistoryState = "not judged"   // the model is not for such a proposal
	HistoryUnread      HistoryState = "not read"     // an endpoint, the hub or a file failed
	HistoryUnwritten   HistoryState = "not written"  // its figures stand, but its bundle could not be written
	HistoryNotVerified HistoryState = "not verified" // its bundle contradicts itself, or claims what does not follow
)

// NewHistory is a history without rows.
func NewHistory(space string, m *votingpower.Model, checked bool) (*History, error) {
	hash, err := digest(m)
	return &History{Format: HistoryFormat, Space: space, Model: m.Name, ModelSHA256: hash, Symbol: m.Symbol,
		Checked: checked, Votes: []HistoryVote{}}, err
}

// NewHistoryVote is the row of a proposal before its quorum is read. The turnout is the hub's total of all
// votes, where the model counts all and the vote is final.
func NewHistoryVote(p *snapshot.Proposal, m *votingpower.Model) HistoryVote {
	v := HistoryVote{ID: p.ID, Title: p.Title, End: seconds(p.End), Network: p.Network, SnapshotBlock: p.Snapshot,
		Votes: p.Votes, State: HistoryRead}
	if id, err := strconv.ParseUint(p.Network, 10, 64); err == nil {
		v.Network = chains.ID(id).String()
	}
	status := p.Status(time.Now())
	if status.Final && !m.Turnout.Winner && len(m.Turnout.Choices) == 0 {
		v.Turnout, v.TurnoutSource = double(p.ScoresTotal), vote.FromHubTotal
	}
	if !status.Final {
		v.Verdict, v.Problem = vote.NotFinal, status.Reason
	}
	return v
}

// Fill enters what a report says: of the vote, if it is on one, or else the quorum alone.
func (v *HistoryVote) Fill(r *Report, of *History) {
	d := r.document
	v.State, v.Quorum, v.Marks, v.Level = HistoryRead, d.Quorum.Tokens, r.marks(), chains.Proven
	for _, c := range d.Chains {
		if !c.Level.Reaches(v.Level) {
			v.Level = cmp.Or(c.Level, chains.Trusted)
		}
	}
	if t := d.Vote; t != nil {
		v.ID, v.Title, v.End, v.Network, v.SnapshotBlock = t.ID, t.Title, t.End, t.Network, t.SnapshotBlock
		v.Verdict, v.Votes, v.Turnout, v.TurnoutSource = d.Verdict, t.Votes, t.Turnout.Tokens, t.Turnout.Source
		v.Margin, v.Bundle, v.Problem = t.Turnout.Margin, cmp.Or(d.Bundle, d.Evidence), ""
	}
	if d.Model.SHA256 != of.ModelSHA256 {
		v.mark("Another model")
	}
	if d.Vote == nil {
		v.mark("Not checked")
	}
	if d.Model.Symbol != of.Symbol {
		v.Fail(HistoryUnread, fmt.Errorf("its figures are in %s, and not in %s",
			quoted(d.Model.Symbol, maxName), quoted(of.Symbol, maxName)))
	}
}

func (v *HistoryVote) mark(text string) { v.Marks = strings.TrimPrefix(v.Marks+" · "+text, " · ") }

// Fail leaves the row without figures.
func (v *HistoryVote) Fail(state HistoryState, why error) {
	*v = HistoryVote{ID: v.ID, Title: v.Title, End: v.End, Network: v.Network, SnapshotBlock: v.SnapshotBlock,
		Votes: v.Votes, State: state, Problem: clean(why.Error(), maxDetail)}
}

// Sort puts the vote that ended last first.
func (h *History) Sort() {
	slices.SortFunc(h.Votes, func(a, b HistoryVote) int {
		return cmp.Or(cmp.Compare(b.End.Unix, a.End.Unix), cmp.Compare(b.SnapshotBlock, a.SnapshotBlock),
			strings.Compare(a.ID, b.ID), strings.Compare(a.Problem, b.Problem))
	})
}

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

// known reads an amount of a row; nil where it is not known.
func known(amount string) *big.Rat {
	if amount == "" {
		return nil
	}
	return rational(amount)
}
