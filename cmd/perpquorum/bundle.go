package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// The built-in examples: a quorum, and a vote.
const (
	exampleName     = "example"
	exampleVoteName = "example-vote"
)

// openBundle reads a bundle file, a built-in example, or standard input for "-".
func openBundle(name string, stdin io.Reader) (*report.Bundle, error) {
	switch name {
	case exampleName:
		return builtIn(name, fixtures.Example)
	case exampleVoteName:
		return builtIn(name, fixtures.ExampleVote)
	case "-":
		name = "standard input"
	default:
		file, err := openFile(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		stdin = file
	}
	b, err := report.ReadBundle(stdin)
	if err != nil {
		err = fmt.Errorf("%s: %w", filepath.Base(name), err)
		return nil, hintf(err, "a bundle is what report and check write with --evidence")
	}
	return b, nil
}

// builtIn reads a built-in example, unless its name is also that of a file.
func builtIn(name string, bundle []byte) (*report.Bundle, error) {
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return nil, hintf(usagef("%s is built in, and also the name of a file here", name),
			"write ./%s for the file, or go to another directory for what is built in", name)
	}
	return report.ReadBundle(bytes.NewReader(bundle))
}

// recompute reads a bundle and derives its report anew. Evidence that contradicts itself is a
// disagreement here, because the bundle's author claims a report. Nobody has claimed anything
// about what was just read from the chains: there it is trouble.
func recompute(name string, stdin io.Reader) (r *report.Report, different []report.Difference, err error) {
	b, err := openBundle(name, stdin)
	if err == nil {
		r, different, err = report.Verify(b, time.Now())
	}
	if errors.Is(err, votingpower.ErrEvidence) {
		err = &codedError{err, exitDisagree}
	}
	return r, different, err
}
