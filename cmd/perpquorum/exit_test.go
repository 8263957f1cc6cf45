package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func TestExitCode(t *testing.T) {
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
		{votingpower.ErrEvidence, 11},
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
	var out bytes.Buffer
	printError(&out, hintf(fmt.Errorf("ethereum: %w", hintf(errors.New("first\nsec\x1b[2Jond"), "inner")), "outer"))
	const want = `perpquorum: error: ethereum: first
perpquorum: error: sec[2Jond
perpquorum: hint: outer
perpquorum: hint: inner
`
	if out.String() != want {
		t.Errorf("found\n%s", out.String())
	}
}

// brokenWriter is a standard output that has gone away.
type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestFailedOutputIsTrouble(t *testing.T) {
	var stderr bytes.Buffer
	got := run(t.Context(), []string{"perpquorum", "model"}, strings.NewReader(""), brokenWriter{}, &stderr)
	if got != exitTrouble || stderr.String() != "perpquorum: error: standard output: broken pipe\n" {
		t.Errorf("found exit code %d, %q", got, stderr.String())
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	got := run(ctx, []string{"perpquorum", "report", "--rpc", "ethereum=http://127.0.0.1:1", "--rpc", "optimism=http://127.0.0.1:1"},
		strings.NewReader(""), &stdout, &stderr)
	if got != exitTrouble || stdout.Len() > 0 || stderr.String() != "perpquorum: error: interrupted\n" {
		t.Errorf("found exit code %d, %q, %q", got, stdout.String(), stderr.String())
	}
}

func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "bundle.json")
	write := func(text string, fail error) error {
		return writeWhole(name, func(w io.Writer) error {
			_, err := w.Write([]byte(text))
			return errors.Join(err, fail)
		})
	}
	holds := func(want string) {
		t.Helper()
		got, err := os.ReadFile(name)
		if err != nil || string(got) != want {
			t.Errorf("found %q, %v; want %q", got, err, want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("found %d files, want 1", len(entries))
		}
	}
	if err := write("first", nil); err != nil {
		t.Fatal(err)
	}
	holds("first")
	if err := write("half", errors.New("disk full")); err == nil {
		t.Error("a failed write went unnoticed")
	}
	holds("first")
	if err := write("second", nil); err != nil {
		t.Fatal(err)
	}
	holds("second")
	if err := writeWhole(dir, nil); err == nil {
		t.Error("a directory was taken for a file")
	}
}
