package tally

import (
	"fmt"
	"math"
	"slices"

	"github.com/perpdao/perpquorum/snapshot"
)

// Verdict is what a comparison of the hub's result with a recount comes to.
type Verdict string

const (
	// Agrees: every figure is the recount's, and no decision behind it is close.
	Agrees Verdict = "agrees"
	// NearTied: the figures are those of an outcome that rounding noise allows;
	// the recount's NearTies say what hangs on it.
	NearTied Verdict = "near tie"
	// OlderRules: the figures follow rules that Snapshot had before, and the
	// vote is old enough for them; Comparison.Rule names them.
	OlderRules Verdict = "older rules"
	// StillSealed: the figures agree if choices that are still encrypted are invalid.
	StillSealed Verdict = "sealed"
	// Unsplit: scores and total agree; scores by strategy cannot be recounted,
	// because votes lack their power by strategy.
	Unsplit Verdict = "not split by strategy"
	// Disagrees: none of these.
	Disagrees Verdict = "disagrees"
)

// Comparison holds the hub's result against a recount under today's rules,
// figure by figure.
type Comparison struct {
	Verdict Verdict `json:"verdict"`
	Rule    string  `json:"rule,omitempty"`  // the older rules, if the verdict is OlderRules
	Shape   string  `json:"shape,omitempty"` // what is wrong with the number of the hub's figures
	Scores  []Score `json:"scores"`          // one per choice
	Total   Score   `json:"total"`
	// ByStrategy goes choice by choice; it is empty if the recount has none.
	ByStrategy []Score `json:"by_strategy"`
}

// Score is one figure, in voting power.
type Score struct {
	Choice     int      `json:"choice,omitempty"`   // from 1; 0 for the total
	Strategy   int      `json:"strategy,omitempty"` // from 1; 0 for all strategies
	Hub        *float64 `json:"hub"`                // nil if missing or null
	Recount    float64  `json:"recount"`
	Difference float64  `json:"difference"` // hub less recount; 0 if the hub has none
	Tolerance  float64  `json:"tolerance"`  // largest difference that agrees
	Agrees     bool     `json:"agrees"`
}

func newScore(choice, strategy int, hub *float64, recount float64) Score {
	s := Score{Choice: choice, Strategy: strategy, Hub: hub, Recount: recount, Tolerance: Tolerance(recount, 0)}
	if hub != nil {
		s.Tolerance = Tolerance(*hub, recount)
		s.Difference = *hub - recount
		s.Agrees = math.Abs(s.Difference) <= s.Tolerance
	}
	return s
}

// Compare holds the hub's result of p against a recount of its votes.
func Compare(p *snapshot.Proposal, t *Tally) Comparison {
	h := hubResult{p.Scores, p.ScoresByStrategy, p.ScoresTotal}
	if len(t.Valid) == 0 && len(p.Scores) == 0 && len(p.ScoresByStrategy) == 0 {
		h = noVotes(t, h.total) // the hub keeps empty lists until the first vote
	}
	c := Comparison{Shape: h.shape(t), Total: newScore(0, 0, &h.total, t.ScoresTotal)}
	for i, score := range t.Scores {
		c.Scores = append(c.Scores, newScore(i+1, 0, h.score(i), score))
	}
	for i, row := range t.ScoresByStrategy {
		for k, score := range row {
			c.ByStrategy = append(c.ByStrategy, newScore(i+1, k+1, h.cell(i, k), score))
		}
	}
	c.judge(h, t, p.End)
	return c
}

func (c *Comparison) judge(h hubResult, t *Tally, end int64) {
	current := EraResult{Scores: t.Scores, ScoresTotal: t.ScoresTotal, ScoresByStrategy: nullable(t.ScoresByStrategy)}
	switch {
	case c.Shape != "":
		c.Verdict = Disagrees
	case h.matches(current, nil):
		c.Verdict = t.agreement()
	case h.matchesAlternative(t):
		c.Verdict = NearTied
	default:
		c.Verdict = Disagrees
		explains := func(o EraResult) bool { return end <= o.Until && h.matches(o, nil) }
		if i := slices.IndexFunc(t.Eras, explains); i >= 0 {
			c.Verdict, c.Rule = OlderRules, t.Eras[i].Rule
		}
	}
}

// agreement is the verdict if every figure agrees.
func (t *Tally) agreement() Verdict {
	switch {
	case len(t.NearTies) > 0:
		return NearTied
	case len(t.Sealed) > 0:
		return StillSealed
	case len(t.Ragged) > 0:
		return Unsplit
	}
	return Agrees
}

// hubResult is the part of a proposal that a recount is held against.
type hubResult struct {
	scores     []float64
	byStrategy [][]*float64
	total      float64
}

func noVotes(t *Tally, total float64) hubResult {
	return hubResult{make([]float64, len(t.Scores)), nullable(t.ScoresByStrategy), total}
}

func nullable(cells [][]float64) [][]*float64 {
	rows := make([][]*float64, len(cells))
	for i, row := range cells {
		rows[i] = make([]*float64, len(row))
		for k := range row {
			rows[i][k] = &row[k]
		}
	}
	return rows
}

// shape says what is wrong with the number of the hub's figures, or nothing.
func (h hubResult) shape(t *Tally) string {
	if len(h.scores) != len(t.Scores) {
		return fmt.Sprintf("the hub has %d scores for %d choices", len(h.scores), len(t.Scores))
	}
	if t.ScoresByStrategy == nil {
		return ""
	}
	if len(h.byStrategy) != len(t.ScoresByStrategy) {
		return fmt.Sprintf("the hub has scores by strategy for %d of %d choices", len(h.byStrategy), len(t.ScoresByStrategy))
	}
	for i, row := range h.byStrategy {
		if want := len(t.ScoresByStrategy[i]); len(row) != want {
			return fmt.Sprintf("the hub has %d scores by strategy for choice %d, and the proposal has %d strategies", len(row), i+1, want)
		}
	}
	return ""
}

func (h hubResult) score(i int) *float64 {
	if i < len(h.scores) {
		return &h.scores[i]
	}
	return nil
}

func (h hubResult) cell(i, k int) *float64 {
	if i < len(h.byStrategy) && k < len(h.byStrategy[i]) {
		return h.byStrategy[i][k]
	}
	return nil
}

// matches reports whether every figure agrees with r's, leaving out the
// strategies (from 1) for which skip says so. Where r has null the hub may
// have 0, as after a recount by newer code.
func (h hubResult) matches(r EraResult, skip map[int]bool) bool {
	if !agree(h.total, r.ScoresTotal) {
		return false
	}
	for i, score := range r.Scores {
		if !agree(h.scores[i], score) {
			return false
		}
	}
	for i, row := range r.ScoresByStrategy {
		for k, cell := range row {
			hub := h.cell(i, k)
			switch {
			case skip[k+1]:
			case cell == nil:
				if hub != nil && *hub != 0 {
					return false
				}
			case hub == nil || !agree(*hub, *cell):
				return false
			}
		}
	}
	return true
}

// matchesAlternative tries the outcomes that near ties allow, and lets the
// columns of strategies with a near tie of their own be as they are.
func (h hubResult) matchesAlternative(t *Tally) bool {
	undecided := map[int]bool{}
	for _, tie := range t.NearTies {
		undecided[tie.Strategy] = true
	}
	for _, o := range append([]Outcome{t.Outcome}, t.Alternatives...) {
		r := EraResult{Scores: o.Scores, ScoresTotal: t.ScoresTotal, ScoresByStrategy: nullable(o.ScoresByStrategy)}
		if h.matches(r, undecided) {
			return true
		}
	}
	return false
}
