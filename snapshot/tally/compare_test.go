package tally_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// ordinary are elections of every type without close decisions, older rules
// or odd choices: the last vote is invalid.
var ordinary = map[string][]cast{
	"single-choice": {{"1", 10.25}, {"2", 4}, {"9", 1}},
	"basic":         {{"1", 60.5}, {"2", 30}, {"9", 1}},
	"approval":      {{"[1,2]", 10.5}, {"[1,3]", 2.25}, {"[1,1]", 7}},
	"weighted":      {{`{"1":2,"2":1}`, 10}, {`{"3":1,"1":2}`, 9}, {`{"4":1}`, 3}},
	"quadratic":     {{`{"1":2,"2":1}`, 10}, {`{"3":1,"1":2}`, 9}, {`{"4":1}`, 3}},
	"ranked-choice": {{"[1,3,2]", 10}, {"[2,3,1]", 9}, {"[3,1,2]", 8}, {"[1,2]", 99}},
	"copeland":      {{"[1,3,2]", 10}, {"[2,1,3]", 9}, {"[3,1,2]", 8}, {"[1,1,2]", 99}},
}

func TestCompareAgrees(t *testing.T) {
	for typ, casts := range ordinary {
		p, votes := poll(typ, 3, casts...)
		counted := recount(t, p, votes)
		p = published(p, counted)
		p.Scores[0] *= 1 + 9e-10 // the hub sums in another order
		p.ScoresTotal *= 1 - 9e-10
		if c := compare(t, p, counted); c.Verdict != tally.Agrees {
			t.Errorf("%s: %+v\n%+v", typ, c, counted)
		}
	}
}

func TestCompareFindsEveryLie(t *testing.T) {
	zero := 0.0
	lies := map[string]func(p *snapshot.Proposal){
		"score":            func(p *snapshot.Proposal) { p.Scores[0] *= 1 + 2e-9 },
		"two scores":       func(p *snapshot.Proposal) { p.Scores[0]++; p.Scores[1]-- },
		"scores exchanged": func(p *snapshot.Proposal) { p.Scores[0], p.Scores[1] = p.Scores[1], p.Scores[0] },
		"score gone":       func(p *snapshot.Proposal) { p.Scores = p.Scores[:2] },
		"score too many":   func(p *snapshot.Proposal) { p.Scores = append(p.Scores, 0) },
		"no scores":        func(p *snapshot.Proposal) { p.Scores, p.ScoresByStrategy = nil, nil },
		"total":            func(p *snapshot.Proposal) { p.ScoresTotal *= 1 + 2e-9 },
		"total zero":       func(p *snapshot.Proposal) { p.ScoresTotal = 0 },
		"strategy":         func(p *snapshot.Proposal) { *p.ScoresByStrategy[0][0] += 0.5 },
		"strategy null":    func(p *snapshot.Proposal) { p.ScoresByStrategy[0][0] = nil },
		"strategies gone":  func(p *snapshot.Proposal) { p.ScoresByStrategy = nil },
		"strategy too many": func(p *snapshot.Proposal) {
			p.ScoresByStrategy[2] = append(p.ScoresByStrategy[2], &zero)
		},
	}
	for typ, casts := range ordinary {
		for name, lie := range lies {
			p, votes := poll(typ, 3, casts...)
			counted := recount(t, p, votes)
			p = published(p, counted)
			lie(p)
			c := compare(t, p, counted)
			if c.Verdict != tally.Disagrees {
				t.Errorf("%s, %s: verdict %q", typ, name, c.Verdict)
			}
			figures := append(c.Scores, c.ByStrategy...)
			wrong := slices.ContainsFunc(figures, func(s tally.Score) bool { return !s.Agrees })
			if !c.Total.Agrees == wrong && c.Shape == "" {
				t.Errorf("%s, %s: no figure, or a wrong one, is marked: %+v", typ, name, c)
			}
		}
	}
}

func TestCompareShowsTheFigures(t *testing.T) {
	p, votes := poll("basic", 2, cast{"1", 10}, cast{"2", 4})
	counted := recount(t, p, votes)
	p = published(p, counted)
	p.Scores[1] = 5
	got := compare(t, p, counted).Scores[1]
	if got.Choice != 2 || *got.Hub != 5 || got.Recount != 4 || got.Difference != 1 || got.Tolerance != 5e-9 ||
		got.Agrees {
		t.Errorf("got %+v", got)
	}
}

func TestCompareBeforeTheFirstVote(t *testing.T) {
	for _, typ := range votingTypes {
		p, _ := poll(typ, 3)
		if c := compare(t, p, recount(t, p, nil)); c.Verdict != tally.Agrees {
			t.Errorf("%s: %+v", typ, c)
		}
		p.ScoresTotal = 7
		if c := compare(t, p, recount(t, p, nil)); c.Verdict != tally.Disagrees {
			t.Errorf("%s with a total of no votes: %+v", typ, c)
		}
	}
}

// The figures come from releases 0.14.20, 0.9.5, 0.4.60 and 0.4.13 of
// snapshot.js, run on these votes.
func TestCompareNamesOlderRules(t *testing.T) {
	x := func(f float64) *float64 { return &f }
	ranked := []cast{{"[1,2,3,4]", 60}, {"[2,1,3,4]", 20}, {"[4,1]", 3}, {"[3,3,9]", 5}}
	tests := []struct {
		name       string
		typ        string
		n          int
		casts      []cast
		scores     []float64
		byStrategy []*float64
		total      float64
		rule       string
	}{
		{"single-choice", "single-choice", 2, []cast{{"1", 10}, {"2", 4}, {"9", 1}},
			[]float64{10, 4}, []*float64{x(10), x(4)}, 14, tally.RuleValidTotal},
		{"empty approval", "approval", 2, []cast{{"[1,2]", 10}, {"[]", 5}, {"[2]", 7}},
			[]float64{10, 17}, []*float64{x(10), x(17)}, 17, tally.RuleValidTotal},
		{"weighted", "weighted", 2, []cast{{`{"1":3,"2":1}`, 8}, {`{"7":1}`, 3}},
			[]float64{6, 2}, []*float64{x(6), x(2)}, 8, tally.RuleValidTotal},
		{"zero weight", "weighted", 2, []cast{{`{"1":3,"2":1}`, 8}, {`{"1":1,"2":0}`, 3}},
			[]float64{6, 2}, []*float64{x(6), x(2)}, 8, tally.RulePositiveWeights},
		{"zero weight, quadratic", "quadratic", 2, []cast{{`{"1":1}`, 8}, {`{"1":0,"2":1}`, 3}},
			[]float64{8, 0}, []*float64{x(8), x(0)}, 8, tally.RulePositiveWeights},
		{"null cells", "ranked-choice", 4, ranked, []float64{60, 20, 0, 0}, []*float64{x(60), x(20), nil, nil}, 88,
			tally.RuleNullCells},
		{"run-off over all ballots", "ranked-choice", 4, ranked, []float64{60, 20, 0, 0},
			[]*float64{x(60), x(20), nil, nil}, 83 + 5, tally.RuleNullCells},
		{"valid ballots only", "ranked-choice", 4, ranked, []float64{60, 20, 0, 0}, []*float64{x(60), x(20), nil, nil},
			80, tally.RuleValidTotal},
		{"exhausted ballots", "ranked-choice", 3, []cast{{"[1,2,3]", 10}, {"[2,1,3]", 9}, {"[3]", 5}},
			[]float64{10, 9, 0}, []*float64{x(10), x(9), nil}, 19, tally.RuleRunoffTotal},
		{"partial copeland ballots", "copeland", 3, []cast{{"[1,2,3]", 10}, {"[2]", 9}, {"[3,1]", 11}},
			[]float64{10, 10, 10}, []*float64{x(10), x(10), x(10)}, 30, tally.RuleCopelandPartial},
		{"copeland without bonus", "copeland", 2, []cast{{"[1,2]", 10}, {"[2,1]", 9}},
			[]float64{19, 0}, []*float64{x(19), x(0)}, 19, tally.RuleCopelandPartial},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, votes := poll(test.typ, test.n, test.casts...)
			p.Scores, p.ScoresTotal = test.scores, test.total
			for _, cell := range test.byStrategy {
				p.ScoresByStrategy = append(p.ScoresByStrategy, []*float64{cell})
			}
			counted := recount(t, p, votes)
			if c := compare(t, p, counted); c.Verdict != tally.OlderRules || c.Rule != test.rule {
				t.Errorf("verdict %q %q, want %q\n%s", c.Verdict, c.Rule, test.rule, toJSON(counted))
			}
			p.End = time.Date(2027, 9, 1, 0, 0, 0, 0, time.UTC).Unix() // long after every change
			if c := compare(t, p, counted); c.Verdict != tally.Disagrees {
				t.Errorf("for a new vote: verdict %q %q", c.Verdict, c.Rule)
			}
			p.End = 0
			p.Scores[0]++
			if c := compare(t, p, counted); c.Verdict != tally.Disagrees {
				t.Errorf("with a wrong score: verdict %q %q", c.Verdict, c.Rule)
			}
		})
	}
}

// A null that stands for an older rule may have become 0, and nothing else.
func TestCompareNullCells(t *testing.T) {
	one, zero, seven := 10.0, 0.0, 7.0
	for _, test := range []struct {
		cell *float64
		want tally.Verdict
	}{{nil, tally.OlderRules}, {&zero, tally.OlderRules}, {&seven, tally.Disagrees}} {
		p, votes := poll("ranked-choice", 2, cast{"[1,2]", 10}, cast{"[3]", 5})
		p.Scores, p.ScoresTotal = []float64{10, 0}, 10 // the total of valid choices only
		p.ScoresByStrategy = [][]*float64{{&one}, {test.cell}}
		if c := compare(t, p, recount(t, p, votes)); c.Verdict != test.want {
			t.Errorf("verdict %q %q, want %q", c.Verdict, c.Rule, test.want)
		}
	}
}

// A recount of another vote is a mistake of the caller, not a lie of the hub.
func TestCompareRefusesAnotherVote(t *testing.T) {
	p, votes := poll("basic", 2, cast{"1", 10})
	counted := recount(t, p, votes)
	for _, choices := range []int{0, 3} {
		other, _ := poll("basic", choices)
		if c, err := tally.Compare(other, counted); !errors.Is(err, tally.ErrOtherVote) || c.Verdict != "" {
			t.Errorf("%d choices: verdict %q, error %v", choices, c.Verdict, err)
		}
	}
}
