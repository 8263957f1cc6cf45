package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// diagnosisFormat names the version of the doctor's JSON.
const diagnosisFormat = "perpquorum-doctor/1"

// diagnosis is what the doctor found, and the JSON that --json prints. Its keys
// are part of the program's interface.
type diagnosis struct {
	Format string `json:"format"`
	// Ready says that the exit code is 0.
	Ready  bool             `json:"ready"`
	At     *report.Moment   `json:"at"` // null if no endpoint tells a time to take
	Chains []chainDiagnosis `json:"chains"`
	Hub    hubDiagnosis     `json:"hub"`
}

// chainDiagnosis is what is found about one chain of the model.
type chainDiagnosis struct {
	Chain  string `json:"chain"`
	ID     uint64 `json:"chain_id"`
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"` // why it is not ready
	// Warning says that endpoints which are good for the job are not of one mind
	// about the block, though fewer of them shall agree.
	Warning   string              `json:"warning,omitempty"`
	Endpoints []endpointDiagnosis `json:"endpoints"` // in order of preference
}

// endpointDiagnosis is what is found about one endpoint; see chains.Probe.
type endpointDiagnosis struct {
	Endpoint    string          `json:"endpoint"`
	Verdict     string          `json:"verdict"`
	Reason      string          `json:"reason,omitempty"` // of a verdict that is not good
	Development bool            `json:"development"`
	Anchored    bool            `json:"anchored"`
	Head        *blockDiagnosis `json:"head"`
	Finalized   *blockDiagnosis `json:"finalized"` // null if it does not tell
	// LatencyMS is in milliseconds, to a tenth; 0 if it was not measured.
	LatencyMS   float64 `json:"latency_ms"`
	Batch       int     `json:"largest_batch"`
	BatchReason string  `json:"batch_reason,omitempty"` // why not more

	Block       *blockDiagnosis `json:"block"`
	BlockReason string          `json:"block_reason,omitempty"`
	State       checkDiagnosis  `json:"state"`
	Recent      checkDiagnosis  `json:"recent_state"`
	Legacy      checkDiagnosis  `json:"state_before_bedrock"`
	BlockHash   checkDiagnosis  `json:"eip_1898"`
	Multicall3  checkDiagnosis  `json:"multicall3"`
	Proof       checkDiagnosis  `json:"eth_get_proof"`
	AccessList  checkDiagnosis  `json:"eth_create_access_list"`
	Limits      []string        `json:"rate_limit_headers"`
	Stopped     string          `json:"stopped,omitempty"` // why not everything was tried
}

// blockDiagnosis is a block of one chain.
type blockDiagnosis struct {
	Number uint64 `json:"number"`
	Hash   string `json:"hash"`
	Unix   int64  `json:"time"`        // in Unix seconds
	Age    int64  `json:"age_seconds"` // when the head was read
	// Unfinalized says that the block asked for can still be replaced.
	Unfinalized bool `json:"unfinalized,omitempty"`
}

// checkDiagnosis is one thing that was tried, or not.
type checkDiagnosis struct {
	Tried  bool   `json:"tried"`
	Works  bool   `json:"works"`
	Reason string `json:"reason,omitempty"` // why it does not work
}

// hubDiagnosis is what is found about the Snapshot hub.
type hubDiagnosis struct {
	Host      string   `json:"host"`
	Space     string   `json:"space"`
	Required  bool     `json:"required"` // counts for the exit code
	Ready     bool     `json:"ready"`
	Reason    string   `json:"reason,omitempty"`
	LatencyMS float64  `json:"latency_ms"`
	Limits    []string `json:"rate_limit_headers"`
}

// diagnose puts together what was found.
func (e examination) diagnose(probes []chains.Probe, hub hubFound) diagnosis {
	d := diagnosis{Format: diagnosisFormat, Ready: true, Hub: e.hub.diagnose(hub)}
	if len(probes) > 0 && !probes[0].At.IsZero() {
		at := report.NewMoment(probes[0].At)
		d.At = &at
	}
	for _, id := range e.model.Chains() {
		c := e.diagnoseChain(id, slices.DeleteFunc(slices.Clone(probes), func(p chains.Probe) bool { return p.Chain != id }))
		d.Ready = d.Ready && c.Ready
		d.Chains = append(d.Chains, c)
	}
	d.Ready = d.Ready && (d.Hub.Ready || !d.Hub.Required)
	return d
}

func (e examination) diagnoseChain(id chains.ID, probes []chains.Probe) chainDiagnosis {
	c := chainDiagnosis{Chain: id.String(), ID: uint64(id), Endpoints: []endpointDiagnosis{}}
	var good []chains.Probe
	for i := range probes {
		c.Endpoints = append(c.Endpoints, diagnoseEndpoint(&probes[i]))
		if verdict, _ := probes[i].Verdict(); verdict == chains.GoodForJob {
			good = append(good, probes[i])
		}
	}
	err := chains.Ready(probes, id, e.endpoints.dialer.Agree)
	if len(probes) == 0 {
		err = fmt.Errorf("%v: no endpoint is given; give --rpc %v=URL or set %s", id, id, environmentNames(id)[0])
	}
	c.Ready, c.Reason = err == nil, textOf(err)
	if c.Ready {
		c.Warning = textOf(chains.Ready(good, id, len(good)))
	}
	return c
}

func (h hubTarget) diagnose(f hubFound) hubDiagnosis {
	err := f.failure(h)
	return hubDiagnosis{Host: h.host, Space: h.space, Required: h.named, Ready: err == nil, Reason: textOf(err),
		LatencyMS: milliseconds(f.latency), Limits: append([]string{}, f.limits...)}
}

func diagnoseEndpoint(p *chains.Probe) endpointDiagnosis {
	verdict, reason := p.Verdict()
	d := endpointDiagnosis{
		Endpoint: p.Endpoint, Verdict: verdict.String(), Reason: textOf(reason),
		Development: p.Development, Anchored: p.Anchored,
		Head: diagnoseBlock(p.Head, p.Seen), Finalized: diagnoseBlock(p.Finalized, p.Seen),
		LatencyMS: milliseconds(p.Latency), Batch: p.Batch, BatchReason: findingOf(p.BatchErr), BlockReason: findingOf(p.BlockErr),
		State: diagnoseCheck(p.State), Recent: diagnoseCheck(p.Recent), Legacy: diagnoseCheck(p.Legacy),
		BlockHash: diagnoseCheck(p.BlockHash), Multicall3: diagnoseCheck(p.Multicall3),
		Proof: diagnoseCheck(p.Proof), AccessList: diagnoseCheck(p.AccessList),
		Limits: append([]string{}, p.Limits...), Stopped: findingOf(p.Stopped),
	}
	if p.Block != nil {
		d.Block = diagnoseBlock(p.Block.Header, p.Seen)
		d.Block.Unfinalized = p.Block.Unfinalized
	}
	return d
}

func diagnoseBlock(h *types.Header, seen time.Time) *blockDiagnosis {
	if h == nil {
		return nil
	}
	return &blockDiagnosis{Number: h.Number.Uint64(), Hash: h.Hash().Hex(), Unix: int64(h.Time), Age: seen.Unix() - int64(h.Time)}
}

func diagnoseCheck(c chains.Check) checkDiagnosis {
	return checkDiagnosis{Tried: c.Tried, Works: c.Works(), Reason: findingOf(c.Err)}
}

// findingOf is the text of what an endpoint cannot do. The advice that goes
// with a failed run, such as to give another endpoint, is left out.
func findingOf(err error) string {
	if e, ok := err.(*chains.EndpointError); ok {
		return e.Finding()
	}
	return textOf(err)
}

func textOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// milliseconds rounds to a tenth; a measured time is never 0.
func milliseconds(d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return max(math.Round(d.Seconds()*10_000)/10, 0.1)
}
