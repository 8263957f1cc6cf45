package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
)

// endpointOptions says which endpoints are read, and how.
type endpointOptions struct {
	urls     map[chains.ID][]string // of --rpc, in order of preference
	file     string                 // of --endpoints
	timeout  time.Duration          // of the whole run
	dialer   chains.Dialer
	prove    string       // one of the words of --prove; "" and "off": nothing
	require  chains.Level // of every figure; "" for any
	progress *progress    // nil: silent
}

// flags are those of every command that reads chains.
func (o *endpointOptions) flags() []cli.Flag {
	const category = "Endpoints"
	if o.progress == nil {
		o.progress = newProgress(io.Discard)
	}
	agent := "perpquorum/" + buildInfo().Version
	o.dialer = chains.Dialer{Agree: 1, UserAgent: agent, Observe: o.progress.asked.note}
	return []cli.Flag{
		&cli.GenericFlag{Name: "rpc", Category: category, Value: endpointValue(&o.urls),
			Usage: "a JSON-RPC endpoint of a chain, as `CHAIN=URL`; repeat it for more chains, " +
				"or for more endpoints in order of preference"},
		&cli.PathFlag{Name: "endpoints", Category: category, Destination: &o.file,
			Usage: "read endpoints from `FILE`, for chains that neither --rpc nor a variable names"},
		&cli.GenericFlag{Name: "agree", Category: category,
			Value: parsed(&o.dialer.Agree, parseCount), DefaultText: "1",
			Usage: "read `N` endpoints of each chain independently; any difference ends with exit code 11"},
		&cli.GenericFlag{Name: "rps", Category: category,
			Value: parsed(&o.dialer.RPS, parseRate), DefaultText: "0",
			Usage: "send at most `N` JSON-RPC calls per second to each endpoint; 0 means no limit"},
		&cli.GenericFlag{Name: "max-batch", Category: category,
			Value: parsed(&o.dialer.MaxBatch, parseCount), DefaultText: "100",
			Usage: "send at most `N` JSON-RPC calls in one request; 1 means no batches"},
		timeoutFlag(category, &o.timeout),
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Category: category, Destination: &o.progress.asked.wanted,
			Usage: "say on standard error what was asked of which server, and how long it took"},
		&cli.BoolFlag{Name: "allow-unfinalized", Category: category, Destination: &o.dialer.AllowUnfinalized,
			Usage: "accept blocks that are not finalized yet, and mark the output"},
		&cli.BoolFlag{Name: "allow-dev-chain", Category: category, Destination: &o.dialer.AllowDev,
			EnvVars: []string{"PERPQUORUM_ALLOW_DEV_CHAIN"},
			Usage:   "accept a development chain in place of the public one, and mark the output"},
	}
}

// timeoutFlag bounds a run, to two minutes by default.
func timeoutFlag(category string, to *time.Duration) cli.Flag {
	*to = 2 * time.Minute
	return &cli.GenericFlag{Name: "timeout", Category: category, Value: parsed(to, parseDuration), DefaultText: "2m",
		Usage: "end the run after `DURATION`"}
}

// The words of --prove.
const (
	proveAuto   = "auto"
	proveOff    = "off"
	proveSample = "sample"
	proveVoters = "voters"
)

// proofFlags are those of commands that can prove what they read, with the words that --prove takes.
// What must reach the level of --require is said by the command.
func (o *endpointOptions) proofFlags(required string, words ...string) []cli.Flag {
	const category = "Proofs"
	return []cli.Flag{
		wordFlag("prove", category, "prove what `WHICH` says by Merkle proofs, where an endpoint has them: ",
			&o.prove, words...),
		requireFlag(category, required, &o.require, chains.Bound, chains.Proven),
	}
}

func requireFlag(category, required string, to *chains.Level, levels ...chains.Level) cli.Flag {
	value := oneOf(to, levels)
	return &cli.GenericFlag{Name: "require", Category: category, Value: value,
		Usage: fmt.Sprintf("print nothing and end with exit code 1 where %s is below `LEVEL`: %s",
			required, alternatives(value.words))}
}

// endpointHelp explains CHAIN=URL.
const endpointHelp = `CHAIN is ethereum (or mainnet, eth), optimism (op), arbitrum (arb), base, bnb
(bsc), gnosis (xdai), polygon (matic) or a chain id. The endpoints of a chain
are those of the first of these that names one:
   --rpc
   PERPQUORUM_RPC_ETHEREUM  URLs for Ethereum in order of preference,
                            separated by spaces or commas
   PERPQUORUM_RPC_OPTIMISM  the same for Optimism; for chain 8453 it is
                            PERPQUORUM_RPC_8453
   MAINNET_WEB3_ENDPOINT, OPTIMISM_WEB3_ENDPOINT
   the file of --endpoints, or perpquorum/endpoints in XDG_CONFIG_HOME
                            (~/.config if that is not set), with lines
                            CHAIN URL; a # begins a comment
   ETH_RPC_URL              for Ethereum only
A time that is not recent needs an archive node. URLs hold keys and are never
printed; an endpoint is named by its host and a short hash. Two URLs of one
scheme, host, port and path are one endpoint, which may be given once; with
--agree, the output marks two paths of one host.`

// cutChain splits CHAIN=VALUE. The value may be a URL with a key in it and is
// never repeated in an error, which says what is wanted instead.
func cutChain(text, wanted string) (chains.ID, string, error) {
	name, value, ok := strings.Cut(text, "=")
	id, err := parseChain(name)
	switch {
	case !ok || value == "" || err != nil && strings.ContainsAny(name, ":/@?"):
		return 0, "", errors.New("want " + wanted)
	case err != nil:
		return 0, "", err
	}
	return id, value, nil
}

// parseChain reads a chain as people write it.
func parseChain(name string) (chains.ID, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	known := map[string]string{
		"mainnet": "ethereum", "eth": "ethereum", "op": "optimism", "arb": "arbitrum", "bsc": "bnb", "xdai": "gnosis",
		"matic": "polygon",
	}
	if plain, ok := known[name]; ok {
		name = plain
	}
	return chains.ParseID(name)
}

// endpointValue adds CHAIN=URL to the endpoints.
func endpointValue(to *map[chains.ID][]string) *value {
	return repeated(chainWords, func(text string) error {
		id, url, err := cutChain(text, "CHAIN=URL, such as ethereum=https://…")
		if err != nil {
			return usagef("--rpc: %w", err) // without the text, which may hold a key
		}
		if *to == nil {
			*to = map[chains.ID][]string{}
		}
		(*to)[id] = append((*to)[id], url)
		return nil
	})
}

// find returns the URLs of each wanted chain, and the chains without one. No
// other chain may have a URL.
func (o endpointOptions) find(wanted []chains.ID) (urls map[chains.ID][]string, missing []chains.ID, err error) {
	for id := range o.urls {
		if !slices.Contains(wanted, id) {
			return nil, nil, usagef("--rpc: chain %s is not read here, only %s", id, joinIDs(wanted))
		}
	}
	urls = map[chains.ID][]string{}
	for _, id := range wanted {
		if urls[id] = o.urls[id]; len(urls[id]) == 0 {
			urls[id] = environmentURLs(environmentNames(id)...)
		}
		if len(urls[id]) == 0 {
			missing = append(missing, id)
		}
	}
	var named map[chains.ID][]string
	if len(missing) > 0 || o.file != "" {
		if named, err = o.fileURLs(); err != nil {
			return nil, nil, err
		}
	}
	missing = slices.DeleteFunc(missing, func(id chains.ID) bool {
		if urls[id] = named[id]; len(urls[id]) == 0 && id == chains.Ethereum {
			urls[id] = environmentURLs("ETH_RPC_URL")
		}
		return len(urls[id]) > 0
	})
	return urls, missing, nil
}

// endpoints returns the URLs of each wanted chain; every chain without one, or
// with fewer than must agree, is an error. Of optional chains it returns those with
// URLs. Nothing is sent.
func (o endpointOptions) endpoints(wanted []chains.ID, optional ...chains.ID) (map[chains.ID][]string, error) {
	urls, missing, err := o.find(slices.Concat(wanted, optional))
	missing = slices.DeleteFunc(missing, func(id chains.ID) bool {
		left := slices.Contains(optional, id)
		if left {
			delete(urls, id)
		}
		return left
	})
	if err == nil && len(missing) > 0 {
		err = noEndpoint(missing)
	}
	for _, id := range slices.Sorted(maps.Keys(urls)) {
		if err == nil && len(urls[id]) < o.dialer.Agree {
			err = usagef("--agree %d: %s has %s", o.dialer.Agree, id, counted(len(urls[id]), "endpoint"))
			err = hintf(err, "repeat --rpc %s=URL, or put more URLs into the environment variable or the file", id)
		}
	}
	return urls, err
}

func noEndpoint(missing []chains.ID) error {
	var flags, names []string
	for _, id := range missing {
		flags = append(flags, fmt.Sprintf("--rpc %s=URL", id))
		names = append(names, environmentNames(id)[0])
	}
	return hintf(usagef("no endpoint for %s", joinIDs(missing)),
		"give %s, set %s, or write lines CHAIN URL into %s", strings.Join(flags, " "), strings.Join(names, " and "),
		cmp.Or(settingsFile(), "a file"))
}

// chainWords complete a flag that takes CHAIN=VALUE.
var chainWords = []string{"ethereum=", "optimism="}

func joinIDs(ids []chains.ID) string {
	var names []string
	for _, id := range ids {
		names = append(names, id.Name())
	}
	return strings.Join(names, ", ")
}

// dial connects to the wanted chains at once. The returned function closes
// the connections.
func (o endpointOptions) dial(ctx context.Context, wanted []chains.ID, optional ...chains.ID) (
	nodes map[chains.ID]chains.Node, closeAll func(), err error,
) {
	urls, err := o.endpoints(wanted, optional...)
	if err != nil {
		return nil, nil, err
	}
	wanted = slices.Sorted(maps.Keys(urls))
	clients, err := chains.SideBySide(ctx, wanted, func(ctx context.Context, id chains.ID) (*chains.Client, error) {
		o.progress.say("connecting to %s", id)
		return o.dialer.Dial(ctx, id, urls[id]...)
	})
	closeAll = func() {
		for _, client := range clients {
			if client != nil {
				client.Close()
			}
		}
	}
	if err != nil {
		closeAll()
		return nil, nil, err
	}
	nodes = map[chains.ID]chains.Node{}
	for i, id := range wanted {
		nodes[id] = &progressNode{clients[i], o.progress, id}
	}
	if o.prove == "" || o.prove == proveOff {
		nodes = chains.Plain(nodes)
	}
	return nodes, closeAll, nil
}
