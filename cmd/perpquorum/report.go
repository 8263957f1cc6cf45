package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func reportCommand() *cli.Command {
	const moment, output = "Moment, one of", "Output"
	return &cli.Command{
		Name:        "report",
		Usage:       "circulating voting power and quorum, ready to post",
		Description: reportHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "at", Category: moment, Usage: "the first block of each chain at or after `TIME`"},
			&cli.StringSliceFlag{Name: "block", Category: moment, Usage: "exactly this block, as `CHAIN=N`; repeat it for more chains"},
			&cli.StringFlag{Name: "proposal", Category: moment, Usage: "the snapshot block of `PROPOSAL`, an id or a URL; --block then names blocks of other chains than its own"},
			hubFlag(moment),
			&cli.StringFlag{Name: "bundle", Category: moment, Usage: "recompute the report from the evidence in `FILE`, offline; \"example\" and \"example-vote\" are built in"},
			formatFlag(output, formatNames()...),
			&cli.StringFlag{Name: "evidence", Category: output, Usage: "write the evidence bundle to `FILE`, compressed if its name ends in .gz; an existing file is replaced"},
			modelFlag(output),
		}, endpointFlags()...),
		Action: runReport,
	}
}

const reportHelp = `Reads everything the model asks for at one block of each chain, and prints
circulating supply, circulating voting power and quorum. Without --at, --block,
--proposal or --bundle, the moment is the latest one whose blocks are final on every chain.
With --block for some of the chains, the time of the named block decides the
blocks of the others.

` + timeHelp + `

` + endpointHelp + `

Examples:
   perpquorum report --bundle example
   perpquorum report --at "Fri, 19 May 2023 13:39:35 GMT" --evidence quorum.json.gz
   perpquorum report --block ethereum=17293885 --format markdown
   perpquorum report --proposal https://snapshot.box/#/s:vote-perp.eth/proposal/0x...
   perpquorum report --bundle quorum.json.gz --format json

The text format rounds to three decimals, as the forum's posts do; the tables of
the markdown format and the json format are exact.

` + exitHelp

// formatFlag is --format with its values, the first being the default.
func formatFlag(category string, values ...string) cli.Flag {
	return &cli.GenericFlag{Name: "format", Category: category, Value: &enumFlag{values: values},
		DefaultText: values[0], Usage: "output `FORMAT`: " + orList(values)}
}

func formatNames() (names []string) {
	for _, f := range report.Formats() {
		names = append(names, string(f))
	}
	return names
}

func runReport(c *cli.Context) error {
	if _, err := arguments(c); err != nil {
		return err
	}
	if err := checkMoment(c); err != nil {
		return err
	}
	if err := checkEvidence(c); err != nil {
		return err
	}
	r, err := makeReport(c)
	if err != nil {
		return err
	}
	if err := r.Render(c.App.Writer, report.Format(c.String("format"))); err != nil {
		return err
	}
	return writeEvidence(c, r)
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

func makeReport(c *cli.Context) (*report.Report, error) {
	if c.IsSet("bundle") {
		return reportFromBundle(c.String("bundle"))
	}
	if c.IsSet("proposal") {
		return reportFromProposal(c)
	}
	return reportFromChains(c)
}

// reportFromProposal reads the blocks that check reads, and no votes.
func reportFromProposal(c *cli.Context) (*report.Report, error) {
	v, err := newVoteRun(c, c.String("proposal"))
	if err != nil {
		return nil, err
	}
	defer v.close()
	evidence, err := v.figures()
	if err != nil {
		return nil, err
	}
	return newReport(evidence)
}

// newReport makes the report on figures that were just read.
func newReport(e *votingpower.Evidence) (*report.Report, error) {
	r, err := report.New(&report.Bundle{Generator: "perpquorum " + buildInfo().version, Evidence: e})
	if err != nil {
		// Nobody has claimed anything about what was just read, so that this is
		// trouble, and not the disagreement that it would be in a bundle.
		return nil, errors.New(err.Error())
	}
	return r, nil
}

// reportFromBundle recomputes a report, and refuses to print one that differs
// from what its bundle claims.
func reportFromBundle(name string) (*report.Report, error) {
	b, err := openBundle(name)
	if err != nil {
		return nil, err
	}
	r, different, err := report.Verify(b)
	if err != nil {
		return nil, err
	}
	if len(different) > 0 {
		err := fmt.Errorf("%w: the bundle claims another report than its evidence gives, in %d places", votingpower.ErrEvidence, len(different))
		return nil, hintf(err, "perpquorum verify %s shows them", name)
	}
	return r, nil
}

func reportFromChains(c *cli.Context) (*report.Report, error) {
	when, err := parseWhen(c)
	if err != nil {
		return nil, err
	}
	m, err := openModel(c.String("model"))
	if err != nil {
		return nil, err
	}
	for id := range when.Blocks {
		if !slices.Contains(m.Chains(), id) {
			return nil, usagef("--block: the model reads no chain %s, only %s", id, joinIDs(m.Chains()))
		}
	}
	options, err := parseEndpoints(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.Context, options.timeout)
	defer cancel()
	p := newProgress(c.App.ErrWriter)
	defer p.clear()
	nodes, closeAll, err := options.dial(ctx, m.Chains(), p)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	evidence, err := votingpower.Collect(ctx, nodes, m, when)
	if err != nil {
		return nil, momentHint(err)
	}
	return newReport(evidence)
}

func parseWhen(c *cli.Context) (when votingpower.When, err error) {
	if c.IsSet("at") {
		if when.At, err = parseTime(c.String("at")); err != nil {
			return when, err
		}
	}
	when.Blocks, err = parseBlocks(c.StringSlice("block"))
	return when, err
}

// checkEvidence finds before anything is read that --evidence names a file that
// cannot be written, or the model.
func checkEvidence(c *cli.Context) error {
	if !c.IsSet("evidence") {
		return nil
	}
	name := c.String("evidence")
	if _, err := outputFile(name); err != nil {
		return fmt.Errorf("evidence cannot be written: %w", err)
	}
	file, err := os.Stat(name)
	if err != nil { // it is new
		return nil
	}
	if model, err := os.Stat(c.String("model")); err == nil && os.SameFile(file, model) {
		return usagef("--evidence and --model name the same file")
	}
	return nil
}

// writeEvidence writes the bundle where --evidence asks for it.
func writeEvidence(c *cli.Context, r *report.Report) error {
	if !c.IsSet("evidence") {
		return nil
	}
	name := c.String("evidence")
	b, err := r.Bundle()
	if err != nil {
		return err
	}
	var data bytes.Buffer
	if err := b.Write(&data, name); err != nil {
		return fmt.Errorf("evidence was not written: %w", err)
	}
	// What nobody could read again is no evidence: a hub can answer with text
	// that bundles do not take, such as a key that stands twice.
	if _, err := report.ReadBundle(bytes.NewReader(data.Bytes()), name); err != nil {
		return fmt.Errorf("evidence was not written, since it could not be read again: %v", err)
	}
	err = writeWhole(name, func(w io.Writer) error {
		_, err := w.Write(data.Bytes())
		return err
	})
	if err != nil {
		return fmt.Errorf("evidence was not written: %w", err)
	}
	return nil
}
