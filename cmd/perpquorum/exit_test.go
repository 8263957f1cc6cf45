package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("anything"), 1},
		{context.DeadlineExceeded, 1},
		{os.ErrNotExist, 1},
		{report.ErrBundle, 1},
		{chains.ErrArchive, 1},
		{chains.ErrWrongChain, 1},
		{usagef("wrong"), 2},
		{chains.ErrEndpointURL, 2},
		{verdictError(exitNotReached), 10},
		{chains.ErrDisagree, 11},
		{&codedError{votingpower.ErrEvidence, exitDisagree}, 11},
		{votingpower.ErrEvidence, 1}, // of what was just read
		{chains.ErrNotFinalized, 12},
		{chains.ErrNoBlockYet, 12},
	}
	for _, test := range tests {
		for _, err := range []error{test.err, hintf(test.err, "a hint"), fmt.Errorf("ethereum: %w", test.err)} {
			if test.err == nil {
				err = nil
			}
			if got := exitCode(err); got != test.want {
				t.Errorf("exitCode(%v) = %d, want %d", err, got, test.want)
			}
		}
	}
}

func TestPrintError(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	printError(&out, hintf(fmt.Errorf("ethereum: %w", hintf(errors.New("first\nsec\x1b[2Jond"), "inner")), "outer"))
	const want = `perpquorum: error: ethereum: first
perpquorum: error: sec[2Jond
perpquorum: hint: inner
perpquorum: hint: outer
`
	if out.String() != want {
		t.Errorf("found\n%s", out.String())
	}
}

// brokenWriter is a standard output that has gone away.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestFailedOutputIsTrouble(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	got := run(t.Context(), []string{"perpquorum", "model"}, strings.NewReader(""), brokenWriter{}, &stderr)
	if got != exitTrouble || stderr.String() != "perpquorum: error: standard output: broken pipe\n" {
		t.Errorf("found exit code %d, %q", got, stderr.String())
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out := programUntil(ctx, "report", "--rpc", "ethereum=http://127.0.0.1:1", "--rpc", "optimism=http://127.0.0.1:1")
	if !out.interrupted() {
		t.Errorf("found %+v", out)
	}
}
