package main

import (
	_ "embed"
	"fmt"
	"io"
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
	}).Parse(helpTemplate)
	if err != nil {
		return err
	}
	return tmpl.Execute(w, struct {
		*cli.Command
		Title string
	}{command, fullName(app, command)})
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

// wrap breaks text into lines of at most 80 columns, indented by the given
// number of spaces.
func wrap(indent int, text string) string {
	margin := strings.Repeat(" ", indent)
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		width := len([]rune(word))
		switch {
		case column == 0:
			b.WriteString(margin)
			column = indent
		case column+1+width > 80:
			b.WriteString("\n" + margin)
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
