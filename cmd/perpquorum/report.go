package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

func reportCommand() *cli.Command {
	const moment = "Moment, one of"
	return &cli.Command{
		Name:        "report",
		Usage:       "circulating voting power and quorum, ready to post",
		Description: reportHelp,
		Flags: append(append([]cli.Flag{
			&cli.StringFlag{Name: "at", Category: moment, Usage: "the first block of each chain at or after `TIME`"},
			&cli.StringSliceFlag{Name: "block", Category: moment,
				Usage: "exactly this block, as `CHAIN=N`; repeat it for more chains"},
			&cli.StringFlag{Name: "proposal", Category: moment,
				Usage: "the snapshot block of `PROPOSAL`, an id or a URL; " +
					"--block then names blocks of other chains than its own"},
			hubFlag(moment),
			&cli.StringFlag{Name: "bundle", Category: moment,
				Usage: "recompute the report from the evidence in `FILE`, offline; - is standard input, " +
					"\"example\" and \"example-vote\" are built in"},
			modelFlag("Output"),
		}, outputFlags()...), endpointFlags()...),
		Action: runReport,
	}
}

const reportHelp = `Reads everything the model asks for at one block of each chain, and prints
circulating supply, circulating voting power and quorum. By default: the latest
time that is finalized on every chain. With --block for some of the chains, the
time of the named block decides the blocks of the others.

Examples:
   perpquorum report --bundle example
   perpquorum report --at "Fri, 19 May 2023 13:39:35 GMT" --evidence quorum.json.gz
   perpquorum report --block ethereum=17293885 --format markdown
   perpquorum report --proposal https://snapshot.box/#/s:vote-perp.eth/proposal/0x...
   perpquorum report --bundle quorum.json.gz --format json

The text format rounds to three decimals, as the forum's posts do; the tables of
the markdown format and the json format are exact.`

// reportOptions says what a report is about: a bundle, a proposal, or else a time.
type reportOptions struct {
	voteOptions // with a ref for a proposal only
	bundle      string
	at          time.Time
	output      outputOptions
}

func parseReport(c *cli.Context) (o reportOptions, err error) {
	if err := checkMoment(c); err != nil {
		return o, err
	}
	if o.output, err = parseOutput(c); err != nil {
		return o, err
	}
	if o.bundle = c.String("bundle"); o.bundle != "" {
		return o, nil
	}
	if c.IsSet("proposal") {
		o.voteOptions, err = parseVote(c, c.String("proposal"))
		return o, err
	}
	return o, o.parseTime(c)
}

// checkMoment refuses flags that contradict each other or would be ignored.
func checkMoment(c *cli.Context) error {
	var given []string
	for _, name := range []string{"at", "block", "proposal", "bundle"} {
		if c.IsSet(name) && !(name == "block" && c.IsSet("proposal")) {
			given = append(given, name)
		}
	}
	if len(given) > 1 {
		return usagef("--%s and --%s exclude each other", given[0], given[1])
	}
	if !c.IsSet("bundle") {
		return nil
	}
	for _, name := range []string{"model", "rpc", "agree", "rps", "allow-unfinalized"} {
		if c.IsSet(name) {
			return usagef("--%s has no meaning with --bundle, which reads no chain and brings its model", name)
		}
	}
	return nil
}

// parseTime reads the flags of a report that no proposal and no bundle is named for.
func (o *reportOptions) parseTime(c *cli.Context) (err error) {
	if o.endpoints, err = parseEndpoints(c); err != nil {
		return err
	}
	if c.IsSet("at") {
		if o.at, err = parseTime(c.String("at")); err != nil {
			return err
		}
	}
	if o.blocks, err = parseBlocks(c.StringSlice("block")); err != nil {
		return err
	}
	if o.model, err = openModel(c.String("model")); err != nil {
		return err
	}
	for id := range o.blocks {
		if !slices.Contains(o.model.Chains(), id) {
			return usagef("--block: the model reads no chain %s, only %s", id, joinIDs(o.model.Chains()))
		}
	}
	return nil
}

func runReport(c *cli.Context) error {
	o, err := parseReport(c)
	if err != nil {
		return err
	}
	p := newProgress(c.App.ErrWriter)
	defer p.clear()
	r, err := o.run(c.Context, p, c.App.Reader)
	if err != nil {
		return err
	}
	return o.output.publish(c.App.Writer, r)
}

func (o reportOptions) run(ctx context.Context, p *progress, stdin io.Reader) (*report.Report, error) {
	if o.bundle != "" {
		return reportFromBundle(o.bundle, stdin)
	}
	read := o.fromChains
	if o.ref.ID != "" {
		read = o.fromProposal
	}
	e, err := read(ctx, p)
	if err != nil {
		return nil, err
	}
	return report.New(&report.Bundle{Generator: generator(), Evidence: e})
}

// fromProposal reads the blocks that check reads, and no votes.
func (o reportOptions) fromProposal(ctx context.Context, p *progress) (*votingpower.Evidence, error) {
	return collect(ctx, o.voteOptions, false, p, vote.CollectCirculating)
}

func (o reportOptions) fromChains(ctx context.Context, p *progress) (*votingpower.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	nodes, closeAll, err := o.endpoints.dial(ctx, o.model.Chains(), p)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	e, err := votingpower.Collect(ctx, nodes, o.model, votingpower.When{At: o.at, Blocks: o.blocks})
	return e, momentHint(err)
}

// reportFromBundle recomputes a report, and refuses to print one that differs
// from what its bundle claims.
func reportFromBundle(name string, stdin io.Reader) (*report.Report, error) {
	r, different, err := recompute(name, stdin)
	if err != nil {
		return nil, err
	}
	if len(different) > 0 {
		err := fmt.Errorf("the bundle claims another report than its evidence gives, in %s", counted(len(different), "place"))
		return nil, hintf(&disagreement{err}, "perpquorum verify %s shows them", name)
	}
	return r, nil
}
