package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// TestCheckRunOfEqualTimes: the snapshot's time is shared by several blocks of
// Optimism; one voter agrees with the first of them, one with the last.
func TestCheckRunOfEqualTimes(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	e, first, last := inRun(t, w)
	tallied(t, e)
	out, d := e.check(t, w, hub.H2)
	want := []string{
		fmt.Sprintf("1 vote at optimism block %d, first of %d with its timestamp only", first, last-first+1),
		fmt.Sprintf("1 vote at optimism block %d, last of %d with its timestamp only", last, last-first+1),
		"22 votes at any of these blocks",
	}
	agreement, turnout := d.Vote.Power.Agreement, d.Vote.Turnout.BaseUnits
	if out.code != exitDone || !slices.Equal(agreement, want) || turnout != e.turnout.String() {
		t.Errorf("exit code %d, turnout %s, %q; want 0, %v, %q; %q",
			out.code, turnout, agreement, e.turnout, want, failures(d))
	}
	out, d = e.check(t, w, hub.H1, "--block", fmt.Sprintf("optimism=%d", last))
	if out.code != exitDisagree || d.Vote.Power.Differing != 1 || d.Chains[1].Number != last || !d.Chains[1].Pinned {
		t.Errorf("with the last block named: exit code %d, %d votes differ, read at block %d",
			out.code, d.Vote.Power.Differing, d.Chains[1].Number)
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
		const name = "a vote in a run of equal times"
		choices := cycle(choicesOf("basic"), len(voters))
		e = newElection(w, "basic", name, threeChoices, ethereum, from, voters, choices)
		late := newElection(w, "basic", name, threeChoices, ethereum, to, voters, choices)
		e.votes[differ[1]] = late.votes[differ[1]]
		_, _, before := ledgerPower(w, voters[differ[1]].Address, ethereum, from)
		_, _, after := ledgerPower(w, voters[differ[1]].Address, ethereum, to)
		e.turnout.Add(e.turnout.Sub(e.turnout, before), after)
		return e, from.NumberU64(), to.NumberU64()
	}
	t.Fatal("the test chains have no such block")
	return nil, 0, 0
}

// TestPowerInRunOfEqualTimes shows a voter's power at both ends of the run.
func TestPowerInRunOfEqualTimes(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	e, first, last := inRun(t, w)
	_, endpoint := e.start(t, hub.H1)
	voter := e.votes[mixedHolder(t, e)].Voter
	out := onChains(t, w, "power", "--hub", endpoint, "--proposal", e.proposal.ID, voter)
	for _, want := range []string{
		fmt.Sprintf("optimism block %d,", first), fmt.Sprintf("optimism block %d,", last), "first of ", "last of ",
	} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("%q is not in:\n%s%s", want, out.stdout, out.stderr)
		}
	}
	if n := strings.Count(out.stdout, voter); out.code != exitDone || n != 2 {
		t.Errorf("exit code %d, %d rows of the voter, want one for each block", out.code, n)
	}
}
