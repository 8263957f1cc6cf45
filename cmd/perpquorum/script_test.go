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
)

// TestMain lets the scripts run the real program as a command of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"perpquorum": main, "measured": measured})
}

// TestScripts runs the program in testdata/script: each file tells commands and
// what they must write to standard output and standard error, and exit with.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Cmds:                commands(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
	})
}

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

// commands are the commands of our own that scripts use.
func commands() map[string]scriptCommand {
	return map[string]scriptCommand{"exits": exits, "replace": replace}
}

// exits is the script command "exits CODE program arguments…". Beside the exit
// code it demands what holds for every failure: nothing on standard output, and
// only error and hint lines on standard error; and for every success, an empty
// standard error.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program arguments…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	stdout, stderr := ts.ReadFile("stdout"), ts.ReadFile("stderr")
	if want == 0 {
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

var errorLines = regexp.MustCompile(`^(perpquorum: error: [^\n]+\n)+(perpquorum: hint: [^\n]+\n)*$`)

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
