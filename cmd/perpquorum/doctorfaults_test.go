package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// oneChain is a made-up model that reads one chain.
const oneChain = `{"format": "perpquorum-model/1", "name": "Made up", "symbol": "PERP", "decimals": 18,
	"synthetic": "a test's model", "definition": "Synthetic: one token.", "network": "CHAIN", "quorum": "1/10",
	"tokens": [{"chain": "CHAIN", "address": "0xbC396689893D065F41bc2C6EcbeE5e0085233447", "label": "PERP",
		"supply": true}]}`

// examine runs the doctor on one endpoint, whose URL holds a secret, and
// returns its verdict. What holds for every endpoint is checked here.
func examine(t *testing.T, chain, at string, server *faultrpc.Server) (verdict, product string) {
	t.Helper()
	url, stop := server.Start()
	defer stop()
	model := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(model, []byte(strings.ReplaceAll(oneChain, "CHAIN", chain)), 0o600); err != nil {
		t.Fatal(err)
	}
	rpc := chain + "=" + url + "/SENTINEL-5f2d9c?key=SENTINEL-77aa01"
	out := program(t, "doctor", "--model", model, "--at", at, "--rpc", rpc)
	out.stdout = unbroken(out.stdout)
	found := regexp.MustCompile(`(?m)^  verdict +(.*)$`).FindStringSubmatch(out.stdout)
	if found == nil || out.stderr != "" {
		t.Fatalf("found %q and %q", out.stdout, out.stderr)
	}
	if want := map[bool]int{true: exitDone, false: exitTrouble}[found[1] == "good for this job"]; out.code != want {
		t.Errorf("found exit code %d beside %q", out.code, found[1])
	}
	if strings.Contains(strings.ToUpper(out.stdout), "SENTINEL") {
		t.Errorf("a secret is in %s", out.stdout)
	}
	if !strings.Contains(out.stdout, "\ncheck:  not possible: the model names no Snapshot space to ask about\n") {
		t.Errorf("found another word on check: %s", out.stdout)
	}
	for _, request := range server.Log().Unpinned {
		t.Errorf("state was read without a block: %s", request)
	}
	return found[1], out.stdout
}

// TestDoctorOnProviders examines what is known to be out there.
func TestDoctorOnProviders(t *testing.T) {
	t.Parallel()
	other := map[string]string{ // than good
		"geth-full": "good for recent blocks", "nethermind": "good for recent blocks", "besu": "good for recent blocks",
		"publicnode": "good for recent blocks", "cloudflare": "good for recent blocks", "ankr-nokey": "not usable",
		"op-l2geth": "not usable",
	}
	for _, name := range faultrpc.Personas() {
		t.Run(name, func(t *testing.T) {
			chain, at, public := "ethereum", "2022-09-15T06:45:00Z", faultrpc.Public(1, 300)
			if strings.HasPrefix(name, "op-") {
				chain, at, public = "optimism", "2023-06-06T16:30:00Z", faultrpc.Public(10, 300)
			}
			want := other[name]
			if want == "" {
				want = "good for this job"
			}
			if verdict, product := examine(t, chain, at, faultrpc.As(name, public, faultrpc.NewClock())); verdict != want {
				t.Errorf("found %q, want %q: %s", verdict, want, product)
			}
		})
	}
}

// TestDoctorOnFaults examines endpoints that do one thing wrong all the time.
func TestDoctorOnFaults(t *testing.T) {
	t.Parallel()
	const echo = "no: http://host/SENTINEL-5f2d9c?key=SENTINEL-77aa01\x1b[31m\r\n"
	rule := func(method string, f faultrpc.Fault) *faultrpc.Rule { return &faultrpc.Rule{Method: method, Fault: f} }
	tests := []struct {
		name string
		rule *faultrpc.Rule
		want string // in the product
	}{
		{"secrets in an error", rule("eth_call", faultrpc.Fail(-32000, echo)), "no: http://host/***"},
		{"secrets in a page", rule("", faultrpc.Status(403, "<html><title>"+echo+"</title>")), "not usable"},
		{"secrets in headers", rule("", faultrpc.Status(429, "", "Retry-After", "90", "X-RateLimit-User", "SENTINEL-5f2d9c")),
			"retry-after: 90"},
		{"redirect", rule("", faultrpc.Status(302, "", "Location", "http://127.0.0.1:1/SENTINEL-5f2d9c")),
			"answers with a redirect"},
		{"refused credentials", rule("", faultrpc.Status(401, "Must be authenticated!")),
			"refused the credentials (HTTP 401"},
		{"server errors", rule("", faultrpc.Status(500, "oops")), "failed to serve the request (HTTP 500"},
		{"no batches", &faultrpc.Rule{BatchOver: 1, Fault: faultrpc.Status(405, "")}, "largest batch          no batches"},
		{"batches closed", &faultrpc.Rule{BatchOver: 1, Fault: faultrpc.Close()}, "largest batch          no batches"},
		{"calls fail", rule("eth_call", faultrpc.Fail(-32000, "not today")), "not today"},
		{"calls return nothing", rule("eth_call", faultrpc.Result(`"0x"`)),
			"report: not possible: ethereum: no endpoint is good for this job"},
		{"calls revert", rule("eth_call", faultrpc.Fail(3, "execution reverted")), "a call that returns its input: "},
		{"calls return something else", rule("eth_call", faultrpc.Result(`"0x`+strings.Repeat("01", 32)+`"`)),
			"a call that returns its input returned 0x0101"},
		{"null results", rule("", faultrpc.Result("null")), "not usable"},
		{"empty results", rule("", faultrpc.Result(`""`)), "not usable"},
		{"cut replies", rule("", faultrpc.Cut(-3)), "not usable"},
		{"repeated objects", rule("", faultrpc.Repeat("")), "not usable"},
		{"no reply", rule("", faultrpc.Close()), "not usable"},
		{"zero balances", rule("eth_getBalance", faultrpc.Result(`"0x0"`)), "is known to hold ether, holds none"},
		{"empty state", rule("eth_getBalance", faultrpc.Result("null")), "not usable"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := faultrpc.NewServer(faultrpc.Public(1, 100))
			server.Rules = []*faultrpc.Rule{tt.rule}
			verdict, product := examine(t, "ethereum", "2022-09-15T06:45:00Z", server)
			if !strings.Contains(product, tt.want) || strings.ContainsAny(product, "\x1b\r") {
				t.Errorf("found %q: %q, want %q", verdict, product, tt.want)
			}
		})
	}
}
