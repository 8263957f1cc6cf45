package tally_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/tally"
)

// In doubles 0.1 + 0.2 is a little more than 0.3, and in another order of
// more powers it is not: such a lead decides nothing.

func TestNearTies(t *testing.T) {
	tests := []struct {
		name         string
		typ          string
		n            int
		casts        []cast
		ties         []tally.NearTie // Margin is not compared
		alternatives [][]float64
	}{
		{"single-choice", "single-choice", 3, []cast{{"1", .1}, {"1", .2}, {"2", .3}, {"3", .1}},
			[]tally.NearTie{{Rule: "winner", Choices: []int{1, 2}}}, nil},
		{"weighted", "weighted", 2, []cast{{`{"1":1,"2":1}`, 10}},
			[]tally.NearTie{{Rule: "winner", Choices: []int{1, 2}}}, nil},
		{"elimination", "ranked-choice", 3, []cast{{"[1,3,2]", .1}, {"[1,3,2]", .2}, {"[2,1,3]", .3}, {"[3,2,1]", .5}},
			[]tally.NearTie{{Rule: "elimination", Round: 1, Choices: []int{1, 2}}}, [][]float64{{0, .3, .8}}},
		{"majority", "ranked-choice", 3, []cast{{"[1,2,3]", .1}, {"[1,2,3]", .2}, {"[2,3,1]", .2}, {"[3,2,1]", .1}},
			[]tally.NearTie{{Rule: "majority", Round: 1, Choices: []int{1}}}, [][]float64{{.3, .3, 0}}},
		{"majority missed", "ranked-choice", 3, []cast{{"[2,3,1]", .1}, {"[3,2,1]", .2}, {"[1,2,3]", .3}},
			[]tally.NearTie{{Rule: "majority", Round: 1, Choices: []int{1}},
				{Rule: "winner", Choices: []int{1, 3}}}, [][]float64{{.3, .1, .2}}},
		{"two close eliminations in either order", "ranked-choice", 5,
			[]cast{{"[1,2,3,4,5]", 5.1}, {"[2,1,3,4,5]", 5.2}, {"[5,1,2,3,4]", 5.5}, {"[3,1,2,4,5]", .3},
				{"[4,1,2,3,5]", .1}, {"[4,1,2,3,5]", .2}}, nil, nil},
		{"nobody's first preference", "ranked-choice", 5,
			[]cast{{"[1,2,3,4,5]", .1}, {"[2,1,3,4,5]", .5}, {"[5,1,2,3,4]", .5}}, nil, nil},
		{"duel", "copeland", 2, []cast{{"[1,2]", .1}, {"[1,2]", .2}, {"[2,1]", .3}},
			[]tally.NearTie{{Rule: "duel", Choices: []int{1, 2}}, {Rule: "duel", Strategy: 1, Choices: []int{1, 2}}},
			[][]float64{{.3, .3}, {.06, .54}}},
		{"whole numbers tie", "single-choice", 2, []cast{{"1", 10}, {"2", 10}}, nil, nil},
		{"whole numbers tie in a run-off", "ranked-choice", 3, []cast{{"[1,2,3]", 1}, {"[2,3,1]", 1}, {"[3,1,2]", 1}},
			nil, nil},
		{"whole numbers tie in duels", "copeland", 3, []cast{{"[1,2,3]", 1}, {"[2,3,1]", 1}, {"[3,2,1]", 2}}, nil, nil},
		{"clear", "copeland", 2, []cast{{"[1,2]", .1}, {"[2,1]", .3}}, nil, nil},
		{"no power", "copeland", 2, []cast{{"[1,2]", 0}, {"[2,1]", 0}}, nil, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, votes := poll(test.typ, test.n, test.casts...)
			counted := recount(t, p, votes)
			same := slices.EqualFunc(counted.NearTies, test.ties, func(a, b tally.NearTie) bool {
				return a.Rule == b.Rule && a.Round == b.Round && a.Strategy == b.Strategy &&
					slices.Equal(a.Choices, b.Choices)
			})
			if !same || !slices.EqualFunc(counted.Alternatives, test.alternatives, sameScores) {
				t.Fatalf("got %s", toJSON(counted))
			}
			want := tally.Agrees
			if len(test.ties) > 0 {
				want = tally.NearTied
			}
			if c := compare(t, published(p, counted), counted); c.Verdict != want {
				t.Errorf("verdict %q, want %q", c.Verdict, want)
			}
			for _, o := range counted.Alternatives {
				q := published(p, counted)
				q.Scores = o.Scores
				for i, row := range o.ScoresByStrategy {
					q.ScoresByStrategy[i] = []*float64{&row[0]}
				}
				if c := compare(t, q, counted); c.Verdict != tally.NearTied {
					t.Errorf("alternative %v: verdict %q", o.Scores, c.Verdict)
				}
				q.Scores = slices.Clone(o.Scores)
				q.Scores[0] += 1
				if c := compare(t, q, counted); c.Verdict != tally.Disagrees {
					t.Errorf("wrong score: verdict %q", c.Verdict)
				}
			}
		})
	}
}

func sameScores(o tally.Outcome, want []float64) bool {
	return slices.EqualFunc(o.Scores, want, func(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 })
}

// Whatever the order of the votes, the result is the same or is among the
// alternatives of the near ties: Compare never calls another order a lie, nor
// a disputed result an agreement.
func TestNearTiesCoverEveryOrder(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(7, 9))
	flips := map[string]int{}
	for range 6000 {
		e := closeElection(rnd)
		p, votes := e.proposal()
		counted := recount(t, p, votes)
		rnd.Shuffle(len(votes), func(i, j int) { votes[i], votes[j] = votes[j], votes[i] })
		other := recount(t, p, votes)
		c := compare(t, published(p, other), counted)
		if c.Verdict != tally.Agrees && c.Verdict != tally.NearTied {
			t.Fatalf("verdict %q\n%s\n%s\n%s", c.Verdict, e, toJSON(counted), toJSON(other))
		}
		for i := range other.Scores {
			if d := other.Scores[i] - counted.Scores[i]; d > 1e-6 || d < -1e-6 {
				flips[e.Type]++
				break
			}
		}
	}
	if flips["ranked-choice"] < 20 || flips["copeland"] < 20 {
		t.Errorf("too few elections that the order decides: %v", flips)
	}
}

// closeElection has few choices and powers in tenths, so that it is often
// decided by the last bit.
func closeElection(rnd *rand.Rand) oracleElection {
	e := oracleElection{Type: []string{"ranked-choice", "copeland"}[rnd.IntN(2)], Choices: 3, Strategies: 1}
	for range 4 + rnd.IntN(6) {
		vp := float64(1+rnd.IntN(6)) / 10
		choice := randomChoice(rnd, e.Type, e.Choices, 0)
		e.Votes = append(e.Votes, oracleVote{Choice: []byte(choice), Balance: vp, Scores: []float64{vp}})
	}
	return e
}
