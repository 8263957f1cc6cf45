package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/chains"
)

// endpointFlags are the flags of every command that reads chains.
func endpointFlags() []cli.Flag {
	const category = "Endpoints"
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "rpc", Category: category,
			Usage: "a JSON-RPC endpoint of a chain, as `CHAIN=URL`; repeat it for more chains, " +
				"or for more endpoints in order of preference"},
		&cli.IntFlag{Name: "agree", Category: category, Value: 1,
			Usage: "read `N` endpoints of each chain independently; any difference ends with exit code 11"},
		&cli.Float64Flag{Name: "rps", Category: category,
			Usage: "send at most `N` JSON-RPC calls per second to each endpoint; 0 means no limit"},
		&cli.DurationFlag{Name: "timeout", Category: category, Value: 2 * time.Minute,
			Usage: "end the run after `DURATION`"},
		&cli.BoolFlag{Name: "allow-unfinalized", Category: category,
			Usage: "accept blocks that are not finalized yet, and mark the output"},
		&cli.BoolFlag{Name: "allow-dev-chain", Category: category, EnvVars: []string{"PERPQUORUM_ALLOW_DEV_CHAIN"},
			Usage: "accept a development chain in place of the public one, and mark the output"},
	}
}

// endpointHelp explains CHAIN=URL.
const endpointHelp = `CHAIN is ethereum, optimism or a chain id. The endpoints of a chain that no
--rpc names come from the environment:
   PERPQUORUM_RPC_ETHEREUM  URLs for Ethereum in order of preference, separated
                            by spaces or commas
   PERPQUORUM_RPC_OPTIMISM  the same for Optimism; for chain 8453 it is
                            PERPQUORUM_RPC_8453
   MAINNET_WEB3_ENDPOINT, OPTIMISM_WEB3_ENDPOINT
                            used where the variables above are not set
A time that is not recent needs an archive node. URLs hold keys and are never
printed; an endpoint is named by its host and a short hash.`

// endpoints returns the URLs of each wanted chain. Every chain without one is
// named in the error, before anything is sent.
func endpoints(values []string, wanted []chains.ID, env func(string) string) (map[chains.ID][]string, error) {
	urls, missing, err := configured(values, wanted, env)
	if err == nil && len(missing) > 0 {
		return nil, noEndpoint(missing)
	}
	return urls, err
}

func noEndpoint(missing []chains.ID) error {
	var names []string
	for _, id := range missing {
		names = append(names, environmentNames(id)[0])
	}
	return hintf(usagef("no endpoint for %s", joinIDs(missing)),
		"give --rpc %s=URL or set %s", missing[0], strings.Join(names, ", "))
}

// configured returns the URLs of each wanted chain, and the chains without one.
func configured(values []string, wanted []chains.ID, env func(string) string) (
	urls map[chains.ID][]string, missing []chains.ID, err error,
) {
	urls = map[chains.ID][]string{}
	for _, value := range values {
		id, url, err := cutChain(value, "--rpc")
		if err != nil {
			return nil, nil, err
		}
		if !slices.Contains(wanted, id) {
			return nil, nil, usagef("--rpc: chain %s is not read here, only %s", id, joinIDs(wanted))
		}
		urls[id] = append(urls[id], url)
	}
	for _, id := range wanted {
		if len(urls[id]) == 0 {
			urls[id] = environmentURLs(id, env)
		}
		if len(urls[id]) == 0 {
			missing = append(missing, id)
		}
	}
	return urls, missing, nil
}

func environmentURLs(id chains.ID, env func(string) string) []string {
	// A comma is a legal character of a URL, so only one in front of a scheme or
	// of white space separates.
	separate := strings.NewReplacer(",http://", " http://", ",https://", " https://", ", ", " ", ",\n", " ")
	for _, name := range environmentNames(id) {
		if list := strings.Fields(separate.Replace(env(name) + " ")); len(list) > 0 {
			return list
		}
	}
	return nil
}

// environmentNames lists the variables that may name endpoints of a chain. The
// last two are those of Perpetual Protocol's public snapshot script.
func environmentNames(id chains.ID) []string {
	names := []string{"PERPQUORUM_RPC_" + strings.ToUpper(id.String())}
	switch id {
	case chains.Ethereum:
		names = append(names, "MAINNET_WEB3_ENDPOINT")
	case chains.Optimism:
		names = append(names, "OPTIMISM_WEB3_ENDPOINT")
	}
	return names
}

func joinIDs(ids []chains.ID) string {
	var names []string
	for _, id := range ids {
		names = append(names, id.String())
	}
	return strings.Join(names, ", ")
}

// endpointOptions says which endpoints are read, and how.
type endpointOptions struct {
	rpc     []string      // CHAIN=URL each, in order of preference
	timeout time.Duration // of the whole run
	dialer  chains.Dialer
}

// parseEndpoints reads the flags of endpointFlags.
func parseEndpoints(c *cli.Context) (endpointOptions, error) {
	o := endpointOptions{rpc: c.StringSlice("rpc"), timeout: c.Duration("timeout"), dialer: chains.Dialer{
		AllowDev:         c.Bool("allow-dev-chain"),
		AllowUnfinalized: c.Bool("allow-unfinalized"),
		Agree:            c.Int("agree"),
		RPS:              c.Float64("rps"),
		UserAgent:        fmt.Sprintf("perpquorum/%s", buildInfo().version),
	}}
	switch {
	case o.timeout <= 0:
		return o, usagef("--timeout %v: want a positive duration such as 2m", o.timeout)
	case o.dialer.Agree < 1:
		return o, usagef("--agree %d: want 1 or more", o.dialer.Agree)
	case !(o.dialer.RPS >= 0): // NaN included
		return o, usagef("--rps %v: want a number of calls per second", o.dialer.RPS)
	}
	return o, nil
}

// check demands an endpoint for each wanted chain; nothing is sent.
func (o endpointOptions) check(wanted []chains.ID) error {
	_, err := endpoints(o.rpc, wanted, os.Getenv)
	return err
}

// dial connects to the wanted chains at once. The returned function closes
// the connections.
func (o endpointOptions) dial(ctx context.Context, wanted []chains.ID, p *progress) (
	nodes map[chains.ID]chains.Node, closeAll func(), err error,
) {
	urls, err := endpoints(o.rpc, wanted, os.Getenv)
	if err != nil {
		return nil, nil, err
	}
	for _, id := range wanted {
		if len(urls[id]) < o.dialer.Agree {
			err := usagef("--agree %d: %s has %s", o.dialer.Agree, id, counted(len(urls[id]), "endpoint"))
			return nil, nil, hintf(err, "repeat --rpc %s=URL, or put more URLs into the environment variable", id)
		}
	}
	clients := make([]*chains.Client, len(wanted))
	closeAll = func() {
		for _, client := range clients {
			if client != nil {
				client.Close()
			}
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	for i, id := range wanted {
		g.Go(func() (err error) {
			p.say("connecting to %s", id)
			clients[i], err = o.dialer.Dial(gctx, id, urls[id]...)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		closeAll()
		return nil, nil, err
	}
	nodes = map[chains.ID]chains.Node{}
	for i, id := range wanted {
		nodes[id] = &progressNode{clients[i], p, id}
	}
	return nodes, closeAll, nil
}
