package tally_test

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/tally"
)

func TestTurnout(t *testing.T) {
	basic := []cast{{"1", 0.1}, {"2", 0.2}, {"3", 4}, {"7", 8}, {`"0x04ab"`, 16}, {"true", 32}, {"1.5", 64},
		{"[1]", 128}}
	tests := []struct {
		name    string
		typ     string
		casts   []cast
		choices []string
		counted []bool
		power   float64
	}{
		{"all votes", "basic", basic[2:5], nil, []bool{true, true, true}, 28},
		{"named choices", "basic", basic, []string{"choice 3"},
			[]bool{false, false, true, false, false, false, false, false}, 4},
		{"several named choices", "", basic, []string{"choice 3", "choice 1", "choice 3"},
			[]bool{true, false, true, false, false, false, false, false}, 0},
		{"approval counts voters, not approvals", "approval", []cast{{"[1,2,3]", 5}, {"[]", 2}, {"[9]", 1}}, nil,
			[]bool{true, true, true}, 8},
		{"an unknown type has a turnout all the same", "custom", []cast{{"1", 5}}, nil, []bool{true}, 5},
		{"no votes", "basic", nil, nil, []bool{}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, votes := poll(test.typ, 3, test.casts...)
			got, err := tally.TurnoutOf(p, votes, test.choices)
			if err != nil {
				t.Fatal(err)
			}
			want := exact(test.power)
			if test.power == 0 && len(votes) > 0 { // the exact sum is no double
				want = new(big.Rat).Add(exact(0.1), exact(4))
			}
			if !slices.Equal(got.Counted, test.counted) || got.Power.Cmp(want) != 0 {
				t.Errorf("got %v %v, want %v %v", got.Counted, got.Power, test.counted, want)
			}
		})
	}
}

func exact(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// The sum is exact, where the hub's doubles round: the smallest vote counts.
func TestTurnoutIsExact(t *testing.T) {
	p, votes := poll("basic", 2, cast{"1", 1e15}, cast{"1", 1e-18}, cast{"1", 1e-18})
	got, err := tally.TurnoutOf(p, votes, nil)
	if err != nil {
		t.Fatal(err)
	}
	got.Power.Sub(got.Power, exact(1e15))
	if want := exact(2e-18); got.Power.Cmp(want) != 0 {
		t.Errorf("got 1e15 + %v, want + %v", got.Power, want)
	}
}

func TestTurnoutRefuses(t *testing.T) {
	tests := []struct {
		name    string
		typ     string
		choice  string
		vp      float64
		state   string
		choices []string
		want    error
	}{
		{"no such choice", "basic", "1", 1, "final", []string{"choice 1", "For"}, tally.ErrTurnout},
		{"approval", "approval", "[1]", 1, "final", []string{"choice 1"}, tally.ErrTurnout},
		{"weighted", "weighted", `{"1":1}`, 1, "final", []string{"choice 1"}, tally.ErrTurnout},
		{"ranked-choice", "ranked-choice", "[1,2]", 1, "final", []string{"choice 1"}, tally.ErrTurnout},
		{"sealed", "basic", `"0x04ab"`, 1, "pending", []string{"choice 1"}, tally.ErrSealed},
		{"broken choice", "basic", "{", 1, "final", []string{"choice 1"}, tally.ErrUncountable},
		{"broken power", "basic", "1", math.NaN(), "final", nil, tally.ErrUncountable},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, votes := poll(test.typ, 2, cast{test.choice, test.vp})
			p.ScoresState = test.state
			if got, err := tally.TurnoutOf(p, votes, test.choices); !errors.Is(err, test.want) || got != nil {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestTurnoutRefusesTwoVotesOfAVoter(t *testing.T) {
	p, votes := poll("approval", 2, cast{"[1]", 1}, cast{"[2]", 1})
	votes[1].Voter = votes[0].Voter
	if got, err := tally.TurnoutOf(p, votes, nil); !errors.Is(err, tally.ErrUncountable) || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// The winner's turnout is its score: the votes that are its own, or their parts that are.
func TestWinnerTurnout(t *testing.T) {
	for _, test := range []struct {
		name, typ string
		casts     []cast
		counted   []bool
		power     *big.Rat
	}{
		{"single choice", "", []cast{{"1", 3}, {"2", 4}, {"2", 0.5}, {"7", 100}},
			[]bool{false, true, true, false}, exact(4.5)},
		{"of a tie the first", "basic", []cast{{"2", 3}, {"1", 3}}, []bool{false, true}, exact(3)},
		{"approval", "approval", []cast{{"[1,2]", 3}, {"[2]", 4}, {"[3]", 5}, {"[9]", 9}},
			[]bool{true, true, false, false}, exact(7)},
		// Choice 3 is out after the first round, and its vote goes to choice 1.
		{"the last round", "ranked-choice", []cast{{"[1,2,3]", 4}, {"[2,1,3]", 5}, {"[3,1,2]", 2}, {"[1]", 50}},
			[]bool{true, false, true, false}, exact(6)},
		{"weighted", "weighted", []cast{{`{"1":1,"2":2}`, 9}, {`{"1":1}`, 1}, {`{"3":0}`, 50}, {`{"2":1,"3":2}`, 1}},
			[]bool{true, false, false, true}, big.NewRat(19, 3)},
		{"no votes", "basic", nil, []bool{}, new(big.Rat)},
	} {
		p, votes := poll(test.typ, 3, test.casts...)
		counted, err := tally.Recount(p, votes)
		if err != nil {
			t.Fatal(err)
		}
		got, err := counted.WinnerTurnout(p, votes)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Counted, test.counted) || got.Power.Cmp(test.power) != 0 {
			t.Errorf("%s: got %v %v, want %v %v", test.name, got.Counted, got.Power, test.counted, test.power)
		}
		if score, _ := got.Power.Float64(); !tally.Agree(score, slices.Max(counted.Scores)) {
			t.Errorf("%s: the turnout is %v, the highest score of %v is another", test.name, score, counted.Scores)
		}
	}
	for _, typ := range []string{"quadratic", "copeland", "custom"} {
		p, _ := poll(typ, 3)
		if err := tally.CheckWinner(p); !errors.Is(err, tally.ErrTurnout) {
			t.Errorf("%s: found %v", typ, err)
		}
	}
}
