package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Target is an endpoint to probe.
type Target struct {
	Chain ID     // the chain that it is meant to serve
	URL   string // never shown; Probe.Endpoint stands for it
}

// Probe is what one endpoint showed of itself. It is data only: nothing in it
// holds a URL or a key. Its JSON is part of the program's interface.
type Probe struct {
	Chain    ID        `json:"-"`        // the chain asked for
	Endpoint string    `json:"endpoint"` // label: host and a short hash
	At       time.Time `json:"-"`        // the time asked for; zero if there was none to take
	Verdict  Verdict   `json:"verdict"`
	Reason   Reason    `json:"reason,omitzero"` // of a verdict that is not GoodForJob

	Development bool        `json:"development"` // as in Client
	Anchored    bool        `json:"anchored"`    // as in Client
	Head        *ProbeBlock `json:"head"`        // the latest block; nil if the endpoint cannot be used for anything
	Finalized   *ProbeBlock `json:"finalized"`   // nil if the endpoint does not say

	// Latency is the median time that a few small calls took; 0 if none was
	// measured.
	Latency Latency `json:"latency_ms"`
	// Batch is the largest number of calls in one JSON-RPC batch that was
	// answered, of 1, 3, 10, 100 and 1000; 0 if none was. BatchReason says why not
	// more; it is zero where nothing was refused.
	Batch       int    `json:"largest_batch"`
	BatchReason Reason `json:"batch_reason,omitzero"`

	// Block is the first block at or after At, or nil; BlockReason says why.
	Block       *ProbeBlock `json:"block"`
	BlockReason Reason      `json:"block_reason,omitzero"`
	// State: state can be read at Block. On public chains the balance of an account
	// that holds ether proves that it is there.
	State Check `json:"state"`
	// Level is Bound if the state at Block showed that it is that block's, Trusted if it
	// could not, and empty if State does not work.
	Level Level `json:"level,omitempty"`
	// Recent: state can be read at the finalized block (at the head, if
	// unfinalized blocks are allowed). Tried where State does not work.
	Recent Check `json:"recent_state"`
	// Legacy: state can be read before Bedrock. Tried on the public Optimism.
	Legacy Check `json:"state_before_bedrock"`

	// What works at Block; tried where State works.
	BlockHash  Check `json:"eip_1898"`               // reads by block hash, proven to run at that block
	Multicall3 Check `json:"multicall3"`             // the contract is deployed there, and runs at that block
	Proof      Check `json:"eth_get_proof"`          // with a proof that starts at the block's state root
	AccessList Check `json:"eth_create_access_list"` // the method works

	// Claims is what the endpoint says of itself, or nil. No other finding depends on it.
	Claims *Claims `json:"claims"`
	// Limits lists the response headers about rate limits, as last seen:
	// "x-ratelimit-remaining: 42", in the order of their names.
	Limits []string `json:"rate_limit_headers"`
	// Stopped says why not everything was tried: a rate limit, a used up quota,
	// refused credentials, the end of the time. Else it is zero.
	Stopped Reason `json:"stopped,omitzero"`
}

// ProbeBlock is a block that an endpoint showed.
type ProbeBlock struct {
	Number      uint64      `json:"number"`
	Hash        common.Hash `json:"hash"`
	Time        int64       `json:"time"`                  // in Unix seconds
	Age         int64       `json:"age_seconds"`           // when the head was read
	Unfinalized bool        `json:"unfinalized,omitempty"` // of Probe.Block: it can still be replaced
	// FinalByAge, of Probe.Block: the endpoint does not say which block is finalized, and this one is old.
	FinalByAge bool `json:"final_by_age,omitempty"`
}

// Check is one thing that an endpoint was tried at.
type Check struct {
	Tried  bool   `json:"tried"` // false: it does not apply, or something before it failed
	Works  bool   `json:"works"`
	Reason Reason `json:"reason,omitzero"` // why it does not work
}

// String returns "yes" or "no", or "" if it was not tried.
func (c Check) String() string {
	switch {
	case c.Works:
		return "yes"
	case c.Tried:
		return "no"
	}
	return ""
}

// Reason is the error behind a finding, for errors.Is, or nil. Its text is the
// finding alone, without what to do about it.
type Reason struct{ Err error }

// String returns the finding, or "" if there is no error.
func (r Reason) String() string {
	switch e := r.Err.(type) {
	case nil:
		return ""
	case *EndpointError:
		return e.Finding()
	}
	return r.Err.Error()
}

// MarshalText implements encoding.TextMarshaler.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Latency is how long a call took; 0 if that was not measured.
type Latency time.Duration

// milliseconds rounds to a tenth; a measured time is never 0.
func (l Latency) milliseconds() float64 {
	if l <= 0 {
		return 0
	}
	return max(math.Round(time.Duration(l).Seconds()*10_000)/10, 0.1)
}

// MarshalJSON writes milliseconds, to a tenth.
func (l Latency) MarshalJSON() ([]byte, error) { return json.Marshal(l.milliseconds()) }

// String writes it for a reader: "0.4 ms", "12 ms" or, not measured, "".
func (l Latency) String() string {
	switch ms := l.milliseconds(); {
	case ms == 0:
		return ""
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	default:
		return fmt.Sprintf("%.0f ms", ms)
	}
}

// Probe tries the endpoints side by side, each on its own, at the first block at or
// after the given time. The zero time stands for the latest time that is finalized on
// every chain asked about: that of the earliest of their finalized blocks. There is
// one Probe for each target, in order.
//
// What fails is part of a Probe. The error is for wrong usage (ErrEndpointURL), found
// before anything is sent, and for a cancelled context. When its deadline passes, what
// was found by then is returned. A request that fails for a passing reason is repeated
// once, and a rate limit is waited for two seconds at most. A good endpoint gets about
// 1130 calls, nearly all of them eth_chainId in batches. AllowDev, AllowUnfinalized and
// Agree mean what they mean to Dial, except that no readings are compared here.
func (d Dialer) Probe(ctx context.Context, at time.Time, targets ...Target) ([]Probe, error) {
	var all []*prober
	defer func() {
		for _, p := range all {
			p.pool.close()
		}
	}()
	for _, target := range targets {
		p, err := d.prober(target)
		if err != nil {
			return nil, onChain(target.Chain, err)
		}
		all = append(all, p)
		if slices.ContainsFunc(all[:len(all)-1], p.same) {
			return nil, onChain(target.Chain, givenTwice(p.found.Endpoint))
		}
	}
	sideBySide(all, func(p *prober) { p.greet(ctx) })
	if at.IsZero() {
		at = lastFinal(all, max(d.Agree, 1))
	}
	sideBySide(all, func(p *prober) { p.examine(ctx, at) })
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	found := make([]Probe, len(all))
	for i, p := range all {
		p.found.judge()
		found[i] = p.found
	}
	return found, nil
}

func sideBySide(all []*prober, do func(*prober)) {
	jsonrpc.SideBySide(len(all), func(i int) { do(all[i]) })
}

// lastFinal is the time of the earliest of the chains' finalized blocks. Of a chain's
// endpoints the first ones count, as many as must agree. It is zero if no endpoint says
// which block is finalized.
func lastFinal(all []*prober, agree int) (at time.Time) {
	counted := map[ID]int{}
	for _, p := range all {
		f := p.found.Finalized
		if f == nil || counted[p.found.Chain] == agree {
			continue
		}
		counted[p.found.Chain]++
		if t := time.Unix(f.Time, 0).UTC(); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}
