package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// blockOptions is the command line of block.
type blockOptions struct {
	at        time.Time
	chains    []chains.ID
	format    string
	endpoints endpointOptions
}

func blockCommand(p *progress) *cli.Command {
	o := &blockOptions{endpoints: endpointOptions{progress: p}}
	return &cli.Command{
		Name: "block", Usage: "first block of each chain at or after a time", Description: blockHelp,
		Flags: append([]cli.Flag{
			&cli.GenericFlag{Name: "at", Usage: "the `TIME` to look for (required)", Value: parsed(&o.at, parseTime)},
			&cli.GenericFlag{Name: "chain", Value: chainValue(&o.chains),
				Usage: "a `CHAIN` to look at: ethereum, optimism or a chain id such as 8453; repeat it for more; " +
					"by default ethereum and optimism"},
			formatFlag("Output", &o.format, "text", "json"),
		}, o.endpoints.flags()...),
		Action: o.run,
	}
}

const blockHelp = `Prints number, time and hash of each chain's first block at or after TIME. Two
adjacent headers, whose hashes are recomputed, prove it.

Examples:
   perpquorum block --at 1684503575
   perpquorum block --at 2023-05-19 --chain optimism --format json`

func (o *blockOptions) run(c *cli.Context) error {
	if !c.IsSet("at") {
		return hintf(usagef("--at TIME is missing"), "such as perpquorum block --at 2023-05-19T13:39:35Z")
	}
	if len(o.chains) == 0 {
		o.chains = []chains.ID{chains.Ethereum, chains.Optimism}
	}
	rows, err := o.find(c.Context)
	if err != nil {
		return err
	}
	return printAs(c.App.Writer, o.format, blockTable{blockFormat, rows}, rowsText(rows))
}

// chainValue adds to a list of chains.
func chainValue(to *[]chains.ID) *value {
	return repeated([]string{"ethereum", "optimism"}, func(name string) error {
		id, err := parseChain(name)
		if err != nil {
			return errors.New("want ethereum, optimism, arbitrum, base, bnb, gnosis, polygon or a chain id such as 10")
		}
		if slices.Contains(*to, id) {
			return usagef("--chain: %s is given twice", id)
		}
		*to = append(*to, id)
		return nil
	})
}

// blockValue adds CHAIN=N to the blocks that are named by number.
func blockValue(to *map[chains.ID]uint64) *value {
	return repeated(chainWords, func(text string) error {
		id, number, err := cutChain(text, "CHAIN=N, such as ethereum=17293885, or the URL of a block explorer's page")
		if explorer, n, ok := report.ExplorerBlock(text); ok {
			id, number, err = explorer, n, nil
		}
		if err != nil {
			return usagef("--block: %w", err)
		}
		n, err := strconv.ParseUint(number, 10, 63)
		if err != nil || strconv.FormatUint(n, 10) != number {
			return usagef("--block: %s is not a block number", quote(number))
		}
		if _, twice := (*to)[id]; twice {
			return usagef("--block: chain %s is given twice", id)
		}
		if *to == nil {
			*to = map[chains.ID]uint64{}
		}
		(*to)[id] = n
		return nil
	})
}

// find reads the block of each chain.
func (o *blockOptions) find(ctx context.Context) ([]blockRow, error) {
	ctx, cancel := context.WithTimeout(ctx, o.endpoints.timeout)
	defer cancel()
	nodes, closeAll, err := o.endpoints.dial(ctx, o.chains)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	return chains.SideBySide(ctx, o.chains, func(ctx context.Context, id chains.ID) (blockRow, error) {
		b, err := nodes[id].BlockAt(ctx, o.at)
		if err != nil {
			return blockRow{}, momentHint(err)
		}
		if err := b.Proves(o.at); err != nil {
			return blockRow{}, fmt.Errorf("%s: %w", id, err)
		}
		_, development := nodes[id].Chain()
		return newBlockRow(id, b, development), nil
	})
}

// blockTable is the JSON of the command block.
type blockTable struct {
	Format string     `json:"format"` // blockFormat
	Blocks []blockRow `json:"blocks"`
}

const blockFormat = "perpquorum-block/1"

// blockRow is the JSON of one chain's block, for the commands block and power.
// Its keys are part of the program's interface.
type blockRow struct {
	Chain       chains.ID     `json:"chain"`
	ID          uint64        `json:"chain_id"`
	Number      uint64        `json:"block_number"`
	Time        report.Moment `json:"block_time"` // as in a report
	Hash        string        `json:"block_hash"`
	Unfinalized bool          `json:"unfinalized"`
	FinalByAge  bool          `json:"final_by_age,omitempty"` // as in a report
	Development bool          `json:"development"`
	Level       chains.Level  `json:"level,omitempty"` // of what was read there
}

func newBlockRow(id chains.ID, b chains.Block, development bool) blockRow {
	return blockRow{
		Chain: id, ID: uint64(id), Number: b.Number(), Time: report.NewMoment(b.Time()),
		Hash: b.Hash.Hex(), Unfinalized: b.Unfinalized, FinalByAge: b.FinalByAge, Development: development,
	}
}

// marks says what is unusual about the block, each mark after separator.
func (r blockRow) marks(separator string) (marks string) {
	if r.Unfinalized {
		marks += separator + "not finalized"
	}
	if r.FinalByAge {
		marks += separator + "final by its age"
	}
	if r.Development {
		marks += separator + "development chain"
	}
	if r.Level != "" {
		marks += separator + string(r.Level)
	}
	return marks
}

func rowsText(rows []blockRow) string {
	var out strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&out, "%-9s %10d  %d  %s%s\n    %s\n",
			r.Chain, r.Number, r.Time.Unix, r.Time.UTC, r.marks("  "), r.Hash)
	}
	return out.String()
}
