package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

// newApp describes the program: its commands and nothing that decides. What a
// command prints goes to product.
func newApp(stdin io.Reader, product, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:     "perpquorum",
		HelpName: "perpquorum",
		Usage:    "circulating voting power and quorum of a DAO at a moment",
		UsageText: `perpquorum COMMAND [flags] [arguments]
perpquorum COMMAND --help`,
		Description: appHelp,
		Commands: []*cli.Command{
			reportCommand(),
			checkCommand(),
			verifyCommand(),
			powerCommand(),
			blockCommand(),
			doctorCommand(),
			modelCommand(),
			versionCommand(),
			completionCommand(),
			manCommand(),
		},
		Reader:                    stdin,
		Writer:                    product,
		ErrWriter:                 stderr,
		HideHelp:                  true, // parseArgs and printHelp answer --help
		HideVersion:               true, // parseArgs answers --version
		DisableSliceFlagSeparator: true, // an endpoint URL may contain commas
		OnUsageError:              usageFault,
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides about the exit code
	}
	quieten(app.Commands)
	return app
}

// quieten makes the library return usage errors of every command instead of
// printing help to standard output.
func quieten(commands []*cli.Command) {
	for _, c := range commands {
		c.OnUsageError = usageFault
		c.HideHelp = true
		quieten(c.Subcommands)
	}
}

// usageFault passes on what the flag library finds wrong and parseArgs does not.
func usageFault(_ *cli.Context, err error, _ bool) error { return &usageError{err} }

const appHelp = `Reads token supply, excluded wallets and vote-escrow contracts at one block of
each chain, and prints circulating voting power and quorum, together with what
anyone needs to recompute them. The built-in example needs no endpoint:

   perpquorum report --bundle example
   perpquorum verify example`
