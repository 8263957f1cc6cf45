package chains_test

import (
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains"
)

func TestWitnessHashes(t *testing.T) {
	t.Parallel()
	one, two := hexutil.Bytes{1}, hexutil.Bytes{2}
	if crypto.Keccak256Hash(one).Cmp(crypto.Keccak256Hash(two)) > 0 {
		one, two = two, one
	}
	for name, c := range map[string]struct {
		witness chains.Witness
		good    bool
	}{
		"nothing":       {nil, true},
		"in order":      {chains.Witness{one, two}, true},
		"out of order":  {chains.Witness{two, one}, false},
		"twice":         {chains.Witness{one, one}, false},
		"an empty item": {chains.Witness{{}}, false},
		"too long":      {chains.Witness{make(hexutil.Bytes, 64<<20+1)}, false},
		"too many":      {slices.Repeat(chains.Witness{one}, 1<<19+1), false},
	} {
		t.Run(name, func(t *testing.T) {
			hashes, err := c.witness.Hashes()
			if c.good != (err == nil) || c.good && len(hashes) != len(c.witness) {
				t.Errorf("found %d hashes and error %v, want good: %v", len(hashes), err, c.good)
			}
		})
	}
}
