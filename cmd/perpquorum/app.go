package main

import (
	"io"
	"regexp"
	"strings"

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

func usageFault(c *cli.Context, err error, _ bool) error {
	text := quotedURL.ReplaceAllString(err.Error(), "(a URL)")
	text = strings.Replace(text, " for flag -", " for flag --", 1)
	for _, f := range c.Command.Flags {
		text = strings.Replace(text, " for flag --"+f.Names()[0]+": parse error", " for flag --"+f.Names()[0]+": want "+kindOf(f), 1)
	}
	return hintf(usagef("%s", text), "see %s --help", c.Command.HelpName)
}

// kindOf says what a flag takes that is more than text.
func kindOf(f cli.Flag) string {
	switch f.(type) {
	case *cli.DurationFlag:
		return "a duration such as 90s or 10m"
	case *cli.IntFlag:
		return "a whole number"
	}
	return "a number"
}

// quotedURL finds a URL that the flag library repeats in an error: one given
// to the wrong flag may hold a key.
var quotedURL = regexp.MustCompile(`"[^"]*://[^"]*"`)

const appHelp = `Reads token supply, excluded wallets and vote-escrow contracts at one block of
each chain, and prints circulating voting power and quorum, with what is needed
to recompute them. Try it without any endpoint on the built-in example:

   perpquorum report --bundle example
   perpquorum verify example

` + plainExitHelp + `
   10  check: the quorum was not reached
   11  disagreement: evidence and claim, hub and chains, or two endpoints, do not match
   12  not final yet: the vote is open, or a block is not finalized or does not exist yet`
