package tally_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// A vote with an invalid choice counts towards the total and towards no choice.
func ExampleRecount() {
	p := &snapshot.Proposal{
		Type:       "basic",
		Choices:    []string{"For", "Against", "Abstain"},
		Strategies: []snapshot.Strategy{{Name: "erc20-balance-of"}},
	}
	votes := []snapshot.Vote{
		{Voter: "alice", Choice: json.RawMessage(`1`), VP: 60, VPByStrategy: []float64{60}},
		{Voter: "bob", Choice: json.RawMessage(`2`), VP: 30, VPByStrategy: []float64{30}},
		{Voter: "carol", Choice: json.RawMessage(`"1"`), VP: 5, VPByStrategy: []float64{5}},
	}
	counted, err := tally.Recount(p, votes)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(counted.Scores, counted.ScoresTotal, counted.Valid)
	// Output: [60 30 0] 95 [true true false]
}

// Encrypted choices are refused while they can still be opened.
func ExampleRecount_sealed() {
	p := &snapshot.Proposal{Type: "basic", Choices: []string{"For", "Against"}, Privacy: "shutter",
		ScoresState: "pending"}
	_, err := tally.Recount(p, []snapshot.Vote{{Choice: json.RawMessage(`"0x04ab"`), VP: 1}})
	fmt.Println(errors.Is(err, tally.ErrSealed))
	fmt.Println(err)
	// Output:
	// true
	// choices are sealed: 1 of 1 votes are still encrypted and scores_state is "pending"; recount when it is "final"
}

func ExampleCompare() {
	p := &snapshot.Proposal{Type: "single-choice", Choices: []string{"A", "B"}, Scores: []float64{10, 5},
		ScoresTotal: 14}
	votes := []snapshot.Vote{
		{Voter: "alice", Choice: json.RawMessage(`1`), VP: 10},
		{Voter: "bob", Choice: json.RawMessage(`2`), VP: 4},
	}
	counted, err := tally.Recount(p, votes)
	if err != nil {
		fmt.Println(err)
		return
	}
	p.ScoresByStrategy = [][]*float64{{}, {}} // the proposal has no strategies
	c, err := tally.Compare(p, counted)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Verdict)
	for _, s := range c.Scores {
		fmt.Println(s.Choice, *s.Hub, s.Recount, s.Agrees)
	}
	// Output:
	// disagrees
	// 1 10 10 true
	// 2 5 4 false
}

func ExampleTurnoutOf() {
	p := &snapshot.Proposal{Type: "basic", Choices: []string{"For", "Against", "Abstain"}}
	votes := []snapshot.Vote{
		{Voter: "alice", Choice: json.RawMessage(`1`), VP: 60.5},
		{Voter: "bob", Choice: json.RawMessage(`3`), VP: 30},
	}
	all, err := tally.TurnoutOf(p, votes, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	named, err := tally.TurnoutOf(p, votes, []string{"For", "Against"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all.Power.FloatString(1), named.Power.FloatString(1), named.Counted)
	// Output: 90.5 60.5 [true false]
}
