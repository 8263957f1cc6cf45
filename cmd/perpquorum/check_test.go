package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

var threeChoices = []string{"Yes", "No", "Abstain"}

// choicesOf are choices of each voting type, JSON, some of them invalid.
func choicesOf(typ string) []string {
	switch typ {
	case "approval":
		return []string{"[1]", "[1,3]", "[]", "[2,1]", "[3]", "[4]"}
	case "weighted", "quadratic":
		return []string{`{"1":60,"3":40}`, `{"2":1}`, `{"1":1,"2":1,"3":1}`, `{"3":0.5,"2":7}`, `{}`}
	case "ranked-choice", "copeland":
		return []string{"[1,2,3]", "[2,1,3]", "[3,2,1]", "[1,3,2]", "[2,1]"}
	}
	return []string{"1", "2", "1", "3", "1", "9"}
}

// cycle repeats choices for n voters.
func cycle(choices []string, n int) (out []string) {
	for i := range n {
		out = append(out, choices[i%len(choices)])
	}
	return out
}

// atSnapshot is an election at the scenario's snapshot, of all who can vote.
func atSnapshot(w *testchain.World, typ string) *election {
	voters := w.Voters[:24]
	ethereum := w.Ethereum.At(testchain.Snapshot)
	return newElection(w, typ, "a vote by "+typ, threeChoices, ethereum, w.Optimism.At(ethereum.Time()), voters, cycle(choicesOf(typ), len(voters)))
}

// TestCheckEveryType: honest votes of every type, on both generations of the hub.
func TestCheckEveryType(t *testing.T) {
	w := testchain.Start(t)
	var elections []*election
	for _, typ := range []string{"single-choice", "basic", "approval", "weighted", "quadratic", "ranked-choice", "copeland"} {
		elections = append(elections, atSnapshot(w, typ))
	}
	tallied(t, elections...)
	for _, e := range elections {
		for _, g := range hub.Generations {
			t.Run(e.proposal.Type+" "+g.String(), func(t *testing.T) {
				out, d := e.check(t, w, g)
				if out.code != exitDone || d.Verdict != vote.Reached || len(failures(d)) > 0 || out.stderr != "" {
					t.Errorf("exit code %d, verdict %q: %q %s", out.code, d.Verdict, failures(d), out.stderr)
				}
				if turnout := d.Vote.Turnout; turnout.BaseUnits != e.turnout.String() || turnout.Source != "chains" || d.Vote.Power.Recomputed != len(e.votes) {
					t.Errorf("turnout %s from %s with %d votes recomputed, want %v from chains with %d", turnout.BaseUnits, turnout.Source, d.Vote.Power.Recomputed, e.turnout, len(e.votes))
				}
				if d.Vote.Recount != "agrees" {
					t.Errorf("recount %q", d.Vote.Recount)
				}
			})
		}
	}
}

// modelWithQuorum writes a model file like the built-in one whose quorum is the
// given number of wei at the snapshot.
func modelWithQuorum(t testing.TB, w *testchain.World, wei *big.Int) string {
	t.Helper()
	ethereum := w.Ethereum.At(testchain.Snapshot)
	optimism := w.Optimism.At(ethereum.Time())
	_, power := ledgerFigures(w, ethereum.NumberU64(), optimism.NumberU64(), optimism.Time())
	m := votingpower.PERP()
	m.Quorum = new(big.Rat).SetFrac(wei, power)
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestCheckQuorum decides at the line, to the wei, in every format alike.
func TestCheckQuorum(t *testing.T) {
	w := testchain.Start(t)
	e := atSnapshot(w, "basic")
	few := newElection(w, "basic", "a vote of few", threeChoices, w.Ethereum.At(testchain.Snapshot), w.Optimism.At(testchain.Snapshot), w.Voters[:1], []string{"1"})
	tallied(t, e, few)
	tests := map[string]struct {
		e      *election
		quorum *big.Int // nil: the built-in model's
		code   int
		margin string
	}{
		"reached":       {e, nil, exitDone, ""},
		"missed":        {few, nil, exitNotReached, ""},
		"exactly met":   {e, e.turnout, exitDone, "0"},
		"one wei above": {e, new(big.Int).Sub(e.turnout, big.NewInt(1)), exitDone, "0.000000000000000001"},
		"one wei short": {e, new(big.Int).Add(e.turnout, big.NewInt(1)), exitNotReached, "-0.000000000000000001"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var args []string
			if test.quorum != nil {
				args = []string{"--model", modelWithQuorum(t, w, test.quorum)}
			}
			out, d := test.e.check(t, w, hub.H2, args...)
			if out.code != test.code || test.margin != "" && d.Vote.Turnout.Margin != test.margin {
				t.Errorf("exit code %d with margin %s, want %d with %s: %q", out.code, d.Vote.Turnout.Margin, test.code, test.margin, failures(d))
			}
			_, endpoint := test.e.start(t, hub.H1)
			for _, format := range report.Formats() {
				out := onChains(t, w, append([]string{"check", "--hub", endpoint, "--format", string(format), test.e.proposal.Link}, args...)...)
				if out.code != test.code || out.stdout == "" || out.stderr != "" {
					t.Errorf("%s: exit code %d, want %d; %s", format, out.code, test.code, out.stderr)
				}
			}
		})
	}
}

// TestCheckFindsLies tells one lie at a time; each must be found and named.
func TestCheckFindsLies(t *testing.T) {
	w := testchain.Start(t)
	honest := atSnapshot(w, "basic")
	tallied(t, honest)
	n := mixedHolder(t, honest)
	voter := w.Voters[n].Address.Hex()
	lies := map[string]struct {
		tell func(e *election)
		want []string // each is in one of the failures
	}{
		"nothing": {func(*election) {}, nil},
		"a voter's power": {func(e *election) { e.votes[n].VP += 1000; e.votes[n].VPByStrategy[0] += 1000; tallied(t, e) }, []string{
			"Voting power differs: voter " + voter + ", strategy 1 (erc20-balance-of): the hub has", "Voting power differs: voter " + voter + ", total: the hub has"}},
		"a voter's weight in vePERP": {func(e *election) { e.votes[n].VP *= 1.0000001; e.votes[n].VPByStrategy[1] *= 1.0000001; tallied(t, e) }, []string{
			"Voting power differs: voter " + voter + ", strategy 2 (multichain): the hub has"}},
		"a score":        {func(e *election) { e.proposal.Scores[1] += 5 }, []string{"Scores differ: choice 2 (No): the hub has"}},
		"the total":      {func(e *election) { e.proposal.ScoresTotal += 5 }, []string{"Scores differ: total of all votes: the hub has"}},
		"a dropped vote": {func(e *election) { e.votes = slices.Delete(e.votes, n, n+1) }, []string{"Votes incomplete: the hub lists 23 votes and counted 24"}},
		"a dropped vote that is not counted": {func(e *election) { e.votes = slices.Delete(e.votes, n, n+1); e.proposal.Votes-- }, []string{
			"Scores differ: total of all votes", "Scores differ: choice "}},
		"a duplicated voter": {func(e *election) {
			again := e.votes[n]
			again.ID, again.Created = hub.ID("again"), again.Created+5
			e.votes = append(e.votes, again)
			e.proposal.Votes++
			tallied(t, e)
		}, []string{"Duplicate voter: voter " + voter + " has more than one vote", "Scores differ: total of all votes"}},
		"a wrong snapshot block": {func(e *election) { e.proposal.Snapshot-- }, []string{
			"Voting power differs", "the votes may have been counted at another block than the proposal names"}},
		"a vote after the end": {func(e *election) { e.votes[n].Created = e.proposal.End + 1 }, []string{"Vote outside the voting period: voter " + voter}},
	}
	for name, lie := range lies {
		for _, g := range hub.Generations {
			t.Run(name+" "+g.String(), func(t *testing.T) {
				e := honest.clone()
				lie.tell(e)
				code := exitDisagree
				if lie.want == nil {
					code = exitDone
				}
				out, d := e.check(t, w, g)
				if out.code != code {
					t.Errorf("exit code %d, want %d", out.code, code)
				}
				found := strings.Join(failures(d), "\n")
				for _, want := range lie.want {
					if !strings.Contains(found, want) {
						t.Errorf("%q is not named in:\n%s", want, found)
					}
				}
				if lie.want == nil && found != "" {
					t.Errorf("an honest vote: %s", found)
				}
			})
		}
	}
}

// mixedHolder finds a voter with power from both strategies.
func mixedHolder(t testing.TB, e *election) int {
	t.Helper()
	i := slices.IndexFunc(e.votes, func(v hub.Vote) bool { return v.VPByStrategy[0] > 0 && v.VPByStrategy[1] > 0 })
	if i < 0 {
		t.Fatal("nobody has power on both chains")
	}
	return i
}

// TestCheckRunOfEqualTimes: the snapshot's time is shared by several blocks of
// Optimism; one voter agrees with the first of them, one with the last.
func TestCheckRunOfEqualTimes(t *testing.T) {
	w := testchain.Start(t)
	e, first, last := inRun(t, w)
	tallied(t, e)
	out, d := e.check(t, w, hub.H2)
	want := []string{
		fmt.Sprintf("1 vote at optimism block %d, first of %d with its timestamp only", first, last-first+1),
		fmt.Sprintf("1 vote at optimism block %d, last of %d with its timestamp only", last, last-first+1),
		"22 votes at any of these blocks",
	}
	if out.code != exitDone || !slices.Equal(d.Vote.Power.Agreement, want) || d.Vote.Turnout.BaseUnits != e.turnout.String() {
		t.Errorf("exit code %d, turnout %s, %q; want 0, %v, %q; %q", out.code, d.Vote.Turnout.BaseUnits, d.Vote.Power.Agreement, e.turnout, want, failures(d))
	}
	out, d = e.check(t, w, hub.H1, "--block", fmt.Sprintf("optimism=%d", last))
	if out.code != exitDisagree || d.Vote.Power.Differing != 1 || d.Chains[1].Number != last || !d.Chains[1].Pinned {
		t.Errorf("with the last block named: exit code %d, %d votes differ, read at block %d", out.code, d.Vote.Power.Differing, d.Chains[1].Number)
	}
}

// inRun is an election whose snapshot has the time of a run of blocks on
// Optimism, in which the power of two voters changes: the hub has the first's
// at its start and the second's at its end.
func inRun(t testing.TB, w *testchain.World) (e *election, first, last uint64) {
	t.Helper()
	voters := w.Voters[:24]
	for _, ethereum := range w.Ethereum.Blocks {
		from, to := w.Optimism.At(ethereum.Time()), w.Optimism.LastAt(ethereum.Time())
		if from == nil || from.Time() != ethereum.Time() || ethereum.Time() < testchain.FirstLock {
			continue
		}
		var differ []int
		for i, v := range voters {
			_, a, _ := ledgerPower(w, v.Address, ethereum, from)
			_, b, _ := ledgerPower(w, v.Address, ethereum, to)
			if a != b {
				differ = append(differ, i)
			}
		}
		if len(differ) != 2 {
			continue
		}
		e = newElection(w, "basic", "a vote in a run of equal times", threeChoices, ethereum, from, voters, cycle(choicesOf("basic"), len(voters)))
		late := newElection(w, "basic", "a vote in a run of equal times", threeChoices, ethereum, to, voters, cycle(choicesOf("basic"), len(voters)))
		e.votes[differ[1]] = late.votes[differ[1]]
		_, _, before := ledgerPower(w, voters[differ[1]].Address, ethereum, from)
		_, _, after := ledgerPower(w, voters[differ[1]].Address, ethereum, to)
		e.turnout.Add(e.turnout.Sub(e.turnout, before), after)
		return e, from.NumberU64(), to.NumberU64()
	}
	t.Fatal("the test chains have no such block")
	return nil, 0, 0
}
