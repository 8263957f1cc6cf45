package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func modelCommand() *cli.Command {
	return &cli.Command{
		Name: "model", Usage: "show the built-in model, or check a model file",
		UsageText: `perpquorum model
perpquorum model check FILE
perpquorum model schema`,
		Description: modelHelp,
		Action: func(c *cli.Context) error {
			return report.WriteJSON(c.App.Writer, votingpower.PERP())
		},
		Subcommands: []*cli.Command{
			{
				Name: "check", Usage: "check a model file", ArgsUsage: "FILE",
				Description: "Reads FILE as strictly as report --model does, and names the first mistake.",
				Action:      checkModel,
			},
			{
				Name: "schema", Usage: "print a JSON Schema of model files, for editors",
				Description: "Prints a JSON Schema with which editors complete and check model files.",
				Action: func(c *cli.Context) error {
					_, err := c.App.Writer.Write(votingpower.Schema())
					return err
				},
			},
		},
	}
}

const modelHelp = `Prints the built-in model of PERP, a good start for a model of your own.
A model is a JSON file that says which tokens make up the supply, which wallets
do not circulate and since when, which vote-escrow contracts add voting power,
and which fraction of it is the quorum. In the format perpquorum-model/2 it can
pin the voting strategies of the DAO's proposals.

Examples:
   perpquorum model > mine.json
   perpquorum model check mine.json
   perpquorum report --model mine.json --at 2023-05-19`

func checkModel(c *cli.Context) error {
	m, err := openModel(c.Args().First())
	if err != nil {
		return err
	}
	pinned := ""
	if n := len(m.Strategies); n > 0 {
		pinned = fmt.Sprintf(", pinned strategies: %d", n)
	}
	_, err = fmt.Fprintf(c.App.Writer, "valid: %q, %s, %s, %s%s\n", m.Name, counted(len(m.Tokens), "token"),
		counted(len(m.Excluded), "excluded wallet"), counted(len(m.Escrows), "escrow"), pinned)
	return err
}

// counted writes a number with what it is the number of.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
