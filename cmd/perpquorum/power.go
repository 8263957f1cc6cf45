package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

func powerCommand() *cli.Command {
	const moment, output = "Strategies and moment, one of", "Output"
	return &cli.Command{
		Name:        "power",
		Usage:       "voting power of addresses, by strategy",
		ArgsUsage:   "ADDRESS...",
		Description: powerHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "proposal", Category: moment,
				Usage: "the strategies and the snapshot block of `PROPOSAL`, an id or a URL"},
			&cli.StringFlag{Name: "at", Category: moment,
				Usage: "the strategies that the model's Snapshot space has today, at the first block at or after `TIME`"},
			&cli.StringSliceFlag{Name: "block", Category: moment,
				Usage: "with either of them: read another chain than that of the proposal or space at exactly this block, " +
					"as `CHAIN=N`; repeat it for more chains"},
			modelFlag(moment),
			hubFlag(moment),
			&cli.StringFlag{Name: "file", Category: output,
				Usage: "read addresses from `FILE`, one per line; - is standard input"},
			formatFlag(output, "text", "csv", "json"),
		}, endpointFlags()...),
		Action: runPower,
	}
}

const powerHelp = `Reads from the chains how much voting power the strategies of a Snapshot proposal,
or of a space, give each ADDRESS. Addresses come from the command line, from
--file and, for an ADDRESS of -, from standard input. Empty lines and lines that
begin with # are skipped. Figures are exact. A strategy that cannot be recomputed
from the chains is marked and left out of the total.

The chain of the proposal or space decides the time; every other chain is read at
its first block at or after that time. Where several blocks have exactly that
time, Snapshot may have read the first or the last of them: both are shown.

Examples:
   perpquorum power 0xD374225abB84DCA94e121F0B8A06B93E39aD7a99 --at 2023-05-19
   perpquorum power --proposal 0x... --file voters.txt --format csv`

// powerOptions is the command line of power.
type powerOptions struct {
	proposal  *snapshot.ProposalRef // whose strategies count; nil: those of the model's space
	model     *votingpower.Model
	at        time.Time // without a proposal
	pins      map[chains.ID]uint64
	voters    []string
	hub       *snapshot.Client
	endpoints endpointOptions
}

func runPower(c *cli.Context) error {
	o, err := parsePower(c)
	if err != nil {
		return err
	}
	defer o.hub.CloseIdleConnections()
	p := newProgress(c.App.ErrWriter)
	defer p.clear()
	ctx, cancel := context.WithTimeout(c.Context, o.endpoints.timeout)
	defer cancel()
	source, evidence, err := o.collect(ctx, p)
	if err != nil {
		return err
	}
	t, err := newPowerTable(source, evidence)
	if err != nil {
		return err
	}
	switch c.String("format") {
	case "csv":
		return t.csv(c.App.Writer)
	case "json":
		return printJSON(c.App.Writer, t)
	}
	return t.text(c.App.Writer)
}

func parsePower(c *cli.Context) (o powerOptions, err error) {
	switch given := c.IsSet("proposal"); {
	case given && c.IsSet("at"):
		return o, usagef("--proposal and --at exclude each other")
	case !given && !c.IsSet("at"):
		return o, hintf(usagef("give --proposal or --at: they say which strategies count, and when"),
			"see %s --help", c.Command.HelpName)
	case given:
		ref, err := parseProposal(c.String("proposal"))
		if err != nil {
			return o, err
		}
		o.proposal = &ref
	default:
		if o.at, err = parseTime(c.String("at")); err != nil {
			return o, err
		}
	}
	if o.model, err = openModel(c.String("model")); err != nil {
		return o, err
	}
	if o.proposal == nil && o.model.Space == "" {
		return o, usagef("the model %q names no Snapshot space; give --proposal", o.model.Name)
	}
	if o.pins, err = parseBlocks(c.StringSlice("block")); err != nil {
		return o, err
	}
	if o.endpoints, err = parseEndpoints(c); err != nil {
		return o, err
	}
	o.hub = newHub(c.String("hub"), o.endpoints.timeout)
	o.voters, err = readAddresses(c.Args().Slice(), c.String("file"), c.App.Reader)
	return o, err
}

// collect reads the power of the voters. It also says what the strategies are those of.
func (o powerOptions) collect(ctx context.Context, p *progress) (source string, e *strategy.Evidence, err error) {
	var q strategy.Query
	if o.proposal != nil {
		source, q, err = o.ofProposal(ctx)
	} else {
		source, q, err = o.ofSpace(ctx)
	}
	if err != nil {
		return "", nil, err
	}
	wanted, err := strategy.Chains(q)
	if err != nil {
		return "", nil, err
	}
	for id := range o.pins {
		if id == q.Network || !slices.Contains(wanted, id) {
			return "", nil, usagef("--block: want another chain than %s that the strategies read, of %s",
				q.Network, joinIDs(wanted))
		}
	}
	nodes, closeAll, err := o.endpoints.dial(ctx, wanted, p)
	if err != nil {
		return "", nil, err
	}
	defer closeAll()
	if o.proposal == nil {
		b, err := nodes[q.Network].BlockAt(ctx, o.at)
		if err != nil {
			return "", nil, momentHint(err)
		}
		q.Block = b.Number()
	}
	q.Voters = o.voters
	p.say("reading the power of %d voters", len(q.Voters))
	e, err = strategy.Collect(ctx, nodes, q)
	return source, e, snapshotHint(err)
}

// ofProposal returns the strategies and the snapshot block of a proposal.
func (o powerOptions) ofProposal(ctx context.Context) (source string, q strategy.Query, err error) {
	p, err := o.hub.Proposal(ctx, o.proposal.ID)
	if err != nil {
		return "", q, hubError(err)
	}
	q, err = vote.PowerQuery(p, nil, o.pins)
	return "proposal " + p.ID, q, err
}

// ofSpace returns the strategies of the model's space, without a block.
func (o powerOptions) ofSpace(ctx context.Context) (source string, q strategy.Query, err error) {
	s, err := o.hub.Space(ctx, o.model.Space)
	if err != nil {
		return "", q, hubError(err)
	}
	network, err := strconv.ParseUint(s.Network, 10, 64)
	if err != nil || network == 0 {
		return "", q, fmt.Errorf("space %s: network is %q, want a chain id", o.model.Space, s.Network)
	}
	q = strategy.Query{Network: chains.ID(network), Pins: o.pins}
	for _, spec := range s.Strategies {
		q.Strategies = append(q.Strategies, strategy.Spec(spec))
	}
	return "space " + o.model.Space + " as it is set today", q, nil
}
