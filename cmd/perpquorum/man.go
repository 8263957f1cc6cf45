package main

import (
	_ "embed"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

//go:embed man.tmpl
var manTemplate string

func manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page",
		Description: manHelp,
		Action:      printMan,
	}
}

const manHelp = `Prints the manual page in roff. It has every flag, file format, variable and exit
code.

Examples:
   perpquorum man | man -l -
   perpquorum man > /usr/local/share/man/man1/perpquorum.1`

func printMan(c *cli.Context) error {
	tmpl, err := template.New("man").Funcs(template.FuncMap{
		"roff":           roff,
		"usage":          commandUsage,
		"title":          func(command *cli.Command) string { return fullName(c.App, command) },
		"flags":          flagTexts,
		"all":            allCommands,
		"topics":         func() []topic { return topics },
		"codes":          func() []exitMeaning { return exitMeanings },
		"bundleFormat":   func() string { return report.BundleFormat },
		"documentFormat": func() string { return report.DocumentFormat },
		"modelFormat":    func() string { return votingpower.ModelFormat },
	}).Parse(manTemplate)
	if err != nil {
		return err
	}
	return tmpl.Execute(c.App.Writer, c.App)
}

// allCommands lists commands and subcommands, parents first.
func allCommands(commands []*cli.Command) (all []*cli.Command) {
	for _, c := range commands {
		all = append(append(all, c), allCommands(c.Subcommands)...)
	}
	return all
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
