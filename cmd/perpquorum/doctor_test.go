package main

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// secretQuery makes each endpoint's URL hold a key that must never be seen.
const secretQuery = "?key=SENTINEL-5f2d9c"

// TestDoctorScripts runs the doctor in testdata/doctor against local chains,
// against servers that behave as known providers do, and against fake hubs.
func TestDoctorScripts(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	optimismMirror := mirror(t, w.Optimism.URL)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/doctor",
		Cmds:                map[string]scriptCommand{"doctor": doctor, "exits": exits, "says": says},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ETHEREUM", w.Ethereum.URL+secretQuery)
			env.Setenv("OPTIMISM", w.Optimism.URL+secretQuery)
			env.Setenv("OPTIMISM_MIRROR", optimismMirror)
			env.Setenv("SNAPSHOT_API_KEY", "")
			// The default hub is not to be asked by a test.
			env.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
			for _, name := range faultrpc.Personas() {
				chain := faultrpc.Public(1, 300)
				if strings.HasPrefix(name, "op-") {
					chain = faultrpc.Public(10, 300)
				}
				url, stop := faultrpc.As(name, chain, faultrpc.NewClock()).Start()
				env.Defer(stop)
				env.Setenv(strings.ToUpper(strings.ReplaceAll(name, "-", "_")), url+"/"+secretQuery)
			}
			space := hub.Space{ID: "vote-perp.eth", Name: "SYNTHETIC", Network: "1", Symbol: "PERP",
				Strategies: []hub.Strategy{{Name: "erc20-balance-of", Params: json.RawMessage(`{}`)}}}
			for _, g := range hub.Generations {
				url, stop := hub.New(hub.Options{
					Generation: g, Spaces: []hub.Space{space}, RateLimit: 100, Keys: []string{"SENTINEL-HUB-KEY"},
				}).Start()
				env.Defer(stop)
				env.Setenv("HUB_"+g.String(), url)
			}
			url, stop := hub.New(hub.Options{Spaces: []hub.Space{space}, RateLimit: 1}).Start()
			env.Defer(stop)
			env.Setenv("HUB_LIMITED", url)
			url, stop = hub.New(hub.Options{}).Start()
			env.Defer(stop)
			env.Setenv("HUB_EMPTY", url)
			return nil
		},
	})
}

// doctor is the script command "doctor CODE flags…". It runs the doctor, demands
// the exit code, a product on standard output, an empty standard error and no secret
// in the product, and leaves the product in the file "found", with what differs from run
// to run replaced.
func doctor(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: doctor CODE flags…")
	}
	code := exitCodeOf(ts, append([]string{"perpquorum", "doctor"}, args[1:]...))
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if strconv.Itoa(code) != args[0] || stdout == "" || stderr != "" {
		ts.Fatalf("exit code %d, want %s; %d bytes on standard output, %q on standard error",
			code, args[0], len(stdout), stderr)
	}
	if strings.Contains(stdout, "SENTINEL") {
		ts.Fatalf("a secret is in the product")
	}
	ts.Check(os.WriteFile(ts.MkAbs("found"), []byte(steady(unbroken(stdout))), 0o644))
}

// unbroken joins lines that were broken after 80 columns.
func unbroken(product string) string {
	if strings.HasPrefix(product, "{") {
		return product // JSON
	}
	return regexp.MustCompile(`\n {6}(\S)`).ReplaceAllString(product, " $1")
}

// steady replaces ports, hashes of URLs, times taken and ages, without moving
// what stands behind them in a table.
func steady(product string) string {
	for _, r := range []struct{ pattern, with string }{
		{`127\.0\.0\.1:\d\d+#[0-9a-f]{5}`, "127.0.0.1:PORT#HASH"},
		{`\d+(\.\d)? ms\b`, "N ms"},
		{`\d+ (days|h|min|s) old`, "N days old"},
		{`tries in [0-9.]+m?s`, "tries in N s"},
		{`"latency_ms": [0-9.]*[1-9][0-9.]*`, `"latency_ms": 1`},
		{`"age_seconds": \d{6,}`, `"age_seconds": 1`},
		{`-reset: \d+`, "-reset: N"},
	} {
		product = regexp.MustCompile(r.pattern+`,?( |;|$)*`).ReplaceAllStringFunc(product, func(found string) string {
			bare := regexp.MustCompile(r.pattern).FindString(found)
			rest := strings.TrimPrefix(found, bare)
			if strings.HasPrefix(rest, "  ") {
				rest += strings.Repeat(" ", max(0, len(bare)-len(r.with)))
			}
			return r.with + rest
		})
	}
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(product, "")
}

// TestDoctorTimeout puts an endpoint that never answers beside a good one: what
// the good one can do is said all the same.
func TestDoctorTimeout(t *testing.T) {
	t.Parallel()
	good, stop := faultrpc.NewServer(faultrpc.Development(1, 60)).Start()
	defer stop()
	optimism, stop2 := faultrpc.NewServer(faultrpc.Development(10, 60)).Start()
	defer stop2()
	hang, _ := hanging(t)
	out := program(t, "doctor", "--allow-dev-chain", "--timeout", "4s", "--hub", hang+"/SENTINEL-5f2d9c",
		"--rpc", "ethereum="+hang+"/SENTINEL-5f2d9c", "--rpc", "ethereum="+good, "--rpc", "optimism="+optimism)
	for _, want := range []string{"not usable", "did not answer in time", "good for this job", "check:  not possible"} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("found no %q", want)
		}
	}
	if out.code != exitTrouble || out.stderr != "" || strings.Contains(out.stdout, "SENTINEL") || t.Failed() {
		t.Errorf("found exit code %d, %s, %q", out.code, out.stdout, out.stderr)
	}
}

// TestDoctorWarns asks two endpoints that are on two forks of a chain.
func TestDoctorWarns(t *testing.T) {
	t.Parallel()
	args := []string{"doctor", "--at", "2022-09-15T06:45:00Z", "--allow-dev-chain", "--hub", "http://127.0.0.1:1/"}
	for fork := range byte(2) {
		chain := faultrpc.Public(1, 60)
		chain.Fork(faultrpc.Merge+5, fork)
		url, stop := faultrpc.NewServer(chain).Start()
		defer stop()
		args = append(args, "--rpc", "ethereum="+url)
	}
	for agree, want := range map[string]string{
		"1": `(?m)^warning: ethereum: the block asked for is 15537405 \(0x[0-9a-f]{64}\) at .*: endpoints disagree$`,
		"2": `(?m)^report: not possible: ethereum: the block asked for is 15537405 .*: endpoints disagree$`,
	} {
		out := program(t, append(args, "--agree", agree)...)
		if out.code != exitTrouble || out.stderr != "" || !regexp.MustCompile(want).MatchString(unbroken(out.stdout)) {
			t.Errorf("--agree %s: found exit code %d, %s%s, want %s", agree, out.code, out.stdout, out.stderr, want)
		}
	}
}

// TestDoctorInterrupted leaves no table.
func TestDoctorInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hang, asked := hanging(t)
	go func() {
		<-asked
		cancel()
	}()
	out := programUntil(ctx, "doctor", "--hub", hang, "--rpc", "ethereum="+hang, "--rpc", "optimism="+hang)
	if !out.interrupted() {
		t.Errorf("found %+v", out)
	}
}
