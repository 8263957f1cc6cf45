package tally_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

var votingTypes = []string{"single-choice", "basic", "approval", "weighted", "quadratic", "ranked-choice", "copeland"}

// oracleElection and oracleResult are the lines of testdata/oracle.cjs.
type oracleElection struct {
	SDK        string       `json:"sdk,omitempty"` // an npm package; "" for the newest
	Type       string       `json:"type"`
	Choices    int          `json:"choices"`
	Strategies int          `json:"strategies"`
	Votes      []oracleVote `json:"votes"`
}

type oracleVote struct {
	Choice  json.RawMessage `json:"choice"`
	Balance float64         `json:"balance"`
	Scores  []float64       `json:"scores"`
}

type oracleResult struct {
	Valid      []bool       `json:"valid"`
	Scores     []*float64   `json:"scores"`
	ByStrategy [][]*float64 `json:"byStrategy"`
	Total      *float64     `json:"total"`
	Error      string       `json:"error"`
}

// The recount gives the doubles of Snapshot's own code, bit for bit.
func TestOracle(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(2026, 1))
	perType := 100 * testenv.Runs(t, 15)
	elections := []oracleElection{
		endlessRunoff, validElection("copeland", 60, 41, 3), validElection("ranked-choice", 60, 41, 3)}
	for _, typ := range votingTypes {
		for range perType {
			elections = append(elections, randomElection(rnd, typ))
		}
	}
	valid, invalid, endless := map[string]int{}, map[string]int{}, 0
	for i, want := range testenv.Ask[oracleElection, oracleResult](t, "testdata/oracle.cjs", elections) {
		e := elections[i]
		checkAgainstOracle(t, e, want)
		if want.Error != "" {
			endless++
		}
		for _, ok := range want.Valid {
			if ok {
				valid[e.Type]++
			} else {
				invalid[e.Type]++
			}
		}
	}
	// The generator must keep reaching what the test is about.
	for _, typ := range votingTypes {
		if valid[typ] < 3*perType/2 || invalid[typ] < perType/4 {
			t.Errorf("%s: the random elections are too tame: %d valid choices, %d invalid", typ, valid[typ],
				invalid[typ])
		}
	}
	if endless == 0 {
		t.Error("no election on which Snapshot's run-off never ends")
	}
}

// endlessRunoff is rare by chance: Snapshot takes true for choice 1, and cannot eliminate it.
var endlessRunoff = oracleElection{Type: "ranked-choice", Choices: 3, Strategies: 1, Votes: []oracleVote{
	{json.RawMessage(`[true,2,3]`), 1, []float64{1}},
	{json.RawMessage(`[2,3,true]`), 2, []float64{2}},
	{json.RawMessage(`[3,2,true]`), 2, []float64{2}},
}}

func checkAgainstOracle(t *testing.T, e oracleElection, want oracleResult) {
	t.Helper()
	p, votes := e.proposal()
	got, err := tally.Recount(p, votes)
	if want.Error != "" {
		if !errors.Is(err, tally.ErrUncountable) {
			t.Errorf("%s: the oracle failed with %q, Recount gave %v\n%s", e.Type, want.Error, err, e)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v\n%s", e.Type, err, e)
		return
	}
	if !slices.Equal(got.Valid, want.Valid) {
		t.Errorf("%s: valid %v, the oracle says %v\n%s", e.Type, got.Valid, want.Valid, e)
	}
	same := want.Total != nil && got.ScoresTotal == *want.Total && sameRow(got.Scores, want.Scores) &&
		slices.EqualFunc(got.ScoresByStrategy, want.ByStrategy, sameRow)
	if !same {
		t.Errorf("%s: scores %v by strategy %v total %v, the oracle says %s\n%s",
			e.Type, got.Scores, got.ScoresByStrategy, got.ScoresTotal, toJSON(want), e)
	}
}

func sameRow(got []float64, want []*float64) bool {
	return slices.EqualFunc(got, want, func(g float64, w *float64) bool { return w != nil && g == *w })
}

func (e oracleElection) proposal() (*snapshot.Proposal, []snapshot.Vote) {
	p := &snapshot.Proposal{Type: e.Type, Strategies: make([]snapshot.Strategy, e.Strategies), ScoresState: "final"}
	for i := range e.Choices {
		p.Choices = append(p.Choices, fmt.Sprintf("choice %d", i+1))
	}
	votes := make([]snapshot.Vote, len(e.Votes))
	for i, v := range e.Votes {
		votes[i] = snapshot.Vote{ID: fmt.Sprint(i), Voter: fmt.Sprint(i), Choice: v.Choice, VP: v.Balance,
			VPByStrategy: v.Scores}
	}
	return p, votes
}

func (e oracleElection) String() string { return toJSON(e) }

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
