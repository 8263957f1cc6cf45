package chains

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// Witness is the part of a block's state that some calls read: the RLP trie
// nodes on the way from the state root to each account and storage slot, and the
// codes of the contracts. It is a set of byte strings: what each of them is
// follows from its keccak256 hash alone. Package chains/proof runs the calls again
// with it; there is nothing to conclude from a witness but what that returns.
type Witness []hexutil.Bytes

// Prover is a Node that can prove what calls return; proof.Node is one.
type Prover interface {
	Node
	// Prove returns the answers that the state of block b proves, in order, with
	// the witness of it. Their level is Proven. One without data is of a call that is
	// proven to fail, one without level of a call that is not provable; proof.Run tells
	// why. ErrNoProofs says that no endpoint gave the proofs.
	Prove(ctx context.Context, b Block, calls []Call) ([]Answer, Witness, error)
	// Blame records a fault of the endpoint with this label, which is not used any more.
	Blame(endpoint, code string, reason error)
}

var (
	// ErrNoProofs: no endpoint gave the proofs. That does not make its answers wrong:
	// few nodes keep the proofs of old blocks.
	ErrNoProofs = errors.New("no proofs of this block")
	// ErrWrongProof: the proofs of an endpoint do not lead from the state root to
	// what was asked for. Nothing else that it says should be believed.
	ErrWrongProof = errors.New("wrong proofs")
)

// Bounds of a witness. 10,000 voters of a vote-escrow token take about 130,000
// nodes and 11 MB.
const (
	maxItems = 1 << 19
	maxBytes = 64 << 20
)

// Hashes returns the keccak256 hash of each item. It demands the form in which a
// witness is written: no more than 524,288 items and 64 MiB altogether, none of
// them empty, in ascending order of their hashes, so that none comes twice.
func (w Witness) Hashes() ([]common.Hash, error) {
	size := 0
	for i, item := range w {
		if len(item) == 0 {
			return nil, fmt.Errorf("item %d of the witness is empty", i)
		}
		size += len(item)
	}
	if len(w) > maxItems || size > maxBytes {
		return nil, fmt.Errorf("witness of %d items and %d bytes, want at most %d and %d",
			len(w), size, maxItems, maxBytes)
	}
	hashes := make([]common.Hash, len(w))
	for i, item := range w {
		hashes[i] = crypto.Keccak256Hash(item)
		if i > 0 && hashes[i].Cmp(hashes[i-1]) <= 0 {
			return nil, fmt.Errorf("item %d of the witness has hash %v, want a hash above %v",
				i, hashes[i], hashes[i-1])
		}
	}
	return hashes, nil
}

// join returns what is in v or w, in the form that Hashes demands.
func (w Witness) join(v Witness) Witness {
	joined := slices.Concat(w, v)
	slices.SortFunc(joined, func(x, y hexutil.Bytes) int { return crypto.Keccak256Hash(x).Cmp(crypto.Keccak256Hash(y)) })
	return slices.CompactFunc(joined, func(x, y hexutil.Bytes) bool { return bytes.Equal(x, y) })
}
