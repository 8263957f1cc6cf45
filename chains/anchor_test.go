package chains_test

import (
	"errors"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Blocks up to the known one that proves the chain are final, whether the endpoint says which
// is the finalized block or not.
func TestBlocksUpToTheAnchorAreFinal(t *testing.T) {
	t.Parallel()
	for id, anchor := range map[chains.ID]uint64{chains.Ethereum: merge, chains.Optimism: bedrock} {
		n := newNode(faultrpc.Public(uint64(id), 200))
		n.Nodes[0].NoFinal = &faultrpc.Error{Code: -32602, Message: "hex string without 0x prefix"}
		c := dial(t, chains.Dialer{}, id, n.serve(t))
		if id == chains.Optimism { // the fault server has blocks before it
			if b, err := c.BlockByNumber(t.Context(), anchor-2); err != nil || b.Unfinalized {
				t.Errorf("%v: found %v, %v", id, b.Unfinalized, err)
			}
		}
		if _, err := c.BlockByNumber(t.Context(), anchor+1); !errors.Is(err, chains.ErrNotFinalized) {
			t.Errorf("%v, one above: found %v", id, err)
		}
	}
}
