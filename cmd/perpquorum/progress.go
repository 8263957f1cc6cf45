package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// progress shows a person at a terminal what the program is waiting for, in one
// line of standard error that is wiped at the end. Without a terminal it shows
// nothing. With NO_COLOR set, or on a dumb terminal, it writes plain lines.
type progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: silent
	plain bool
	shown bool
	hints []string // to print at the end, terminal or not
}

func newProgress(stderr io.Writer) *progress {
	file, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &progress{}
	}
	return &progress{w: file, plain: plainTerminal()}
}

// screen holds back what is printed to standard output, and knows what that shows.
type screen struct {
	bytes.Buffer
	style report.Style
}

// styleOf is that of standard output, and plain for anything else, such as a file.
func styleOf(w io.Writer) report.Style {
	if s, ok := w.(*screen); ok {
		return s.style
	}
	return report.Style{}
}

func terminalStyle(stdout io.Writer) report.Style {
	file, ok := stdout.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return report.Style{}
	}
	locale := strings.ToUpper(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG")))
	return report.Style{
		Color: !plainTerminal(), Symbols: strings.Contains(locale, "UTF-8") || strings.Contains(locale, "UTF8"),
	}
}

func plainTerminal() bool { return os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" }

// terminal reports whether somebody sees it.
func (p *progress) terminal() bool { return p != nil && p.w != nil }

func (p *progress) say(format string, args ...any) {
	if !p.terminal() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.plain:
		fmt.Fprintf(p.w, "perpquorum: %s\n", fmt.Sprintf(format, args...))
	default:
		fmt.Fprintf(p.w, "\r\x1b[Kperpquorum: %s …", fmt.Sprintf(format, args...))
		p.shown = true
	}
}

// hint keeps what the user can do better, to be printed once.
func (p *progress) hint(format string, args ...any) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if text := fmt.Sprintf(format, args...); !slices.Contains(p.hints, text) {
		p.hints = append(p.hints, text)
	}
}

// clear wipes the line, so that nothing of it stays beside the product.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

// progressNode is a client that shows what it is asked for.
type progressNode struct {
	*chains.Client
	p  *progress
	id chains.ID
}

func (n *progressNode) BlockAt(ctx context.Context, t time.Time) (chains.Block, error) {
	n.p.say("looking for the block of %s at %s", n.id, t.UTC().Format(time.RFC3339))
	return n.Client.BlockAt(ctx, t)
}

func (n *progressNode) CallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	n.p.say("reading %d values of %s at block %d", len(calls), n.id, b.Number())
	return n.Client.CallAt(ctx, b, calls)
}

func (n *progressNode) BulkCallAt(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	n.p.say("reading %d values of %s at block %d", len(calls), n.id, b.Number())
	return n.Client.BulkCallAt(ctx, b, calls)
}

// Prove implements chains.Prover.
func (n *progressNode) Prove(
	ctx context.Context, b chains.Block, calls []chains.Call,
) ([]chains.Answer, chains.Witness, error) {
	n.p.say("proving %d values of %s at block %d", len(calls), n.id, b.Number())
	return proof.Node{Client: n.Client}.Prove(ctx, b, calls)
}
