package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func powerCommand() *cli.Command {
	const moment, output = "Strategies and moment, one of", "Output"
	return &cli.Command{
		Name:        "power",
		Usage:       "voting power of addresses, by strategy",
		ArgsUsage:   "ADDRESS...",
		Description: powerHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "proposal", Category: moment, Usage: "strategies and snapshot block of `PROPOSAL`, an id or a URL"},
			&cli.StringFlag{Name: "at", Category: moment, Usage: "the strategies that the model's Snapshot space has today, at the first block at or after `TIME`"},
			&cli.StringSliceFlag{Name: "block", Category: moment, Usage: "with either: read another chain than the proposal's or the space's own at exactly this block, as `CHAIN=N`; repeat it for more chains"},
			modelFlag(moment),
			hubFlag(moment),
			&cli.StringFlag{Name: "file", Category: output, Usage: "read addresses from `FILE`, one a line, - for standard input"},
			formatFlag(output, "text", "csv", "json"),
		}, endpointFlags()...),
		Action: runPower,
	}
}

const powerHelp = `Reads from the chains what the strategies of a Snapshot proposal, or of a space,
give each ADDRESS. Addresses come from the command line, from --file, or, for an
ADDRESS of -, from standard input; of these, empty lines and lines that begin
with # are left out. Figures are exact. A strategy that cannot be recomputed from
the chains is marked, and not in the total.

` + hubHelp + `

Other chains are read at their first block at or after the time of the proposal's
or the space's own. Where several blocks have exactly that time, Snapshot may have
read the first or the last of them: both are shown.

` + timeHelp + `

` + endpointHelp + `

Examples:
   perpquorum power 0xD374225abB84DCA94e121F0B8A06B93E39aD7a99 --at 2023-05-19
   perpquorum power --proposal 0x... --file voters.txt --format csv

` + exitHelp

func runPower(c *cli.Context) error {
	given := c.IsSet("proposal")
	switch {
	case given && c.IsSet("at"):
		return usagef("--proposal and --at exclude each other")
	case !given && !c.IsSet("at"):
		return hintf(usagef("give --proposal or --at: they say which strategies count, and when"), "see %s --help", c.Command.HelpName)
	}
	voters, err := readAddresses(c)
	if err != nil {
		return err
	}
	options, err := parseEndpoints(c)
	if err != nil {
		return err
	}
	r := &powerRun{c: c, endpoints: options, hub: newHub(c.String("hub"), options.timeout), progress: newProgress(c.App.ErrWriter)}
	defer r.progress.clear()
	defer r.hub.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(c.Context, options.timeout)
	defer cancel()
	read := r.ofSpace
	if given {
		read = r.ofProposal
	}
	evidence, err := read(ctx, voters)
	if err != nil {
		return err
	}
	t, err := newPowerTable(r.source, evidence)
	if err != nil {
		return err
	}
	switch c.String("format") {
	case "csv":
		return t.csv(c.App.Writer)
	case "json":
		return t.json(c.App.Writer)
	}
	return t.text(c.App.Writer)
}

// powerRun reads the power of some voters.
type powerRun struct {
	c         *cli.Context
	endpoints endpointOptions
	hub       *snapshot.Client
	progress  *progress
	source    string // what the strategies are those of
}

// ofProposal reads by the strategies and the snapshot block of --proposal.
func (r *powerRun) ofProposal(ctx context.Context, voters []string) (*strategy.Evidence, error) {
	ref, err := parseProposal(r.c.String("proposal"))
	if err != nil {
		return nil, err
	}
	pins, err := parseBlocks(r.c.StringSlice("block"))
	if err != nil {
		return nil, err
	}
	p, err := r.hub.Proposal(ctx, ref.ID)
	if err != nil {
		return nil, hubError(err)
	}
	r.source = "proposal " + p.ID
	q, err := report.PowerQuery(p, nil, pins)
	if err != nil {
		return nil, err
	}
	q.Voters = voters
	return r.collect(ctx, q, nil)
}

// ofSpace reads by the strategies of the model's space, at --at.
func (r *powerRun) ofSpace(ctx context.Context, voters []string) (*strategy.Evidence, error) {
	at, err := parseTime(r.c.String("at"))
	if err != nil {
		return nil, &usageError{err}
	}
	pins, err := parseBlocks(r.c.StringSlice("block"))
	if err != nil {
		return nil, err
	}
	m, err := openModel(r.c.String("model"))
	if err != nil {
		return nil, err
	}
	if m.Space == "" {
		return nil, usagef("the model %q names no Snapshot space; give --proposal", m.Name)
	}
	s, err := r.hub.Space(ctx, m.Space)
	if err != nil {
		return nil, hubError(err)
	}
	network, err := strconv.ParseUint(s.Network, 10, 64)
	if err != nil || network == 0 {
		return nil, fmt.Errorf("space %s: network is %q, want a chain id", m.Space, s.Network)
	}
	r.source = "space " + m.Space + " as it is set today"
	q := strategy.Query{Network: chains.ID(network), Pins: pins, Voters: voters}
	for _, spec := range s.Strategies {
		q.Strategies = append(q.Strategies, strategy.Spec(spec))
	}
	return r.collect(ctx, q, func(nodes map[chains.ID]chains.Node) (uint64, error) {
		b, err := nodes[q.Network].BlockAt(ctx, at)
		if err != nil {
			return 0, momentHint(err)
		}
		return b.Number(), nil
	})
}

// collect reads q; home, if it is there, finds the block of q.Network.
func (r *powerRun) collect(ctx context.Context, q strategy.Query, home func(map[chains.ID]chains.Node) (uint64, error)) (*strategy.Evidence, error) {
	wanted, err := strategy.Chains(q)
	if err != nil {
		return nil, err
	}
	for id := range q.Pins {
		if id == q.Network || !slices.Contains(wanted, id) {
			return nil, usagef("--block: want another chain than %s that the strategies read, of %s", q.Network, joinIDs(wanted))
		}
	}
	nodes, closeAll, err := r.endpoints.dial(ctx, wanted, r.progress)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	if home != nil {
		if q.Block, err = home(nodes); err != nil {
			return nil, err
		}
	}
	r.progress.say("reading the power of %d voters", len(q.Voters))
	e, err := strategy.Collect(ctx, nodes, q)
	return e, snapshotHint(err)
}
