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
	// calls lists what is read for a voter. It depends on blocks where a strategy is skipped
	// before a start block. Where a call follows from the answer to another one, it is listed
	// once that answer is there; in notes what is not.
	calls(v voter, in *inputs) ([]read, error)
	// score works the answers to those calls out into a score.
	score(v voter, in *inputs) (Score, error)
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

// inputs are what strategies compute from, under one choice of blocks.
type inputs struct {
	blocks blocks
	sample map[Place]int
	known  map[callKey]hexutil.Bytes // the return data of the calls that are made
	events map[Place]events          // of the delegate registry
	voters []voter                   // all of the query: the result of some strategies depends on them
	voting map[common.Address]bool   // the same, by address
	memo   map[scorer]any            // what a strategy has worked out for all voters
	unread bool                      // an answer was asked for that is not known
}

// answer looks up the return data of a read.
func (in *inputs) answer(r read) (hexutil.Bytes, error) {
	data, ok := in.known[keyOf(r, in.sample[r.place])]
	if !ok {
		in.unread = true
		return nil, fmt.Errorf("%v: no result for %s of %s", r.place, r.call.Signature, r.call.To)
	}
	return data, nil
}

// once returns what a strategy works out once for all voters.
func once[T any](in *inputs, s scorer, work func() (T, error)) (T, error) {
	if value, ok := in.memo[s]; ok {
		return value.(T), nil
	}
	value, err := work()
	if err == nil {
		in.memo[s] = value
	}
	return value, err
}

// evmOnly is a strategy that Starknet voters have nothing of, whatever is inside it. Since
// 2025-06-23 (3837ea1e) the score service takes such voters, and hands them to those strategies
// alone that name them.
type evmOnly struct{ scorer }

func (s evmOnly) calls(v voter, in *inputs) ([]read, error) {
	if v.star {
		return nil, nil
	}
	return s.scorer.calls(v, in)
}

func (s evmOnly) score(v voter, in *inputs) (Score, error) {
	if v.star {
		return zero(), nil
	}
	return s.scorer.score(v, in)
}

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
		w.start = n.Exact // none where it is not a number: then no block is before it
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

func (w window) calls(v voter, in *inputs) ([]read, error) {
	if w.closed(in.blocks) {
		return nil, nil
	}
	return w.scorer.calls(v, in)
}

func (w window) score(v voter, in *inputs) (Score, error) {
	if w.closed(in.blocks) {
		return w.outside, nil
	}
	return w.scorer.score(v, in)
}
