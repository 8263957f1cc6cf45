package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"
)

//go:embed completion.bash.tmpl
var bashTemplate string

//go:embed completion.zsh.tmpl
var zshTemplate string

//go:embed completion.fish.tmpl
var fishTemplate string

func completionCommand(program *command) *command {
	return &command{
		name: "completion", usage: "print a completion script for a shell", arguments: "bash|zsh|fish",
		description: completionHelp,
		run: func(_ context.Context, in invocation) error {
			return printCompletion(in.stdout, program, in.arguments[0])
		},
	}
}

const completionHelp = `Prints a script that completes commands, flags and their values.

Examples:
   bash:  source <(perpquorum completion bash)
   zsh:   perpquorum completion zsh > "${fpath[1]}/_perpquorum"
   fish:  perpquorum completion fish > ~/.config/fish/completions/perpquorum.fish`

func printCompletion(w io.Writer, program *command, shell string) error {
	text, ok := map[string]string{"bash": bashTemplate, "zsh": zshTemplate, "fish": fishTemplate}[shell]
	if !ok {
		return usagef("unknown shell %s, want bash, zsh or fish", quote(shell))
	}
	tmpl, err := template.New(shell).Funcs(template.FuncMap{"single": singleQuote, "list": strings.Join}).Parse(text)
	if err != nil {
		return err
	}
	var nodes []completionNode
	for _, c := range program.all() {
		nodes = append(nodes, completionOf(c))
	}
	return tmpl.Execute(w, nodes)
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

func completionOf(c *command) completionNode {
	_, path, _ := strings.Cut(strings.ReplaceAll(c.title, " ", "/"), "/")
	word := strings.TrimSuffix(c.arguments, "...")
	node := completionNode{Name: c.name, Usage: c.usage, Files: word == "FILE" || word == "BUNDLE"}
	if path != "" {
		node.Path = "/" + path
	}
	for _, child := range c.commands {
		node.Children = append(node.Children, completionOf(child))
	}
	for _, f := range c.flags {
		node.Flags = append(node.Flags, completionFlag{
			Name: f.name, Usage: strings.ReplaceAll(f.usage, "`", ""), TakesValue: f.word() != "",
			File: f.word() == "FILE", Values: f.values,
		})
	}
	return node
}

// singleQuote quotes s for bash, zsh and fish alike.
func singleQuote(s string) string {
	return fmt.Sprintf("'%s'", strings.NewReplacer(`\`, ``, `'`, `’`).Replace(s))
}
