package tally_test

import (
	"errors"
	"slices"
	"testing"

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
