package strategy

import (
	"errors"
	"fmt"
	"maps"
	"strings"
)

// maxAmbiguous bounds the chains with a choice of blocks: each doubles the work.
const maxAmbiguous = 3

// choice picks one sample at each place.
type choice struct {
	sample map[Place]int
	blocks blocks
	events map[Place]events
}

// choices lists every combination of first and last blocks.
func (p *plan) choices(places map[Place]Reading) ([]choice, error) {
	out := []choice{{map[Place]int{}, blocks{}, map[Place]events{}}}
	ambiguous := 0
	for _, place := range p.places {
		samples := places[place].Sampled
		if len(samples) > 1 {
			ambiguous++
		}
		if ambiguous > maxAmbiguous {
			return nil, errors.New("more than three chains have several blocks with the snapshot's timestamp; name their blocks")
		}
		var next []choice
		for _, c := range out {
			for i, s := range samples {
				n := choice{maps.Clone(c.sample), maps.Clone(c.blocks), maps.Clone(c.events)}
				n.sample[place], n.blocks[place], n.events[place] = i, s.Block, newEvents(s.Delegations)
				next = append(next, n)
			}
		}
		out = next
	}
	return out, nil
}

// describe names the block chosen at each ambiguous place.
func (c choice) describe(p *plan, places map[Place]Reading) string {
	var parts []string
	for _, place := range p.places {
		samples := places[place].Sampled
		if len(samples) < 2 {
			continue
		}
		first, last := samples[0].Block.Number(), samples[1].Block.Number()
		which := fmt.Sprintf("first of %d with its timestamp", last-first+1)
		switch second := c.sample[place] == 1; {
		case last < first && second:
			which = "the last before the snapshot's time"
		case last < first:
			which = "the first after the snapshot's time"
		case second:
			which = "last" + strings.TrimPrefix(which, "first")
		}
		parts = append(parts, fmt.Sprintf("%v block %d, %s", place.Chain, c.blocks[place].Number(), which))
	}
	return strings.Join(parts, "; ")
}
