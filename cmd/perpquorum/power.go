package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// powerOptions is the command line of power.
type powerOptions struct {
	proposal  snapshot.ProposalRef // whose strategies count; zero: those of the model's space
	model     string               // file
	at        time.Time            // without a proposal
	pins      map[chains.ID]uint64
	file      string // of addresses
	format    string
	hub       string // URL
	endpoints endpointOptions
}

func powerCommand(p *progress) *cli.Command {
	const moment = "Strategies and moment, one of"
	o := &powerOptions{endpoints: endpointOptions{progress: p}}
	return &cli.Command{
		Name: "power", Usage: "voting power of addresses, by strategy", ArgsUsage: "ADDRESS...", Description: powerHelp,
		Flags: slices.Concat([]cli.Flag{
			&cli.GenericFlag{Name: "proposal", Category: moment, Value: parsed(&o.proposal, parseProposal),
				Usage: "the strategies and the snapshot block of `PROPOSAL`, an id or a URL"},
			&cli.GenericFlag{Name: "at", Category: moment, Value: parsed(&o.at, parseTime),
				Usage: "the strategies that the model's Snapshot space has today, at the first block at or after `TIME`"},
			&cli.GenericFlag{Name: "block", Category: moment, Value: blockValue(&o.pins),
				Usage: "with either of them: read another chain than that of the proposal or space at exactly this block, " +
					"as `CHAIN=N`; repeat it for more chains"},
			modelFlag(moment, &o.model),
			hubFlag(moment, &o.hub),
			&cli.PathFlag{Name: "file", Category: "Addresses", Destination: &o.file,
				Usage: "read addresses from `FILE`, one per line; - is standard input"},
			formatFlag("Output", &o.format, "text", "csv", "json"),
		}, o.endpoints.flags(), o.endpoints.proofFlags("a figure", proveOff, proveVoters)),
		Action: o.run,
	}
}

const powerHelp = `Reads from the chains how much voting power the strategies of a Snapshot
proposal, or of a space, give each ADDRESS. Addresses come from the command
line, from --file and, for an ADDRESS of -, from standard input. Empty lines and
lines that begin with # are skipped. Figures are exact. A strategy that cannot
be recomputed from the chains is marked and left out of the total.

The chain of the proposal or space decides the time; every other chain is read
at its first block at or after that time. Where several blocks have exactly that
time, Snapshot may have read the first or the last of them: both are shown.

Examples:
   perpquorum power 0xD374225abB84DCA94e121F0B8A06B93E39aD7a99 --at 2023-05-19
   perpquorum power --proposal 0x... --file voters.txt --format csv`

func (o *powerOptions) run(c *cli.Context) error {
	switch ofProposal := c.IsSet("proposal"); {
	case ofProposal && c.IsSet("at"):
		return usagef("--proposal and --at exclude each other")
	case !ofProposal && !c.IsSet("at"):
		return hintf(usagef("give --proposal or --at: they say which strategies count, and when"),
			"see perpquorum power --help")
	}
	voters, err := readAddresses(c.Args().Slice(), o.file, c.App.Reader)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, o.endpoints.timeout)
	defer cancel()
	source, evidence, err := o.collect(ctx, voters)
	if err != nil {
		return err
	}
	t, err := inTime(ctx, func() (*powerTable, error) { return newPowerTable(source, evidence) })
	if err != nil {
		return err
	}
	for _, b := range t.Blocks {
		if b.Level != "" && !b.Level.Reaches(o.endpoints.require) {
			return fmt.Errorf("%s block %d: want %s, found %s", b.Chain, b.Number, o.endpoints.require, b.Level)
		}
	}
	if o.format == "csv" {
		return csv.NewWriter(c.App.Writer).WriteAll(t.marked())
	}
	return printAs(c.App.Writer, o.format, t, t.text())
}

// collect reads the power of the voters. It also says what the strategies are those of.
func (o *powerOptions) collect(ctx context.Context, voters []string) (
	source string, e *strategy.Evidence, err error,
) {
	source, q, err := o.query(ctx)
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
	others := slices.DeleteFunc(slices.Clone(wanted), func(id chains.ID) bool { return id == q.Network })
	nodes, closeAll, err := o.endpoints.dial(ctx, []chains.ID{q.Network}, others...)
	if err != nil {
		return "", nil, err
	}
	defer closeAll()
	if q.Block == 0 {
		b, err := nodes[q.Network].BlockAt(ctx, o.at)
		if err != nil {
			return "", nil, momentHint(err)
		}
		q.Block = b.Number()
	}
	q.Voters, q.Without = voters, slices.DeleteFunc(others, func(id chains.ID) bool { return nodes[id] != nil })
	o.endpoints.progress.say("reading the power of %d voters", len(q.Voters))
	e, err = strategy.Collect(ctx, nodes, q)
	return source, e, snapshotHint(err)
}

// query returns the strategies with the snapshot block of the proposal, or
// those of the model's space without a block.
func (o *powerOptions) query(ctx context.Context) (source string, q strategy.Query, err error) {
	m, err := openModel(o.model)
	if err != nil {
		return "", q, err
	}
	hub := o.endpoints.newHub(o.hub, o.endpoints.timeout)
	defer hub.CloseIdleConnections()
	if o.proposal.ID != "" {
		p, err := hub.Proposal(ctx, o.proposal.ID)
		if err != nil {
			return "", q, hubError(err)
		}
		q, err = vote.PowerQuery(p, nil, o.pins)
		return "proposal " + p.ID, q, err
	}
	if m.Space == "" {
		return "", q, usagef("the model %q names no Snapshot space; give --proposal", m.Name)
	}
	s, err := hub.Space(ctx, m.Space)
	if err != nil {
		return "", q, hubError(err)
	}
	network, err := strconv.ParseUint(s.Network, 10, 64)
	if err != nil || network == 0 {
		return "", q, fmt.Errorf("space %s: network is %q, want a chain id", m.Space, s.Network)
	}
	q = strategy.Query{Network: chains.ID(network), Pins: o.pins}
	for _, spec := range s.Strategies {
		q.Strategies = append(q.Strategies, strategy.Spec(spec))
	}
	return "space " + m.Space + " as it is set today", q.Of(m.Space, 0), nil
}
