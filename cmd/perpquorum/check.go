package main

import (
	"errors"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower/report"
)

func checkCommand() *cli.Command {
	const vote, output = "Vote", "Output"
	return &cli.Command{
		Name:        "check",
		Usage:       "hold a Snapshot vote against the quorum and the chains",
		ArgsUsage:   "PROPOSAL",
		Description: checkHelp,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "strict", Category: vote, Usage: "take what could not be checked for a disagreement (exit code 11)"},
			&cli.StringSliceFlag{Name: "block", Category: vote, Usage: "read another chain than the proposal's own at exactly this block, as `CHAIN=N`; repeat it for more chains"},
			&cli.BoolFlag{Name: "watch", Category: vote, Usage: "wait until the vote is final, and judge then; --timeout bounds each look at it, and the judging"},
			&cli.DurationFlag{Name: "deadline", Category: vote, Value: 8 * 24 * time.Hour, Usage: "with --watch, judge after `DURATION` even if the vote is not final"},
			modelFlag(vote),
			hubFlag(vote),
			formatFlag(output, formatNames()...),
			&cli.StringFlag{Name: "evidence", Category: output, Usage: "write proposal, votes and all evidence to `FILE`, compressed if its name ends in .gz; an existing file is replaced"},
		}, endpointFlags()...),
		Action: runCheck,
	}
}

const checkHelp = `Reads the proposal and all its votes from the Snapshot hub, recounts the tally,
recomputes every voter's voting power from the chains at the proposal's snapshot
block, and circulating voting power and quorum at the same block. It prints what
agrees and what does not, and judges: the quorum is reached when the turnout is
at least as much, to the base unit.

` + hubHelp + `

Other chains are read at their first block at or after the snapshot block's time.
Where several blocks have exactly that time, a vote may agree with the first or
the last of them.

` + endpointHelp + `

Examples:
   perpquorum check https://snapshot.box/#/s:vote-perp.eth/proposal/0x...
   perpquorum check 0x... --format markdown --evidence vote.json.gz
   if perpquorum check 0x... > vote.txt; then echo "quorum reached"; fi

The exit code is the same in every format. With 0, 10, 11 and 12 the report is
printed, unless an error says why it could not be made.

Exit codes:
   0   the vote is final, reached the quorum, and nothing disagrees
   1   trouble with the hub, a node, a file or the network, or a timeout; no verdict
   2   wrong usage: command line, endpoint URL or model file, or a proposal of another space
   10  the vote is final, nothing disagrees, and the quorum was not reached
   11  disagreement: scores, votes, voting power or the proposal are not what was recomputed,
       or two endpoints give different answers
   12  not final yet: the vote is open, its scores are pending, or a block is not finalized`

func runCheck(c *cli.Context) error {
	args, err := arguments(c, "PROPOSAL")
	if err != nil {
		return err
	}
	if err := checkEvidence(c); err != nil {
		return err
	}
	v, err := newVoteRun(c, args[0])
	if err != nil {
		return err
	}
	defer v.close()
	b, err := v.bundle()
	if err != nil {
		return err
	}
	r, err := report.New(b)
	if err != nil {
		// Nobody has claimed anything about what was just read, so that this is
		// trouble, and not the disagreement that it would be in a bundle.
		return errors.New(err.Error())
	}
	if err := r.Render(c.App.Writer, report.Format(c.String("format"))); err != nil {
		return err
	}
	if err := writeEvidence(c, r); err != nil {
		return err
	}
	return verdict(r.Document().Verdict)
}

// verdict maps a report's verdict to the exit code that scripts branch on.
func verdict(v report.Verdict) error {
	switch v {
	case report.Measured, report.Reached:
		return nil
	case report.NotReached:
		return verdictError(exitNotReached)
	case report.NotFinal:
		return verdictError(exitNotFinal)
	}
	return verdictError(exitDisagree)
}
