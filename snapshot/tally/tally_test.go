package tally_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// cast is a choice in JSON with a power.
type cast struct {
	choice string
	vp     float64
}

// poll makes a closed proposal with n choices and one strategy.
func poll(typ string, n int, casts ...cast) (*snapshot.Proposal, []snapshot.Vote) {
	e := oracleElection{Type: typ, Choices: n, Strategies: 1}
	for _, c := range casts {
		e.Votes = append(e.Votes, oracleVote{json.RawMessage(c.choice), c.vp, []float64{c.vp}})
	}
	return e.proposal()
}

func recount(t *testing.T, p *snapshot.Proposal, votes []snapshot.Vote) *tally.Tally {
	t.Helper()
	counted, err := tally.Recount(p, votes)
	if err != nil {
		t.Fatal(err)
	}
	return counted
}

func compare(t *testing.T, p *snapshot.Proposal, counted *tally.Tally) tally.Comparison {
	t.Helper()
	c, err := tally.Compare(p, counted)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecount(t *testing.T) {
	tests := []struct {
		name   string
		typ    string
		n      int
		casts  []cast
		scores []float64
		total  float64
		valid  []bool
	}{
		{"single-choice", "single-choice", 2, []cast{{"1", 10}, {"2", 4}, {"9", 1}}, []float64{10, 4}, 15,
			[]bool{true, true, false}},
		{"legacy type", "", 2, []cast{{"1", 10}, {`"1"`, 4}}, []float64{10, 0}, 14, []bool{true, false}},
		{"basic", "basic", 3, []cast{{"1", 60}, {"2", 30}, {"3", 110}}, []float64{60, 30, 110}, 200,
			[]bool{true, true, true}},
		{"numbers of one value", "basic", 2, []cast{{"1.0", 1}, {"1e0", 2}, {"10e-1", 4}, {" 2 ", 8}}, []float64{7, 8},
			15, []bool{true, true, true, true}},
		{"not a choice number", "basic", 2, []cast{{"1.5", 1}, {"[1]", 1}, {"true", 1}, {"null", 1}, {"0", 1},
			{"-0", 1}, {"3", 1}, {"1e400", 1}},
			[]float64{0, 0}, 8, make([]bool, 8)},
		{"approval", "approval", 3, []cast{{"[1,2]", 10}, {"[]", 5}, {"[1,1]", 7}}, []float64{10, 10, 0}, 22,
			[]bool{true, true, false}},
		{"approval of a text is valid and counts nowhere", "approval", 2,
			[]cast{{`["1"]`, 3}, {`["1",1,true,[1]]`, 4}, {`["1","1"]`, 5}},
			[]float64{4, 0}, 12, []bool{true, true, false}},
		{"weighted", "weighted", 3, []cast{{`{"1":1,"2":1}`, 10}, {`{"2":1,"3":2}`, 9}, {`{"1":0}`, 3}},
			[]float64{5, 7.999999999999999, 5.999999999999998}, 22, []bool{true, true, false}},
		{"odd keys lose their share, which is spread again", "weighted", 2,
			[]cast{{`{"01":1,"2":1}`, 10}, {`{"":1}`, 1}, {`{" 1":1}`, 6}},
			[]float64{0, 16}, 17, []bool{true, false, true}},
		{"the last of equal keys wins", "weighted", 2, []cast{{`{"1":5,"2":1,"1":3}`, 8}}, []float64{6, 2}, 8,
			[]bool{true}},
		{"infinite weight", "weighted", 2, []cast{{`{"1":1e400,"2":1}`, 8}}, []float64{0, 0}, 8, []bool{true}},
		{"quadratic", "quadratic", 2, []cast{{`{"1":1}`, 9}, {`{"2":1}`, 4}, {`{"2":1}`, 1}, {`{"2":1}`, 1}},
			[]float64{5.3999999999999995, 9.6}, 15, []bool{true, true, true, true}},
		{"ranked-choice", "ranked-choice", 3, []cast{{"[1,3,2]", 10}, {"[2,3,1]", 10}, {"[3,1,2]", 15}, {"[1,2]", 99}},
			[]float64{0, 10, 25}, 134, []bool{true, true, true, false}},
		{"majority in the first round keeps all counts", "ranked-choice", 4,
			[]cast{{"[1,2,3,4]", 60}, {"[2,1,3,4]", 20}},
			[]float64{60, 20, 0, 0}, 80, []bool{true, true}},
		{"half is no majority", "ranked-choice", 3, []cast{{"[1,2,3]", 10}, {"[2,3,1]", 6}, {"[3,2,1]", 4}},
			[]float64{10, 10, 0}, 20, []bool{true, true, true}},
		{"rank given as text", "ranked-choice", 3, []cast{{`["2",1,3]`, 1}}, []float64{0, 1, 0}, 1, []bool{true}},
		{"copeland", "copeland", 3, []cast{{"[1,2,3]", 10}, {"[2,3,1]", 9}, {"[3,1,2]", 8}, {"[1]", 50}},
			[]float64{9.037037037037036, 9.037037037037036, 8.925925925925926}, 27, []bool{true, true, true, false}},
		{"copeland of one choice", "copeland", 1, []cast{{"[1]", 5}, {`["1"]`, 2}}, []float64{5}, 5,
			[]bool{true, false}},
		{"no votes", "quadratic", 2, nil, []float64{0, 0}, 0, []bool{}},
		{"no power", "copeland", 2, []cast{{"[1,2]", 0}}, []float64{0, 0}, 0, []bool{true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, votes := poll(test.typ, test.n, test.casts...)
			got := recount(t, p, votes)
			if !slices.Equal(got.Scores, test.scores) || got.ScoresTotal != test.total ||
				!slices.Equal(got.Valid, test.valid) {
				t.Errorf("got scores %v total %v valid %v\nwant %v %v %v", got.Scores, got.ScoresTotal, got.Valid,
					test.scores, test.total, test.valid)
			}
		})
	}
}

func TestRecountRefuses(t *testing.T) {
	power := func(vp float64) func() (*snapshot.Proposal, []snapshot.Vote) {
		return func() (*snapshot.Proposal, []snapshot.Vote) { return poll("basic", 2, cast{"1", vp}, cast{"1", vp}) }
	}
	tests := []struct {
		name string
		vote func() (*snapshot.Proposal, []snapshot.Vote)
		want error
	}{
		{"custom type", func() (*snapshot.Proposal, []snapshot.Vote) { return poll("custom", 2, cast{"1", 1}) },
			tally.ErrVotingType},
		{"type in capitals", func() (*snapshot.Proposal, []snapshot.Vote) { return poll("Basic", 2) },
			tally.ErrVotingType},
		{"sealed", func() (*snapshot.Proposal, []snapshot.Vote) {
			p, votes := poll("basic", 2, cast{"1", 1}, cast{`"0x04ab"`, 1})
			p.ScoresState, p.Privacy = "pending", "shutter"
			return p, votes
		}, tally.ErrSealed},
		{"no choice", func() (*snapshot.Proposal, []snapshot.Vote) { return poll("basic", 2, cast{"", 1}) },
			tally.ErrUncountable},
		{"half a choice", func() (*snapshot.Proposal, []snapshot.Vote) { return poll("approval", 2, cast{"[1", 1}) },
			tally.ErrUncountable},
		{"two choices", func() (*snapshot.Proposal, []snapshot.Vote) { return poll("basic", 2, cast{"1 2", 1}) },
			tally.ErrUncountable},
		{"endless run-off", func() (*snapshot.Proposal, []snapshot.Vote) {
			return poll("ranked-choice", 3, cast{"[true,2,3]", 1}, cast{"[2,true,3]", 2}, cast{"[3,2,true]", 2})
		}, tally.ErrUncountable},
		{"power is not a number", power(math.NaN()), tally.ErrUncountable},
		{"infinite power", power(math.Inf(1)), tally.ErrUncountable},
		{"negative power", power(-1), tally.ErrUncountable},
		{"sum too large", power(1e308), tally.ErrUncountable},
		{"a proposal without choices", func() (*snapshot.Proposal, []snapshot.Vote) { return poll("basic", 0) },
			tally.ErrUncountable},
		{"a reply that was not unwrapped", func() (*snapshot.Proposal, []snapshot.Vote) {
			var p snapshot.Proposal
			_ = json.Unmarshal([]byte(`{"data":{"proposal":{"choices":["For"]}}}`), &p)
			return &p, nil
		}, tally.ErrUncountable},
		{"two votes of a voter", func() (*snapshot.Proposal, []snapshot.Vote) {
			p, votes := poll("basic", 2, cast{"1", 1}, cast{"2", 1})
			votes[0].Voter, votes[1].Voter = "0xAB", "0xab"
			return p, votes
		}, tally.ErrUncountable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			counted, err := tally.Recount(test.vote())
			if !errors.Is(err, test.want) || counted != nil {
				t.Errorf("got %v, %v; want %v", counted, err, test.want)
			}
		})
	}
}

// After the key is out, what could not be opened is an invalid choice, and is named.
func TestRecountFinalWithSealedChoice(t *testing.T) {
	p, votes := poll("basic", 2, cast{"1", 3}, cast{`"0x04ab"`, 2})
	p.Privacy = "shutter"
	counted := recount(t, p, votes)
	if !slices.Equal(counted.Sealed, []int{1}) || !slices.Equal(counted.Scores, []float64{3, 0}) ||
		counted.ScoresTotal != 5 {
		t.Errorf("got %+v", counted)
	}
	if c := compare(t, published(p, counted), counted); c.Verdict != tally.StillSealed {
		t.Errorf("verdict %q", c.Verdict)
	}
}

func TestRecountWithoutPowerByStrategy(t *testing.T) {
	for _, typ := range votingTypes {
		p, votes := poll(typ, 2, cast{`1`, 3}, cast{`[1,2]`, 3}, cast{`{"1":2}`, 3})
		votes[1].VPByStrategy = nil
		votes[2].VPByStrategy = []float64{1, 2}
		counted := recount(t, p, votes)
		if !slices.Equal(counted.Ragged, []int{1, 2}) || counted.ScoresByStrategy != nil || counted.Scores[0] < 1.5 {
			t.Errorf("%s: got %+v", typ, counted)
		}
		if c := compare(t, published(p, counted), counted); c.Verdict != tally.Unsplit {
			t.Errorf("%s: verdict %q", typ, c.Verdict)
		}
	}
}

// published is p with the figures of a tally, as a hub that agrees has it.
func published(p *snapshot.Proposal, counted *tally.Tally) *snapshot.Proposal {
	q := *p
	q.Scores, q.ScoresTotal = slices.Clone(counted.Scores), counted.ScoresTotal
	q.ScoresByStrategy = nil
	for _, row := range counted.ScoresByStrategy {
		var cells []*float64
		for _, x := range row {
			cells = append(cells, &x)
		}
		q.ScoresByStrategy = append(q.ScoresByStrategy, cells)
	}
	return &q
}
