package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "recompute a published report offline from its bundle", ArgsUsage: "BUNDLE",
		Description: verifyHelp, Action: runVerify,
	}
}

const verifyHelp = `Recomputes everything in BUNDLE, a file that report or check --evidence wrote,
from the evidence in it: the hashes of the blocks from their headers, that each
block is the first at or after the query time, the sum, and the quorum; for a
vote also the tally, every voter's power, the turnout and the verdict. Then it
compares every figure, hash, mark and verdict with the report that the bundle
claims; words may be those of another version. It refuses evidence of a time
that is later than the clock here. It needs no network. A BUNDLE of - is
standard input; "example" and "example-vote" are built in. Exit code 0 means
that the claim is right, whatever its verdict is.

A bundle cannot prove that its blocks are those of the public chains, nor that
contracts returned there what it says. To check that, read them again with
endpoints of your own.

Examples:
   perpquorum verify example
   perpquorum verify quorum.json.gz && echo right

Each difference is one line on standard error.`

func runVerify(c *cli.Context) error {
	r, different, err := recompute(c.Args().First(), c.App.Reader)
	if err != nil {
		return err
	}
	if len(different) > 0 {
		return &codedError{fmt.Errorf("%s", describeDifferences(different)), exitDisagree}
	}
	_, err = io.WriteString(c.App.Writer, describeVerified(r))
	return err
}

// describeVerified says what was recomputed, and what a bundle cannot prove.
func describeVerified(r *report.Report) string {
	var out strings.Builder
	d := r.Document()
	for _, f := range d.Findings {
		if f.Level != vote.Info {
			fmt.Fprintf(&out, "%s: %s: %s\n", f.Level, f.Title, printable(f.Detail))
		}
	}
	model, symbol := "the built-in one", d.Model.Unit()
	if !d.Model.BuiltIn { // its name is what its author wrote
		model = fmt.Sprintf("not the built-in one, SHA-256 %s\nname of the model: %q",
			d.Model.SHA256, printable(d.Model.Name))
	}
	fmt.Fprintf(&out, "verified: the evidence gives the report that the bundle claims\n")
	fmt.Fprintf(&out, "model: %s\n", model)
	fmt.Fprintf(&out, "as of %s: quorum %s %s of circulating voting power %s %s\n",
		d.At.UTC, d.Quorum.Tokens, symbol, d.VotingPower.Tokens, symbol)
	fmt.Fprintf(&out, "not proven by a bundle: that its blocks are those of the public chains, "+
		"and that contracts returned there what was read; %s reads them again\n", r.Rerun())
	if d.Bundle != "" {
		fmt.Fprintf(&out, "bundle SHA-256 %s\n", d.Bundle)
	} else {
		fmt.Fprintf(&out, "evidence SHA-256 %s\n", d.Evidence)
	}
	if v := d.Vote; v != nil {
		turnout := "not known yet"
		if v.Turnout.Tokens != "" {
			turnout = v.Turnout.Tokens + " " + symbol
		}
		fmt.Fprintf(&out, "vote %s: turnout %s, verdict: %s\n", printable(v.ID), turnout, d.Verdict)
		fmt.Fprintf(&out, "strategies: %s, SHA-256 %s\n", v.Pinned(), v.StrategiesSHA256)
		for _, s := range v.Strategies {
			fmt.Fprintf(&out, "strategy %d (%s): %s: %s\n",
				s.Strategy, printable(s.Name), cmp.Or(s.Tokens, "not known yet"), printable(s.Reason))
		}
		if v.Ballot != "" {
			fmt.Fprintf(&out, "ballot SHA-256 %s\n", v.Ballot)
		}
	}
	return out.String()
}

func describeDifferences(different []report.Difference) string {
	lines := []string{counted(len(different), "difference") + " between claim and evidence"}
	for _, d := range different {
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}
