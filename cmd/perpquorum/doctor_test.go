package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
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
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/doctor",
		Cmds:                map[string]scriptCommand{"doctor": doctor, "exits": exits},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ETHEREUM", w.Ethereum.URL+secretQuery)
			env.Setenv("OPTIMISM", w.Optimism.URL+secretQuery)
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
				url, stop := hub.New(hub.Options{Generation: g, Spaces: []hub.Space{space}, RateLimit: 100, Keys: []string{"SENTINEL-HUB-KEY"}}).Start()
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
	err := ts.Exec("perpquorum", append([]string{"doctor"}, args[1:]...)...)
	code := 0
	if exit, ok := err.(*exec.ExitError); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if strconv.Itoa(code) != args[0] || stdout == "" || stderr != "" {
		ts.Fatalf("exit code %d, want %s; %d bytes on standard output, %q on standard error", code, args[0], len(stdout), stderr)
	}
	if strings.Contains(stdout, "SENTINEL") {
		ts.Fatalf("a secret is in the product")
	}
	ts.Check(os.WriteFile(ts.MkAbs("found"), []byte(steady(stdout)), 0o644))
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
	released := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer hang.Close()
	defer close(released)
	args := []string{"perpquorum", "doctor", "--allow-dev-chain", "--timeout", "4s", "--hub", hang.URL + "/SENTINEL-5f2d9c",
		"--rpc", "ethereum=" + hang.URL + "/SENTINEL-5f2d9c", "--rpc", "ethereum=" + good, "--rpc", "optimism=" + optimism}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr)
	for _, want := range []string{"not usable", "did not answer in time", "good for this job", "check:  not possible"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("found no %q", want)
		}
	}
	if code != exitTrouble || stderr.Len() > 0 || strings.Contains(stdout.String(), "SENTINEL") || t.Failed() {
		t.Errorf("found exit code %d, %s, %q", code, stdout.String(), stderr.String())
	}
}

// TestDoctorWarns asks two endpoints that are on two forks of a chain.
func TestDoctorWarns(t *testing.T) {
	t.Parallel()
	args := []string{"perpquorum", "doctor", "--at", "2022-09-15T06:45:00Z", "--allow-dev-chain", "--hub", "http://127.0.0.1:1/"}
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
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append(args, "--agree", agree), strings.NewReader(""), &stdout, &stderr)
		if code != exitTrouble || stderr.Len() > 0 || !regexp.MustCompile(want).MatchString(stdout.String()) {
			t.Errorf("--agree %s: found exit code %d, %s%s, want %s", agree, code, &stdout, &stderr, want)
		}
	}
}

// TestDoctorInterrupted leaves no table.
func TestDoctorInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	released := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-released
	}))
	defer hang.Close()
	defer close(released)
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"perpquorum", "doctor", "--hub", hang.URL, "--rpc", "ethereum=" + hang.URL, "--rpc", "optimism=" + hang.URL},
		strings.NewReader(""), &stdout, &stderr)
	if code != exitTrouble || stdout.Len() > 0 || stderr.String() != "perpquorum: error: interrupted\n" {
		t.Errorf("found exit code %d, %q, %q", code, stdout.String(), stderr.String())
	}
}
