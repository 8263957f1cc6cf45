package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// newApp describes the program and its commands. A command's flags are bound to
// the options that its action reads.
func newApp(p *progress) *cli.App {
	app := &cli.App{
		Name:  "perpquorum",
		Usage: "circulating voting power and quorum of a DAO at a moment",
		UsageText: `perpquorum COMMAND [flags] [arguments]
perpquorum COMMAND --help`,
		Description: programHelp,
		Commands: []*cli.Command{
			reportCommand(p),
			checkCommand(p),
			historyCommand(p),
			verifyCommand(),
			powerCommand(p),
			blockCommand(p),
			doctorCommand(p),
			modelCommand(p),
			versionCommand(),
			completionCommand(),
			manCommand(),
		},
		HideHelp:       true,                         // run answers --help
		HideVersion:    true,                         // a command answers --version
		ExitErrHandler: func(*cli.Context, error) {}, // the library would exit by itself
	}
	app.Setup() // names the commands, before complete does
	for _, c := range app.Commands {
		complete(c, app.HelpName)
	}
	return app
}

// root is the program as the command that all others belong to.
func root(app *cli.App) *cli.Command {
	return &cli.Command{
		Name: app.Name, HelpName: app.HelpName, Usage: app.Usage, UsageText: app.UsageText,
		Description: app.Description, Subcommands: app.Commands,
	}
}

// complete gives a command and those below it what all have in common.
func complete(c *cli.Command, parent string) {
	c.HelpName, c.HideHelp, c.OnUsageError = parent+" "+c.Name, true, valueFault
	if c.Action != nil {
		addOutput(c)
	}
	if c.UsageText == "" {
		flags := ""
		if len(c.Flags) > 0 {
			flags = " [flags]"
		}
		c.UsageText = strings.TrimSpace(c.HelpName + flags + " " + c.ArgsUsage)
	}
	for _, child := range c.Subcommands {
		complete(child, c.HelpName)
	}
}

// tree lists a command and those below it, parents first.
func tree(c *cli.Command) []*cli.Command {
	list := []*cli.Command{c}
	for _, child := range c.Subcommands {
		list = append(list, tree(child)...)
	}
	return list
}

const programHelp = `Reads token supply, excluded wallets and vote-escrow contracts at one block of
each chain, and prints circulating voting power and quorum, together with what
anyone needs to recompute them. The built-in example needs no endpoint:

   perpquorum report --bundle example
   perpquorum verify example`
