package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func blockCommand() *cli.Command {
	return &cli.Command{
		Name:        "block",
		Usage:       "first block of each chain at or after a time",
		Description: blockHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "the `TIME` asked for (required)"},
			&cli.StringSliceFlag{Name: "chain", Usage: "look on `CHAIN` only, such as ethereum, optimism or 8453; repeat it for more; default: ethereum and optimism"},
			formatFlag("", "text", "json"),
		}, endpointFlags()...),
		Action: runBlock,
	}
}

const blockHelp = `Prints number, time and hash of the first block at or after TIME, on each chain.
Every block is proven by two adjacent headers whose hashes are recomputed.

` + timeHelp + `

` + endpointHelp + `

Examples:
   perpquorum block --at 1684503575
   perpquorum block --at 2023-05-19 --chain optimism --format json

` + exitHelp

// blockLine is the JSON of one chain's block. Its keys are part of the
// program's interface.
type blockLine struct {
	Chain       chains.ID      `json:"chain"`
	ID          uint64         `json:"chain_id"`
	Number      uint64         `json:"block_number"`
	Time        *report.Moment `json:"block_time"` // as in a report
	Hash        string         `json:"block_hash"`
	Unfinalized bool           `json:"unfinalized"`
	Development bool           `json:"development"`
}

func runBlock(c *cli.Context) error {
	if _, err := arguments(c); err != nil {
		return err
	}
	if !c.IsSet("at") {
		return hintf(usagef("--at TIME is missing"), "such as perpquorum block --at 2023-05-19T13:39:35Z")
	}
	at, err := parseTime(c.String("at"))
	if err != nil {
		return &usageError{err}
	}
	wanted, err := parseChains(c.StringSlice("chain"))
	if err != nil {
		return err
	}
	options, err := parseEndpoints(c)
	if err != nil {
		return err
	}
	p := newProgress(c.App.ErrWriter)
	defer p.clear()
	lines, err := findBlocks(c.Context, options, wanted, at, p)
	if err != nil {
		return err
	}
	if c.String("format") == "json" {
		return printBlocksJSON(c, lines)
	}
	return printBlocksText(c, lines)
}

func parseChains(names []string) (wanted []chains.ID, err error) {
	for _, name := range names {
		id, err := chains.ParseID(name)
		if err != nil {
			return nil, usagef("--chain: chain %s: want ethereum, optimism or a chain id such as 8453", quote(name))
		}
		if slices.Contains(wanted, id) {
			return nil, usagef("--chain: %s is given twice", id)
		}
		wanted = append(wanted, id)
	}
	if len(wanted) == 0 {
		wanted = []chains.ID{chains.Ethereum, chains.Optimism}
	}
	return wanted, nil
}

func findBlocks(ctx context.Context, o endpointOptions, wanted []chains.ID, at time.Time, p *progress) ([]blockLine, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	nodes, closeAll, err := o.dial(ctx, wanted, p)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	lines := make([]blockLine, len(wanted))
	g, gctx := errgroup.WithContext(ctx)
	for i, id := range wanted {
		g.Go(func() error {
			b, err := nodes[id].BlockAt(gctx, at)
			if err != nil {
				return momentHint(err)
			}
			if err := b.Proves(at); err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			lines[i] = describeBlock(nodes[id], b)
			return nil
		})
	}
	return lines, g.Wait()
}

func describeBlock(node chains.Node, b chains.Block) blockLine {
	id, development := node.Chain()
	return blockLine{
		Chain: id, ID: uint64(id), Number: b.Number(), Time: momentOf(b.Time()),
		Hash: b.Hash.Hex(), Unfinalized: b.Unfinalized, Development: development,
	}
}

func printBlocksJSON(c *cli.Context, lines []blockLine) error {
	enc := json.NewEncoder(c.App.Writer)
	enc.SetIndent("", "  ")
	return enc.Encode(lines)
}

func printBlocksText(c *cli.Context, lines []blockLine) error {
	w := tabwriter.NewWriter(c.App.Writer, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		mark := ""
		if l.Unfinalized {
			mark += "  not finalized"
		}
		if l.Development {
			mark += "  development chain"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s%s\n", l.Chain, l.Number, l.Time.Unix, l.Time.UTC, l.Hash, mark)
	}
	return w.Flush()
}
