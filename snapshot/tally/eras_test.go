package tally_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// releases of snapshot.js, each with a day on which Snapshot counted by its rules. The rules of
// August 2022 lasted two weeks, so that on no day theirs are the only ones.
var releases = []struct{ sdk, day string }{
	{"snapshot.js-0.3.7", "2021-11-21"},
	{"snapshot.js-0.3.104", "2022-03-15"},
	{"snapshot.js-0.4.13", "2022-07-15"},
	{"snapshot.js-0.4.19", "2022-08-16"},
	{"snapshot.js-0.4.60", "2022-12-01"},
	{"snapshot.js-0.9.5", "2023-09-01"},
	{"snapshot.js-0.12.62", "2025-06-01"},
	{"snapshot.js-0.14.20", "2026-03-01"},
}

// A result that Snapshot's own code of the day gives agrees, and no other does.
func TestOracleOfEveryEra(t *testing.T) {
	t.Parallel()
	for i, release := range releases {
		rnd := rand.New(rand.NewPCG(2021, uint64(i)))
		var elections []oracleElection
		for _, typ := range votingTypes {
			for range 10 * testenv.Runs(t, 6) {
				if typ != "copeland" || strings.Contains(release.sdk, ".js-0.1") {
					e := randomElection(rnd, typ)
					e.SDK = release.sdk
					elections = append(elections, e)
				}
			}
		}
		counted := 0
		for i, want := range testenv.Ask[oracleElection, oracleResult](t, "testdata/oracle.cjs", elections) {
			if checkAgainstRelease(t, elections[i], want, release.day) {
				counted++
			}
		}
		if counted < len(elections)/2 {
			t.Errorf("%s: the random elections are too odd: it counted %d of %d", release.sdk, counted, len(elections))
		}
	}
}

// The figures come from Snapshot's releases of the day, run on these votes; those of the points
// of copeland, of which npm has no release, are worked out by hand.
func TestRulesOfTheDay(t *testing.T) {
	x := func(f float64) *float64 { return &f }
	ranked := []cast{{"[1,2,3,4]", 60}, {"[2,1,3,4]", 20}, {"[4,1]", 3}, {"[3,3,9]", 5}}
	weights := []cast{{`{"1":1}`, 5}, {`{"2":0}`, 5}, {`{"2":1}`, 10}}
	partial := []cast{{"[1,2,3]", 7}, {"[2,3,1]", 6}, {"[3,2]", 5}}
	tests := []struct {
		name   string
		typ    string
		n      int
		casts  []cast
		day    string
		scores []float64
		cells  []*float64
		total  float64
		rule   string // a part of its name
	}{
		{"single-choice", "single-choice", 2, []cast{{"1", 10}, {"2", 4}, {"9", 1}}, "2022-10-01",
			[]float64{10, 4}, []*float64{x(10), x(4)}, 14, "scores_total leaves votes with an invalid choice out"},
		{"single-choice of 2021", "single-choice", 2, []cast{{"1", 10}, {"2", 4}, {"9", 1}}, "2021-12-24",
			[]float64{10, 4}, []*float64{x(10), x(4)}, 15, ""},
		{"a choice twice", "approval", 2, []cast{{"[1,1,7]", 10}, {"[]", 5}, {"[2]", 7}}, "2022-03-01",
			[]float64{10, 7}, []*float64{x(10), x(7)}, 22, "no choice is invalid"},
		{"empty approval", "approval", 2, []cast{{"[1,2]", 10}, {"[]", 5}, {"[2]", 7}}, "2022-10-01",
			[]float64{10, 17}, []*float64{x(10), x(17)}, 17, "an empty list is invalid"},
		{"weights of 2021", "weighted", 2, weights, "2022-03-01",
			[]float64{20. / 3, 40. / 3}, []*float64{x(20. / 3), x(40. / 3)}, 20, "is spread over all"},
		{"a weight of zero", "weighted", 2, weights, "2022-07-15",
			[]float64{5, 10}, []*float64{x(5), x(10)}, 15, "a weight of zero makes a choice invalid"},
		{"all weights zero", "weighted", 2, weights, "2022-08-16",
			[]float64{20. / 3, 40. / 3}, []*float64{x(20. / 3), x(40. / 3)}, 20, "weights that are all zero are valid"},
		{"all weights zero, later", "weighted", 2, weights, "2022-12-01",
			[]float64{5, 10}, []*float64{x(5), x(10)}, 15, "rules of 2022-08-23 to 2023-03-07 (snapshot.js 0.4.21)"},
		{"weights since 2023", "weighted", 2, weights, "2023-09-01",
			[]float64{5, 10}, []*float64{x(5), x(10)}, 20, ""},
		{"partial rankings", "ranked-choice", 3, partial, "2022-03-15",
			[]float64{7, 11, 0}, []*float64{x(7), x(11), x(0)}, 18, "partial rankings count"},
		{"cells of one ballot", "ranked-choice", 2, []cast{{"[1,2]", 7}, {"[1,2]", 6}, {"[2,1]", 5}}, "2021-11-13",
			[]float64{13, 5}, []*float64{x(6), x(5)}, 18, "the power of one ballot"},
		{"full rankings", "ranked-choice", 3, partial, "2022-10-01",
			[]float64{7, 6, 0}, []*float64{x(7), x(6), nil}, 13, "is null without a first preference"},
		{"run-off over all ballots", "ranked-choice", 3, []cast{{"[1,2,3]", 10}, {"[2,1,3]", 9}, {"[3]", 5}}, "2023-09-01",
			[]float64{10, 9, 0}, []*float64{x(10), x(9), nil}, 19, "what a run-off over all ballots"},
		{"null cells", "ranked-choice", 4, ranked, "2024-09-01",
			[]float64{60, 20, 0, 0}, []*float64{x(60), x(20), nil, nil}, 88, "is null without a first preference"},
		{"points", "copeland", 3, []cast{{"[1,2,3]", 10}, {"[2]", 9}, {"[3,1]", 11}}, "2025-02-27",
			[]float64{2, 2, 2}, []*float64{x(2), x(2), x(2)}, 30, "scores are points"},
		{"partial copeland ballots", "copeland", 3, []cast{{"[1,2,3]", 10}, {"[2]", 9}, {"[3,1]", 11}}, "2025-09-01",
			[]float64{10, 10, 10}, []*float64{x(10), x(10), x(10)}, 30, "partial rankings are valid"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, votes := poll(test.typ, test.n, test.casts...)
			p.Scores, p.ScoresTotal, p.ScoresUpdated = test.scores, test.total, unix(test.day)
			for _, cell := range test.cells {
				p.ScoresByStrategy = append(p.ScoresByStrategy, []*float64{cell})
			}
			counted := recount(t, p, votes)
			c := compare(t, p, counted)
			if c.Verdict != tally.Agrees || !strings.Contains(c.Rule, test.rule) || (c.Rule == "") != (test.rule == "") {
				t.Errorf("verdict %q by %q\n%s", c.Verdict, c.Rule, toJSON(counted))
			}
			if test.rule != "" && len(c.Today) == 0 {
				t.Error("no figure is another by today's rules")
			}
			p.ScoresUpdated = unix("2027-09-01")
			if test.rule != "" && compare(t, p, recount(t, p, votes)).Verdict != tally.Disagrees {
				t.Error("today's rules give the same figures")
			}
		})
	}
}

// Within two weeks of a change the hub may have counted by either rules.
func TestRulesNearAChange(t *testing.T) {
	old, now := 14.0, 15.0 // without and with the invalid choice: the change is of 2023-03-07
	for _, test := range []struct {
		day   string
		total float64
		want  tally.Verdict
	}{
		{"2023-02-20", now, tally.Disagrees}, {"2023-02-20", old, tally.Agrees},
		{"2023-02-22", now, tally.Agrees}, {"2023-02-22", old, tally.Agrees},
		{"2023-03-20", now, tally.Agrees}, {"2023-03-20", old, tally.Agrees},
		{"2023-03-22", now, tally.Agrees}, {"2023-03-22", old, tally.Disagrees},
	} {
		p, votes := poll("basic", 2, cast{"1", 10}, cast{"2", 4}, cast{"9", 1})
		p = published(p, recount(t, p, votes))
		p.ScoresTotal, p.ScoresUpdated = test.total, unix(test.day)
		if c := compare(t, p, recount(t, p, votes)); c.Verdict != test.want || (c.Rule == "") != (test.total == now) &&
			c.Verdict == tally.Agrees {
			t.Errorf("total %v counted on %s: verdict %q by %q", test.total, test.day, c.Verdict, c.Rule)
		}
		p.ScoresState = "pending"
		if c := compare(t, p, recount(t, p, votes)); c.Rule != "" {
			t.Errorf("a result that is not final has the rules of a day: %q", c.Rule)
		}
	}
}

// Where a null stands for a score of an older rule, 0 does as well, and nothing else.
func TestNullCells(t *testing.T) {
	one, zero, seven := 10.0, 0.0, 7.0
	for _, test := range []struct {
		cell *float64
		want tally.Verdict
	}{{nil, tally.Agrees}, {&zero, tally.Agrees}, {&seven, tally.Disagrees}} {
		p, votes := poll("ranked-choice", 2, cast{"[1,2]", 10}, cast{"[3]", 5})
		p.Scores, p.ScoresTotal, p.ScoresUpdated = []float64{10, 0}, 10, unix("2022-10-01")
		p.ScoresByStrategy = [][]*float64{{&one}, {test.cell}}
		if c := compare(t, p, recount(t, p, votes)); c.Verdict != test.want {
			t.Errorf("verdict %q %q, want %q", c.Verdict, c.Rule, test.want)
		}
	}
}

// Until 2022-06 a choice of a kind that made the hub's count fail has no result.
func TestOddChoice(t *testing.T) {
	for typ, choice := range map[string]string{"approval": "1", "weighted": "null", "ranked-choice": "[]"} {
		p, votes := poll(typ, 2, cast{choice, 10})
		p.ScoresUpdated = unix("2022-03-01")
		if _, err := tally.Recount(p, votes); !errors.Is(err, tally.ErrOddChoice) {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

// checkAgainstRelease reports whether the release counted.
func checkAgainstRelease(t *testing.T, e oracleElection, want oracleResult, day string) bool {
	t.Helper()
	p, votes := e.proposal()
	p.ScoresUpdated = unix(day)
	got, err := tally.Recount(p, votes)
	if errors.Is(err, tally.ErrOddChoice) || want.Error != "" || want.Total == nil || slices.Contains(want.Scores, nil) {
		return false // no final result came of it
	}
	if err != nil {
		t.Errorf("%s: %v, the oracle says %s\n%s", e.SDK, err, toJSON(want), e)
		return true
	}
	p.ScoresTotal, p.ScoresByStrategy = *want.Total, want.ByStrategy
	for _, score := range want.Scores {
		p.Scores = append(p.Scores, *score)
	}
	c := compare(t, p, got)
	if c.Verdict == tally.Disagrees || c.Rule != got.Rule {
		t.Errorf("%s: verdict %q by %q, not %q: %s, the oracle says %s\n%s", e.SDK, c.Verdict, c.Rule, got.Rule,
			toJSON(got), toJSON(want), e)
	}
	p.Scores[0] = 3*p.Scores[0] + 1
	if c := compare(t, p, got); c.Verdict != tally.Disagrees {
		t.Errorf("%s: verdict %q by %q of a false score: %s\n%s", e.SDK, c.Verdict, c.Rule, toJSON(p), e)
	}
	return true
}

func unix(day string) int64 {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t.Unix()
}
