/*
Package strategy recomputes a voter's voting power from the chains, by the
strategies of a Snapshot proposal.

Each strategy is a pair: the calls that it makes for a voter, and the score that
follows from their answers. Compositions (multichain, math, weighted) are made of
such pairs. Collect finds the blocks, makes the calls and returns plain data;
Compute is pure and turns that data into scores, so that a published bundle is
recomputed by the same code.

A score has two forms. Value is the double that Snapshot itself would compute:
the exact decimal of the on-chain integer, rounded once. Exact is the rational
number behind it, where one exists.

Of Snapshot's strategies 30 are recomputed; Names lists them. A strategy that cannot
be recomputed from chain state (an off-chain service, a subgraph, a chain without an
endpoint) is named with the reason and left without a score. It is never guessed.

The rules are those of Snapshot's score service, its peculiarities included.
*/
package strategy

import (
	"encoding/json"
	"math/big"

	"github.com/perpdao/perpquorum/chains"
)

// Spec is one strategy of a proposal, as the hub gives it. Network is an
// EIP-155 chain id in decimal; empty means the network of what surrounds it.
type Spec struct {
	Name    string          `json:"name"`
	Network string          `json:"network,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
}

// Query asks for the voting power of Voters under Strategies.
type Query struct {
	// Network is the chain of the proposal and Block its snapshot block there.
	Network chains.ID `json:"network"`
	Block   uint64    `json:"block"`
	// Space is that of the proposal. Only strategies on delegations need it.
	Space      string `json:"space,omitempty"`
	Strategies []Spec `json:"strategies"`
	// Voters are EIP-55 addresses, or 66-character Starknet addresses, which
	// have no power under strategies that read EVM chains.
	Voters []string `json:"voters"`
	// Pins names blocks of other chains by number, where the first block at or
	// after the snapshot block's time is not the one that counts.
	Pins map[chains.ID]uint64 `json:"pins,omitempty"`
	// Counted is when the hub counted, in Unix seconds, if it may have counted by older rules;
	// see Query.Of.
	Counted int64 `json:"counted,omitempty"`
	// Without names chains that cannot be read: strategies that read them are unverifiable.
	Without []chains.ID `json:"without,omitempty"`
	// WithoutEvents names chains whose events cannot be read. Collect adds to it.
	WithoutEvents []chains.ID `json:"without_events,omitempty"`

	older bool // the evidence is of a program that recomputed only the strategies of isOld
}

// Score is what one strategy gives one voter, in voting power (whole tokens,
// not base units). Scores that are not positive count as 0, as on Snapshot.
type Score struct {
	Value float64  // correctly rounded, as Snapshot has it
	Exact *big.Rat // nil where the result is not rational, such as a square root
	// missing marks a voter for whom a composition has no entry at all, which
	// JavaScript tells from a 0: as an operand of math it is not a number.
	missing bool
}

// Power is the voting power of every voter under one choice of blocks.
type Power struct {
	// Blocks says which block of a run of equal timestamps each ambiguous chain
	// was read at, such as "optimism block 99757040, first of 12 with its timestamp".
	// It is empty where no chain is ambiguous.
	Blocks string
	// Scores is [voter][strategy], in the order of the query. The score of an
	// unverifiable strategy is the zero Score.
	Scores [][]Score
}

// Result is what Compute derives from Evidence.
type Result struct {
	Query *Query
	// Unverifiable holds one entry per strategy: empty, or why it cannot be
	// recomputed from chain state.
	Unverifiable []string
	// Doubts holds one entry per strategy: empty, or why its scores may be off although
	// everything was read.
	Doubts []string
	// Powers has one element, or one for each choice between the first and the
	// last block where a chain has several blocks with the snapshot's
	// timestamp: Snapshot's own choice among them is not deterministic.
	Powers []Power
}

// Total returns the voting power of a voter: the sum of scores from left to right,
// in doubles as Snapshot adds them, and exactly; exact is nil where one score has no exact form.
func Total(scores []Score) (value float64, exact *big.Rat) {
	exact = new(big.Rat)
	for _, s := range scores {
		value += s.Value // double addition, because the hub's own total is one
		if exact == nil || s.Exact == nil {
			exact = nil
			continue
		}
		exact = bounded(exact.Add(exact, s.Exact))
	}
	return value, exact
}
