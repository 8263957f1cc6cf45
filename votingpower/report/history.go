package report

import (
	"cmp"
	"fmt"
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
