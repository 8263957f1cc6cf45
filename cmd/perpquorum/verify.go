package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:        "verify",
		Usage:       "recompute a published report offline from its bundle",
		ArgsUsage:   "BUNDLE",
		Description: verifyHelp,
		Action:      runVerify,
	}
}

const verifyHelp = `Recomputes everything in BUNDLE, a file that report or check --evidence wrote,
from the evidence in it: the hashes of the blocks from their headers, that each
block is the first at or after the query time, the sum, and the quorum; of a vote
also the tally, every voter's voting power, the turnout and the verdict. Then it
compares every figure and word of the report that the bundle claims. It needs no
network. BUNDLE "example" is built in, and "example-vote". Exit code 0 means that the
claim holds, whatever its verdict is.

What a bundle cannot prove is that its blocks are those of the public chains, and
that the contract reads in it are what the chains hold: reading them again with
endpoints of your own shows that.

Examples:
   perpquorum verify example
   perpquorum verify quorum.json.gz && echo holds

Each difference is one line on standard error.

` + exitHelp

func runVerify(c *cli.Context) error {
	args, err := arguments(c, "BUNDLE")
	if err != nil {
		return err
	}
	b, err := openBundle(args[0])
	if err != nil {
		return err
	}
	r, different, err := report.Verify(b)
	if err != nil {
		return err
	}
	if len(different) > 0 {
		return fmt.Errorf("%w: %s", votingpower.ErrEvidence, describeDifferences(different))
	}
	var out strings.Builder
	d := r.Document()
	for _, f := range d.Findings {
		if f.Level != report.Info {
			fmt.Fprintf(&out, "%s: %s: %s\n", f.Level, printable(f.Title), printable(f.Detail))
		}
	}
	symbol := printable(d.Model.Symbol)
	fmt.Fprintf(&out, "verified: the evidence gives the report that the bundle claims\n")
	fmt.Fprintf(&out, "model: %s\n", describeModel(b.Evidence.Model, d.Model.SHA256))
	fmt.Fprintf(&out, "as of %s: quorum %s %s of circulating voting power %s %s\n",
		d.At.UTC, d.Quorum.Tokens, symbol, d.VotingPower.Tokens, symbol)
	fmt.Fprintf(&out, "not proven by a bundle: that its blocks are those of the public chains, and hold what was read; %s reads them again\n", readAgain(r, b.Evidence.Model))
	fmt.Fprintf(&out, "evidence SHA-256 %s\n", d.Evidence)
	if v := d.Vote; v != nil {
		fmt.Fprintf(&out, "vote %s: turnout %s %s, verdict: %s\nballot SHA-256 %s\n",
			printable(v.ID), orUnknown(v.Turnout.Tokens), symbol, d.Verdict, v.Ballot)
	}
	_, err = io.WriteString(c.App.Writer, out.String())
	return err
}

// describeModel names the model, and says whether it is the built-in one: the
// name alone is what its author wrote.
func describeModel(m *votingpower.Model, sum string) string {
	if isBuiltIn(m) {
		return printable(m.Name) + ", built in"
	}
	return fmt.Sprintf("%s, not the built-in one, SHA-256 %s", printable(m.Name), sum)
}

func isBuiltIn(m *votingpower.Model) bool {
	builtIn, err := json.Marshal(votingpower.PERP())
	used, usedErr := json.Marshal(m)
	return err == nil && usedErr == nil && bytes.Equal(builtIn, used)
}

// readAgain is the command that reads anew what the bundle holds.
func readAgain(r *report.Report, m *votingpower.Model) string {
	command := "perpquorum report " + r.MomentArguments()
	if v := r.Document().Vote; v != nil {
		command = "perpquorum check " + printable(v.ID)
	}
	if !isBuiltIn(m) {
		command += " --model FILE"
	}
	return command
}

func orUnknown(figure string) string {
	if figure == "" {
		return "(not known yet)"
	}
	return figure
}

func describeDifferences(different []report.Difference) string {
	lines := []string{fmt.Sprintf("%d differences between claim and evidence", len(different))}
	for _, d := range different {
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}
