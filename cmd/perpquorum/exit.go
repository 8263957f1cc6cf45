package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
)

// Exit codes of every command.
const (
	exitDone           = 0  // for check: quorum reached and everything agrees
	exitTrouble        = 1  // node, hub, file, timeout, interruption; never a verdict
	exitUsage          = 2  // wrong command line, endpoint URL or model file
	exitNotReached     = 10 // quorum not reached
	exitDisagree       = 11 // evidence, tally, voting power or claim do not match
	exitNotFinal       = 12 // vote open, scores pending, block not finalized or not there yet
	exitNotEstablished = 13 // quorum reached only with power that is not established
)

// exitMeaning is what the help of the program and the manual say about an exit code.
type exitMeaning struct {
	Code    int
	Meaning string
}

var exitMeanings = []exitMeaning{
	{exitDone, "Done; for check: the vote is final, the quorum is reached, and nothing disagrees."},
	{exitTrouble, "Trouble with a node, the hub, a file or the network, or a timeout; never a verdict. " +
		"For doctor: a report is not possible; for history: a row is missing its figures or its bundle."},
	{exitUsage, "Wrong usage: the command line, an endpoint URL or a model file."},
	{exitNotReached, "For check: the vote is final, nothing disagrees, and the quorum is not reached."},
	{exitDisagree, "Disagreement: a claim, a tally or voting power is not what was recomputed, " +
		"or two endpoints give different answers."},
	{exitNotFinal, "Not final yet: the vote is open, its scores are pending, " +
		"or a block is not finalized or does not exist yet."},
	{exitNotEstablished, "For check: the vote is final and nothing disagrees, but the quorum is " +
		"reached only with power that is not established, or, with --strict, something could not be checked."},
}

// verdictError is the error of a command that printed its product and whose
// verdict is an exit code other than 0.
type verdictError int

func (v verdictError) Error() string { return fmt.Sprintf("verdict with exit code %d", int(v)) }

// codedError is an error with an exit code of its own.
type codedError struct {
	error
	code int
}

func (e *codedError) Unwrap() error { return e.error }

// misuse says that the command line, or a file or URL it names, is not what the
// command takes.
func misuse(err error) error { return &codedError{err, exitUsage} }

func usagef(format string, args ...any) error { return misuse(fmt.Errorf(format, args...)) }

// hintedError carries what the user can do about an error.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

func hintf(err error, format string, args ...any) error {
	return &hintedError{err, fmt.Sprintf(format, args...)}
}

func seeHelp(c *cli.Command, err error) error { return hintf(err, "see %s --help", c.HelpName) }

// exitCode maps an error to the exit code that scripts branch on.
func exitCode(err error) int {
	var verdict verdictError
	var coded *codedError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &verdict):
		return int(verdict)
	case errors.As(err, &coded):
		return coded.code
	case errors.Is(err, chains.ErrEndpointURL):
		return exitUsage
	case errors.Is(err, chains.ErrDisagree):
		return exitDisagree
	case errors.Is(err, chains.ErrNotFinalized), errors.Is(err, chains.ErrNoBlockYet):
		return exitNotFinal
	}
	return exitTrouble
}

var errInterrupted = errors.New("interrupted")

// explain says in the user's words what ended the run where the error itself only
// says that a context ended, and adds the flag that helps.
func explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return errInterrupted
	case errors.Is(err, context.DeadlineExceeded):
		return hintf(fmt.Errorf("timed out: %w", err), "give it longer with --timeout, such as --timeout 10m")
	case errors.Is(err, chains.ErrDevelopment):
		return hintf(err, "--allow-dev-chain accepts a development chain and marks the output")
	case errors.Is(err, chains.ErrRateLimit):
		return hintf(err, "--rps bounds the calls per second to each endpoint")
	}
	return err
}

// momentHint says how to get a time or a block that works.
func momentHint(err error) error {
	switch {
	case errors.Is(err, chains.ErrNoContract):
		return hintf(err, "take a later time with --at if the contract was made after that block, "+
			"or a model without it with --model")
	case errors.Is(err, chains.ErrNoBlockYet), errors.Is(err, chains.ErrNotFinalized):
		return hintf(err, "take an earlier time or block%s", waitHint(err))
	}
	return err
}

// waitHint continues the hint for a block that is too new: it says that waiting
// helps only where it does, and --allow-unfinalized only where that does.
func waitHint(err error) string {
	const wait = ", or try again in half an hour"
	const mark = "; --allow-unfinalized accepts and marks a block that can still be replaced"
	var e *chains.TooNewError
	switch {
	case errors.As(err, &e) && e.Newest == nil: // no endpoint knows the finalized block
		return ", or try again in a day" + mark
	case errors.Is(err, chains.ErrNotFinalized):
		return wait + mark
	case e == nil:
		return ""
	case !e.At.IsZero() && e.At.Sub(time.Unix(int64(e.Newest.Time), 0)) < 15*time.Minute:
		return wait
	case e.At.IsZero() && e.Number-e.Newest.Number.Uint64() < 75: // 15 minutes on Ethereum
		return wait
	}
	return ""
}

// printError writes an error and its hints as one line each.
func printError(w io.Writer, err error) {
	for _, line := range strings.Split(err.Error(), "\n") {
		fmt.Fprintf(w, "perpquorum: error: %s\n", printable(line))
	}
	var hints []string // the innermost, which is closest to the fault, first
	for hinted := (*hintedError)(nil); errors.As(err, &hinted); err = hinted.error {
		hints = append([]string{hinted.hint}, hints...)
	}
	for _, hint := range hints {
		fmt.Fprintf(w, "perpquorum: hint: %s\n", printable(hint))
	}
}

// maxLine is how many characters of an error one line shows.
const maxLine = 2000

// printable makes white space single spaces, drops what a terminal would act on instead of
// showing it, and cuts the end: text in an error or a bundle can come from anybody.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return -1
	}, strings.Join(strings.Fields(cut(s, maxLine)), " "))
}

// cut shortens a text to so many characters.
func cut(s string, most int) string {
	if letters := []rune(s); len(letters) > most {
		s = string(letters[:most-1]) + "…"
	}
	return s
}
