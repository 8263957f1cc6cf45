package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/perpdao/perpquorum/votingpower"
)

func modelCommand() *command {
	return &command{
		name: "model", usage: "show the built-in model, or check a model file",
		synopsis: `perpquorum model
perpquorum model check FILE
perpquorum model schema`,
		description: modelHelp,
		run: func(_ context.Context, in invocation) error {
			return printJSON(in.stdout, votingpower.PERP())
		},
		commands: []*command{
			{
				name: "check", usage: "check a model file", arguments: "FILE",
				description: "Reads FILE as strictly as report --model does, and names the first mistake.",
				run:         checkModel,
			},
			{
				name: "schema", usage: "print a JSON Schema of model files, for editors",
				description: "Prints a JSON Schema with which editors complete and check model files.",
				run: func(_ context.Context, in invocation) error {
					_, err := in.stdout.Write(votingpower.Schema())
					return err
				},
			},
		},
	}
}

const modelHelp = `Prints the built-in model of PERP, which is a good start for a model of your own.
A model is a JSON file that says which tokens make up the supply, which wallets
do not circulate and since when, which vote-escrow contracts add voting power,
and which fraction of it is the quorum. In the format perpquorum-model/2 it can
pin the voting strategies of the DAO's proposals.

Examples:
   perpquorum model > mine.json
   perpquorum model check mine.json
   perpquorum report --model mine.json --at 2023-05-19`

func checkModel(_ context.Context, in invocation) error {
	m, err := openModel(in.arguments[0])
	if err != nil {
		return err
	}
	pinned := ""
	if n := len(m.Strategies); n > 0 {
		pinned = fmt.Sprintf(", pinned strategies: %d", n)
	}
	_, err = fmt.Fprintf(in.stdout, "valid: %q, %s, %s, %s%s\n", m.Name, counted(len(m.Tokens), "token"),
		counted(len(m.Excluded), "excluded wallet"), counted(len(m.Escrows), "escrow"), pinned)
	return err
}

// printJSON writes v as every command does, for people and programs to read.
func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// counted writes a number with what it is the number of.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
