package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// reportOptions says what a report is about: a bundle, a proposal, or else a time.
type reportOptions struct {
	voteOptions // with a ref for a proposal only
	bundle      string
	at          time.Time
	output      outputOptions
}

func reportCommand(p *progress) *cli.Command {
	const moment = "Moment, one of"
	o := &reportOptions{}
	o.endpoints.progress = p
	return &cli.Command{
		Name: "report", Usage: "circulating voting power and quorum, ready to post", Description: reportHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.GenericFlag{Name: "at", Category: moment, Value: parsed(&o.at, parseTime),
				Usage: "the first block of each chain at or after `TIME`"},
			&cli.GenericFlag{Name: "block", Category: moment, Value: blockValue(&o.blocks),
				Usage: "exactly this block, as `CHAIN=N` or the URL of an explorer's page; repeat it for more chains"},
			&cli.GenericFlag{Name: "proposal", Category: moment, Value: parsed(&o.ref, parseProposal),
				Usage: "the snapshot block of `PROPOSAL`, an id or a URL; " +
					"--block then names blocks of other chains than its own"},
			hubFlag(moment, &o.hub),
			&cli.GenericFlag{Name: "bundle", Category: moment,
				Value: parsed(&o.bundle, anyText, exampleName, exampleVoteName),
				Usage: "recompute the report from the evidence in `FILE`, offline; - is standard input, " +
					"\"example\" and \"example-vote\" are built in"},
			modelFlag("Output", &o.model),
		}, o.output.flags(), o.endpoints.flags(), o.endpoints.proofFlags("the quorum", proveAuto, proveOff)),
		Action: o.run,
	}
}

const reportHelp = `Reads everything the model asks for at one block of each chain, and prints
circulating supply, circulating voting power and quorum. By default: the latest
time that is finalized on every chain. With --block for some of the chains, the
time of the named block decides the blocks of the others. What is read is proven
by Merkle proofs where an endpoint gives them; the report says so, or why not.

Examples:
   perpquorum report --bundle example
   perpquorum report --at 2023-05-19T13:39:35Z --evidence quorum.json.gz
   perpquorum report --block ethereum=17293885 --format markdown
   perpquorum report --proposal 0x... --evidence quorum.json.gz
   perpquorum report --bundle quorum.json.gz --format json

Of a proposal, only the snapshot block is read. Its id, its strategies and its
votes are checked by perpquorum check.

The text format rounds to three decimals, as the forum's posts do. The markdown
format is a post for Discourse, commonmark one for other forums; both have the
exact sum as well. The json format is exact.`

func (o *reportOptions) run(c *cli.Context) error {
	if err := checkMoment(c.IsSet); err != nil {
		return err
	}
	if o.bundle != "" && o.endpoints.require == chains.Bound {
		return usagef("--require bound has no meaning with --bundle: what is not proven is the word of its author")
	}
	if !c.IsSet("proposal") && o.hub != os.Getenv("SNAPSHOT_HUB_URL") {
		return usagef("--hub has no meaning without --proposal")
	}
	if err := o.output.check(o.model, o.endpoints.file); err != nil {
		return err
	}
	r, err := o.make(c.Context, c.App.Reader)
	if err == nil {
		err = o.endpoints.enough(r)
	}
	if err != nil {
		return err
	}
	return o.output.publish(c.App.Writer, r)
}

// checkMoment refuses flags that contradict each other or would be ignored.
func checkMoment(isSet func(string) bool) error {
	var moments []string
	for _, name := range []string{"at", "block", "proposal", "bundle"} {
		if isSet(name) && !(name == "block" && isSet("proposal")) {
			moments = append(moments, name)
		}
	}
	if len(moments) > 1 {
		return usagef("--%s and --%s exclude each other", moments[0], moments[1])
	}
	for _, name := range []string{"model", "rpc", "agree", "rps", "allow-unfinalized", "prove"} {
		if isSet("bundle") && isSet(name) {
			return usagef("--%s has no meaning with --bundle, which reads no chain and brings its model", name)
		}
	}
	return nil
}

func (o *reportOptions) make(ctx context.Context, stdin io.Reader) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	if o.bundle != "" {
		return inTime(ctx, func() (*report.Report, error) { return reportFromBundle(o.bundle, stdin) })
	}
	read := o.fromChains
	if o.ref.ID != "" {
		read = o.fromProposal
	}
	e, err := read(ctx)
	if err != nil {
		return nil, err
	}
	return inTime(ctx, func() (*report.Report, error) {
		return report.New(&report.Bundle{Generator: generator(), Evidence: e})
	})
}

// fromProposal reads the blocks that check reads, and no votes.
func (o *reportOptions) fromProposal(ctx context.Context) (*votingpower.Evidence, error) {
	m, err := openModel(o.model)
	if err != nil {
		return nil, err
	}
	return collect(ctx, o.voteOptions, m, vote.Options{}, vote.CollectCirculating)
}

func (o *reportOptions) fromChains(ctx context.Context) (*votingpower.Evidence, error) {
	m, err := openModel(o.model)
	if err != nil {
		return nil, err
	}
	for id := range o.blocks {
		if !slices.Contains(m.Chains(), id) {
			return nil, usagef("--block: the model reads no chain %s, only %s", id, joinIDs(m.Chains()))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	nodes, closeAll, err := o.endpoints.dial(ctx, m.Chains())
	if err != nil {
		return nil, err
	}
	defer closeAll()
	e, err := votingpower.Collect(ctx, nodes, m, votingpower.When{At: o.at, Blocks: o.blocks})
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
		return nil, hintf(&codedError{err, exitDisagree}, "perpquorum verify %s shows them", name)
	}
	return r, nil
}
