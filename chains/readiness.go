package chains

import (
	"errors"
	"fmt"
	"slices"
)

// Verdict is what an endpoint is good for.
type Verdict int

const (
	// NotUsable: no block can be read.
	NotUsable Verdict = iota
	// GoodForRecent: the newest acceptable block can be read, the one asked for cannot.
	GoodForRecent
	// GoodForJob: the block asked for can be read.
	GoodForJob
)

// String returns the verdict in words.
func (v Verdict) String() string {
	switch v {
	case GoodForJob:
		return "good for this job"
	case GoodForRecent:
		return "good for recent blocks"
	}
	return "not usable"
}

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// judge sets the verdict on an endpoint, and its reason.
func (p *Probe) judge() {
	switch {
	case p.Reason.Err != nil: // it cannot be used for anything
		return
	case p.State.Works:
		p.Verdict = GoodForJob
		return
	case p.Recent.Works:
		p.Verdict = GoodForRecent
	}
	for _, r := range []Reason{p.Recent.Reason, p.State.Reason, p.BlockReason, p.Stopped} {
		if r.Err != nil {
			p.Reason = r
			return
		}
	}
	p.Verdict, p.Reason.Err = NotUsable, fmt.Errorf("%s was not tried", p.Endpoint)
}

// stopsAt is the reason why no further endpoint is asked.
func stopsAt(reason error, id ID, rest []Probe) error {
	reason = onChain(id, reason)
	if slices.ContainsFunc(rest, func(p Probe) bool { return p.Chain == id }) {
		reason = fmt.Errorf("%w; the endpoints after it are not asked then", reason)
	}
	return reason
}

// Ready reports whether a Client of the chain over these endpoints, in their order and
// with agree of them reading independently (0 counts as 1), can do the job. If not, the
// error says why. It follows the rules by which a Client goes from one endpoint to the
// next: one that is not usable is passed over, but a Client stops at one of another
// chain.
func Ready(probes []Probe, id ID, agree int) error {
	agree = max(agree, 1)
	var good []*Probe
	var reasons joined
	for i := range probes {
		p := &probes[i]
		if p.Chain != id || len(good) == agree {
			continue
		}
		switch {
		case p.Verdict != GoodForJob && wrongSetup(p.Reason.Err):
			return stopsAt(p.Reason.Err, id, probes[i+1:])
		case p.Verdict != GoodForJob:
			reasons = append(reasons, p.Reason.Err)
			continue
		case len(good) > 0 && p.Development != good[0].Development:
			return fmt.Errorf("%v: %s and %s are not of one kind, public and development: %w",
				id, good[0].Endpoint, p.Endpoint, ErrWrongChain)
		case len(good) > 0 && p.Block.Hash != good[0].Block.Hash:
			a, b := good[0].Block, p.Block
			return fmt.Errorf("%v: the block asked for is %d (%v) at %s and %d (%v) at %s: %w",
				id, a.Number, a.Hash, good[0].Endpoint, b.Number, b.Hash, p.Endpoint, ErrDisagree)
		}
		good = append(good, p)
	}
	switch {
	case len(good) == agree:
		return nil
	case len(reasons) > 0 && reasons.oneAnswer():
		return onChain(id, reasons[0])
	case agree > 1:
		return fmt.Errorf("%v: %d endpoints must agree, found %d that are good for this job", id, agree, len(good))
	}
	return errors.New(id.String() + ": no endpoint is good for this job")
}
