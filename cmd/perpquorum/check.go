package main

import (
	"context"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

func checkCommand() *cli.Command {
	const category = "Vote"
	return &cli.Command{
		Name:        "check",
		Usage:       "compare a Snapshot vote with the quorum and the chains",
		ArgsUsage:   "PROPOSAL",
		Description: checkHelp,
		Flags: append(append([]cli.Flag{
			&cli.BoolFlag{Name: "strict", Category: category,
				Usage: "count what could not be checked as a disagreement (exit code 11)"},
			&cli.StringSliceFlag{Name: "block", Category: category,
				Usage: "read another chain than the proposal's own at exactly this block, as `CHAIN=N`; " +
					"repeat it for more chains"},
			&cli.BoolFlag{Name: "watch", Category: category,
				Usage: "wait until the vote is final, then judge it; --timeout bounds each look at it, and the judging"},
			&cli.DurationFlag{Name: "deadline", Category: category, Value: 8 * 24 * time.Hour,
				Usage: "with --watch, judge after `DURATION` even if the vote is not final"},
			modelFlag(category),
			hubFlag(category),
		}, outputFlags()...), endpointFlags()...),
		Action: runCheck,
	}
}

const checkHelp = `Reads the proposal and all its votes from the Snapshot hub, recounts the tally,
recomputes every voter's voting power from the chains at the proposal's snapshot
block, and circulating voting power and quorum at the same block. It prints what
agrees and what does not, and a verdict: the quorum is reached when the turnout
is at least as much, to the base unit.

Other chains are read at their first block at or after the snapshot block's time.
Where several blocks have exactly that time, a vote may agree with the first or
the last of them.

Examples:
   perpquorum check https://snapshot.box/#/s:vote-perp.eth/proposal/0x...
   perpquorum check 0x... --format markdown --evidence vote.json.gz
   if perpquorum check 0x... > vote.txt; then echo "quorum reached"; fi

The exit code is the same in every format. With 0, 10, 11 and 12 the report is
printed, unless an error says why it could not be made.`

type checkOptions struct {
	voteOptions
	strict   bool
	watch    bool
	deadline time.Duration // of watch
	output   outputOptions
}

func parseCheck(c *cli.Context) (o checkOptions, err error) {
	if o.output, err = parseOutput(c); err != nil {
		return o, err
	}
	if o.voteOptions, err = parseVote(c, c.Args().First()); err != nil {
		return o, err
	}
	o.strict, o.watch, o.deadline = c.Bool("strict"), c.Bool("watch"), c.Duration("deadline")
	switch {
	case c.IsSet("deadline") && !o.watch:
		return o, usagef("--deadline has no meaning without --watch")
	case o.deadline <= 0 && o.watch:
		return o, usagef("--deadline %v: want a positive duration such as 48h", o.deadline)
	}
	return o, nil
}

func runCheck(c *cli.Context) error {
	o, err := parseCheck(c)
	if err != nil {
		return err
	}
	p := newProgress(c.App.ErrWriter)
	defer p.clear()
	r, err := o.run(c.Context, p, wallClock{})
	if err != nil {
		return err
	}
	if err := o.output.publish(c.App.Writer, r); err != nil {
		return err
	}
	return verdict(r.Document().Verdict)
}

// run reads the vote, after waiting for its end if that is asked for, and judges it.
func (o checkOptions) run(ctx context.Context, p *progress, clock clock) (*report.Report, error) {
	if o.watch {
		if err := o.waitForEnd(ctx, p, clock); err != nil {
			return nil, err
		}
	}
	e, err := collect(ctx, o.voteOptions, o.strict, p, vote.Collect)
	if err != nil {
		return nil, err
	}
	return report.New(&report.Bundle{Generator: generator(), Evidence: e.Circulating, Vote: e})
}

// verdict maps a report's verdict to the exit code that scripts branch on.
func verdict(v vote.Verdict) error {
	switch v {
	case vote.Measured, vote.Reached:
		return nil
	case vote.NotReached:
		return verdictError(exitNotReached)
	case vote.NotFinal:
		return verdictError(exitNotFinal)
	}
	return verdictError(exitDisagree)
}
