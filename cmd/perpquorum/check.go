package main

import (
	"context"
	"slices"
	"time"

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

func checkCommand() *command {
	const category = "Vote"
	o := &checkOptions{deadline: 8 * 24 * time.Hour}
	return &command{
		name: "check", usage: "compare a Snapshot vote with the quorum and the chains", arguments: "PROPOSAL",
		description: checkHelp,
		flags: slices.Concat([]option{
			{name: "strict", category: category, set: setBool(&o.judging.Strict),
				usage: "give no verdict where something could not be checked (exit code 13)"},
			{name: "strategies", category: category, set: setHash(&o.judging.Strategies),
				usage: "demand that the proposal's strategies have this `SHA256`, which every report prints, " +
					"and take their power as established"},
			{name: "block", category: category, many: true, set: setBlock(&o.blocks), values: chainValues,
				usage: "read another chain than the proposal's own at exactly this block, as `CHAIN=N`; " +
					"repeat it for more chains"},
			{name: "watch", category: category, set: setBool(&o.watch),
				usage: "wait until the vote is final, then judge it; --timeout bounds each look at it, and the judging"},
			{name: "deadline", category: category, set: setDuration(&o.deadline), initial: "192h",
				usage: "with --watch, judge after `DURATION` even if the vote is not final"},
			modelFlag(category, &o.model),
			hubFlag(category, &o.hub),
		}, o.output.flags(), o.endpoints.flags()),
		run: o.run,
	}
}

const checkHelp = `Reads the proposal and all its votes from the Snapshot hub, recounts the tally,
recomputes every voter's voting power from the chains at the proposal's snapshot
block, and circulating voting power and quorum at the same block. It prints what
agrees and what does not, and a verdict: the quorum is reached when the turnout
is at least as much, to the base unit.

Power is established if its strategy is the plain sum of what voters have in
contracts of the model, each of which counts once, or if it is recomputed by
strategies that the model pins, or --strategies. A quorum that is reached only with
other power (of a ticket, a list, another token, or a strategy that cannot be
recomputed) is not established. Strategies that differ from pinned ones disagree.

Other chains are read at their first block at or after the snapshot block's time.
Where several blocks have exactly that time, a vote may agree with the first or
the last of them.

Examples:
   perpquorum check https://snapshot.box/#/s:vote-perp.eth/proposal/0x...
   perpquorum check 0x... --format markdown --evidence vote.json.gz
   if perpquorum check 0x... > vote.txt; then echo "quorum reached"; fi

The exit code is the same in every format. With 0 and 10 to 13 the report is
printed, unless an error says why it could not be made.`

func (o *checkOptions) run(ctx context.Context, in invocation) error {
	if in.has("deadline") && !o.watch {
		return usagef("--deadline has no meaning without --watch")
	}
	if err := setProposal(&o.ref)(in.arguments[0]); err != nil {
		return err
	}
	if err := o.output.check(o.model); err != nil {
		return err
	}
	r, err := o.judge(ctx, in.progress, wallClock{})
	if err != nil {
		return err
	}
	if err := o.output.publish(in.stdout, r); err != nil {
		return err
	}
	return verdict(r.Document().Verdict)
}

// judge reads the vote, after waiting for its end if that is asked for, and judges it.
func (o *checkOptions) judge(ctx context.Context, p *progress, clock clock) (*report.Report, error) {
	m, err := openModel(o.model)
	if err != nil {
		return nil, err
	}
	if o.watch {
		if err := o.waitForEnd(ctx, m, p, clock); err != nil {
			return nil, err
		}
	}
	e, err := collect(ctx, o.voteOptions, m, o.judging, p, vote.Collect)
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
	case vote.NotEstablished:
		return verdictError(exitNotEstablished)
	}
	return verdictError(exitDisagree)
}
