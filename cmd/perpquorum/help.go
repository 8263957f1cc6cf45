package main

import (
	_ "embed"
	"io"
	"slices"
	"strings"
	"text/template"
)

//go:embed help.tmpl
var helpTemplate string

// printHelp writes the help of a command.
func printHelp(w io.Writer, c *command) error {
	tmpl, err := template.New("help").Funcs(helpFuncs).Parse(helpTemplate)
	if err != nil {
		return err
	}
	return tmpl.Execute(w, c.page())
}

var helpFuncs = template.FuncMap{
	"roff":   roff,
	"indent": func(s string) string { return strings.ReplaceAll(s, "\n", "\n   ") },
	"wrap":   wrap,
}

// helpPage is a command in the words of the help and the manual.
type helpPage struct {
	Title, Name, Usage, Synopsis, Description string
	Commands                                  []helpPage
	Flags                                     []helpFlag
	Topics                                    []topic
	Codes                                     []exitMeaning
}

type helpFlag struct{ Category, Label, Text string }

func (c *command) page() helpPage {
	p := helpPage{
		Title: c.title, Name: c.name, Usage: c.usage, Synopsis: c.synopsis, Description: c.description,
		Topics: c.topics(), Codes: c.exitCodes(),
	}
	if p.Synopsis == "" {
		flags := ""
		if len(c.flags) > 0 {
			flags = " [flags] "
		}
		p.Synopsis = strings.Join(strings.Fields(c.title+flags+" "+c.arguments), " ")
	}
	for _, child := range c.commands {
		p.Commands = append(p.Commands, child.page())
	}
	for _, f := range c.flags {
		p.Flags = append(p.Flags, helpFlag{f.category, f.label(), f.text()})
	}
	return p
}

// topic explains what a word of the usage stands for.
type topic struct{ Word, Text string }

var topics = []topic{{"TIME", timeHelp}, {"PROPOSAL", proposalHelp}, {"CHAIN=URL", endpointHelp}}

// topics lists the topics whose words the command takes.
func (c *command) topics() (list []topic) {
	for _, t := range topics {
		if c.arguments == t.Word || slices.ContainsFunc(c.flags, func(f option) bool { return f.word() == t.Word }) {
			list = append(list, t)
		}
	}
	return list
}

// exitCodes lists the codes with which the command exits.
func (c *command) exitCodes() (list []exitMeaning) {
	name := strings.TrimPrefix(c.title, "perpquorum ")
	for _, m := range exitMeanings {
		if m.Commands == "" || c.title == c.name || slices.Contains(strings.Fields(m.Commands), name) {
			list = append(list, m)
		}
	}
	return list
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
