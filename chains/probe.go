package chains

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
)

// Target is an endpoint to probe.
type Target struct {
	Chain ID     // the chain that it is meant to serve
	URL   string // never shown; Probe.Endpoint stands for it
}

// Probe is what one endpoint showed of itself. It is data only: nothing in it
// holds a URL or a key.
type Probe struct {
	Chain    ID        // the chain asked for
	Endpoint string    // label: host and a short hash
	At       time.Time // the time asked for; zero if there was none to take
	// Err tells why the endpoint cannot be used for anything: it is out of reach,
	// not JSON-RPC, of another chain. All fields below are zero then.
	Err error

	Development bool          // as in Client
	Anchored    bool          // as in Client
	Head        *types.Header // the latest block
	Finalized   *types.Header // nil if the endpoint does not tell
	Seen        time.Time     // when head and finalized block were read

	// Latency is the median time that a few small calls took; 0 if none was
	// measured.
	Latency time.Duration
	// Batch is the largest number of calls in one JSON-RPC batch that was
	// answered, of 1, 3, 10, 100 and 1000; 0 if none was. BatchErr tells why not
	// more; it is nil where nothing was refused.
	Batch    int
	BatchErr error

	// Block is the first block at or after At, or nil; BlockErr tells why.
	Block    *Block
	BlockErr error
	// State: state can be read at Block. On public chains the balance of an account
	// that holds ether proves that it is there.
	State Check
	// Recent: state can be read at the finalized block (at the head, if
	// unfinalized blocks are allowed). Tried where State does not work.
	Recent Check
	// Legacy: state can be read before Bedrock. Tried on the public Optimism.
	Legacy Check

	// What works at Block; tried where State works.
	BlockHash  Check // reads by block hash (EIP-1898), proven to run at that block
	Multicall3 Check // the contract is deployed there, and runs at that block
	Proof      Check // eth_getProof, with a proof that starts at the block's state root
	AccessList Check // eth_createAccessList

	// Limits lists the response headers that speak of rate limits, as last seen:
	// "x-ratelimit-remaining: 42", in the order of their names.
	Limits []string
	// Stopped tells why not everything was tried: a rate limit, a used up quota,
	// refused credentials, the end of the time. Else nil.
	Stopped error
}

// Check is one thing that an endpoint was tried at.
type Check struct {
	Tried bool  // false: it does not apply, or something before it failed
	Err   error // why it does not work; nil if it works
}

// Works reports whether it was tried and works.
func (c Check) Works() bool { return c.Tried && c.Err == nil }

// Probe tries the endpoints side by side, each on its own, at the first block
// at or after the given time. The zero time stands for the latest time whose
// blocks are final on every chain asked about: the earliest of their finalized
// blocks. There is one Probe for each target, in order.
//
// What fails is part of a Probe. The error is for wrong usage (ErrEndpointURL),
// found before anything is sent, and for a cancelled context; when its deadline
// passes, what was found by then is returned. A request that fails for a passing
// reason is repeated once, a rate limit is waited for two seconds at most.
// About 1130 calls go to a good endpoint, nearly all of them eth_chainId in
// batches. AllowDev, AllowUnfinalized and Agree mean what they mean to Dial,
// except that no reading of several endpoints is compared here.
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
			return nil, err
		}
		all = append(all, p)
		if slices.ContainsFunc(all[:len(all)-1], p.same) {
			return nil, fmt.Errorf("%v: endpoint %s is given twice: %w", target.Chain, p.found.Endpoint, ErrEndpointURL)
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
		found[i] = p.found
	}
	return found, nil
}

func sideBySide(all []*prober, do func(*prober)) {
	var group sync.WaitGroup
	for _, p := range all {
		group.Go(func() { do(p) })
	}
	group.Wait()
}

// lastFinal is the time of the earliest of the chains' finalized blocks. Of a
// chain's endpoints the first ones count, as many as shall agree. It is zero if
// no endpoint tells which block is finalized.
func lastFinal(all []*prober, agree int) (at time.Time) {
	counted := map[ID]int{}
	for _, p := range all {
		f := p.found.Finalized
		if f == nil || counted[p.found.Chain] == agree {
			continue
		}
		counted[p.found.Chain]++
		if t := time.Unix(int64(f.Time), 0).UTC(); at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}
