package main

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

//go:embed help.tmpl
var helpTemplate string

// printHelp writes the help of a command, or of the program if command is nil.
func printHelp(w io.Writer, app *cli.App, command *cli.Command) error {
	if command == nil {
		command = &cli.Command{HelpName: app.HelpName, Usage: app.Usage, UsageText: app.UsageText,
			Description: app.Description, Subcommands: app.Commands}
	}
	tmpl, err := template.New("help").Funcs(template.FuncMap{
		"usage":  commandUsage,
		"flags":  flagTexts,
		"indent": func(s string) string { return strings.ReplaceAll(s, "\n", "\n   ") },
		"wrap":   wrap,
		"topics": topicsOf,
		"codes":  exitCodesOf,
	}).Parse(helpTemplate)
	if err != nil {
		return err
	}
	return tmpl.Execute(w, struct {
		*cli.Command
		Title string
	}{command, fullName(app, command)})
}

// topic explains what a word of the usage stands for.
type topic struct{ Word, Text string }

var topics = []topic{{"TIME", timeHelp}, {"PROPOSAL", proposalHelp}, {"CHAIN=URL", endpointHelp}}

// topicsOf lists the topics whose words the command takes.
func topicsOf(c *cli.Command) (list []topic) {
	for _, t := range topics {
		flag := slices.ContainsFunc(c.Flags, func(f cli.Flag) bool {
			return strings.Contains(usageOf(f), "`"+t.Word+"`")
		})
		if flag || c.ArgsUsage == t.Word {
			list = append(list, t)
		}
	}
	return list
}

// exitCodesOf lists the codes with which a command exits, or all of them for
// the program itself.
func exitCodesOf(title string) (list []exitMeaning) {
	name := strings.TrimPrefix(title, "perpquorum ")
	for _, m := range exitMeanings {
		if m.Commands == "" || name == title || slices.Contains(strings.Fields(m.Commands), name) {
			list = append(list, m)
		}
	}
	return list
}

// fullName returns the words with which a command is called.
func fullName(app *cli.App, command *cli.Command) string {
	for _, parent := range app.Commands {
		if parent == command {
			return app.Name + " " + command.Name
		}
		for _, child := range parent.Subcommands {
			if child == command {
				return app.Name + " " + parent.Name + " " + command.Name
			}
		}
	}
	return app.Name
}

// commandUsage returns how a command is called, without the names before its own.
func commandUsage(c *cli.Command) string {
	if len(c.Flags) > 0 {
		return strings.TrimSpace("[flags] " + c.ArgsUsage)
	}
	return c.ArgsUsage
}

// flagText is a flag in the words of the help.
type flagText struct{ Category, Name, Text string }

// flagTexts lists the flags of a command in the order in which they are
// declared, with the value's name, the default and the environment variables.
func flagTexts(c *cli.Command) (texts []flagText) {
	for _, f := range c.Flags {
		usage := usageOf(f)
		text := flagText{Name: "--" + f.Names()[0], Text: strings.ReplaceAll(usage, "`", "")}
		if _, after, ok := strings.Cut(usage, "`"); ok {
			value, _, _ := strings.Cut(after, "`")
			text.Name += " " + value
		}
		if category, ok := f.(cli.CategorizableFlag); ok {
			text.Category = category.GetCategory()
		}
		if doc, ok := f.(cli.DocGenerationFlag); ok {
			if doc.TakesValue() && doc.GetDefaultText() != "" {
				text.Text += fmt.Sprintf(" (default: %s)", doc.GetDefaultText())
			}
			if env := doc.GetEnvVars(); len(env) > 0 {
				text.Text += fmt.Sprintf(" (environment: %s)", strings.Join(env, ", "))
			}
		}
		texts = append(texts, text)
	}
	return texts
}

func usageOf(f cli.Flag) string {
	if doc, ok := f.(cli.DocGenerationFlag); ok {
		return doc.GetUsage()
	}
	return ""
}

// wrap breaks text into lines of at most 80 columns, of which those after the
// first are indented by the given number of spaces.
func wrap(indent int, text string) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		width := len([]rune(word))
		switch {
		case i == 0:
		case column+1+width > 80:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}
