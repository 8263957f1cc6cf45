package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

//go:embed man.tmpl
var manTemplate string

func manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page", Description: manHelp,
		Action: func(c *cli.Context) error {
			cli.HelpPrinterCustom(c.App.Writer, manTemplate, manual{
				Command: root(c.App), Topics: topics,
				Bundle: report.BundleFormat, Bundle1: report.BundleFormat1, Document: report.DocumentFormat,
				Model: votingpower.ModelFormat, Model1: votingpower.ModelFormat1,
				Power: powerFormat, Doctor: diagnosisFormat, Block: blockFormat, Tried: triedFormat,
				Verification: report.VerificationFormat,
			}, helpFuncs())
			return nil
		},
	}
}

const manHelp = `Prints the manual page in roff, with every flag, file format, variable and exit
code.

Examples:
   perpquorum man | man -l -
   perpquorum man > /usr/local/share/man/man1/perpquorum.1`

// manual is what the manual says beside the help of the program itself.
type manual struct {
	*cli.Command
	Topics []topic
	// formats
	Bundle, Bundle1, Document, Model, Model1, Power, Doctor, Block, Tried, Verification string
}

// All lists commands and subcommands.
func (m manual) All() []*cli.Command { return tree(m.Command)[1:] }

// roff writes plain text so that the formatter takes nothing in it for a
// request: backslashes, hyphens, and dots and quotes at the start of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\t", "  ").Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}

// roffProse writes a description: prose is filled, and lines that are indented stay as they are.
func roffProse(s string) string {
	var out strings.Builder
	fixed, longest := false, 0
	for line := range strings.Lines(s) {
		if strings.HasPrefix(line, " ") {
			longest = max(longest, len([]rune(strings.TrimSpace(line))))
		}
	}
	begin := fmt.Sprintf(".nf\n.in %dn\n", max(3, min(10, 80-longest)))
	for line := range strings.Lines(s + "\n") {
		if indented := strings.HasPrefix(line, " "); indented != fixed && line != "\n" {
			out.WriteString(map[bool]string{true: begin, false: ".in\n.fi\n"}[indented])
			fixed = indented
		}
		out.WriteString(roff(strings.TrimPrefix(line, "   ")))
	}
	if fixed {
		out.WriteString(".in\n.fi\n")
	}
	return strings.TrimSuffix(out.String(), "\n")
}
