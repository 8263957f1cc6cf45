package report

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"text/template"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Style says what a reader's screen can show. The zero value is good for files and pipes.
type Style struct {
	Color   bool // ANSI escapes, which repeat what the marks say
	Symbols bool // ✓, ✗ and blocks, instead of OK, NO and ASCII
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
	tag := r.tag()
	return s.paint(r.verdict(s)) + strings.TrimRight("  "+s.paint(tag), " ")
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
		return bad + "NO" + off
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
	name, rest, found := strings.Cut(words, ":")
	if found {
		rest = ":" + rest
	}
	mark, _ := strings.CutSuffix(bold+s.symbol(level), off)
	return mark + " " + strings.ToUpper(name) + off + rest
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
		"head":    func() string { return r.head(s) },
		"figures": func() (string, error) { return r.figures(s) },
		"choices": func() ([]string, error) { return r.choiceLines(s) },
		"byLevel": r.byLevel,
		"row":     row, "mark": s.symbol, "found": s.found,
		"tick": func(ok bool) string {
			if ok {
				return s.symbol(vote.Info)
			}
			return s.symbol(vote.Warning)
		},
		"strategy": describeStrategy,
		"about":    about,
		"read":     readAt,
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

// about says whose vote it is, and when it ends.
func about(v *Vote) string {
	when := v.State + ", ends "
	if v.State == "closed" {
		when = "closed "
	}
	when += v.End.UTC
	if !v.Final {
		when += ", not final"
	}
	text := fmt.Sprintf("%s, %s vote, %s, %s", quoted(v.Space, maxName), quoted(v.Type, maxName), when, votes(v.Votes))
	if v.HubVotes != v.Votes {
		text += fmt.Sprintf(" (the hub counts %d)", v.HubVotes)
	}
	return dim + text + off
}

// readAt says at which block a chain was read, and what speaks for the figures.
func readAt(c Chain) string {
	text, standing := fmt.Sprintf("block %d, %s", c.Number, c.Time.UTC), c.words(c.Hash, c.Development)
	if standing != "" {
		text += ": " + clean(standing, maxDetail)
	}
	if !strings.Contains(standing, c.Hash) {
		text += ", hash " + c.Hash
	}
	return text
}

// detailColumn is where the words beside a label begin.
const detailColumn = 26

// row is a mark, a label and words beside it, or below a label that is too long.
func row(mark, label, words string) string {
	if mark == "" {
		mark, label = " ", dim+label+off
	}
	head := mark + " " + label
	gap := detailColumn - columns(head)
	if gap < 2 {
		head, gap = head+"\n", detailColumn
	}
	return strings.TrimSuffix(Wrap(head+strings.Repeat(" ", gap)+words+"\n", detailColumn), "\n")
}

// figures are turnout and quorum, with a bar of both.
func (r *Report) figures(s Style) (string, error) {
	d, t := r.document, r.document.Vote.Turnout
	power, quorum := rational(d.VotingPower.Tokens), rational(d.Quorum.Tokens)
	of := basis(d.Quorum) + "; the voting power is " + rounded(power)
	if d.Quorum.Rule == "" {
		of = basis(d.Quorum) + " of " + rounded(power)
	}
	width := 18
	line := func(label, number, note string) string {
		return strings.TrimRight(fmt.Sprintf("  %s%-9s%s %*s %s  %s", dim, label, off, width, number, r.symbol(), note), " ")
	}
	if t.Tokens == "" {
		return "  turnout   not known yet\n" + line("quorum", column(quorum), of), nil
	}
	turnout := rational(t.Tokens)
	write := column
	if write(turnout) == write(quorum) && turnout.Cmp(quorum) != 0 { // no verdict is read off a rounded figure
		write = func(x *big.Rat) string { return grouped(votingpower.Decimal(x)) }
		width = max(width, len(write(turnout)), len(write(quorum)))
	}
	share := ""
	if t.Share != "" {
		share = t.Share + "% of the voting power"
	}
	label, note := "to spare", ""
	margin := rational(t.Margin)
	if margin.Sign() < 0 {
		label, margin = "missing", margin.Neg(margin)
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
	lines := []string{line("turnout", write(turnout), share), line("quorum", write(quorum), of),
		line(label, write(margin), strings.TrimSpace(note))}
	if power.Sign() > 0 {
		lines = append(lines, "", r.bar(s, power, turnout, quorum))
	}
	return strings.Join(lines, "\n"), nil
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
	return "  " + strings.Join(cells, "") + "\n  " + dim + strings.TrimRight(strings.Join(scale, ""), " ") + off
}

// choiceLines are the choices with their scores, and what the recount says of each.
func (r *Report) choiceLines(s Style) (lines []string, err error) {
	const names = 24 // columns
	for _, c := range r.choices() {
		name, score, counted, says := "Invalid choices", "no score yet", "", "in no score"
		if !c.Invalid {
			name = quoted(c.Choice, maxName)
		}
		if c.Hub != "" {
			score = column(rational(c.Hub))
			if rational(c.Hub).Sign() != 0 && strings.Trim(score, "-0.") == "" {
				score = grouped(c.Hub)
			}
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
		if gap := names - columns(name); gap >= 0 {
			name += strings.Repeat(" ", gap)
		} else {
			name += "\n" + strings.Repeat(" ", names+2) // wrapped with the rest
		}
		lines = append(lines, fmt.Sprintf("  %s %18s %6s %12s  %s", name, score, c.Share, counted, says))
	}
	return lines, nil
}

// byLevel lists the findings: failures, warnings, and then what was found right.
func (r *Report) byLevel() []vote.Finding {
	order := []vote.Level{vote.Failure, vote.Warning, vote.Info}
	return slices.SortedStableFunc(slices.Values(r.document.Findings), func(a, b vote.Finding) int {
		return slices.Index(order, a.Level) - slices.Index(order, b.Level)
	})
}

// describeStrategy says what a strategy gives to the turnout, and what establishes it.
func describeStrategy(s Strategy) (string, error) {
	text := quoted(s.Name, maxName)
	if s.Tokens != "" {
		tokens, err := visible(s.Tokens)
		if err != nil {
			return "", err
		}
		text += " gives " + tokens
		if s.Share != "" {
			text += " (" + s.Share + "%)"
		}
	}
	if text += ", established: "; !s.Established {
		text = strings.TrimSuffix(text, "established: ") + "not established: "
	}
	text += clean(s.Reason, maxDetail)
	if reads := reading(s); reads != "" {
		text += "; reads " + clean(reads, maxDetail)
	}
	return text, nil
}
