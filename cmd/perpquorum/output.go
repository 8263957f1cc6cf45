package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower/report"
)

// outputOptions says in which format a report is printed, and where its evidence goes.
type outputOptions struct {
	format   report.Format
	evidence string // file; "" for none
}

func outputFlags() []cli.Flag {
	const category = "Output"
	var formats []string
	for _, f := range report.Formats() {
		formats = append(formats, string(f))
	}
	return []cli.Flag{
		formatFlag(category, formats...),
		&cli.StringFlag{Name: "evidence", Category: category,
			Usage: "write the evidence bundle to `FILE`, compressed if its name ends in .gz; an existing file is replaced"},
	}
}

// formatFlag is --format with its values, the first being the default.
func formatFlag(category string, values ...string) cli.Flag {
	return &cli.GenericFlag{Name: "format", Category: category, Value: &enumFlag{values: values},
		DefaultText: values[0], Usage: "output `FORMAT`: " + orList(values)}
}

// parseOutput finds before anything is read that --evidence names a file that cannot be
// written, or the model.
func parseOutput(c *cli.Context) (outputOptions, error) {
	o := outputOptions{format: report.Format(c.String("format")), evidence: c.String("evidence")}
	if o.evidence == "" {
		return o, nil
	}
	if _, err := outputFile(o.evidence); err != nil {
		return o, fmt.Errorf("evidence cannot be written: %w", err)
	}
	file, err := os.Stat(o.evidence)
	if err != nil { // it is new
		return o, nil
	}
	if model, err := os.Stat(c.String("model")); err == nil && os.SameFile(file, model) {
		return o, usagef("--evidence and --model name the same file")
	}
	return o, nil
}

// publish prints the report, and writes its evidence.
func (o outputOptions) publish(w io.Writer, r *report.Report) error {
	if err := r.Render(w, o.format); err != nil || o.evidence == "" {
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

// generator names this program in bundles.
func generator() string { return "perpquorum " + buildInfo().version }
