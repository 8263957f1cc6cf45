package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/jsonrpc"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// doctorOptions is the command line of doctor.
type doctorOptions struct {
	at        time.Time // zero: the latest time that is finalized on every chain
	format    string
	model     string // file
	hub       string // URL; if it is given, the hub counts for the exit code
	endpoints endpointOptions
}

func doctorCommand(p *progress) *cli.Command {
	o := &doctorOptions{endpoints: endpointOptions{progress: p}}
	return &cli.Command{
		Name: "doctor", Usage: "try endpoints and hub, and say what they are good for", Description: doctorHelp,
		Flags: append([]cli.Flag{
			&cli.GenericFlag{Name: "at", Value: parsed(&o.at, parseTime),
				Usage: "the `TIME` of the report; by default the latest time that is finalized on every chain"},
			modelFlag("", &o.model),
			hubFlag("", &o.hub),
			formatFlag("Output", &o.format, "text", "json"),
		}, o.endpoints.flags()...),
		Action: o.run,
	}
}

const doctorHelp = `Tries all endpoints at the same time, and prints what each can do, whether it is
good for a report about TIME, and if not, why. Each endpoint gets about 1130
calls, nearly all of them eth_chainId in batches. The rows of the table:
   its state             balances and calls at the block of TIME; a time that is
                         not recent needs an archive node. On public chains, an
                         account known to hold ether proves that it is there.
                         "bound": it showed that it is the state of this block.
                         "trusted": nothing could show that. With the state of
                         another block, the endpoint is not usable
   claims state from, claims proofs from
                         what the node says of itself, where it knows
                         eth_capabilities or, of proofs, debug_proofsSyncStatus;
                         no figure and no verdict depend on it
   EIP-1898              reads by block hash; without it, blocks are read by
                         number, and headers are checked before and after
   Multicall3            many balances in one request; without it, in batches
   eth_getProof, eth_createAccessList
                         whether what is read at the block can be proven; the
                         second one only saves requests
   largest batch         of 1, 3, 10, 100 and 1000 calls; small ones are slower

The doctor reports a rate limit instead of waiting for its end. An endpoint that
does not answer within --timeout counts as failed. A report is possible when, on
each chain of the model, as many endpoints are good for the job as --agree asks
for. The hub counts for the exit code only if --hub or SNAPSHOT_HUB_URL names
one: check needs it, report does not.

Examples:
   perpquorum doctor
   perpquorum doctor --at 2023-05-19 --rpc ethereum=URL --rpc ethereum=URL2
   perpquorum doctor --json --agree 2`

func (o *doctorOptions) run(c *cli.Context) error {
	m, err := openModel(o.model)
	if err != nil {
		return err
	}
	hub := o.endpoints.newHub(cmp.Or(o.hub, snapshot.DefaultEndpoint), time.Second)
	hub.Retries = -1
	if hub.Host() == "" {
		return usagef("--hub: want a URL such as %s", snapshot.DefaultEndpoint) // it may hold a key
	}
	targets, err := o.targets(m.Chains())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context, o.endpoints.timeout)
	defer cancel()
	o.endpoints.progress.say("trying %d endpoints and the hub", len(targets))
	d, err := o.diagnose(ctx, m, hub, targets)
	if err != nil {
		return err
	}
	var text strings.Builder
	d.print(&text)
	err = printAs(c.App.Writer, o.format, d, text.String())
	if err == nil && !d.Ready {
		err = verdictError(exitTrouble)
	}
	return err
}

// targets lists the endpoints to try. A chain without one is part of the
// diagnosis, unless all are.
func (o *doctorOptions) targets(ids []chains.ID) (targets []chains.Target, err error) {
	urls, missing, err := o.endpoints.find(ids)
	if err == nil && len(missing) == len(ids) {
		err = noEndpoint(missing)
	}
	for _, id := range ids {
		for _, url := range urls[id] {
			targets = append(targets, chains.Target{Chain: id, URL: url})
		}
	}
	return targets, err
}

// diagnosis is what the doctor found, and the JSON that --json prints. Its keys
// are part of the program's interface.
type diagnosis struct {
	Format string           `json:"format"`
	Ready  bool             `json:"ready"` // the exit code is 0
	At     *report.Moment   `json:"at"`    // null if no endpoint gives a time to take
	Chains []chainDiagnosis `json:"chains"`
	Hub    hubDiagnosis     `json:"hub"`
}

// diagnosisFormat names the version of the doctor's JSON.
const diagnosisFormat = "perpquorum-doctor/1"

// chainDiagnosis is what the doctor found about one chain of the model.
type chainDiagnosis struct {
	Chain  chains.ID `json:"chain"`
	ID     uint64    `json:"chain_id"`
	Ready  bool      `json:"ready"`
	Reason string    `json:"reason,omitempty"` // why it is not ready
	// Warning says that endpoints which are good for the job do not agree about
	// the block, though as many as --agree asks for do, or that these are of one host.
	Warning   string         `json:"warning,omitempty"`
	Endpoints []chains.Probe `json:"endpoints"` // in order of preference
}

// diagnose tries the endpoints and the hub side by side.
func (o *doctorOptions) diagnose(
	ctx context.Context, m *votingpower.Model, hub *snapshot.Client, targets []chains.Target,
) (diagnosis, error) {
	d := diagnosis{Format: diagnosisFormat, Ready: true}
	var probes []chains.Probe
	var err error
	jsonrpc.SideBySide(2, func(i int) {
		if i == 0 {
			d.Hub = diagnoseHub(ctx, hub, m.Space, o.hub != "")
		} else {
			probes, err = o.endpoints.dialer.Probe(ctx, o.at, targets...)
		}
	})
	if err != nil {
		return d, err
	}
	if len(probes) > 0 && !probes[0].At.IsZero() {
		at := report.NewMoment(probes[0].At)
		d.At = &at
	}
	for _, id := range m.Chains() {
		c := diagnoseChain(id, probes, o.endpoints.dialer.Agree)
		d.Ready = d.Ready && c.Ready
		d.Chains = append(d.Chains, c)
	}
	d.Ready = d.Ready && (d.Hub.Ready || !d.Hub.Required)
	return d, nil
}

// diagnoseChain picks the probes of a chain and judges them together.
func diagnoseChain(id chains.ID, probes []chains.Probe, agree int) chainDiagnosis {
	c := chainDiagnosis{Chain: id, ID: uint64(id), Endpoints: []chains.Probe{}}
	for _, p := range probes {
		if p.Chain == id {
			c.Endpoints = append(c.Endpoints, p)
		}
	}
	err := chains.Ready(c.Endpoints, id, agree)
	if len(c.Endpoints) == 0 {
		err = fmt.Errorf("%v: no endpoint is given; give --rpc %v=URL or set %s", id, id, environmentNames(id)[0])
	}
	if c.Ready = err == nil; !c.Ready {
		c.Reason = err.Error()
		return c
	}
	bad := func(p chains.Probe) bool { return p.Verdict != chains.GoodForJob }
	good := slices.DeleteFunc(slices.Clone(c.Endpoints), bad)
	if err := chains.Ready(good, id, len(good)); err != nil {
		c.Warning = err.Error()
		return c
	}
	var labels []string
	for _, p := range good[:max(agree, 1)] {
		labels = append(labels, p.Endpoint)
	}
	if a, b, found := chains.OneHost(labels); found {
		c.Warning = fmt.Sprintf("%v: %s and %s are of one host and may be one node", id, a, b)
	}
	return c
}
