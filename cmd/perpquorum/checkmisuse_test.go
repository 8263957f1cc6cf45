package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// untouched is an endpoint that must not be asked.
func untouched(t testing.TB) string {
	var asked atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	t.Cleanup(func() {
		s.Close()
		if asked.Load() {
			t.Error("a chain was asked")
		}
	})
	return s.URL
}

// TestCheckMisuse is refused before any chain is asked, in one line and with exit code 2.
func TestCheckMisuse(t *testing.T) {
	_, e := atSnapshotTallied(t, "basic")
	weighted := e.clone()
	weighted.proposal.Type = "weighted"
	other := e.clone()
	other.proposal.Space = "other.eth"
	elsewhere := e.clone()
	elsewhere.proposal.Strategies[1].Network = "137"
	model := filepath.Join(t.TempDir(), "named.json")
	named := strings.Replace(builtInModel(t), `"quorum":"1/10"`, `"quorum":"1/10","turnout":["Yes","No"]`, 1)
	if err := os.WriteFile(model, []byte(named), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		e        *election
		args     []string
		says     string
		hint     string
		requests int // to the hub
	}{
		"no proposal":                         {e, nil, "PROPOSAL is missing", "", 0},
		"no id":                               {e, []string{"vote-perp.eth"}, `not a Snapshot proposal: "vote-perp.eth"`, "", 0},
		"another space":                       {other, []string{e.proposal.ID}, `the proposal is of space "other.eth", the model "Perpetual Protocol" is for "vote-perp.eth"`, "--model", 1},
		"another space's URL":                 {e, []string{"https://snapshot.box/#/s:other.eth/proposal/" + e.proposal.ID}, `the URL names "other.eth"`, "", 1},
		"choices that the type does not have": {weighted, []string{e.proposal.ID, "--model", model}, "turnout is not defined", "--model", 1},
		"a chain without endpoint":            {elsewhere, []string{e.proposal.ID}, "no endpoint for 137", "--rpc 137=URL", 1},
		"a block of a chain that is not read": {e, []string{e.proposal.ID, "--block", "8453=1"}, "chain 8453 is not read for this proposal, only [ethereum optimism]", "", 1},
		"another snapshot block":              {e, []string{e.proposal.ID, "--block", "ethereum=1"}, "the proposal's own snapshot block is", "", 1},
		"a deadline alone":                    {e, []string{e.proposal.ID, "--deadline", "1h"}, "--deadline has no meaning without --watch", "", 0},
		"no deadline":                         {e, []string{e.proposal.ID, "--watch", "--deadline", "-1h"}, "want a positive duration", "", 0},
		"format":                              {e, []string{e.proposal.ID, "--format", "csv"}, "want text, markdown or json", "", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			h, endpoint := test.e.start(t, hub.H2)
			url := untouched(t)
			out := program(t, append([]string{"check", "--hub", endpoint, "--rpc", "ethereum=" + url, "--rpc", "optimism=" + url}, test.args...)...)
			if out.code != exitUsage || out.stdout != "" || !strings.Contains(out.stderr, test.says) || !strings.Contains(out.stderr, test.hint) {
				t.Errorf("exit code %d, stdout %q, stderr %s", out.code, out.stdout, out.stderr)
			}
			if n := strings.Count(out.stderr, "perpquorum: error: "); n != 1 {
				t.Errorf("%d error lines: %s", n, out.stderr)
			}
			if n := len(h.Requests()); n != test.requests {
				t.Errorf("the hub was asked %d times, want %d", n, test.requests)
			}
		})
	}
	t.Run("no hub", func(t *testing.T) {
		out := program(t, "check", e.proposal.ID, "--hub", "hub.example", "--rpc", "ethereum="+untouched(t), "--rpc", "optimism="+untouched(t))
		if out.code != exitUsage || !strings.Contains(out.stderr, "--hub: not a hub endpoint") {
			t.Errorf("exit code %d: %s", out.code, out.stderr)
		}
	})
}

func builtInModel(t testing.TB) string {
	t.Helper()
	out := program(t, "model")
	var compact strings.Builder
	var raw json.RawMessage
	if err := json.Unmarshal([]byte(out.stdout), &raw); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	compact.Write(data)
	return compact.String()
}

// TestCheckTrouble: a failure to read is never a verdict.
func TestCheckTrouble(t *testing.T) {
	w, e := atSnapshotTallied(t, "basic")
	tests := map[string]struct {
		tell func(o *hub.Options)
		args []string
		says string
		rpc  string
	}{
		"no such proposal": {func(o *hub.Options) { o.Proposals = nil }, nil, "not found on the hub", ""},
		"a refused page": {func(o *hub.Options) {
			o.Fault = func(r hub.Request) *hub.Fault {
				if r.Root == "votes" {
					return &hub.Fault{Status: 400, Body: `{"errors":[{"message":"no"}]}`}
				}
				return nil
			}
		}, nil, "refused by the hub", ""},
		"a figure that is null": {func(o *hub.Options) { o.Votes[3].Override = map[string]string{"vp": "null"} }, nil, "vp is null", ""},
		"no time left":          {func(*hub.Options) {}, []string{"--timeout", "1ns"}, "timed out", ""},
		"a dead endpoint":       {func(*hub.Options) {}, []string{"--timeout", "3s"}, "127.0.0.1", "http://127.0.0.1:1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := e.clone()
			h, endpoint := e.start(t, hub.H1)
			h.Update(test.tell)
			args := append([]string{"check", e.proposal.ID, "--hub", endpoint}, test.args...)
			var out outcome
			if test.rpc != "" {
				out = program(t, append(args, "--allow-dev-chain", "--rpc", "ethereum="+test.rpc, "--rpc", "optimism="+test.rpc)...)
			} else {
				out = onChains(t, w, args...)
			}
			if out.code != exitTrouble || out.stdout != "" || !strings.Contains(out.stderr, test.says) {
				t.Errorf("exit code %d, stdout %q, stderr %s", out.code, out.stdout, out.stderr)
			}
		})
	}
}

// TestCheckNotFinal prints the report of a vote that is open, or sealed, and reads no voters.
func TestCheckNotFinal(t *testing.T) {
	w, e := atSnapshotTallied(t, "basic")
	const later = 4102444800 // 2100
	states := map[string]func(e *election){
		"open": func(e *election) { e.proposal.End, e.proposal.ScoresState = later, "pending" },
		"not begun": func(e *election) {
			e.proposal.Start, e.proposal.End, e.proposal.ScoresState = later-1, later, "pending"
			e.votes, e.proposal.Votes = nil, 0
			e.proposal.Scores, e.proposal.ScoresByStrategy, e.proposal.ScoresTotal = nil, nil, 0
		},
		"closed, scores pending": func(e *election) { e.proposal.ScoresState = "pending" },
		"sealed": func(e *election) {
			e.proposal.End, e.proposal.ScoresState, e.proposal.Privacy = later, "pending", "shutter"
			for i := range e.votes {
				e.votes[i].Choice = "0x00abcdef"
			}
			e.proposal.Scores = []float64{0, 0, 0}
		},
	}
	for name, change := range states {
		t.Run(name, func(t *testing.T) {
			e := e.clone()
			change(e)
			out, d := e.check(t, w, hub.H2)
			if out.code != exitNotFinal || d.Verdict != vote.NotFinal || len(d.Vote.Power.Blocks) > 0 || d.Quorum.Tokens == "" {
				t.Errorf("exit code %d, verdict %q, %d blocks: %s", out.code, d.Verdict, len(d.Vote.Power.Blocks), out.stderr)
			}
		})
	}
}

// TestCheckStrict: an unverifiable strategy is marked, and with --strict a disagreement.
func TestCheckStrict(t *testing.T) {
	w := testchain.Start(t)
	e := atSnapshot(w, "basic")
	e.proposal.Strategies[0].Name = "delegation"
	tallied(t, e)
	for strict, code := range map[string]int{"": exitDone, "--strict": exitDisagree} {
		out, d := e.check(t, w, hub.H1, strings.Fields(strict)...)
		if out.code != code || d.Vote.Turnout.Source != "hub scores_total" || len(d.Vote.Power.Unverifiable) != 1 || d.Vote.Power.Unverifiable[0].Name != "delegation" {
			t.Errorf("%s: exit code %d, turnout from %s, %+v", strict, out.code, d.Vote.Turnout.Source, d.Vote.Power.Unverifiable)
		}
	}
}

// TestCheckEvidence: the bundle recomputes everything offline, and a change of it shows.
func TestCheckEvidence(t *testing.T) {
	w, e := atSnapshotTallied(t, "weighted")
	for _, lie := range []bool{false, true} {
		e := e.clone()
		if lie {
			e.proposal.Scores[1]++
		}
		name := filepath.Join(t.TempDir(), "vote.json.gz")
		out, d := e.check(t, w, hub.H1, "--evidence", name)
		again := program(t, "report", "--bundle", name, "--format", "json")
		if again.code != exitDone || again.stdout != out.stdout {
			t.Errorf("lie %t: from its bundle the report is another one: %s", lie, again.stderr)
		}
		verified := program(t, "verify", name)
		if verified.code != exitDone || !strings.Contains(verified.stdout, "verdict: "+string(d.Verdict)) {
			t.Errorf("lie %t: exit code %d: %s%s", lie, verified.code, verified.stdout, verified.stderr)
		}
	}
}

// TestCheckKey: the API key goes to the hub and nowhere else.
func TestCheckKey(t *testing.T) {
	const key = "secret-key-of-a-test"
	t.Setenv("SNAPSHOT_API_KEY", key)
	w, e := atSnapshotTallied(t, "basic")
	h, endpoint := e.start(t, hub.H1)
	h.Update(func(o *hub.Options) { o.Keys = []string{key} })
	t.Setenv("SNAPSHOT_HUB_URL", endpoint)
	name := filepath.Join(t.TempDir(), "vote.json")
	out := onChains(t, w, "check", e.proposal.ID, "--evidence", name)
	bundle, err := os.ReadFile(name)
	if err != nil || out.code != exitDone || strings.Contains(out.stdout+out.stderr+string(bundle), key) {
		t.Errorf("exit code %d, %v: %s", out.code, err, out.stderr)
	}
	for _, r := range h.Requests() {
		if r.Header.Get("x-api-key") != key {
			t.Errorf("request %d had no key", r.Number)
		}
	}
	if strings.Contains(string(bundle), endpoint) {
		t.Error("the bundle holds the hub's URL")
	}
	h.Update(func(o *hub.Options) { o.Keys = []string{"another"} })
	if out := onChains(t, w, "check", e.proposal.ID); out.code != exitTrouble || strings.Contains(out.stderr, key) || !strings.Contains(out.stderr, "SNAPSHOT_API_KEY") {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
}
