package tally

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/perpdao/perpquorum/snapshot"
)

// ErrOtherVote means that a recount was compared with a proposal that has
// another number of choices.
var ErrOtherVote = errors.New("the recount is not of this proposal")

// Verdict is the outcome of comparing the hub's result with a recount.
type Verdict string

const (
	// Agrees: every figure is the recount's by the rules of the day of the count, which
	// Comparison.Rule names, and no decision behind it is close.
	Agrees Verdict = "agrees"
	// NearTied: the figures are those of an outcome that rounding noise allows;
	// the recount's NearTies list the decisions behind it.
	NearTied Verdict = "near tie"
	// VotesLeftOut: the figures agree if the hub left votes out of its count as it is
	// known to have done at the time; Comparison.LeftOut lists them.
	VotesLeftOut Verdict = "votes left out"
	// StillSealed: the figures agree if choices that are still encrypted are invalid.
	StillSealed Verdict = "sealed"
	// Unsplit: scores and total agree; scores by strategy cannot be recounted,
	// because votes lack their power by strategy.
	Unsplit Verdict = "not split by strategy"
	// Disagrees: none of these.
	Disagrees Verdict = "disagrees"
)

// Comparison is the hub's result beside a recount, figure by figure.
type Comparison struct {
	Verdict Verdict `json:"verdict"`
	Rule    string  `json:"rule,omitempty"`     // the rules of the recount, if they are not today's
	LeftOut []int   `json:"left_out,omitempty"` // the votes, by index, that the recount leaves out as the hub did
	Why     string  `json:"why,omitempty"`      // it left them out
	Shape   string  `json:"shape,omitempty"`    // what is wrong with the number of the hub's figures
	Scores  []Score `json:"scores"`             // one per choice
	Total   Score   `json:"total"`
	// ByStrategy goes choice by choice; it is empty if the recount has none.
	ByStrategy []Score `json:"by_strategy"`
	// Today lists the figures that are others by today's rules and with all votes, where the
	// recount is by older rules or leaves votes out.
	Today []Score `json:"today,omitempty"`
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
	s := Score{Choice: choice, Strategy: strategy, Hub: hub, Recount: recount, Tolerance: tolerance(recount, 0)}
	if hub != nil {
		s.Tolerance = tolerance(*hub, recount)
		s.Difference = *hub - recount
		s.Agrees = Agree(*hub, recount)
	}
	return s
}

// tolerance is how far apart two results in voting power may be and still
// agree: a billionth of the larger one, and at least a billionth.
func tolerance(a, b float64) float64 { return 1e-9 * max(1, math.Abs(a), math.Abs(b)) }

// Agree reports whether two figures in voting power are the same but for
// rounding: the hub sums doubles in an order of its own and stores them in
// columns that lose the last bits. They may differ by a billionth of the larger
// one, and by a billionth in any case.
func Agree(a, b float64) bool { return math.Abs(a-b) <= tolerance(a, b) }

// Compare compares the hub's result of p with a recount of its votes by the rules of the day
// on which the hub counted, or by the rules before or after where that day is within two weeks
// of their change. It fails with [ErrOtherVote] if p does not have the choices of the recount.
func Compare(p *snapshot.Proposal, t *Tally) (Comparison, error) {
	if len(p.Choices) != len(t.Scores) {
		return Comparison{}, fmt.Errorf("%w: found %d choices, and %d in the recount",
			ErrOtherVote, len(p.Choices), len(t.Scores))
	}
	h := newHubResult(p, t)
	t, out := h.explain(t)
	c := h.figures(t)
	if c.Verdict = h.verdict(t); len(out.votes) > 0 {
		c.Verdict, c.LeftOut, c.Why = VotesLeftOut, out.votes, out.why
	}
	if c.Verdict == Disagrees || c.Rule == "" && len(out.votes) == 0 {
		return c, nil
	}
	if today, err := t.all.tally(t.latest); err == nil {
		other := h.figures(today)
		c.Today = slices.DeleteFunc(slices.Concat([]Score{other.Total}, other.Scores, other.ByStrategy),
			func(s Score) bool { return s.Agrees })
	}
	return c, nil
}

// explain returns the count that gives the hub's figures, or t itself.
func (h hubResult) explain(t *Tally) (*Tally, leftOut) {
	for _, out := range append(t.leftOut(h.Proposal), leftOut{}) {
		all := t.all.without(out.votes)
		for _, r := range t.near {
			counted, err := t, error(nil)
			if r.from != t.rules.from || len(out.votes) > 0 {
				counted, err = all.tally(r)
			}
			if err == nil && h.verdict(counted) != Disagrees {
				counted.all, counted.latest = t.all, t.latest
				return counted, out
			}
		}
	}
	return t, leftOut{}
}

// figures compares each figure with t's.
func (h hubResult) figures(t *Tally) Comparison {
	c := Comparison{Rule: t.Rule, Shape: h.shape(t), Total: newScore(0, 0, &h.ScoresTotal, t.ScoresTotal)}
	for i, score := range t.Scores {
		c.Scores = append(c.Scores, newScore(i+1, 0, h.score(i), score))
	}
	for i, row := range t.ScoresByStrategy {
		for k, score := range row {
			s := newScore(i+1, k+1, h.cell(i, k), score)
			if odd := t.oddCell(i, k); odd != nil {
				s.Agrees = odd.matches(s.Hub)
			}
			c.ByStrategy = append(c.ByStrategy, s)
		}
	}
	return c
}

// oddCell returns what the hub has in place of the score of choice i by strategy k, from 0.
func (t *Tally) oddCell(i, k int) *cell {
	if i < len(t.odd) && t.odd[i] != nil {
		return t.odd[i][k]
	}
	return nil
}

// hubResult is the hub's result of a proposal. Before the first vote the hub
// keeps empty lists, which stand for zeros.
type hubResult struct {
	*snapshot.Proposal
	blank bool
}

func newHubResult(p *snapshot.Proposal, t *Tally) hubResult {
	return hubResult{p, len(t.Valid) == 0 && len(p.Scores) == 0 && len(p.ScoresByStrategy) == 0}
}

// verdict compares the hub's figures with one count.
func (h hubResult) verdict(t *Tally) Verdict {
	switch {
	case h.shape(t) != "":
		return Disagrees
	case h.matches(t, t.Outcome, nil):
		return t.agreement()
	case h.matchesAlternative(t):
		return NearTied
	}
	return Disagrees
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

// shape says what is wrong with the number of the hub's figures, or nothing.
func (h hubResult) shape(t *Tally) string {
	switch {
	case h.blank:
		return ""
	case len(h.Scores) != len(t.Scores):
		return fmt.Sprintf("the hub has %d scores for %d choices", len(h.Scores), len(t.Scores))
	case len(t.Ragged) > 0: // then the recount has no scores by strategy
		return ""
	case len(h.ScoresByStrategy) != len(t.Scores):
		return fmt.Sprintf("the hub has scores by strategy for %d of %d choices",
			len(h.ScoresByStrategy), len(t.Scores))
	}
	for i, row := range h.ScoresByStrategy {
		if want := len(h.Strategies); len(row) != want {
			return fmt.Sprintf("the hub has %d scores by strategy for choice %d, and the proposal has %d strategies",
				len(row), i+1, want)
		}
	}
	return ""
}

func (h hubResult) score(i int) *float64 {
	switch {
	case h.blank:
		return new(float64)
	case i < len(h.Scores):
		return &h.Scores[i]
	}
	return nil
}

func (h hubResult) cell(i, k int) *float64 {
	switch {
	case h.blank:
		return new(float64)
	case i < len(h.ScoresByStrategy) && k < len(h.ScoresByStrategy[i]):
		return h.ScoresByStrategy[i][k]
	}
	return nil
}

// matches reports whether every figure agrees with an outcome of t. It leaves out the
// strategies (from 1) that skip marks.
func (h hubResult) matches(t *Tally, o Outcome, skip map[int]bool) bool {
	total := t.ScoresTotal
	if t.rules.total == allScores {
		total = fold(o.Scores)
	}
	same := Agree(h.ScoresTotal, total)
	for i, score := range o.Scores {
		same = same && Agree(*h.score(i), score)
	}
	for i, row := range o.ScoresByStrategy {
		for k, want := range row {
			found := h.cell(i, k)
			if odd := t.oddCell(i, k); odd != nil {
				same = same && (skip[k+1] || odd.matches(found))
				continue
			}
			same = same && (skip[k+1] || found != nil && Agree(*found, want))
		}
	}
	return same
}

// matchesAlternative tries the outcomes that near ties allow. It accepts any
// figures of a strategy that has a near tie of its own.
func (h hubResult) matchesAlternative(t *Tally) bool {
	undecided := map[int]bool{}
	for _, tie := range t.NearTies {
		undecided[tie.Strategy] = true
	}
	return slices.ContainsFunc(append([]Outcome{t.Outcome}, t.Alternatives...), func(o Outcome) bool {
		return h.matches(t, o, undecided)
	})
}
