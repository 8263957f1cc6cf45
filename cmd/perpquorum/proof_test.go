package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// meddler is an endpoint that answers as another one, but for what change makes of the replies to
// a method: a whole member such as "result":"0x".
type meddler struct {
	method string
	change func(member string) string
	asked  atomic.Int64 // how often the method was
}

func (m *meddler) start(t testing.TB, target string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		resp, err := http.Post(target, "application/json", bytes.NewReader(body))
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		reply, _ := io.ReadAll(resp.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Write(m.meddle(body, reply))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func (m *meddler) meddle(body, reply []byte) []byte {
	type object = map[string]json.RawMessage
	var asked, answers []object
	single := json.Unmarshal(body, &asked) != nil
	if single {
		asked, answers = make([]object, 1), make([]object, 1)
		if json.Unmarshal(body, &asked[0]) != nil || json.Unmarshal(reply, &answers[0]) != nil {
			return reply
		}
	} else if json.Unmarshal(reply, &answers) != nil {
		return reply
	}
	for _, q := range asked {
		for i, a := range answers {
			if string(q["id"]) != string(a["id"]) || string(q["method"]) != `"`+m.method+`"` {
				continue
			}
			if m.asked.Add(1); m.change == nil || a["result"] == nil {
				continue
			}
			changed := object{}
			if json.Unmarshal([]byte("{"+m.change(`"result":`+string(a["result"]))+"}"), &changed) == nil {
				changed["jsonrpc"], changed["id"] = a["jsonrpc"], a["id"]
				answers[i] = changed
			}
		}
	}
	var out []byte
	if out, _ = json.Marshal(answers); single {
		out, _ = json.Marshal(answers[0])
	}
	return out
}

const supply = "0000000000004319d9a0aae2defc39770a" // the end of PERP's total supply on Ethereum

// TestProve: a report is proven where the endpoint gives proofs. What is proven is printed whatever
// the endpoint answers besides, which is told; without proofs the report says why, and --require
// refuses it. An endpoint with wrong proofs is left.
func TestProve(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	lie := func(member string) string { return strings.Replace(member, supply, supply[:33]+"b", 1) }
	refuse := func(string) string { return `"error":{"code":-32601,"message":"the method does not exist"}` }
	forge := func(member string) string { return strings.ReplaceAll(member, "f8", "f9") }
	meddle := func(method string, change func(string) string) *meddler {
		return &meddler{method: method, change: change}
	}
	tests := map[string]struct {
		*meddler
		backup bool // there is a second endpoint
		args   []string
		code   int
		level  chains.Level
		says   string // on standard error, or in the document
	}{
		"honest":               {meddler: meddle("eth_getProof", nil), level: chains.Proven},
		"nothing is asked for": {meddler: meddle("eth_getProof", nil), args: []string{"--prove", "off"}},
		"a wrong answer": {meddler: meddle("eth_call", lie), level: chains.Proven,
			says: "endpoint-differs-from-proof"},
		"no access lists": {meddler: meddle("eth_createAccessList", refuse), level: chains.Proven},
		"wrong proofs":    {meddler: meddle("eth_getProof", forge), code: exitTrouble, says: "wrong proofs"},
		"wrong proofs, and another endpoint": {meddler: meddle("eth_getProof", forge), backup: true,
			level: chains.Proven, says: "endpoint-wrong-proof"},
		"no proofs": {meddler: meddle("eth_getProof", refuse), says: "no proofs of this block: "},
		"no proofs, and required": {meddler: meddle("eth_getProof", refuse), args: []string{"--require", "proven"},
			code: exitTrouble, says: "perpquorum: error: ethereum: want proven, found: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"report", "--at", "1684503575", "--format", "json", "--allow-dev-chain",
				"--rpc", "ethereum=" + tt.start(t, w.Ethereum.URL), "--rpc", "optimism=" + w.Optimism.URL}, tt.args...)
			if tt.backup {
				args = append(args, "--rpc", "ethereum="+w.Ethereum.URL)
			}
			out := program(t, args...)
			if out.code != tt.code || tt.code != exitDone && (out.stdout != "" || !strings.Contains(out.stderr, tt.says)) {
				t.Fatalf("exit code %d, want %d: %s%s", out.code, tt.code, out.stderr, out.stdout)
			}
			if tt.code != exitDone {
				return
			}
			var d report.Document
			if err := json.Unmarshal([]byte(out.stdout), &d); err != nil {
				t.Fatal(err)
			}
			if c := d.Chains[0]; (c.Level == chains.Proven) != (tt.level == chains.Proven) || c.Level == "" {
				t.Errorf("level %s, want %s: %s", c.Level, tt.level, c.Unproven)
			}
			if name == "nothing is asked for" && tt.asked.Load() > 0 {
				t.Errorf("asked for %d proofs, want none", tt.asked.Load())
			}
			if got := d.Quorum.Tokens; got != "7992084.4410227887027914309" || !strings.Contains(out.stdout, tt.says) {
				t.Errorf("quorum %s, and %q is missing in\n%s", got, tt.says, out.stdout)
			}
		})
	}
}

// TestProveVoters: with --prove voters every voter is proven, with sample as many as the report
// says, and the bundle shows it to everybody.
func TestProveVoters(t *testing.T) {
	t.Parallel()
	w, e := atSnapshotTallied(t, "basic")
	for _, which := range []string{"voters", "sample"} {
		name := filepath.Join(t.TempDir(), "vote.json.gz")
		out, d := e.check(t, w, hub.H2, "--prove", which, "--require", "proven", "--evidence", name)
		if out.code != exitDone || d.Verdict != vote.Reached {
			t.Fatalf("%s: exit code %d, %s: %s", which, out.code, d.Verdict, out.stderr)
		}
		for _, b := range d.Vote.Power.Blocks {
			if got := b.Level == chains.Proven; b.Reads > 0 && got != (which == "voters") {
				t.Errorf("%s: the voters' power on %s is %s", which, b.Chain, b.Level)
			}
		}
		if s := d.Vote.Power.Sample; (s != nil) != (which == "sample") || s != nil && s.Proven != len(e.votes) {
			t.Errorf("%s: found the sample %+v of %d voters", which, s, len(e.votes))
		}
		if out := program(t, "verify", name); out.code != exitDone {
			t.Errorf("%s: exit code %d: %s", which, out.code, out.stderr)
		}
		altered, err := openBundle(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, reading := range altered.Vote.Power.Places {
			for _, result := range reading.Sampled[0].Results {
				result[31]++
			}
		}
		_, _, err = report.Verify(altered, time.Now())
		if err == nil || !strings.Contains(err.Error(), "the witness proves") {
			t.Errorf("%s, altered: found error %v", which, err)
		}
	}
}

// TestLieAboutVoter: an endpoint that lies about one voter makes the hub look wrong, unless the
// voters are proven: then its answer counts for nothing, and a sample finds it out.
func TestLieAboutVoter(t *testing.T) {
	t.Parallel()
	w, e := atSnapshotTallied(t, "basic")
	balance := w.EthereumLedger.Balance(testchain.PERP, e.voters[0].Address, e.proposal.Snapshot)
	word := fmt.Sprintf("%064x", balance)
	other := fmt.Sprintf("%064x", new(big.Int).Add(balance, big.NewInt(1e18)))
	lie := func(member string) string { return strings.ReplaceAll(member, word, other) }
	_, endpoint := e.start(t, hub.H2)
	for _, tt := range []struct {
		which  string
		backup bool
		code   int
		says   string // on standard error, or in the document
	}{
		{"auto", false, exitDisagree, `"voting-power-differs"`},
		{"voters", false, exitDone, `"voting-power-agrees"`},
		{"sample", false, exitTrouble, "proven is"},
		{"sample", true, exitDone, `"endpoint-differs-from-proof"`},
	} {
		m := &meddler{method: "eth_call", change: lie}
		args := []string{"check", e.proposal.ID, "--hub", endpoint, "--format", "json", "--prove", tt.which,
			"--allow-dev-chain", "--rpc", "ethereum=" + m.start(t, w.Ethereum.URL), "--rpc", "optimism=" + w.Optimism.URL}
		if tt.backup {
			args = append(args, "--rpc", "ethereum="+w.Ethereum.URL)
		}
		out := program(t, args...)
		if out.code != tt.code || !strings.Contains(out.stdout+out.stderr, tt.says) {
			t.Errorf("%s (backup: %v): exit code %d, want %d and %s: %s",
				tt.which, tt.backup, out.code, tt.code, tt.says, out.stderr)
		}
	}
}

// TestNotProvable: what a contract takes from elsewhere than the state has no proof. The figure is
// printed at a lower level, with the reason, and verify finds the same reason.
func TestNotProvable(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	dir := t.TempDir()
	model, bundle := filepath.Join(dir, "model.json"), filepath.Join(dir, "quorum.json")
	text := fmt.Sprintf(`{"format":"perpquorum-model/2","name":"Odd","symbol":"SYN","decimals":18,
		"definition":"All tokens and a gas limit.","synthetic":"made up for a test","network":"ethereum","quorum":"1/10",
		"tokens":[{"chain":"ethereum","address":"%s","label":"SYN","supply":true}],"excluded":[],
		"terms":[{"chain":"ethereum","contract":"%s","call":"getCurrentBlockGasLimit()","sign":"+","label":"gas",
			"decimals":18}]}`, testchain.PERP, testchain.Multicall3)
	if err := os.WriteFile(model, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"report", "--at", "1684503575", "--allow-dev-chain", "--model", model,
		"--rpc", "ethereum=" + w.Ethereum.URL}
	const reason = "not provable: the contract uses GASLIMIT"
	out := program(t, append(args, "--format", "json", "--evidence", bundle)...)
	if out.code != exitDone || !strings.Contains(out.stdout, reason) || strings.Contains(out.stdout, `"level": "proven"`) {
		t.Errorf("exit code %d, want %q: %s%s", out.code, reason, out.stderr, out.stdout)
	}
	if out := program(t, append(args, "--require", "proven")...); out.code != exitTrouble || out.stdout != "" ||
		!strings.Contains(out.stderr, reason) {
		t.Errorf("exit code %d, want %q: %s%s", out.code, reason, out.stderr, out.stdout)
	}
	if out := program(t, "verify", bundle); out.code != exitDone || !strings.Contains(out.stdout, "GASLIMIT") {
		t.Errorf("exit code %d: %s%s", out.code, out.stderr, out.stdout)
	}
}
