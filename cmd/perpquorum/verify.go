package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// verifyOptions is what a reader knows and wants of a bundle.
type verifyOptions struct {
	hashes  map[chains.ID]common.Hash
	require chains.Level
	timeout time.Duration
	format  string
	quiet   bool
}

func verifyCommand() *cli.Command {
	o := &verifyOptions{hashes: map[chains.ID]common.Hash{}}
	return &cli.Command{
		Name: "verify", Usage: "recompute a published report offline from its bundle", ArgsUsage: "BUNDLE",
		Description: verifyHelp, Action: o.run,
		Flags: []cli.Flag{
			&cli.GenericFlag{Name: "block-hash", Value: hashValue(o.hashes),
				Usage: "the hash of a chain's block, from a source of your own, as `CHAIN=HASH`; repeat it for more chains"},
			requireFlag("", "the quorum", &o.require, chains.Proven),
			timeoutFlag("", &o.timeout),
			formatFlag("Output", &o.format, "text", "json"),
			quietFlag("Output", &o.quiet),
		},
	}
}

// hashValue adds CHAIN=HASH to the hashes.
func hashValue(to map[chains.ID]common.Hash) *value {
	return repeated(chainWords, func(text string) error {
		const wanted = "CHAIN=HASH, such as ethereum=0x and 64 hex digits"
		id, hex, err := cutChain(text, wanted)
		if err != nil {
			return err
		}
		var hash common.Hash
		if hash.UnmarshalText([]byte(hex)) != nil || to[id] != (common.Hash{}) {
			return errors.New("want " + wanted + ", each chain once")
		}
		to[id] = hash
		return nil
	})
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

Where the bundle has Merkle proofs, the reads of the contracts are run again
here, and follow from the hash of the block alone. If all reads behind the
quorum are proven, and --block-hash gives the hash of every block (or it is
known here), verify says "verified" instead of "consistent": the quorum then
needs no trust in anybody's endpoint. It says nothing of a vote's list of votes.
What is not proven is the word of the bundle's author. Without proofs only
numbers and times that no block of Ethereum or Optimism can have are refused; to
check the rest, read it again with endpoints of your own.

Examples:
   perpquorum verify example
   perpquorum verify quorum.json.gz --block-hash ethereum=0x... --require proven
   perpquorum verify quorum.json.gz && echo right

Each difference is one line on standard error, up to a hundred of them, or a
part of what --json prints. Evidence that contradicts itself is an error.`

func (o *verifyOptions) run(c *cli.Context) error {
	if o.quiet && o.format != "text" {
		return usagef("--quiet has no meaning with --format %s", o.format)
	}
	ctx, cancel := context.WithTimeout(c.Context, o.timeout)
	defer cancel()
	var different []report.Difference
	r, err := inTime(ctx, func() (r *report.Report, err error) { // the author decides how much there is to prove
		r, different, err = recompute(c.Args().First(), c.App.Reader)
		return r, err
	})
	if err != nil {
		return err
	}
	if len(different) > 0 {
		if o.format == "json" {
			return cmp.Or(report.WriteJSON(c.App.Writer, r.Verification(different)), error(verdictError(exitDisagree)))
		}
		return &codedError{fmt.Errorf("%s", describeDifferences(different)), exitDisagree}
	}
	switch err := r.Confirm(o.hashes); {
	case errors.Is(err, votingpower.ErrEvidence):
		return &codedError{err, exitDisagree}
	case err != nil:
		return usagef("--block-hash: %w", err)
	}
	if err := r.Require(o.require, false); err != nil {
		return err
	}
	switch v := r.Verification(nil); {
	case o.format == "json":
		return report.WriteJSON(c.App.Writer, v)
	case o.quiet:
		_, err := fmt.Fprintln(c.App.Writer, strings.TrimRight(fmt.Sprintf("%s: %s  %s", v.Outcome, v.Verdict, v.Marks), " "))
		return err
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
