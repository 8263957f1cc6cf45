package strategy

import (
	"fmt"
	"strings"

	"github.com/perpdao/perpquorum/chains"
)

// Place is a chain at a block that is derived from another: Via is the chain
// whose block's time decides. At the proposal's own network, Via equals Chain
// and the block is the snapshot block. A multichain strategy that itself runs on
// another network derives its blocks from that network's block (two hops), so
// one chain can be read at two places. Where Via is 0 the block is the newest final one, for
// strategies that Snapshot reads in the newest state.
type Place struct {
	Chain chains.ID
	Via   chains.ID
}

// String returns the text form: "CHAIN via CHAIN", or "CHAIN via latest".
func (p Place) String() string {
	if p.Via == 0 {
		return p.Chain.String() + latest
	}
	return p.Chain.String() + " via " + p.Via.String()
}

const latest = " via latest"

// MarshalText implements encoding.TextMarshaler.
func (p Place) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Place) UnmarshalText(text []byte) error {
	if chain, ok := strings.CutSuffix(string(text), latest); ok {
		p.Via = 0
		return p.Chain.UnmarshalText([]byte(chain))
	}
	chain, via, ok := strings.Cut(string(text), " via ")
	if !ok {
		return fmt.Errorf("place %q: want the form CHAIN via CHAIN", text)
	}
	if err := p.Chain.UnmarshalText([]byte(chain)); err != nil {
		return err
	}
	return p.Via.UnmarshalText([]byte(via))
}

// on returns the place of network as seen from p: p itself for p's own chain.
func (p Place) on(network chains.ID) Place {
	if network == p.Chain {
		return p
	}
	return Place{Chain: network, Via: p.Chain}
}

// base returns the place that p's block is derived from, and whether there is one.
func (p Place) base(network chains.ID) (Place, bool) {
	switch {
	case p.Via == p.Chain, p.Via == 0:
		return Place{}, false
	case p.Via == network:
		return Place{Chain: network, Via: network}, true
	}
	return Place{Chain: p.Via, Via: network}, true
}
