package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/perpdao/perpquorum/chains"
)

var (
	// ErrNoProofs: no endpoint gave the proofs. It says nothing against the answers
	// that they give: few nodes keep the proofs of old blocks.
	ErrNoProofs = errors.New("no proofs of this block")
	// ErrWrongProof: what an endpoint gave for proofs does not lead from the state
	// root to what was asked for. Nothing else that it says should be believed.
	ErrWrongProof = errors.New("wrong proofs")
)

// Node is a client that can prove what calls return.
type Node struct{ *chains.Client }

var _ chains.Prover = Node{}

// Prove collects the witness of the calls at block b from the first endpoint
// that can give it, and returns it with the answers that it proves. An answer
// has no data where the call is not provable, or is proven to give none; Run,
// which gives the reason, accepts the witness for just these calls.
//
// What to ask for it learns from access lists if there are few calls, and
// from running the calls here in any case: each round asks for what the calls
// read beyond what is known. A report takes two rounds, or three without access
// lists; so do thousands of calls.
//
// ErrNoProofs says that no endpoint gave the proofs, and why. ErrWrongProof,
// alone or beside it, says that an endpoint gave wrong ones: the client
// does not use it any more, and answers that it gave before should be read
// again from another. An endpoint that was dropped because of wrong proofs goes
// unmentioned if another one gave right ones.
func (n Node) Prove(ctx context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, chains.Witness, error) {
	if err := b.Check(); err != nil {
		return nil, nil, fmt.Errorf("%v: %w", n.ID, err)
	}
	var reasons error
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
		case e != nil && errors.Is(err, ErrWrongProof):
			e.Drop(err)
		}
		if reasons != nil {
			err = fmt.Errorf("%w; %w", reasons, err)
		}
		reasons = err
	}
	return nil, nil, fmt.Errorf("%v block %d: %w: %w", n.ID, b.Number(), ErrNoProofs, reasons)
}
