package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

func doctorCommand() *cli.Command {
	return &cli.Command{
		Name:        "doctor",
		Usage:       "try the endpoints and the hub, and say what they are good for",
		Description: doctorHelp,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "the `TIME` that a report shall be about; default: the latest one whose blocks are final on every chain"},
			formatFlag("", "text", "json"),
			&cli.BoolFlag{Name: "json", Usage: "the same as --format json"},
			modelFlag(""),
			hubFlag(""),
		}, endpointFlags()...),
		Action: runDoctor,
	}
}

const doctorHelp = `Tries each endpoint, all at once, and prints what it can do, whether it is good
for a report about TIME, and if not, why. About 1130 calls go to each, nearly all
of them eth_chainId in batches. What the rows mean:
   its state             balances and calls at the block of TIME; needs an archive
                         node if TIME is not recent. On public chains an account
                         known to hold ether proves that the state is there
   EIP-1898              reads by block hash; without it, reads go by number, and the
                         header is checked before and after
   Multicall3            many balances in one request; without it, in batches
   eth_getProof, eth_createAccessList
                         for Merkle proofs; no figure depends on them
   largest batch         of 1, 3, 10, 100 and 1000 calls; small ones are slower

Nothing is waited for long: what is limited in its rate is said to be so.

` + timeHelp + `

` + endpointHelp + `

Examples:
   perpquorum doctor
   perpquorum doctor --at 2023-05-19T13:39:35Z --rpc ethereum=URL --rpc ethereum=URL2
   perpquorum doctor --json --agree 2

Exit codes:
   0   a report can be made: on every chain of the model, as many endpoints as shall
       agree are good for this job
   1   it cannot; the table says why. What is not answered within --timeout counts
       as failed; an interruption leaves no table. The hub counts only if --hub or
       SNAPSHOT_HUB_URL names one: check needs it, report does not
   2   wrong usage: command line, endpoint URL or model file`

// examination is what the doctor is asked to do.
type examination struct {
	at        time.Time // zero: the default
	model     *votingpower.Model
	endpoints endpointOptions
	targets   []chains.Target
	hub       hubTarget
}

func runDoctor(c *cli.Context) error {
	if c.Bool("json") && c.IsSet("format") && c.String("format") != "json" {
		return usagef("--json and --format %s exclude each other", c.String("format"))
	}
	e, err := parseExamination(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, e.endpoints.timeout)
	defer cancel()
	p := newProgress(c.App.ErrWriter)
	defer p.clear()
	p.say("trying %d endpoints and the hub", len(e.targets))
	d, err := e.run(ctx)
	if err != nil {
		return err
	}
	if c.Bool("json") || c.String("format") == "json" {
		err = printJSON(c.App.Writer, d)
	} else {
		err = d.print(c.App.Writer)
	}
	if err == nil && !d.Ready {
		err = verdictError(exitTrouble)
	}
	return err
}

func parseExamination(c *cli.Context) (e examination, err error) {
	if c.IsSet("at") {
		if e.at, err = parseTime(c.String("at")); err != nil {
			return e, err
		}
	}
	if e.model, err = openModel(c.String("model")); err != nil {
		return e, err
	}
	if e.endpoints, err = parseEndpoints(c); err != nil {
		return e, err
	}
	if e.hub, err = parseHub(newHub(c.String("hub"), time.Second), e.model.Space, c.IsSet("hub")); err != nil {
		return e, err
	}
	ids := e.model.Chains()
	urls, missing, err := configured(e.endpoints.rpc, ids, os.Getenv)
	if err == nil && len(missing) == len(ids) {
		err = noEndpoint(missing)
	}
	for _, id := range ids {
		for _, url := range urls[id] {
			e.targets = append(e.targets, chains.Target{Chain: id, URL: url})
		}
	}
	return e, err
}

// run tries the endpoints and the hub side by side.
func (e examination) run(ctx context.Context) (diagnosis, error) {
	var hub hubFound
	var group sync.WaitGroup
	group.Go(func() { hub = e.hub.probe(ctx) })
	probes, err := e.endpoints.dialer.Probe(ctx, e.at, e.targets...)
	group.Wait()
	if err != nil {
		return diagnosis{}, err
	}
	return e.diagnose(probes, hub), nil
}
