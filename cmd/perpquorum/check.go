package main

import (
	"context"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// checkOptions is the command line of check.
type checkOptions struct {
	voteOptions
	judging  vote.Options // without the blocks
	watch    bool
	deadline time.Duration // of watch
	output   outputOptions
}

func checkCommand(p *progress) *cli.Command {
	const category = "Vote"
	o := &checkOptions{deadline: 8 * 24 * time.Hour}
	o.endpoints.progress = p
	return &cli.Command{
		Name: "check", Usage: "compare a Snapshot vote with the quorum and the chains", ArgsUsage: "PROPOSAL",
		Description: checkHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "strict", Category: category, Destination: &o.judging.Strict,
				Usage: "give no verdict where something could not be checked (exit code 13)"},
			&cli.BoolFlag{Name: "signatures", Category: category, Destination: &o.judging.Signatures,
				Usage: "check who signed the votes, however many requests of the hub that takes; " +
					"up to 5000 votes are checked anyway"},
			&cli.GenericFlag{Name: "strategies", Category: category, Value: parsed(&o.judging.Strategies, parseHash),
				Usage: "demand that the proposal's strategies have this `SHA256`, which every report prints; " +
					"what is recomputed by them is then established"},
			&cli.GenericFlag{Name: "block", Category: category, Value: blockValue(&o.blocks),
				Usage: "read another chain than the proposal's own at exactly this block, as `CHAIN=N`; " +
					"repeat it for more chains; where Snapshot read another block, voting power may differ from the hub's"},
			&cli.BoolFlag{Name: "watch", Category: category, Destination: &o.watch,
				Usage: "wait until the vote is final, then judge it; --timeout bounds each look at it, and the judging"},
			&cli.GenericFlag{Name: "deadline", Category: category,
				Value: parsed(&o.deadline, parseDuration), DefaultText: "192h",
				Usage: "with --watch, judge after `DURATION` even if the vote is not final"},
			modelFlag(category, &o.model),
			hubFlag(category, &o.hub),
		}, o.output.flags(), []cli.Flag{quietFlag("Output", &o.output.quiet)}, o.endpoints.flags(),
			o.endpoints.proofFlags("the quorum or voters' power (for proven, that only with --prove voters)",
				proveAuto, proveOff, proveSample, proveVoters)),
		Action: o.run,
	}
}

const checkHelp = `Reads the proposal and all its votes from the Snapshot hub, recounts the tally,
recomputes every voter's voting power from the chains at the proposal's snapshot
block, and circulating voting power and quorum at the same block. It prints what
agrees and what does not, and a verdict: the quorum is reached when the turnout
is at least as much, to the base unit. The text marks with OK what was found
right, with X what disagrees, with ! a warning, and with - what could not be
compared; a terminal shows a tick and a cross for OK and X.

The id of each vote is compared with what its voter signed, and up to 5000 votes
(with --signatures any number) with who signed it. That shows who cast a vote,
not that no vote is missing.

Power is established if it is what voters have in contracts of the model, each
counted once, or if it is recomputed by strategies that the model or
--strategies pins. A quorum that is reached only with other power (of a ticket,
a list, another token, or a strategy that cannot be recomputed) is not
established. Strategies other than the pinned ones are a disagreement.

Circulating voting power is proven by Merkle proofs where an endpoint gives
them; --prove voters proves every voter's power as well, and --prove sample that
of the 20 with the most power and of 300 that are drawn after all was read.

Other chains are read at their first block at or after the time of the snapshot
block. Where several blocks have exactly that time, a vote may agree with the
first or the last of them.

Examples:
   perpquorum check https://snapshot.box/#/s:vote-perp.eth/proposal/0x...
   perpquorum check 0x... --format markdown --evidence vote.json.gz
   if perpquorum check 0x... > vote.txt; then echo "quorum reached"; fi

The exit code is the same in every format. With 0 and 10 to 13 the report is
printed, unless an error says why it could not be made.`

func (o *checkOptions) run(c *cli.Context) (err error) {
	if c.IsSet("deadline") && !o.watch {
		return usagef("--deadline has no meaning without --watch")
	}
	if o.ref, err = parseProposal(c.Args().First()); err != nil {
		return err
	}
	if err := o.output.check(o.model, o.endpoints.file); err != nil {
		return err
	}
	r, err := o.judge(c.Context, jsonrpc.RealClock{})
	if err == nil {
		err = o.endpoints.enough(r)
	}
	if err != nil {
		return err
	}
	if err := o.output.publish(c.App.Writer, r); err != nil {
		return err
	}
	if r.Document().Verdict == vote.Disagrees && len(o.blocks) > 0 {
		o.endpoints.progress.hint("--block names blocks that the hub need not have read at; " +
			"before you call its figures wrong, check without it")
	}
	return verdict(r.Document().Verdict)
}

// judge reads the vote, after waiting for its end if that is asked for, and judges it.
func (o *checkOptions) judge(ctx context.Context, clock jsonrpc.Clock) (*report.Report, error) {
	m, err := openModel(o.model)
	if err != nil {
		return nil, err
	}
	if o.watch {
		if err := o.waitForEnd(ctx, m, clock); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	if o.output.evidence != "" {
		o.judging.MaxSize = report.MaxBundleSize
	}
	e, err := collect(ctx, o.voteOptions, m, o.judging, vote.Collect)
	if err != nil {
		return nil, err
	}
	return inTime(ctx, func() (*report.Report, error) {
		return report.New(&report.Bundle{Generator: generator(), Evidence: e.Circulating, Vote: e})
	})
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
	case vote.NotEstablished:
		return verdictError(exitNotEstablished)
	}
	return verdictError(exitDisagree)
}
