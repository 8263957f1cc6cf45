package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// writeCSV writes one row for each voter of a vote, or for each term of a report without one. The
// last column repeats the marks that take weight from the figures, in case rows are copied.
func (r *Report) writeCSV(w io.Writer) error {
	rows := r.termRows()
	if r.outcome != nil {
		rows = r.voterRows()
	}
	for _, row := range rows {
		for i := range row {
			row[i] = inert(row[i])
		}
	}
	return writeRows(w, rows)
}

func writeRows(w io.Writer, rows [][]string) error {
	var out bytes.Buffer
	if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// inert is a cell that no spreadsheet takes for a formula, one that splits rows at semicolons included;
// some read wide signs as plain ones.
func inert(cell string) string {
	if cell == "+" || cell == "-" || cell == "=" {
		return cell
	}
	return formula.ReplaceAllString(cell, "$1'$2")
}

var formula = regexp.MustCompile(`(^|;)([+@\t\r＋－＠-]|\s*[=＝])`)

func (r *Report) termRows() [][]string {
	d := r.document
	rows := [][]string{{"group", "sign", "label", "chain", "block", "contract", "function", "account",
		"base_units", "tokens", "symbol", "level", "marks"}}
	marks := r.marks()
	add := func(t Term) {
		row := []string{t.Group, t.Sign, clean(t.Label, maxName), t.Chain, "", t.Contract, t.Signature, t.Account,
			t.Amount.BaseUnits, t.Amount.Tokens, r.symbol(), "", marks}
		for _, c := range d.Chains {
			if c.Chain == t.Chain {
				row[4], row[11] = strconv.FormatUint(c.Number, 10), string(c.Level)
			}
		}
		rows = append(rows, row)
	}
	for _, term := range d.Terms {
		add(term)
	}
	if d.CirculatingSupply != nil {
		add(Term{Group: "sum", Sign: "=", Label: "circulating supply", Amount: *d.CirculatingSupply})
	}
	add(Term{Group: "sum", Sign: "=", Label: "circulating voting power", Amount: d.VotingPower})
	add(Term{Group: "quorum", Sign: "=", Label: "quorum: " + basis(d.Quorum),
		Amount: Amount{BaseUnits: d.Quorum.BaseUnits, Tokens: d.Quorum.Tokens}})
	return rows
}

func (r *Report) voterRows() [][]string {
	e := r.outcome.Evidence
	head := []string{"voter", "choice", "hub_power"}
	for k := range e.Proposal.Strategies {
		head = append(head, "hub_strategy_"+strconv.Itoa(k+1))
	}
	for k := range e.Proposal.Strategies {
		head = append(head, "recomputed_strategy_"+strconv.Itoa(k+1))
	}
	rows := [][]string{append(head, "recomputed_power", "agrees", "signature", "vote", "marks")}
	marks := r.marks()
	for i, v := range e.Votes {
		voter := r.outcome.Voter(i)
		row := []string{clean(v.Voter, maxName), clean(string(v.Choice), maxDetail), double(v.VP)}
		for k := range e.Proposal.Strategies {
			cell := ""
			if k < len(v.VPByStrategy) {
				cell = double(v.VPByStrategy[k])
			}
			row = append(row, cell)
		}
		for k := range e.Proposal.Strategies {
			cell := ""
			if k < len(voter.Scores) && voter.Scores[k] != nil {
				cell = votingpower.Decimal(voter.Scores[k])
			}
			row = append(row, cell)
		}
		total, agrees := "", "not recomputed"
		if voter.Total != nil {
			total, agrees = votingpower.Decimal(voter.Total), "yes"
		}
		if voter.Differs {
			agrees = "no"
		}
		rows = append(rows, append(row, total, agrees, string(voter.Signature), clean(v.ID, maxName), marks))
	}
	return rows
}

// weighty are the marks that take weight from every figure, where they are warnings.
var weighty = []vote.Code{
	vote.SyntheticFigures, vote.DevelopmentChain, vote.BlockNotFinal, vote.BlockPinned, vote.ModelUnreviewed,
}

// heavy are the findings of these marks, and the mark of a model that is not the built-in one.
func (r *Report) heavy() (found []vote.Finding) {
	for _, f := range r.document.Findings {
		if f.Level != vote.Info && slices.Contains(weighty, f.Code) {
			found = append(found, f)
		}
	}
	if m := r.document.Model; !m.BuiltIn {
		found = append(found, vote.Finding{Title: "Model not built in", Detail: "its SHA-256 is " + m.SHA256})
	}
	return found
}

// marks names them, each once.
func (r *Report) marks() string { return strings.Join(titles(r.heavy()), " · ") }

// titles are those of findings, each once.
func titles(findings []vote.Finding) (list []string) {
	for _, f := range findings {
		if !slices.Contains(list, f.Title) {
			list = append(list, f.Title)
		}
	}
	return list
}
