package strategy

import (
	"encoding/json"
	"math"
	"math/big"
)

// multichain adds up strategies in list order, each on its own network at its
// own block. That block is derived from the block of the chain the multichain
// strategy runs on. A strategy is skipped where its network's block is before
// startBlocks; the start and end parameters of inner strategies have no effect.
type multichain []branch

type branch struct {
	scorer
	at    Place
	start *big.Rat // nil: no start block
}

func parseMultichain(params json.RawMessage, at Place) (scorer, error) {
	var p struct {
		Strategies  []nested
		StartBlocks map[string]json.RawMessage
	}
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	var m multichain
	for i, inner := range p.Strategies {
		b, err := parseBranch(inner, p.StartBlocks, at)
		if err != nil {
			return nil, cannot("strategies[%d] (%s): %v", i, clip([]byte(inner.Name)), err)
		}
		m = append(m, b)
	}
	return m, nil
}

func parseBranch(inner nested, starts map[string]json.RawMessage, at Place) (branch, error) {
	text := inner.network()
	if text == "" {
		return branch{}, cannot("it names no network, which multichain needs")
	}
	id, err := network(text, at)
	if err != nil {
		return branch{}, err
	}
	b := branch{at: at.on(id)}
	if at.Via != at.Chain && b.at != at && inner.Name == "multichain" {
		return branch{}, cannot("its blocks would be three chains away from the snapshot block")
	}
	if raw := starts[text]; !absent(raw) {
		n, err := parseNumber(raw)
		if err != nil {
			return branch{}, cannot("startBlocks: %v", err)
		}
		b.start = n.Exact
	}
	b.scorer, err = parse(inner.spec(), b.at)
	return b, err
}

func (m multichain) places() []Place {
	var out []Place
	for _, b := range m {
		if b.start != nil {
			out = append(out, b.at)
		}
		out = append(out, b.scorer.places()...)
	}
	return out
}

func (b branch) skipped(blocks blocks) bool {
	return b.start != nil && new(big.Rat).SetUint64(blocks[b.at].Number()).Cmp(b.start) < 0
}

func (m multichain) calls(v voter, blocks blocks) ([]read, error) {
	var out []read
	for _, b := range m {
		if b.skipped(blocks) {
			continue
		}
		calls, err := b.scorer.calls(v, blocks)
		if err != nil {
			return nil, err
		}
		out = append(out, calls...)
	}
	return out, nil
}

func (m multichain) score(v voter, blocks blocks, answer answers) (Score, error) {
	sum := Score{Exact: new(big.Rat), missing: true}
	for _, b := range m {
		if b.skipped(blocks) {
			continue
		}
		s, err := b.scorer.score(v, blocks, answer)
		switch {
		case err != nil:
			return Score{}, err
		case s.missing:
			continue
		case math.IsNaN(sum.Value): // what is not a number is set to 0 before the next is added
			sum = zero()
		}
		sum = sum.plus(s)
	}
	return sum, nil
}
