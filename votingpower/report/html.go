package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

//go:embed html.tmpl
var htmlTemplate string

// writeHTML writes the report as a page.
func (r *Report) writeHTML(w io.Writer) error {
	d := r.document
	p := Page{
		Title:   fmt.Sprintf("Quorum of %s %s, as of %s", rounded(rational(d.Quorum.Tokens)), r.symbol(), d.At.UTC),
		Summary: r.sentence(), Of: d.Model.Name, Marks: r.heavy(), Funcs: r.pageFunctions(),
		Foot: "Figures are rounded to three decimals, halves away from zero; verdicts and exact figures are not.",
	}
	if d.Vote != nil {
		p.Title = r.pageHeadline().Words + ": " + quoted(d.Vote.Title, maxName)
	}
	return p.Write(w, htmlTemplate, d)
}

func (r *Report) pageFunctions() template.FuncMap {
	functions := r.functions()
	maps.Copy(functions, template.FuncMap{
		"symbol":       r.symbol,
		"headline":     r.pageHeadline,
		"marks":        func() []string { return titles(r.heavy()) },
		"sentence":     r.sentence,
		"recomputed":   r.recomputed,
		"gauge":        r.gauge,
		"choices":      r.choiceBars,
		"sum":          r.sumBars,
		"voters":       r.largestVoters,
		"findings":     r.findingsByLevel,
		"scoresDiffer": r.scoresDiffer,
		"address":      r.linked,
		"proposal":     r.proposalPage,
		"level":        func(a Assurance, development bool) string { return strings.TrimSpace(a.words("", development)) },
		"isURL":        plainURL.MatchString,
		"column":       func(number string) string { return strings.Replace(column(rational(number)), "-", "−", 1) },
		"shown":        r.shown,
		"longer": func(title string) string {
			if whole := clean(title, maxWhole); whole != clean(title, maxTitle) {
				return whole
			}
			return ""
		},
	})
	return functions
}

// maxWhole is how many characters of a title are kept for who wants to read the whole.
const maxWhole = 10_000

type pageHeadline struct{ Words, Tone, Icon string }

// pageHeadline says the verdict in words, and with a mark that does not depend on a color.
func (r *Report) pageHeadline() pageHeadline {
	words, good, bad := r.headline()
	switch {
	case good:
		return pageHeadline{words, "good", "ok"}
	case bad:
		return pageHeadline{words, "bad", "no"}
	case r.document.Verdict == vote.NotFinal:
		return pageHeadline{words, "", "wait"}
	}
	return pageHeadline{words, "", "warn"}
}

// sentence says what the quorum is, or how the turnout compares with it.
func (r *Report) sentence() string {
	d, unit := r.document, "\u00a0"+r.symbol()
	if d.Vote == nil {
		return r.quorumSentence()
	}
	t := d.Vote.Turnout
	if t.Tokens == "" {
		return "The turnout is not known yet."
	}
	subject, verb := "The turnout of ", "miss"
	if t.Reached {
		verb = "reach"
	}
	switch d.Verdict {
	case vote.Disagrees:
		subject, verb = "By these figures, the turnout of ", verb+"es"
	case vote.NotEstablished:
		verb = "would by itself " + verb
	default:
		verb += "es"
	}
	text := subject + r.shown(t.Tokens) + unit + " " + verb + " the quorum of " + r.shown(d.Quorum.Tokens) + unit
	if !d.Vote.Final {
		text += " so far"
	}
	margin, _ := visible(strings.TrimPrefix(t.Margin, "-")) // of a number that the document wrote
	switch {
	case t.Margin == "0":
		return text + ", exactly."
	case t.Reached:
		return text + ", with " + margin + unit + " to spare."
	}
	return text + ", by " + margin + unit + "."
}

// quorumSentence says what the quorum is, and where it comes from.
func (r *Report) quorumSentence() string {
	d, unit := r.document, "\u00a0"+r.symbol()
	power := rounded(rational(d.VotingPower.Tokens)) + unit
	quorum := "The quorum is " + rounded(rational(d.Quorum.Tokens)) + unit
	switch {
	case d.Quorum.Rule == "":
		return quorum + ": " + basis(d.Quorum) + " of the circulating voting power of " + power + "."
	case d.Quorum.Fraction == "":
		return quorum + ", " + basis(d.Quorum) + ". The circulating voting power, for information, is " + power + "."
	}
	return quorum + ", " + basis(d.Quorum) + ". The circulating voting power is " + power + "."
}

// shown rounds turnout or quorum.
func (r *Report) shown(tokens string) string {
	d := r.document
	return apart(rounded, rational(d.Vote.Turnout.Tokens), rational(d.Quorum.Tokens))(rational(tokens))
}

// recomputed says of how many votes the power was recomputed, and agrees.
func (r *Report) recomputed() string {
	v := r.document.Vote
	switch p := v.Power; {
	case r.outcome.Power == nil, p.Differing == 0 && len(p.Unverifiable) == len(v.Strategies):
		return "The voters' power was not read from the chains."
	case p.Differing > 0:
		return fmt.Sprintf("The hub's power of %d of %s is not what was recomputed.", p.Differing, votes(v.Votes))
	case v.Votes == 0:
		return ""
	case p.Recomputed == v.Votes:
		return fmt.Sprintf("The power of %s was recomputed, and agrees.", all(v.Votes))
	case p.Recomputed == 0:
		return "No voter's whole power can be recomputed; what was recomputed agrees."
	default:
		return fmt.Sprintf("The whole power of %d of %s was recomputed, and agrees.", p.Recomputed, votes(v.Votes))
	}
}

func all(n int) string {
	if n == 1 {
		return "the only vote"
	}
	return "all " + votes(n)
}

// scoresDiffer reports whether the recount accuses the hub. What merely could not be established, or
// can still change, accuses nobody.
func (r *Report) scoresDiffer() bool {
	return slices.ContainsFunc(r.document.Findings, func(f vote.Finding) bool {
		return f.Level == vote.Failure && f.Code == vote.ScoresDiffer
	})
}

// group is the findings of one level.
type group struct {
	Name, Tone, Icon string
	Found            []vote.Finding
}

// findingsByLevel lists the findings, the most serious first.
func (r *Report) findingsByLevel() (list []group) {
	groups := []group{{Name: "Failures", Tone: "bad", Icon: "no"}, {Name: "Warnings", Tone: "warn", Icon: "warn"},
		{Name: "Found right", Tone: "good", Icon: "ok"}, {Name: "Noted", Icon: "note"}}
	for _, f := range r.document.Findings {
		of := &groups[3]
		switch {
		case f.Level == vote.Failure:
			of = &groups[0]
		case f.Level == vote.Warning:
			of = &groups[1]
		case slices.Contains(right, f.Code):
			of = &groups[2]
		}
		of.Found = append(of.Found, f)
	}
	return slices.DeleteFunc(groups, func(g group) bool { return g.Found == nil })
}

// linked is an address with a link to the explorer of its chain, if that would show the same.
func (r *Report) linked(what, chain, address string) (copyable, error) {
	id, err := chains.ParseID(chain)
	if err != nil {
		return copyable{}, err
	}
	page := ""
	if r.realChains() && common.IsHexAddress(address) {
		page = explorer(id, "address", address)
	}
	return newCopyable(what, clean(address, maxName), page), nil
}

// realChains reports whether the public explorers of chains, and the hub's pages, show the same.
func (r *Report) realChains() bool {
	return !r.synthetic() && !has(r.document.Findings, vote.DevelopmentChain)
}

// The public hub, and the names of spaces that a URL can have as they are.
const publicHub = "hub.snapshot.org"

var isSpace = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// proposalPage is the page of the proposal on the public hub, "" if it is not from there.
func (r *Report) proposalPage() string {
	v := r.document.Vote
	if v.Hub != publicHub || !r.realChains() || !isHex.MatchString(v.ID) || !isSpace.MatchString(v.Space) {
		return ""
	}
	return "https://snapshot.box/#/s:" + v.Space + "/proposal/" + v.ID
}
