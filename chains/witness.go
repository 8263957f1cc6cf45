package chains

import (
	"bytes"
	"context"
	"fmt"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// Witness is the part of a block's state that some calls read: the RLP trie
// nodes on the way from the state root to each account and storage slot, and
// the codes of the contracts. It is a set of byte strings: what each of them is
// follows from its keccak256 hash alone. Package chains/proof runs calls again
// with it, and package chains/proof alone judges what it proves.
type Witness []hexutil.Bytes

// Prover is a Node that can prove what calls return; proof.Node is one.
type Prover interface {
	Node
	// Prove returns the answers that the state of block b proves, in order, with
	// the witness of it. An answer without data is not proven, or the call is proven
	// to give none; proof.Run tells which, and why.
	Prove(ctx context.Context, b Block, calls []Call) ([]Answer, Witness, error)
}

// Bounds of a witness. 10,000 voters of a vote-escrow token take about 130,000
// nodes and 11 MB.
const (
	maxBlobs = 1 << 19
	maxBytes = 64 << 20
)

// Check demands the form in which a witness is written: no more than 524,288
// strings and 64 MiB altogether, none of them empty, in ascending order of
// their keccak256 hashes, so that none comes twice.
func (w Witness) Check() error {
	if len(w) > maxBlobs {
		return fmt.Errorf("witness of %d nodes and codes, want at most %d", len(w), maxBlobs)
	}
	size := 0
	for i, blob := range w {
		if size += len(blob); size > maxBytes {
			return fmt.Errorf("witness of more than %d bytes", maxBytes)
		}
		if len(blob) == 0 {
			return fmt.Errorf("item %d of the witness is empty", i)
		}
	}
	var last []byte
	for i, blob := range w {
		hash := crypto.Keccak256(blob)
		if i > 0 && bytes.Compare(last, hash) >= 0 {
			return fmt.Errorf("item %d of the witness has hash 0x%x, want a hash above 0x%x", i, hash, last)
		}
		last = hash
	}
	return nil
}
