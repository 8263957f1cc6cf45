package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower/report"
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
claims; words may be those of another version, and so may a verdict by rules of
a day that it did not know: then both verdicts are printed. It refuses evidence
of a time that is later than the clock here. It needs no network. A BUNDLE of -
is standard input; "example" and "example-vote" are built in. With "consistent"
and exit code 0 the claim is right, whatever its verdict is.

A bundle cannot prove that its blocks are those of the public chains, nor that
contracts returned there what it says; only numbers and times that no block of
Ethereum or Optimism can have are refused. To check the rest, read it again with
endpoints of your own.

Examples:
   perpquorum verify example
   perpquorum verify quorum.json.gz && echo right

Each difference is one line on standard error, up to a hundred of them.`

func runVerify(c *cli.Context) error {
	r, different, err := recompute(c.Args().First(), c.App.Reader)
	if err != nil {
		return err
	}
	if len(different) > 0 {
		return &codedError{fmt.Errorf("%s", describeDifferences(different)), exitDisagree}
	}
	return r.RenderConsistent(c.App.Writer)
}

func describeDifferences(different []report.Difference) string {
	lines := []string{counted(len(different), "difference") + " between claim and evidence"}
	for i, d := range different {
		if i == 100 { // the author of a claim decides how many there are
			lines = append(lines, fmt.Sprintf("and %d more", len(different)-i))
			break
		}
		lines = append(lines, d.String())
	}
	return strings.Join(lines, "\n")
}
