package main

import (
	"context"
	_ "embed"
	"io"
	"strings"
	"text/template"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

//go:embed man.tmpl
var manTemplate string

func manCommand(program *command) *command {
	return &command{
		name: "man", usage: "print the manual page", description: manHelp,
		run: func(_ context.Context, in invocation) error { return printManual(in.stdout, program) },
	}
}

const manHelp = `Prints the manual page in roff. It has every flag, file format, variable and exit
code.

Examples:
   perpquorum man | man -l -
   perpquorum man > /usr/local/share/man/man1/perpquorum.1`

func printManual(w io.Writer, program *command) error {
	tmpl, err := template.New("man").Funcs(helpFuncs).Parse(manTemplate)
	if err != nil {
		return err
	}
	m := manual{
		helpPage: program.page(), Topics: topics, Codes: exitMeanings,
		Bundle: report.BundleFormat, Document: report.DocumentFormat, Model: votingpower.ModelFormat,
		Power: powerFormat, Doctor: diagnosisFormat,
		Model1: votingpower.ModelFormat1,
	}
	for _, c := range program.all()[1:] {
		m.All = append(m.All, c.page())
	}
	return tmpl.Execute(w, m)
}

// manual is what the manual says beside the page of the program itself.
type manual struct {
	helpPage
	All                                            []helpPage // commands and subcommands
	Topics                                         []topic
	Codes                                          []exitMeaning
	Bundle, Document, Model, Model1, Power, Doctor string // formats
}

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
