package report

import (
	"bytes"
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
		"words": markdownWords, "cell": p.cell, "unit": p.unit, "source": source,
		"column": func() string { return p.cell(clean(p.document.Model.Symbol, maxSymbol)) },
	}
	out, err := p.execute(postTemplate, foreign, template.FuncMap{
		"tables": func() bool { return p.tables }, "marks": p.heavy, "remarks": p.remarks,
		"heading": p.heading, "sentence": p.sentence, "choices": p.choices, "amount": p.amount, "tokens": p.tokens,
		"hash": func(chain string, number uint64, hash string) (string, error) {
			return p.link(chain, "block", fmt.Sprint(number), hash)
		},
		"level": level, "short": shortHash, "roughSum": p.document.roughSum, "where": p.where, "proposal": p.proposal,
		"steps": func() []step { list, _ := p.document.steps(); return list }, "sumBlock": p.document.sumBlock,
	})
	return append(bytes.TrimSpace(blankLines.ReplaceAll(out, []byte("\n\n"))), '\n'), err
}

var blankLines = regexp.MustCompile(`( |\n>)*\n *\n\s*`)

func (p post) unit() string {
	if symbol := p.document.Model.Symbol; plainSymbol.MatchString(symbol) {
		return markdown(symbol)
	}
	return inQuotes(p.document.Model.Symbol, maxSymbol)
}

func (p post) heading() string {
	words, _, _ := p.headline()
	return strings.Replace(words, ":", ",", 1)
}

// tokens writes an amount: for a column with three decimals, for a list as it is read, with its unit.
func (p post) tokens(number string) (string, error) {
	if number == "" {
		return "not known yet", nil
	}
	text, err := visible(number)
	switch fixed := column(rational(number)); {
	case !p.tables:
		text += " " + p.unit()
	case number == "0" || strings.Trim(fixed, "-0.") != "":
		text = fixed
	}
	return text, err
}

// amount writes the score of a choice, exactly if it is not the recounted one.
func (p post) amount(s VoteScore) (string, error) {
	switch {
	case s.Hub == "":
		return "no score yet", nil
	case s.Recount != "" && !s.Agrees:
		return grouped(s.Hub), nil
	}
	return p.tokens(s.Hub)
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
	a.Unproven = ""
	if a.Level == chains.Proven {
		return "proven"
	}
	if a.Level == "" && a.Agreed == 0 {
		return "not recorded"
	}
	return strings.Replace(a.words("", false), "bound to the block's state", "bound", 1)
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
	what, call := t.Contract, " "+code(t.Signature)
	if t.Account != "" {
		what = t.Account
		if t.Signature == "balanceOf(address)" {
			call = ""
		}
	}
	linked, err := p.link(t.Chain, "address", what, what)
	return chainName(id) + " " + linked + call, err
}

// proposal names the proposal, with a link to its page where there is one.
func (p post) proposal() string {
	id := p.document.Vote.ID
	if page := p.proposalPage(); page != "" {
		return "[`" + shortHash(id) + "`](" + page + ")"
	}
	return "`" + id + "`"
}

// remarks are the failures, and the warnings that are no marks.
func (p post) remarks() []vote.Finding {
	return slices.DeleteFunc(p.byLevel(), func(f vote.Finding) bool {
		return f.Level == vote.Info || f.Level == vote.Warning && slices.Contains(weighty, f.Code)
	})
}

// roughSum is the sum in one line, with one figure for all terms of a kind; "" if it has but one kind.
func (d *Document) roughSum() string {
	kinds := map[string]string{"supply+": "supply", "excluded-": "excluded", "escrow+": "escrowed voting power",
		"escrow-": "locked in escrow", "term+": "added", "term-": "subtracted"}
	power := rational(d.VotingPower.Tokens)
	unit, figure := "", rounded
	if power.Cmp(big.NewRat(1e6, 1)) >= 0 {
		unit, figure = " in millions", func(n *big.Rat) string {
			return grouped(new(big.Rat).Quo(n, big.NewRat(1e6, 1)).FloatString(2))
		}
	}
	var order []string
	sums := map[string]*big.Rat{}
	for _, t := range d.Terms {
		kind := t.Group + t.Sign
		if sums[kind] == nil {
			sums[kind], order = new(big.Rat), append(order, kind)
		}
		sums[kind].Add(sums[kind], rational(t.Amount.Tokens))
	}
	if len(order) < 2 {
		return ""
	}
	var text strings.Builder
	for _, kind := range order {
		sign := " + "
		if strings.HasSuffix(kind, "-") {
			sign = " − "
		}
		text.WriteString(sign + figure(sums[kind]) + " " + kinds[kind])
	}
	return fmt.Sprintf("Rounded%s: %s = **%s circulating voting power**",
		unit, strings.TrimPrefix(text.String(), " + "), figure(power))
}

// sumBlock is the exact sum, point under point, for a block of code.
func (d *Document) sumBlock() string {
	var rows [][4]string // sign, whole tokens, fraction, what
	wide, deep := 0, 0
	steps, _ := d.steps()
	for _, s := range steps {
		whole, fraction, found := strings.Cut(s.Exact(), ".")
		if found {
			fraction = "." + fraction
		}
		what := clean(s.Name, 40)
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
