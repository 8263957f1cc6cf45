package strategy

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// scorer is one parsed strategy at a place: the pair of calls and score.
type scorer interface {
	// places lists where the strategy reads.
	places() []Place
	// basis returns the fields of Basis with these names.
	basis() (sources []Source, plain bool)
	// calls lists what is read for a voter; it depends on blocks only where a
	// strategy is skipped before a start block.
	calls(v voter, blocks blocks) ([]read, error)
	// score works the answers to those calls out into a score.
	score(v voter, blocks blocks, answer answers) (Score, error)
}

// voter is a voter's address. Starknet addresses have no EVM form.
type voter struct {
	text string
	evm  common.Address
	star bool
}

// read is one call at one place.
type read struct {
	place Place
	call  chains.Call
}

// blocks holds the block chosen for each place.
type blocks map[Place]chains.Block

// answers looks up the return data of a read.
type answers func(read) (hexutil.Bytes, error)

// window is a strategy that counts only where start ≤ block ≤ end, in blocks of the
// chain at a place. Outside, everyone has the same score.
type window struct {
	scorer
	at         Place
	start, end *big.Rat // nil: no bound
	outside    Score
}

// gate wraps a top-level strategy with its start and end parameters, in blocks of
// the strategy's own chain. Outside of them the score is 0.
func gate(inner scorer, params json.RawMessage, at Place) (scorer, error) {
	var p struct {
		Start json.RawMessage `json:"start"`
		End   json.RawMessage `json:"end"`
	}
	if len(params) == 0 || decode(params, &p) != nil {
		return inner, nil
	}
	w := window{scorer: inner, at: at, outside: zero()}
	if !absent(p.Start) {
		n, err := parseNumber(p.Start)
		if err != nil {
			return nil, fmt.Errorf("params.start: %w", err)
		}
		w.start = n.Exact
	}
	if !falsy(p.End) {
		n, err := parseNumber(p.End)
		if err != nil {
			return nil, fmt.Errorf("params.end: %w", err)
		}
		w.end = n.Exact
	}
	if w.start == nil && w.end == nil {
		return inner, nil
	}
	return w, nil
}

// places includes the chain whose block the bounds are compared with.
func (w window) places() []Place { return append([]Place{w.at}, w.scorer.places()...) }

func (w window) closed(blocks blocks) bool {
	block := new(big.Rat).SetUint64(blocks[w.at].Number())
	return w.start != nil && w.start.Cmp(block) > 0 || w.end != nil && block.Cmp(w.end) > 0
}

func (w window) calls(v voter, blocks blocks) ([]read, error) {
	if w.closed(blocks) {
		return nil, nil
	}
	return w.scorer.calls(v, blocks)
}

func (w window) score(v voter, blocks blocks, answer answers) (Score, error) {
	if w.closed(blocks) {
		return w.outside, nil
	}
	return w.scorer.score(v, blocks, answer)
}
