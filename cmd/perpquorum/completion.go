package main

import (
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

//go:embed completion.bash.tmpl
var bashTemplate string

//go:embed completion.zsh.tmpl
var zshTemplate string

//go:embed completion.fish.tmpl
var fishTemplate string

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:        "completion",
		Usage:       "print a completion script for a shell",
		ArgsUsage:   "bash|zsh|fish",
		Description: completionHelp,
		Action:      printCompletion,
	}
}

const completionHelp = `Prints a script that completes commands, flags and their values.

Examples:
   bash:  source <(perpquorum completion bash)
   zsh:   perpquorum completion zsh > "${fpath[1]}/_perpquorum"
   fish:  perpquorum completion fish > ~/.config/fish/completions/perpquorum.fish`

func printCompletion(c *cli.Context) error {
	shell := c.Args().First()
	text, ok := map[string]string{"bash": bashTemplate, "zsh": zshTemplate, "fish": fishTemplate}[shell]
	if !ok {
		return usagef("unknown shell %s, want bash, zsh or fish", quote(shell))
	}
	tmpl, err := template.New(shell).Funcs(template.FuncMap{"single": singleQuote, "list": strings.Join}).Parse(text)
	if err != nil {
		return err
	}
	return tmpl.Execute(c.App.Writer, completions(c.App))
}

// completionNode is a command in the words of a completion script.
type completionNode struct {
	Path     string // "" for the program, "/model/check" for a subcommand
	Name     string
	Usage    string
	Files    bool // takes a file as argument
	Children []completionNode
	Flags    []completionFlag
}

type completionFlag struct {
	Name, Usage string
	TakesValue  bool
	File        bool     // the value is a file
	Values      []string // words to choose from, if they are known
}

// completions lists the program and all commands below it.
func completions(app *cli.App) []completionNode {
	root := completionNode{Children: completionChildren("", app.Commands)}
	return append([]completionNode{root}, descendants(root)...)
}

func completionChildren(path string, commands []*cli.Command) (nodes []completionNode) {
	for _, c := range commands {
		node := completionNode{Path: path + "/" + c.Name, Name: c.Name, Usage: c.Usage,
			Files: strings.HasPrefix(c.ArgsUsage, "FILE") || strings.HasPrefix(c.ArgsUsage, "BUNDLE")}
		node.Children = completionChildren(node.Path, c.Subcommands)
		for _, f := range c.Flags {
			node.Flags = append(node.Flags, describeFlag(f))
		}
		nodes = append(nodes, node)
	}
	return nodes
}

func descendants(node completionNode) (all []completionNode) {
	for _, child := range node.Children {
		all = append(append(all, child), descendants(child)...)
	}
	return all
}

func describeFlag(f cli.Flag) completionFlag {
	d := completionFlag{Name: f.Names()[0], TakesValue: takesValue(f)}
	d.Usage = strings.ReplaceAll(usageOf(f), "`", "")
	d.File = strings.Contains(usageOf(f), "`FILE`")
	if generic, ok := f.(*cli.GenericFlag); ok {
		if c, ok := generic.Value.(*enumFlag); ok {
			d.Values = c.values
		}
	}
	switch d.Name {
	case "bundle":
		d.Values = []string{exampleName, exampleVoteName}
	case "block", "rpc":
		d.Values = []string{"ethereum=", "optimism="}
	case "chain":
		d.Values = []string{"ethereum", "optimism"}
	}
	return d
}

// singleQuote quotes s for bash, zsh and fish alike.
func singleQuote(s string) string {
	return fmt.Sprintf("'%s'", strings.NewReplacer(`\`, ``, `'`, `’`).Replace(s))
}
