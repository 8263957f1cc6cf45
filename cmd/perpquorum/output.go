package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// outputOptions says in which format a report is printed, and where its evidence goes.
type outputOptions struct {
	format   string
	chart    report.Chart // "" for the one that fits
	evidence string       // file; "" for none
	link     string       // URL of the published evidence; "" for none
	quiet    bool         // print the verdict alone
}

// quietFlag asks for the line of the verdict alone.
func quietFlag(category string, to *bool) cli.Flag {
	return &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: category, Destination: to,
		Usage: "print the line of the verdict alone"}
}

// flags are those of report and check.
func (o *outputOptions) flags() []cli.Flag {
	const category = "Output"
	var formats []string
	for _, f := range report.Formats() {
		formats = append(formats, string(f))
	}
	return []cli.Flag{
		formatFlag(category, &o.format, append(formats, string(report.CSV), string(report.SVG), string(report.PNG))...),
		&cli.GenericFlag{Name: "chart", Category: category, DefaultText: "turnout of a vote, else waterfall",
			Usage: "what the svg and png formats draw: `CHART` is turnout (the votes against the quorum) or waterfall (the sum)",
			Value: oneOf(&o.chart, report.Charts())},
		&cli.PathFlag{Name: "evidence", Category: category, Destination: &o.evidence,
			Usage: "write the evidence bundle to `FILE`, compressed if its name ends in .gz; an existing file is replaced"},
		&cli.GenericFlag{Name: "bundle-url", Category: category,
			Usage: "link to `URL`, an https address where the evidence bundle is published; for a post or page",
			Value: parsed(&o.link, func(url string) (string, error) { return url, report.CheckURL(url) })},
	}
}

// check finds before anything is read that the evidence names a file that
// cannot be written, or one that is read.
func (o *outputOptions) check(model, endpoints string) error {
	if o.chart != "" && !o.drawn() {
		return usagef("--chart wants --format svg or png")
	}
	if o.quiet && o.format != string(report.Text) {
		return usagef("--quiet has no meaning with --format %s", o.format)
	}
	linking := []report.Format{report.Markdown, report.CommonMark, report.HTML}
	if o.link != "" && !slices.Contains(linking, report.Format(o.format)) {
		return usagef("--bundle-url wants --format markdown, commonmark or html")
	}
	if o.evidence == "" {
		return nil
	}
	if _, err := outputFile(o.evidence); err != nil {
		return fmt.Errorf("evidence cannot be written: %w", err)
	}
	for flag, read := range map[string]string{"model": model, "endpoints": endpoints} {
		if sameFile(o.evidence, read) {
			return usagef("--evidence and --%s name the same file", flag)
		}
	}
	return nil
}

// drawn reports whether the output is a picture.
func (o *outputOptions) drawn() bool {
	return slices.Contains([]report.Format{report.SVG, report.PNG}, report.Format(o.format))
}

// publish prints the report, and writes its evidence.
func (o *outputOptions) publish(w io.Writer, r *report.Report) error {
	r.BundleURL = o.link
	render := func() error { return r.Render(w, report.Format(o.format)) }
	switch {
	case o.drawn():
		render = func() error { return r.RenderChart(w, report.Format(o.format), o.chart) }
	case o.quiet:
		render = func() error { _, err := fmt.Fprintln(w, r.VerdictLine(styleOf(w))); return err }
	case o.format == string(report.Text):
		render = func() error { return r.RenderText(w, styleOf(w)) }
	}
	if err := render(); err != nil || o.evidence == "" {
		if errors.Is(err, report.ErrNoVote) {
			err = usagef("--chart turnout: %w", err)
		}
		return err
	}
	b, err := r.Bundle()
	if err != nil {
		return err
	}
	err = writeWhole(o.evidence, func(w io.Writer) error { return b.Write(w, strings.HasSuffix(o.evidence, ".gz")) })
	if err != nil {
		return fmt.Errorf("evidence was not written: %w", err)
	}
	return nil
}

// enough refuses a report whose figures are below the level that is required: those of the
// voters too, unless they were not asked to be proven.
func (o *endpointOptions) enough(r *report.Report) error {
	voters := o.require == chains.Bound || o.prove == proveVoters
	err := r.Require(o.require, voters)
	if err != nil && o.prove == proveOff && o.require == chains.Proven {
		err = hintf(err, "leave out --prove off")
	}
	return err
}

// generator names this program in bundles.
func generator() string { return "perpquorum " + buildInfo().Version }
