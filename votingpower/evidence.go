package votingpower

import (
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// Evidence is everything Compute needs, as plain data: what was read, at which
// blocks. A Result can be recomputed from it offline. The same evidence has the same
// bytes as JSON, which are read strictly.
type Evidence struct {
	Model *Model `json:"model"`
	// At is the query time. Every block that is not pinned is the first block
	// of its chain at or after it.
	At time.Time `json:"at"`
	// Chains has one entry for each of Model.Chains.
	Chains map[chains.ID]ChainEvidence `json:"chains"`
	// Reads are the answers to Model.Terms(At), in that order.
	Reads []Read `json:"reads"`
}

// ChainEvidence is the block of one chain at which all its reads were made.
type ChainEvidence struct {
	Block chains.Block `json:"block"`
	// Development says that the node was accepted although it failed the proof of being
	// on the public chain of its id: its figures mean nothing outside a test.
	Development bool `json:"development,omitzero"`
	// Assurance has a witness of the chain's reads, in the order of Evidence.Reads.
	chains.Assurance
}

// Read is one answered eth_call.
type Read struct {
	Chain  chains.ID     `json:"chain"`
	To     string        `json:"to"` // EIP-55 address
	Data   hexutil.Bytes `json:"data"`
	Result hexutil.Bytes `json:"result"`
	// From labels the endpoints that gave this answer, separated by commas. Nothing is computed from it.
	From string `json:"from,omitempty"`
}

// plainEvidence is Evidence without its methods.
type plainEvidence Evidence

// MarshalJSON writes evidence in one form: times in UTC, addresses in EIP-55,
// bytes in lower-case hex, chains in the order of their names. It fails if the
// model or a block does not pass its Check.
func (e Evidence) MarshalJSON() ([]byte, error) {
	if e.Model == nil {
		return nil, errors.New("evidence has no model")
	}
	if err := e.Model.Check(); err != nil {
		return nil, fmt.Errorf("evidence: model: %w", err)
	}
	if err := checkTime(e.At); err != nil {
		return nil, fmt.Errorf("evidence: query time: %w", err)
	}
	return encode(plainEvidence(e))
}

// UnmarshalJSON reads exactly what MarshalJSON writes, white space and the order of
// keys aside. It does not judge the evidence: Compute does.
func (e *Evidence) UnmarshalJSON(data []byte) error {
	var plain plainEvidence
	if err := decode(data, &plain, true); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	*e = Evidence(plain)
	return nil
}
