package strategy

import (
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// Evidence is everything Compute needs, as plain data. The calls are not part
// of it: they follow from the query and the blocks.
type Evidence struct {
	Query  Query             `json:"query"`
	Places map[Place]Reading `json:"places"`
	// Sample says that the witnesses are of a sample of the voters alone; see CollectSample.
	Sample bool `json:"sample,omitempty"`
}

// Reading is what was read at one place.
type Reading struct {
	// Sampled holds one block, or the first and the last of the blocks that
	// share the snapshot's timestamp, each with its answers.
	Sampled []Sample `json:"sampled"`
	// After is the first block after the snapshot's timestamp. Its parent is
	// the last block with that timestamp. It is there where the first block at
	// the place has exactly that timestamp, so that others could share it.
	After *chains.Block `json:"after,omitempty"`
	// Development says that the chain failed the proof of being the public
	// chain of its id and was let pass.
	Development bool `json:"development,omitempty"`
}

// Sample is one block with the return data of every call there, in order.
type Sample struct {
	Block chains.Block `json:"block"`
	// Delegations are the events of the delegate registry up to the block, in their order, that
	// matter to the voters. That there are no others is the word of the endpoint.
	Delegations []Delegation    `json:"delegations,omitempty"`
	Results     []hexutil.Bytes `json:"results"`
	// From labels the endpoints that answered; it is for display only.
	From string `json:"from,omitempty"`
	// Assurance has a witness of the calls that Proofs lists.
	chains.Assurance
}
