package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// progress shows a person at a terminal what the program is waiting for, in one
// line of standard error that is wiped at the end. Without a terminal it shows
// nothing but what was asked for. With NO_COLOR set, or on a dumb terminal, it writes plain lines.
type progress struct {
	mu     sync.Mutex
	w      io.Writer
	width  func() int // columns of the terminal; nil where there is none
	plain  bool
	shown  bool
	done   string   // how many of several votes are done, such as "3/100 votes done, "
	step   string   // what the program waits for
	listed string   // how many votes were read, such as "votes 3,000/6,300"
	reads  [2]int   // values read, of those that were asked for
	hints  []string // to print at the end, terminal or not
	asked  *requestLog
}

func newProgress(stderr io.Writer) *progress {
	p := &progress{w: stderr, plain: plainTerminal(), asked: &requestLog{servers: map[string]*asked{}}}
	if file, ok := stderr.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.width = func() int {
			if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
				return columns
			}
			return 80
		}
	}
	return p
}

// terminal reports whether somebody sees it.
func (p *progress) terminal() bool { return p != nil && p.width != nil }

// say shows what is waited for, or how many votes were read.
func (p *progress) say(format string, args ...any) {
	if !p.terminal() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch text := fmt.Sprintf(format, args...); {
	case strings.HasPrefix(text, "votes "):
		p.listed = text
	default:
		p.step = p.done + text
	}
	if p.plain {
		fmt.Fprintln(p.w, strings.TrimSuffix(p.line(math.MaxInt), " …"))
		return
	}
	p.draw()
}

// history shows how many of several votes are done, and what is read next.
func (p *progress) history(votes, of int, step string) {
	if !p.terminal() {
		return
	}
	p.mu.Lock()
	if done := fmt.Sprintf("%d/%d votes done, ", votes, of); of > 0 && done != p.done {
		p.done, p.listed, p.reads = done, "", [2]int{}
	}
	p.mu.Unlock()
	p.say("%s", cmp.Or(step, "reading the next one"))
}

// tell is for what follows a long wait: it prints a line where there is no terminal.
func (p *progress) tell(format string, args ...any) {
	if p == nil || p.terminal() {
		p.say(format, args...)
		return
	}
	fmt.Fprintln(p.w, "perpquorum: "+printable(fmt.Sprintf(format, args...)))
}

// read adds to the values that were read, or asked for.
func (p *progress) read(n, of int) {
	if !p.terminal() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reads[0], p.reads[1] = p.reads[0]+n, p.reads[1]+of; !p.plain {
		p.draw()
	}
}

func (p *progress) draw() {
	fmt.Fprint(p.w, "\r\x1b[K"+p.line(p.width()))
	p.shown = true
}

// line is the longest form that leaves the last column of the terminal free.
func (p *progress) line(columns int) string {
	counts, last, percent := p.listed, p.listed, ""
	if p.reads[1] > 0 {
		last = fmt.Sprintf("reads %s/%s", thousands(p.reads[0]), thousands(p.reads[1]))
		counts = strings.TrimPrefix(counts+"; "+last, "; ")
		percent = fmt.Sprintf(" %d%%", 100*p.reads[0]/p.reads[1])
	}
	forms := []string{
		"perpquorum: " + p.step + ": " + counts + percent, "perpquorum: " + counts + percent, counts + percent, counts,
		last + percent, last, strings.TrimSpace(percent),
	}
	if counts == "" {
		forms = []string{"perpquorum: " + p.step + " …", p.step + " …", p.step}
	}
	for _, form := range forms {
		if utf8.RuneCountInString(form) < columns {
			return form
		}
	}
	last = forms[len(forms)-1]
	return string([]rune(last)[:max(0, min(columns-1, utf8.RuneCountInString(last)))])
}

// thousands writes a number in groups of three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
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
	n.p.read(0, len(calls))
	defer n.p.read(len(calls), 0)
	return n.Client.BulkCallAt(ctx, b, calls)
}

// Prove implements chains.Prover.
func (n *progressNode) Prove(
	ctx context.Context, b chains.Block, calls []chains.Call,
) ([]chains.Answer, chains.Witness, error) {
	n.p.say("proving %d values of %s at block %d", len(calls), n.id, b.Number())
	return proof.Node{Client: n.Client}.Prove(ctx, b, calls)
}
