package main

import (
	_ "embed"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

//go:embed man.tmpl
var manTemplate string

func manCommand() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page",
		Description: "Prints the manual page in roff, made from the same texts as --help.\n\nExamples:\n" +
			"   perpquorum man | man -l -\n   perpquorum man > /usr/local/share/man/man1/perpquorum.1\n\n" + plainExitHelp,
		Action: printMan,
	}
}

func printMan(c *cli.Context) error {
	tmpl, err := template.New("man").Funcs(template.FuncMap{
		"roff":  roff,
		"usage": commandUsage,
		"flags": flagTexts,
		"all":   allCommands,
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
