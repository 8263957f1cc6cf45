// Package proof shows that what contracts answered is what the state of a block
// says, by Merkle proofs and a local EVM.
//
// A header names the root of the state after its block. [Run] runs calls again
// in a local EVM that takes every account, storage slot and code from a
// [chains.Witness]: trie nodes and codes, each reached from that root by hashes
// computed here. So whoever trusts the hash of one block need not trust the
// endpoint that gave the witness, nor the file that it comes from:
//
//	results, err := proof.Run(chains.Ethereum, block, witness, calls)
//
// # What is proven
//
// That each call gives this result in the state after this block, by the rules of
// the EVM, with the zero address as its sender. A witness with a node or a code
// that is left out, changed, or of another block or contract is an error. It never
// gives another figure.
//
// # What is not proven
//
//   - That the block is part of the chain. Its hash is what has to be trusted,
//     or compared with another source; the chain id is the caller's word as well.
//   - That the calls are the right ones. They come from the caller, never from
//     the witness.
//
// # What cannot be proven
//
// [ErrNotProvable] stands for a call whose result depends on more than the state,
// the calldata and the header, or on rules that differ from chain to chain. A
// contract may use arithmetic, memory and storage, call other contracts without a
// value, and use TIMESTAMP, NUMBER, CHAINID, the BLOCKHASH of the parent, and GAS
// to pass it on to a call. It may not read balances (BALANCE, SELFBALANCE) or who
// pays and who builds the block (ORIGIN, GASPRICE, COINBASE, BASEFEE, GASLIMIT,
// PREVRANDAO and others), write, call a precompiled contract or an address without
// code, run out of gas, or use an opcode that the fork, as the header shows it,
// does not have. No call is provable in a block of rules older than Istanbul, or of
// a fork newer than the program. A refusal is a limit of the proof and says nothing
// against the answer of an endpoint.
package proof

import (
	"errors"
	"fmt"

	"github.com/perpdao/perpquorum/chains"
)

var (
	// ErrWitness: the witness is not the one of these calls at this block.
	ErrWitness = errors.New("the witness does not fit")
	// ErrNotProvable: the result of a call does not follow from the state alone.
	ErrNotProvable = errors.New("not provable")

	errEmpty = errors.New("empty answer: the contract returned no data, so it has no such function")
)

// Result is the proven outcome of one call: return data, which is never empty,
// or why there is none.
type Result struct {
	Data []byte
	// Err is a *chains.CallError. Its cause is chains.ErrReverted,
	// chains.ErrNoContract or empty return data, which are proven too, or
	// ErrNotProvable.
	Err error
}

// Run runs the calls in the state after block b, which it knows from w alone,
// and returns their results in order. The chain id is what CHAINID gives. A
// chains.NativeBalance is proven without the EVM.
//
// ErrWitness says that b does not pass its check, or that w is not what these
// calls read: a node or a code is missing, or one is not needed. No result is
// given then.
//
// The work is bounded by gas: 30 million for a call, and 300,000 for each of them
// on average, besides 60 million for all.
func Run(id chains.ID, b chains.Block, w chains.Witness, calls []chains.Call) ([]Result, error) {
	hashes, err := w.Hashes()
	if err = errors.Join(b.Check(), err); err != nil {
		return nil, fmt.Errorf("%v: %w: %w", id, ErrWitness, err)
	}
	s := newState(b.Header.Root)
	for i, data := range w {
		s.blobs.all[hashes[i]] = &blob{data: data}
	}
	results, err := run(id, b, s, calls)
	if err != nil {
		return nil, err
	}
	if needed := len(s.blobs.witness()); needed < len(w) {
		return nil, fmt.Errorf("%v block %d: %w: %d of its %d nodes and codes are read by none of the calls",
			id, b.Number(), ErrWitness, len(w)-needed, len(w))
	}
	return results, nil
}

// run runs the calls in s and fails if s does not show everything that they read.
func run(id chains.ID, b chains.Block, s *partialState, calls []chains.Call) ([]Result, error) {
	m := newMachine(id, b, s, len(calls))
	results := make([]Result, len(calls))
	for i, call := range calls {
		data, err := m.run(call)
		if s.fault != nil {
			err = fmt.Errorf("%w: %w", ErrWitness, s.fault)
		}
		if err != nil {
			data, err = nil, &chains.CallError{Chain: id, Block: b.Number(), Call: call, Err: err}
		}
		if s.fault != nil {
			return nil, err
		}
		results[i] = Result{data, err}
	}
	return results, nil
}
