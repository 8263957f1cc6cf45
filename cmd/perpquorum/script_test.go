package main

import (
	"errors"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// TestMain lets the scripts run the real program as a command of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"perpquorum": main, "measured": measured})
}

// TestScripts runs the program in testdata/script: each file tells commands and
// what they must write to standard output and standard error, and exit with.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
	})
}

// TestLiveScripts runs the program in testdata/live against two local chains.
func TestLiveScripts(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	ethereumMirror, optimismMirror := mirror(t, w.Ethereum.URL), mirror(t, w.Optimism.URL)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/live",
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PERPQUORUM_RPC_ETHEREUM", w.Ethereum.URL)
			env.Setenv("PERPQUORUM_RPC_OPTIMISM", w.Optimism.URL)
			env.Setenv("ETHEREUM", w.Ethereum.URL)
			env.Setenv("OPTIMISM", w.Optimism.URL)
			env.Setenv("ETHEREUM_MIRROR", ethereumMirror)
			env.Setenv("OPTIMISM_MIRROR", optimismMirror)
			env.Setenv("ETHEREUM_HEAD", strconv.FormatUint(w.Ethereum.Head().NumberU64(), 10))
			env.Setenv("HEAD_TIME", strconv.FormatUint(min(w.Ethereum.Head().Time(), w.Optimism.Head().Time()), 10))
			env.Setenv("ETHEREUM_BLOCK", w.Ethereum.At(testchain.Snapshot).Number().String())
			env.Setenv("OPTIMISM_BLOCK", w.Optimism.At(testchain.Snapshot).Number().String())
			env.Setenv("OPTIMISM_NEXT", strconv.FormatUint(w.Optimism.At(testchain.Snapshot).NumberU64()+1, 10))
			env.Setenv("AFTER_HEAD", strconv.FormatUint(max(w.Ethereum.Head().Time(), w.Optimism.Head().Time())+1, 10))
			return nil
		},
	})
}

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

// commands are the commands of our own that scripts use.
func commands() map[string]scriptCommand {
	return map[string]scriptCommand{"exits": exits, "judges": judges, "replace": replace, "posts": posts, "says": says}
}

var blanks = regexp.MustCompile(`\n {4,}| {2,}`)

// says is the script command "says REGEXP". It is stdout for text whose lines are broken after 80
// columns, with single spaces.
func says(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] says REGEXP")
	}
	text := blanks.ReplaceAllString(ts.ReadFile("stdout"), " ")
	if found := regexp.MustCompile("(?m)" + args[0]).MatchString(text); found == neg {
		ts.Fatalf("%s: found %v in\n%s", args[0], found, text)
	}
}

// posts is the script command "posts FILE". It demands that the program printed the text of the
// file, and behind that the hash of the bundle, in which ports of endpoints have a part.
func posts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: posts FILE")
	}
	text, hash, found := strings.Cut(strings.ReplaceAll(ts.ReadFile("stdout"), "\n    ", " "), "\nBundle SHA-256: ")
	if want := ts.ReadFile(args[0]); text != want || !found || len(hash) != 64+len("\n") {
		ts.Fatalf("found\n%s%s\nwant\n%s", text, hash, want)
	}
}

// exits is the script command "exits CODE program arguments…". Beside the exit
// code it demands what holds for every failure: nothing on standard output, and
// only error and hint lines on standard error; and for every success, an empty
// standard error.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program arguments…")
	}
	got := exitCodeOf(ts, args[1:])
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if args[0] == "quiet" { // the output is in a file
		if got != exitDone || stdout+stderr != "" {
			ts.Fatalf("exit code %d with %q and %q", got, stdout, stderr)
		}
		return
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
	if args[0] == "0" {
		if stderr != "" || stdout == "" {
			ts.Fatalf("success with %d bytes on standard output and %q on standard error", len(stdout), stderr)
		}
		return
	}
	if stdout != "" {
		ts.Fatalf("failure with something on standard output")
	}
	if !errorLines.MatchString(stderr) {
		ts.Fatalf("standard error has other lines than errors and hints")
	}
}

// exitCodeOf runs a program.
func exitCodeOf(ts *testscript.TestScript, args []string) int {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

var errorLines = regexp.MustCompile(`^(perpquorum: error: [^\n]+\n)+(perpquorum: hint: [^\n]+\n)*$`)

// judges is the script command "judges CODE program arguments…", for a program
// that prints its product whatever the exit code is.
func judges(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: judges CODE program arguments…")
	}
	if got := exitCodeOf(ts, args[1:]); strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
	if stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr"); stdout == "" || stderr != "" {
		ts.Fatalf("%d bytes on standard output and %q on standard error", len(stdout), stderr)
	}
}

// replace is the script command "replace FILE OLD NEW", for the first OLD.
func replace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: replace FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	changed := strings.Replace(text, args[1], args[2], 1)
	if changed == text {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(changed), 0o644))
}
