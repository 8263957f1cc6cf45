package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

func modelCommand(p *progress) *cli.Command {
	check := &modelOptions{endpoints: endpointOptions{progress: p}}
	format := ""
	asked := []cli.Flag{formatFlag("Output", &format, "text", "json")}
	return &cli.Command{
		Name: "model", Usage: "show the built-in models, or check a model file",
		UsageText: `perpquorum model
perpquorum model list
perpquorum model show gallery:NAME
perpquorum model check [--at TIME] FILE
perpquorum model new --space ID
perpquorum model schema
perpquorum model strategies`,
		Description: modelHelp,
		Action:      func(c *cli.Context) error { return report.WriteJSON(c.App.Writer, votingpower.PERP()) },
		Subcommands: []*cli.Command{
			{
				Name: "list", Usage: "list the models of the gallery",
				Description: "Lists the models of other DAOs that --model gallery:NAME takes, with the rule of\ntheir quorum.",
				Flags:       asked, Action: func(c *cli.Context) error { return listModels(c.App.Writer, format) },
			},
			{
				Name: "show", Usage: "print a model of the gallery", ArgsUsage: "gallery:NAME",
				Description: "Prints the file of a model that perpquorum model list names.",
				Action:      showModel,
			},
			checkModelCommand(check),
			newModelCommand(&draftOptions{}),
			{
				Name: "schema", Usage: "print a JSON Schema of model files, for editors",
				Description: "Prints a JSON Schema with which editors complete and check model files.",
				Action:      func(c *cli.Context) error { return printAs(c.App.Writer, "", nil, string(votingpower.Schema())) },
			},
			{
				Name: "strategies", Usage: "list the voting strategies that are recomputed",
				Description: "Lists the names of Snapshot's voting strategies that check and power recompute\n" +
					"from the chains. For any other, check uses the figures of the hub, unchecked,\n" +
					"and power gives none.",
				Flags: asked, Action: func(c *cli.Context) error {
					return printAs(c.App.Writer, format, strategy.Names(), strings.Join(strategy.Names(), "\n")+"\n")
				},
			},
		},
	}
}

func newModelCommand(o *draftOptions) *cli.Command {
	return &cli.Command{
		Name: "new", Usage: "print a draft of a model, from a Snapshot space",
		Description: `Prints a model file for the DAO of a space, from its settings: the tokens that
its strategies name, less what its treasuries hold of them. Every value that
begins with DECIDE is for a person to settle; perpquorum model check refuses the
file until then.`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "space", Destination: &o.space, Usage: "the `ID` of the space, such as cow.eth"},
			hubFlag("", &o.hub),
		},
		Action: o.run,
	}
}

const modelHelp = `Prints the built-in model of PERP, a good start for a model of your own.
A model is a JSON file that says which tokens make up the supply, which wallets
do not circulate and since when, which vote-escrow contracts add voting power,
and which fraction of it is the quorum. In the format perpquorum-model/2 it has
further terms of any view call, a quorum that is fixed, bounded or read from a
contract, and can pin the voting strategies of the DAO's proposals.

The gallery has models of other DAOs, put together from public sources. Each
report calls them unreviewed until the file says who reviewed it.

Examples:
   perpquorum model > mine.json
   perpquorum model check mine.json
   perpquorum model check --at 2023-05-19 mine.json
   perpquorum model list
   perpquorum report --model gallery:lido --at 2026-01-01`

func showModel(c *cli.Context) error {
	name := c.Args().First()
	if !strings.HasPrefix(name, gallery) {
		return hintf(usagef("want gallery:NAME, found %s", quote(name)), "perpquorum model check FILE checks a file")
	}
	m, err := openModel(name)
	if err != nil {
		return err
	}
	return report.WriteJSON(c.App.Writer, m)
}

// galleryRow is the JSON of one model that model list names.
type galleryRow struct {
	Model      string `json:"model"` // as --model takes it
	Name       string `json:"name"`
	Quorum     string `json:"quorum"`      // its rule, in words
	FactsOf    string `json:"facts_of"`    // a date
	ReviewedBy string `json:"reviewed_by"` // "" for nobody
}

func listModels(w io.Writer, format string) error {
	var rows []galleryRow
	var text strings.Builder
	for _, name := range galleryNames() {
		m, err := openModel(name)
		if err != nil {
			return err
		}
		r := galleryRow{name, m.Name, m.Quorum.String(), m.FactsOf.Format(time.DateOnly), m.ReviewedBy}
		review := "unreviewed, facts of " + r.FactsOf
		if r.ReviewedBy != "" {
			review = "reviewed by " + r.ReviewedBy
		}
		rows = append(rows, r)
		fmt.Fprintf(&text, "%s: %s\n    quorum: %s\n    %s\n", r.Model, r.Name, r.Quorum, review)
	}
	return printAs(w, format, rows, text.String())
}

// draftOptions says of which space a draft is made.
type draftOptions struct{ space, hub string }

func (o *draftOptions) run(c *cli.Context) error {
	if o.space == "" {
		return hintf(usagef("--space is missing"), "give the id of a Snapshot space, such as cow.eth")
	}
	ctx, cancel := context.WithTimeout(c.Context, time.Minute)
	defer cancel()
	hub := endpointOptions{}.newHub(o.hub, time.Minute)
	space, err := hub.Space(ctx, o.space)
	if err != nil {
		return hubError(err)
	}
	treasuries, err := hub.Treasuries(ctx, o.space)
	if err != nil {
		return hubError(err)
	}
	return report.WriteJSON(c.App.Writer, vote.NewDraft(space, treasuries, time.Now()))
}

// counted writes a number with what it is the number of.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
