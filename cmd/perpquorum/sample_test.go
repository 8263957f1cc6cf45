package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestProveSample: of many voters the 20 with the most power are proven, and 300 that are drawn. Whoever
// changes any answer in the bundle changes the draw, so that the proofs are not those of the sample.
func TestProveSample(t *testing.T) {
	t.Parallel()
	const voters = 400
	c := newCrowd(t, voters, 2, latency{}) // each has more than the one before
	name := filepath.Join(t.TempDir(), "vote.json.gz")
	out := program(t, append([]string{"check", "--prove", "sample", "--format", "json", "--evidence", name}, c.args...)...)
	var d report.Document
	if err := json.Unmarshal([]byte(out.stdout), &d); err != nil || out.code != exitDone {
		t.Fatalf("exit code %d: %v: %s", out.code, err, out.stderr)
	}
	want := report.Sample{Proven: 320, Of: voters, Unseen1: "4.9", Unseen5: "0.1"}
	if s := d.Vote.Power.Sample; s == nil || *s != want {
		t.Errorf("found the sample %+v, want %+v", s, want)
	}
	out = program(t, "verify", name)
	if out.code != exitDone || !strings.Contains(out.stdout, "Voters proven: 320 of 400") {
		t.Errorf("exit code %d: %s%s", out.code, out.stderr, out.stdout)
	}
	b, err := openBundle(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	proven := provenVoters(t, b.Vote.Power, c.addresses)
	if len(proven) != 320 || !slices.Equal(proven[300:], c.addresses[voters-20:]) {
		t.Errorf("found proofs of %d voters, want 320 with the last 20", len(proven))
	}
	for _, reading := range b.Vote.Power.Places {
		results := reading.Sampled[0].Results
		for _, i := range []int{0, 150, len(results) - 1} {
			results[i][31]++
			if _, _, err := report.Verify(b, time.Now()); err == nil ||
				!strings.Contains(err.Error(), proof.ErrWitness.Error()) && !strings.Contains(err.Error(), "the witness proves") {
				t.Errorf("result %d altered: found error %v", i, err)
			}
			results[i][31]--
		}
	}
}

// provenVoters lists those of some voters whose calls the witnesses are for, in the given order.
func provenVoters(t *testing.T, e *strategy.Evidence, voters []common.Address) []common.Address {
	t.Helper()
	r, err := strategy.Compute(e)
	if err != nil {
		t.Fatal(err)
	}
	proofs, err := strategy.Proofs(e, r)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(slices.Clone(voters), func(a common.Address) bool {
		for _, p := range proofs {
			for _, call := range p.Calls {
				if bytes.HasSuffix(call.Data, a[:]) {
					return false
				}
			}
		}
		return true
	})
}
