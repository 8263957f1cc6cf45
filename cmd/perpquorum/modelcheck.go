package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/votingpower"
)

func checkModelCommand(o *modelOptions) *cli.Command {
	return &cli.Command{
		Name: "check", Usage: "check a model file", ArgsUsage: "FILE",
		Description: `Reads FILE as strictly as report --model does, and names the first mistake.
With --at it also makes every read of the model at that time, each on its own,
and prints what it gave. A read that fails ends with exit code 1.`,
		Flags: append([]cli.Flag{&cli.GenericFlag{Name: "at", Value: parsed(&o.at, parseTime),
			Usage: "make every read at the first block of each chain at or after `TIME`"},
			formatFlag("Output", &o.format, "text", "json")}, o.endpoints.flags()...),
		Action: o.run,
	}
}

// modelOptions says at which time a model is tried.
type modelOptions struct {
	at        time.Time
	format    string
	endpoints endpointOptions
}

// triedModel is the JSON of model check.
type triedModel struct {
	Format   string      `json:"format"` // triedFormat
	Name     string      `json:"name"`   // of a valid model
	Parts    []string    `json:"parts"`  // such as "2 tokens"
	Warnings []string    `json:"warnings"`
	Reads    []triedRead `json:"reads"` // with --at
}

const triedFormat = "perpquorum-model-check/1"

// triedRead is one read of the model.
type triedRead struct {
	Chain     string `json:"chain"`
	Contract  string `json:"contract"`
	Signature string `json:"signature"`
	Label     string `json:"label"`
	Amount    string `json:"amount"` // in base units; "" if the read failed
	Error     string `json:"error,omitempty"`
}

func (o *modelOptions) run(c *cli.Context) error {
	m, err := openModel(c.Args().First())
	if err != nil {
		return err
	}
	t := &triedModel{triedFormat, m.Name, []string{}, []string{}, []triedRead{}}
	for _, part := range []struct {
		n    int
		noun string
	}{
		{len(m.Tokens), "token"}, {len(m.Excluded), "excluded wallet"}, {len(m.Escrows), "escrow"}, {len(m.Custom), "term"},
	} {
		if part.n > 0 {
			t.Parts = append(t.Parts, counted(part.n, part.noun))
		}
	}
	if n := len(m.Strategies); n > 0 {
		t.Parts = append(t.Parts, fmt.Sprintf("pinned strategies: %d", n))
	}
	if o.at.IsZero() {
		return printAs(c.App.Writer, o.format, t, fmt.Sprintf("valid: %q, %s\n", m.Name, strings.Join(t.Parts, ", ")))
	}
	failed, err := o.try(c.Context, m, t)
	if err != nil {
		return err
	}
	if failed > 0 {
		err = verdictError(exitTrouble)
	}
	return errors.Join(printAs(c.App.Writer, o.format, t, t.text(failed)), err)
}

// try makes each read of the model, and returns how many failed.
func (o *modelOptions) try(ctx context.Context, m *votingpower.Model, t *triedModel) (failed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	nodes, closeAll, err := o.endpoints.dial(ctx, m.Chains())
	if err != nil {
		return 0, err
	}
	defer closeAll()
	tried, err := votingpower.Try(ctx, nodes, m, votingpower.When{At: o.at})
	if err != nil {
		return 0, momentHint(err)
	}
	for _, id := range m.Chains() {
		if _, development := nodes[id].Chain(); development {
			t.Warnings = append(t.Warnings, fmt.Sprintf("%s is a development chain, not the public chain of that id", id))
		}
	}
	if o.endpoints.dialer.AllowUnfinalized {
		t.Warnings = append(t.Warnings, "the blocks need not be finalized")
	}
	for _, r := range tried {
		read := triedRead{Chain: r.Chain.String(), Contract: r.Call.To.Hex(), Signature: r.Call.Signature, Label: r.Label}
		if r.Err == nil {
			read.Amount = r.Amount.String()
		} else {
			read.Error = r.Err.Error()
			failed++
		}
		t.Reads = append(t.Reads, read)
	}
	return failed, nil
}

// text prints what each read gave, below what was read.
func (t *triedModel) text(failed int) string {
	var out strings.Builder
	for _, warning := range t.Warnings {
		fmt.Fprintf(&out, "warning: %s\n", warning)
	}
	for _, r := range t.Reads {
		result := r.Amount
		if r.Error != "" {
			result = "failed: " + printable(r.Error)
		}
		fmt.Fprintf(&out, "%s %s %s, %q: %s\n", r.Chain, r.Contract, r.Signature, r.Label, result)
	}
	if failed == 0 {
		return out.String() + "every read gave an amount, in base units\n"
	}
	return out.String() + fmt.Sprintf("%d of %s cannot be made: correct the model, or give endpoints that serve the "+
		"chains at that time\n", failed, counted(len(t.Reads), "read"))
}
