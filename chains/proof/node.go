package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// Node is a client that can prove what calls return.
type Node struct{ *chains.Client }

var _ chains.Prover = Node{}

// Prove collects the witness of the calls at block b from the first endpoint that
// can give it, and returns the answers that it proves. One without data and level is
// of a call that is not provable, one without data of a call that is proven to fail.
// Run gives the reason; it accepts the witness for exactly these calls.
//
// Access lists, if there are few calls, and running the calls here show what to ask
// for: each round asks for what the calls read beyond what is known. The calls of a
// report take two rounds, or three to five without access lists, and so do
// thousands of calls.
//
// chains.ErrNoProofs says that no endpoint gave the proofs, and why. If the error is
// chains.ErrWrongProof as well, an endpoint gave wrong ones. The client does not use that
// endpoint any more, and what it answered before should be read again from another. The same
// goes for one that proves a part of the state and has nothing of another.
// If another endpoint then gave the right proofs, there is no error.
func (n Node) Prove(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, chains.Witness, error) {
	if err := b.Check(); err != nil {
		return nil, nil, fmt.Errorf("%v: %w", n.ID, err)
	}
	var reasons error
	if b.Header.Root == (common.Hash{}) {
		return nil, nil, fmt.Errorf("%v block %d: %w: its header names no state root, as those of anvil on a fork of a chain",
			n.ID, b.Number(), chains.ErrNoProofs)
	}
	for e, err := range n.Endpoints(ctx) {
		var c *collection
		if err == nil {
			c = newCollection(n.ID, b, calls, e)
			err = c.collect(ctx)
		}
		switch {
		case err == nil:
			return c.answers()
		case ctx.Err() != nil:
			return nil, nil, err
		case e != nil && errors.Is(err, chains.ErrWrongProof):
			n.Blame(e.Label(), chains.WrongProof, err)
		case e != nil && errors.Is(err, errIncomplete):
			n.Blame(e.Label(), chains.IncompleteState, err)
		}
		if reasons != nil {
			err = fmt.Errorf("%w; %w", reasons, err)
		}
		reasons = err
	}
	return nil, nil, fmt.Errorf("%v block %d: %w: %w", n.ID, b.Number(), chains.ErrNoProofs, reasons)
}
