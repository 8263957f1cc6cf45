package main

import (
	"context"
	"errors"
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
	check := &modelOptions{}
	check.endpoints.progress = p
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
				Action:      func(c *cli.Context) error { return listModels(c.App.Writer) },
			},
			{
				Name: "show", Usage: "print a model of the gallery", ArgsUsage: "gallery:NAME",
				Description: "Prints the file of a model that perpquorum model list names.",
				Action:      showModel,
			},
			checkModelCommand(check),
			newModelCommand(&draftOptions{}),
			printing("schema", "print a JSON Schema of model files, for editors",
				"Prints a JSON Schema with which editors complete and check model files.", string(votingpower.Schema())),
			printing("strategies", "list the voting strategies that are recomputed",
				"Lists the names of Snapshot's voting strategies that check and power recompute\n"+
					"from the chains. For any other, check uses the figures of the hub, unchecked,\n"+
					"and power gives none.",
				strings.Join(strategy.Names(), "\n")+"\n"),
		},
	}
}

// printing is a command that prints a text.
func printing(name, usage, description, text string) *cli.Command {
	return &cli.Command{Name: name, Usage: usage, Description: description, Action: func(c *cli.Context) error {
		_, err := io.WriteString(c.App.Writer, text)
		return err
	}}
}

func checkModelCommand(o *modelOptions) *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check a model file", ArgsUsage: "FILE",
		Description: `Reads FILE as strictly as report --model does, and names the first mistake.
With --at it also makes every read of the model at that time, each on its own,
and prints what it gave. A read that fails ends with exit code 1.`,
		Flags: append([]cli.Flag{&cli.GenericFlag{Name: "at", Value: parsed(&o.at, parseTime),
			Usage: "make every read at the first block of each chain at or after `TIME`"}}, o.endpoints.flags()...),
		Action: o.run,
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

func listModels(w io.Writer) error {
	for _, name := range galleryNames() {
		m, err := openModel(name)
		if err != nil {
			return err
		}
		review := "unreviewed, facts of " + m.FactsOf.Format(time.DateOnly)
		if m.ReviewedBy != "" {
			review = "reviewed by " + m.ReviewedBy
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n    quorum: %s\n    %s\n", name, m.Name, m.Quorum, review); err != nil {
			return err
		}
	}
	return nil
}

// modelOptions says at which time a model is tried.
type modelOptions struct {
	at        time.Time
	endpoints endpointOptions
}

func (o *modelOptions) run(c *cli.Context) error {
	m, err := openModel(c.Args().First())
	if err != nil {
		return err
	}
	var what []string
	for _, part := range []struct {
		n    int
		noun string
	}{
		{len(m.Tokens), "token"}, {len(m.Excluded), "excluded wallet"}, {len(m.Escrows), "escrow"}, {len(m.Custom), "term"},
	} {
		if part.n > 0 {
			what = append(what, counted(part.n, part.noun))
		}
	}
	if n := len(m.Strategies); n > 0 {
		what = append(what, fmt.Sprintf("pinned strategies: %d", n))
	}
	if o.at.IsZero() {
		_, err = fmt.Fprintf(c.App.Writer, "valid: %q, %s\n", m.Name, strings.Join(what, ", "))
		return err
	}
	return o.try(c.Context, c.App.Writer, m)
}

// try prints what each read of the model gives.
func (o *modelOptions) try(ctx context.Context, w io.Writer, m *votingpower.Model) error {
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	nodes, closeAll, err := o.endpoints.dial(ctx, m.Chains())
	if err != nil {
		return err
	}
	defer closeAll()
	tried, err := votingpower.Try(ctx, nodes, m, votingpower.When{At: o.at})
	if err != nil {
		return momentHint(err)
	}
	for _, id := range m.Chains() {
		if _, development := nodes[id].Chain(); development {
			fmt.Fprintf(w, "warning: %s is a development chain, not the public chain of that id\n", id)
		}
	}
	if o.endpoints.dialer.AllowUnfinalized {
		fmt.Fprintln(w, "warning: the blocks need not be finalized")
	}
	failed := 0
	for _, t := range tried {
		result := "failed: " + fmt.Sprint(t.Err)
		if t.Err == nil {
			result = t.Amount.String()
		} else {
			failed++
		}
		fmt.Fprintf(w, "%v %v %s, %q: %s\n", t.Chain, t.Call.To, t.Call.Signature, t.Label, result)
	}
	if failed == 0 {
		_, err = fmt.Fprintln(w, "every read gave an amount, in base units")
		return err
	}
	_, err = fmt.Fprintf(w, "%d of %s cannot be made: correct the model, or give endpoints that serve the chains "+
		"at that time\n", failed, counted(len(tried), "read"))
	return errors.Join(err, verdictError(exitTrouble))
}

// draftOptions says of which space a draft is made.
type draftOptions struct{ space, hub string }

func (o *draftOptions) run(c *cli.Context) error {
	if o.space == "" {
		return hintf(usagef("--space is missing"), "give the id of a Snapshot space, such as cow.eth")
	}
	ctx, cancel := context.WithTimeout(c.Context, time.Minute)
	defer cancel()
	hub := newHub(o.hub, time.Minute)
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
