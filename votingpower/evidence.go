package votingpower

import (
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// Evidence is everything Compute needs, as plain data: what was read, of which
// blocks. It is complete: a Result can be recomputed from it offline. Its JSON
// form is the same bytes for the same evidence, and is read strictly.
type Evidence struct {
	Model *Model
	// At is the query time. Every block that is not pinned is the first block
	// of its chain at or after it.
	At time.Time
	// Chains has one entry for each of Model.Chains.
	Chains map[chains.ID]ChainEvidence
	// Reads are the answers to Model.Terms(At), in that order.
	Reads []Read
}

// ChainEvidence is the block of one chain at which all its reads were made.
type ChainEvidence struct {
	Block chains.Block `json:"block"`
	// Development says that the chain failed the proof of being the public
	// chain of its id and was let pass: its figures mean nothing outside a test.
	Development bool `json:"development,omitempty"`
}

// Read is one answered eth_call.
type Read struct {
	Chain  chains.ID     `json:"chain"`
	To     string        `json:"to"` // EIP-55 address
	Data   hexutil.Bytes `json:"data"`
	Result hexutil.Bytes `json:"result"`
	// From labels the endpoint that answered. It is for display only: nothing
	// is computed from it.
	From string `json:"from,omitempty"`
}
