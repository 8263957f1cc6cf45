package main

import (
	_ "embed"
	"fmt"
	"strings"

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
		Name: "completion", Usage: "print a completion script for a shell", ArgsUsage: "bash|zsh|fish",
		Description: completionHelp, Action: printCompletion,
	}
}

const completionHelp = `Prints a script that completes commands, flags and their values.

Examples:
   bash: source <(perpquorum completion bash)
   zsh:  perpquorum completion zsh > "${fpath[1]}/_perpquorum"
   fish: perpquorum completion fish > ~/.config/fish/completions/perpquorum.fish`

func printCompletion(c *cli.Context) error {
	shell := c.Args().First()
	text, ok := map[string]string{"bash": bashTemplate, "zsh": zshTemplate, "fish": fishTemplate}[shell]
	if !ok {
		return usagef("unknown shell %s, want bash, zsh or fish", quote(shell))
	}
	cli.HelpPrinterCustom(c.App.Writer, text, tree(root(c.App)), helpFuncs())
	return nil
}

// completionPath is "" for the program, and "/model/check" for a subcommand.
func completionPath(c *cli.Command) string {
	return strings.TrimPrefix(strings.ReplaceAll(c.HelpName, " ", "/"), "perpquorum")
}

// takesFile reports whether an argument of the command is a file.
func takesFile(c *cli.Command) bool {
	word := strings.TrimSuffix(c.ArgsUsage, "...")
	return word == "FILE" || word == "BUNDLE"
}

// argumentWords are what an argument of the command can be, beside the name of a file.
func argumentWords(c *cli.Command) []string {
	switch c.ArgsUsage {
	case "BUNDLE":
		return []string{exampleName, exampleVoteName}
	case "gallery:NAME":
		return galleryNames()
	}
	if words := strings.Split(c.ArgsUsage, "|"); len(words) > 1 {
		return words
	}
	return nil
}

// singleQuote quotes s for bash, zsh and fish alike.
func singleQuote(s string) string {
	return fmt.Sprintf("'%s'", strings.NewReplacer("`", "", `\`, "", "'", "’").Replace(s))
}
