package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

//go:embed post.tmpl
var postTemplate string

// post is a report for a forum: Discourse, with tables and a part that is folded away, or any
// other that knows CommonMark, with lists.
type post struct {
	*Report
	tables bool
}

func (p post) write() ([]byte, error) {
	foreign := template.FuncMap{
		"title": func(s string) string { return inQuotes(s, maxTitle) },
		"quote": func(s string) string { return inQuotes(s, maxName) },
		"long":  func(s string) string { return inQuotes(s, maxDetail) },
		"words": markdownWords, "cell": p.cell, "unit": func() string { return markdownWords(p.symbol()) }, "source": source,
		"column": func() string { return p.cell(clean(p.document.Model.Symbol, maxSymbol)) },
	}
	out, err := p.execute(postTemplate, foreign, template.FuncMap{
		"heading": func() string { words, _, _ := p.headline(); return strings.Replace(words, ":", ",", 1) },
		"tables":  func() bool { return p.tables }, "marks": p.heavy, "remarks": p.remarks,
		"sentence": p.sentence, "choices": p.choices, "tokens": p.tokens,
		"hash": func(chain string, number uint64, hash string) (string, error) {
			return p.link(chain, "block", fmt.Sprint(number), hash)
		},
		"level": level, "short": shortHash, "roughSum": p.document.roughSum, "where": p.where, "proposalPage": p.proposalPage,
		"steps": p.document.steps, "sumBlock": p.document.sumBlock,
	})
	return append(bytes.TrimSpace(blankLines.ReplaceAll(out, []byte("\n\n"))), '\n'), err
}

var blankLines = regexp.MustCompile(`( |\n>)*\n *\n\s*`)

// tokens writes an amount for a column, or for a list with its unit.
func (p post) tokens(number string) (string, error) {
	switch {
	case number == "":
		return "not known yet", nil
	case p.tables:
		return column(rational(number)), nil
	}
	text, err := visible(number)
	return text + " " + markdownWords(p.symbol()), err
}

// Note says what there is to say of a choice beside its score.
func (c choiceRow) Note() string {
	var notes []string
	if c.Votes >= 0 {
		notes = append(notes, votes(c.Votes))
	}
	if c.Share != "" {
		notes = append(notes, c.Share+" of the turnout")
	}
	if c.Invalid {
		notes = append(notes, "in no score")
	} else if c.Recount != "" && !c.Agrees {
		notes = append(notes, "recounted: "+grouped(c.Recount))
	}
	return strings.Join(notes, ", ")
}

// level says how far the reads of a chain are bound to it.
func level(a Assurance) string {
	if a.Level == chains.Proven {
		return "proven"
	}
	a.Unproven = ""
	return cmp.Or(a.words("", false), "not recorded")
}

// link makes a hash or an address short, and a link to the explorer if that would show the same.
func (p post) link(chain, kind, what, text string) (string, error) {
	id, err := chains.ParseID(chain)
	page := explorer(id, kind, what)
	if text = "`" + shortHash(text) + "`"; err != nil || page == "" || !p.realChains() {
		return text, err
	}
	return "[" + text + "](" + page + ")", nil
}

// Exact is the amount of a step.
func (s step) Exact() string { return grouped(votingpower.Decimal(s.amount)) }

// where says what a term was read from.
func (p post) where(t Term) (string, error) {
	id, err := chains.ParseID(t.Chain)
	if err != nil {
		return "", err
	}
	what, call := t.Contract, " "+code(narrow(t.Signature, 28))
	if t.Account != "" {
		what = t.Account
		if t.Signature == "balanceOf(address)" {
			call = ""
		}
	}
	linked, err := p.link(t.Chain, "address", what, what)
	return chainName(id) + " " + linked + call, err
}

// remarks are the failures, and the warnings that are no marks.
func (p post) remarks() []vote.Finding {
	return slices.DeleteFunc(p.byLevel(), func(f vote.Finding) bool {
		return f.Level == vote.Info || f.Level == vote.Warning && slices.Contains(weighty, f.Code)
	})
}

// kinds are the terms that a rounded sum takes together, by group and sign.
var kinds = [][3]string{
	{votingpower.GroupSupply, "+", "supply"}, {votingpower.GroupExcluded, "-", "excluded"},
	{votingpower.GroupEscrow, "+", "escrowed voting power"}, {votingpower.GroupEscrow, "-", "locked in escrow"},
	{votingpower.GroupTerm, "+", "added"}, {votingpower.GroupTerm, "-", "subtracted"},
}

// roughSum is the sum in one line, with a figure for each kind of terms; "" if there is but one kind.
func (d *Document) roughSum() string {
	power, million := rational(d.VotingPower.Tokens), big.NewRat(1e6, 1)
	unit, figure := "", rounded
	if power.Cmp(million) >= 0 {
		unit, figure = " in millions", func(n *big.Rat) string { return grouped(new(big.Rat).Quo(n, million).FloatString(2)) }
	}
	var parts []string
	for _, kind := range kinds {
		sum, found := new(big.Rat), false
		for _, t := range d.Terms {
			if t.Group == kind[0] && t.Sign == kind[1] {
				sum.Add(sum, rational(t.Amount.Tokens))
				found = true
			}
		}
		if found {
			parts = append(parts, strings.Replace(kind[1], "-", "−", 1)+" "+figure(sum)+" "+kind[2])
		}
	}
	if len(parts) < 2 {
		return ""
	}
	sum := strings.TrimPrefix(strings.Join(parts, " "), "+ ")
	return fmt.Sprintf("Rounded%s: %s = **%s circulating voting power**", unit, sum, figure(power))
}

// sumBlock is the exact sum, point under point, for a block of code.
func (d *Document) sumBlock() string {
	var rows [][4]string // sign, whole tokens, fraction, what
	wide, deep := 0, 0
	for _, s := range d.steps() {
		whole, fraction, found := strings.Cut(s.Exact(), ".")
		if found {
			fraction = "." + fraction
		}
		what := clean(s.Name, 25)
		if s.where != "" {
			what += " (" + s.where + ")"
		}
		rows = append(rows, [4]string{s.Sign, whole, fraction, what})
		wide, deep = max(wide, len(whole)), max(deep, len(fraction))
	}
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%s %*s%-*s  %s\n", row[0], wide, row[1], deep, row[2], row[3])
	}
	return b.String()
}
