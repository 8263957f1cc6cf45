// Command perpquorum computes a DAO's circulating voting power and quorum at a
// moment, and checks Snapshot votes against them, from the chains or from a
// published bundle of evidence.
//
// Run perpquorum --help for the commands, and perpquorum COMMAND --help for
// each one's flags and examples.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"
)

func main() {
	// A closed pipe on standard output must be an error that the program
	// reports, not a signal that ends it.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() {
		stop() // a second Ctrl-C ends the program at once
		time.Sleep(grace)
		printError(os.Stderr, errInterrupted)
		os.Exit(exitTrouble)
	})
	if isClosed(os.Stdout) {
		printError(os.Stderr, hintf(errors.New("standard output is closed"), "write > /dev/null to print nothing"))
		os.Exit(exitTrouble)
	}
	ballast := saveMemory()
	code := run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr)
	runtime.KeepAlive(ballast)
	os.Exit(code)
}

// saveMemory lets garbage grow to a quarter of what is in use, and not to as much again: a vote of
// 100,000 who rank 60 choices takes under 600 MB instead of 800. What it returns, of which nothing is
// ever touched, counts as in use: so 64 MB of garbage are no reason to look for it, and a
// small vote takes a quarter less of the processor.
func saveMemory() (ballast []byte) {
	debug.SetGCPercent(25)
	return make([]byte, 256<<20)
}

// isClosed reports whether a stream was closed when the program started. Go's runtime then
// opens the null device in its place, to read and write; who wants to print nothing opens
// it to write.
func isClosed(stream *os.File) bool {
	info, err := stream.Stat()
	if err != nil {
		return true
	}
	null, err := os.Stat(os.DevNull)
	if err != nil || !os.SameFile(info, null) {
		return false
	}
	_, err = stream.Read(make([]byte, 1))
	return err == io.EOF // and not that it cannot be read
}

// grace is how long an interrupted run may take to end by itself. Network I/O
// ends at once; a read from a pipe that nobody writes to does not.
const grace = 700 * time.Millisecond

// guarded makes an error of one line of a panic: its stack would say nothing to a user.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = hintf(fmt.Errorf("the program failed: %v", p), "this is a bug: please report it, with the command line")
		}
	}()
	return f()
}

// inTime runs a computation that asks no server, and returns when it is done or ctx ends. What
// is computed has bounds, but no way to stop: the program ends instead.
func inTime[T any](ctx context.Context, compute func() (T, error)) (T, error) {
	var value T
	done := make(chan error, 1)
	go func() {
		done <- guarded(func() (err error) {
			value, err = compute()
			return err
		})
	}()
	select {
	case err := <-done:
		return value, err
	case <-ctx.Done():
		var none T // value may still be written to
		return none, fmt.Errorf("computing the report: %w", ctx.Err())
	}
}

// run executes one command line, args[0] being the program's name, and returns
// the exit code. What the command prints is held back until it has succeeded,
// so that standard output carries the whole product or nothing.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	product := &screen{style: terminalStyle(stdout)}
	progress := newProgress(stderr)
	app := newApp(progress)
	app.Reader, app.Writer = stdin, product
	c, argv, help, err := parseArgs(root(app), args[min(1, len(args)):])
	switch {
	case err != nil:
		err = seeHelp(c, err)
	case help:
		cli.HelpPrinterCustom(product, helpTemplate, c, helpFuncs())
	default:
		err = guarded(func() error { return app.RunContext(ctx, argv) })
	}
	progress.clear()
	var verdict verdictError
	judged := errors.As(err, &verdict)
	if err == nil || judged {
		if _, werr := stdout.Write(product.Bytes()); werr != nil && product.Len() > 0 {
			err, judged = fmt.Errorf("standard output: %w", werr), false
		}
	}
	if err != nil && !judged {
		printError(stderr, explain(ctx, err))
	}
	progress.asked.print(stderr)
	for _, hint := range progress.hints {
		fmt.Fprintf(stderr, "perpquorum: hint: %s\n", printable(hint))
	}
	return exitCode(err)
}
