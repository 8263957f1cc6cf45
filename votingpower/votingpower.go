// Package votingpower works out a DAO's circulating voting power and quorum at
// a moment, as a signed sum of on-chain reads that a declarative model describes.
package votingpower

import (
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// Evidence is everything Compute needs, as plain data: what was read, of which
// blocks. It is complete: a Result can be recomputed from it offline.
type Evidence struct {
	Model *Model `json:"model"`
	// At is the query time. Every block that is not pinned is the first block
	// of its chain at or after it.
	At     time.Time                   `json:"at"`
	Chains map[chains.ID]ChainEvidence `json:"chains"`
	Reads  []Read                      `json:"reads"`
}

// ChainEvidence is the block of one chain at which all its reads were made.
type ChainEvidence struct {
	Block chains.Block `json:"block"`
	// Development says that the chain failed the proof of being the public
	// chain of its id and was let pass: its figures mean nothing outside a test.
	Development bool `json:"development,omitempty"`
}

// Read is one answered eth_call, in the order of the model's terms.
type Read struct {
	Chain  chains.ID     `json:"chain"`
	To     string        `json:"to"` // EIP-55 address
	Data   hexutil.Bytes `json:"data"`
	Result hexutil.Bytes `json:"result"`
	// From labels the endpoint that answered. It is for display only: nothing
	// is computed from it.
	From string `json:"from,omitempty"`
}

// Term is one summand of the circulating voting power, or a check (Sign 0)
// whose result must equal Want.
type Term struct {
	Group string // GroupSupply, GroupExcluded, GroupEscrow or GroupCheck
	Sign  int    // +1, -1, or 0 for a check
	Label string
	Chain chains.ID
	Call  chains.Call
	Want  *big.Int // for a check: the value that must be found
}

// The groups of terms, in the order of a report.
const (
	GroupSupply   = "supply"   // token total supply
	GroupExcluded = "excluded" // balances that do not circulate
	GroupEscrow   = "escrow"   // vote-escrow weight, less the tokens locked in it
	GroupCheck    = "check"    // not summed: values known beforehand, such as decimals
)

// Line is a term with the amount that was read for it, in base units.
type Line struct {
	Term
	Amount *big.Int // as read, never negative; the sum uses Sign × Amount
}

// Result is what Compute derives from Evidence. Amounts are in the token's
// base units (for 18 decimals: wei).
type Result struct {
	Evidence *Evidence
	Lines    []Line // terms with Sign ≠ 0, in the order of the model
	// CirculatingSupply is the sum of the supply and excluded groups.
	CirculatingSupply *big.Int
	// VotingPower is CirculatingSupply plus the escrow group.
	VotingPower *big.Int
	// Quorum is the model's fraction of VotingPower, exact: it may be a
	// fraction of a base unit.
	Quorum *big.Rat
}
