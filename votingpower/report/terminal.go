package report

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"text/template"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Style says what a reader's screen can show. The zero value is good for files and pipes.
type Style struct {
	Color   bool // ANSI escapes, which repeat what the marks say
	Symbols bool // ✓, ✗ and blocks, instead of OK, X and ASCII
}

// Marks of color in text that is laid out already. Clean text has no such characters, and they take
// no column.
const (
	good, bad, warn, dim, bold, reverse, off = "\x01", "\x02", "\x03", "\x04", "\x05", "\x06", "\x0e"
)

var (
	ansi = strings.NewReplacer(good, "\x1b[32m", bad, "\x1b[31m", warn, "\x1b[33m", dim, "\x1b[2m", bold, "\x1b[1m",
		reverse, "\x1b[7;33m", off, "\x1b[m")
	colorless = strings.NewReplacer(good, "", bad, "", warn, "", dim, "", bold, "", reverse, "", off, "")
)

// RenderText writes the report as text, in one Write: that of a vote with its verdict first, and that
// of a measurement as the Text format does. Lines have at most 80 columns.
func (r *Report) RenderText(w io.Writer, s Style) error {
	text := textTemplate
	if r.document.Vote != nil {
		text = voteTemplate
	}
	out, err := r.text(text, s)
	if err == nil {
		_, err = w.Write(out)
	}
	return err
}

// VerdictLine is the first line of the text of a vote, with the marks that take weight from it.
func (r *Report) VerdictLine(s Style) string {
	return s.paint(strings.TrimRight(r.verdict(s)+"  "+r.tag(), " "))
}

func (s Style) paint(text string) string {
	if s.Color {
		return ansi.Replace(text)
	}
	return colorless.Replace(text)
}

// symbol marks a level, or what is good or bad about something.
func (s Style) symbol(level vote.Level) string {
	switch {
	case level == vote.Warning:
		return warn + "!" + off
	case level == vote.Failure && s.Symbols:
		return bad + "✗" + off
	case level == vote.Failure:
		return bad + "X" + off
	case s.Symbols:
		return good + "✓" + off
	}
	return good + "OK" + off
}

// right are the findings that say that something was found right. Others without a doubt say what is
// not known.
var right = []vote.Code{
	vote.BlockPinned, vote.EvidenceRecomputed, vote.SnapshotBlockMatches, vote.ProposalIDMatches, vote.VoteIDsMatch,
	vote.SignaturesChecked, vote.VoteFinal, vote.VotesComplete, vote.ScoresAgree, vote.VotingPowerAgrees,
	vote.StrategiesPinned, vote.HubQuorumAgrees,
}

// found marks a finding.
func (s Style) found(f vote.Finding) string {
	if f.Level == vote.Info && !slices.Contains(right, f.Code) {
		return "-"
	}
	return s.symbol(f.Level)
}

func (r *Report) verdict(s Style) string {
	words, isGood, isBad := r.headline()
	level := vote.Warning
	if isGood {
		level = vote.Info
	} else if isBad {
		level = vote.Failure
	}
	name, _, _ := strings.Cut(words, ":")
	words = strings.Replace(words, name, strings.ToUpper(name)+off, 1)
	return bold + strings.TrimSuffix(s.symbol(level), off) + " " + words
}

// tag is what takes weight from every figure.
func (r *Report) tag() string {
	if marks := r.marks(); marks != "" {
		return reverse + strings.ToUpper(marks) + off
	}
	return ""
}

// voteFuncs are the functions of the template of a vote.
func (r *Report) voteFuncs(s Style) template.FuncMap {
	return template.FuncMap{
		"head": func() string { return r.head(s) }, "figures": func() string { return r.figures(s) },
		"choices": r.choices, "scored": func(c choiceRow) string { return r.scored(s, c) },
		"byLevel": r.byLevel, "found": s.found, "mark": s.symbol,
	}
}

// head is the verdict, with what takes weight from it at the right or below.
func (r *Report) head(s Style) string {
	verdict, tag := r.verdict(s), r.tag()
	if room := lineWidth - columns(verdict) - columns(tag); room > 1 {
		return verdict + strings.Repeat(" ", room) + tag
	}
	return verdict + "\n" + tag
}

// layOut breaks lines, and puts the words behind a tab beside the mark and label before it, or below a
// long label.
func layOut(text string) string {
	const column = 26
	var out strings.Builder
	for line := range strings.Lines(text) {
		head, words, found := strings.Cut(line, "\t")
		switch gap := column - columns(head); {
		case !found:
			out.WriteString(Wrap(line, 4))
			continue
		case gap < 2:
			head += "\n" + strings.Repeat(" ", column)
		default:
			head += strings.Repeat(" ", gap)
		}
		out.WriteString(Wrap(head+words, column))
	}
	return out.String()
}

// figures are turnout and quorum, with a bar of both.
func (r *Report) figures(s Style) string {
	d, t := r.document, r.document.Vote.Turnout
	power, turnout, quorum := rational(d.VotingPower.Tokens), rational(t.Tokens), rational(d.Quorum.Tokens)
	of := basis(d.Quorum) + "; the voting power is " + rounded(power)
	if d.Quorum.Rule == "" {
		of = basis(d.Quorum) + " of " + rounded(power)
	}
	write := apart(column, turnout, quorum)
	width := max(18, len(write(turnout)), len(write(quorum)))
	line := func(label string, number *big.Rat, note string) string {
		return fmt.Sprintf("  %s%-9s%s %*s %s  %s\n", dim, label, off, width, write(number), r.symbol(), note)
	}
	if t.Tokens == "" {
		return "  turnout   not known yet\n" + line("quorum", quorum, of)
	}
	share := strings.TrimPrefix(t.Share+"% of the voting power", "% of the voting power")
	label, margin, note := "to spare", rational(t.Margin), ""
	if margin.Sign() < 0 {
		label = "missing"
	}
	if quorum.Sign() > 0 {
		note = "turnout is " + times(turnout, quorum) + " times the quorum"
	}
	switch d.Verdict {
	case vote.NotFinal:
		note += " so far"
	case vote.NotEstablished:
		note += ", by power not established"
	}
	return line("turnout", turnout, share) + line("quorum", quorum, of) + line(label, margin.Abs(margin), note) +
		r.bar(s, power, turnout, quorum)
}

// times is a ratio with two decimals, rounded down: what misses the quorum is not 1.00 times it.
func times(a, b *big.Rat) string {
	hundredths := new(big.Rat).Mul(new(big.Rat).Quo(a, b), big.NewRat(100, 1))
	whole := new(big.Int).Quo(hundredths.Num(), hundredths.Denom())
	return grouped(new(big.Rat).SetFrac(whole, big.NewInt(100)).FloatString(2))
}

// bar draws the turnout as a part of the voting power, with the quorum, and the scale below.
func (r *Report) bar(s Style, power, turnout, quorum *big.Rat) string {
	const width = 76
	if power.Sign() == 0 {
		return ""
	}
	full, empty, edge := "#", ".", "|"
	if s.Symbols {
		full, empty, edge = "█", "░", "┃"
	}
	axis := gaugeAxis(power, turnout, quorum)
	at := func(x *big.Rat) int { return max(0, min(width-1, int(width*ratio(x, axis)))) }
	cells := slices.Repeat([]string{empty}, width)
	for i := range at(turnout) {
		cells[i] = full
	}
	q := at(quorum)
	cells[q] = edge
	name, end := "quorum "+percent(quorum, power), percent(axis, power)
	scale := slices.Repeat([]string{" "}, width)
	put := func(at int, text string) { copy(scale[max(at, 0):], strings.Split(text, "")) }
	put(0, "0%")
	put(width-len(end), end)
	if scale[q] = edge; q > width/2 {
		put(q-1-columns(name), name)
	} else {
		put(q+2, name)
	}
	return "\n  " + strings.Join(cells, "") + "\n  " + dim + strings.TrimRight(strings.Join(scale, ""), " ") + off
}

// scored says how a choice scored, and what the recount says of it.
func (r *Report) scored(s Style, c choiceRow) string {
	score, counted, says := "no score yet", "", "in no score"
	if c.Hub != "" {
		score = column(rational(c.Hub))
	}
	if c.Votes >= 0 {
		counted = votes(c.Votes)
	}
	switch {
	case c.Invalid:
	case c.Recount == "":
		says = "no recount"
	case c.Agrees:
		says = s.symbol(vote.Info) + " recount"
	case r.scoresDiffer():
		says = s.symbol(vote.Failure) + " differs"
	default:
		says = s.symbol(vote.Warning) + " differs"
	}
	return fmt.Sprintf("%18s %6s %12s  %s", score, c.Share, counted, says)
}

// byLevel lists the findings: failures, warnings, and then what was found right.
func (r *Report) byLevel() []vote.Finding {
	order := []vote.Level{vote.Failure, vote.Warning, vote.Info}
	return slices.SortedStableFunc(slices.Values(r.document.Findings), func(a, b vote.Finding) int {
		return slices.Index(order, a.Level) - slices.Index(order, b.Level)
	})
}
