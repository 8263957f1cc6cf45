package votingpower

import (
	"encoding/json"
	"math/big"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// Model describes what circulates and what votes, as data: which tokens, without
// which wallets, plus which vote-escrow contracts and other reads, and what the quorum is.
// See ParseModel for its JSON form.
type Model struct {
	// Format is the version of the model's JSON form, ModelFormat or ModelFormat1; "" means the former.
	Format   string `json:"format"`
	Name     string `json:"name"`
	Symbol   string `json:"symbol"`   // of the token, such as "PERP"
	Decimals uint8  `json:"decimals"` // of every token and escrow in the model, 0 to 36
	// Definition is one sentence that says what the figure counts; it is
	// printed beside the number, because circulating supply has several definitions.
	Definition string `json:"definition"`
	Synthetic  string `json:"synthetic,omitempty"` // says that the model is made up; "" for a real one
	// Network is the chain on which the DAO's proposals take their snapshot block.
	Network chains.ID `json:"network"`
	Space   string    `json:"space,omitempty"` // Snapshot space id of official votes, such as "vote-perp.eth"; may be ""
	// Quorum is the voting power that a vote needs.
	Quorum Quorum `json:"quorum"`
	// Turnout says which votes count towards the quorum.
	Turnout Turnout `json:"turnout,omitzero"`
	// Tokens has at most one token for each chain. A token with Supply, or an entry of Custom
	// that is added, is needed.
	Tokens   []Token  `json:"tokens,omitempty"`
	Excluded []Wallet `json:"excluded,omitempty"`
	Escrows  []Escrow `json:"escrows,omitempty"`
	// Custom lists further terms of the sum. Format 1 has none.
	Custom  []CustomTerm `json:"terms,omitempty"`
	Sources []string     `json:"sources,omitempty"` // where the model comes from; for display
	// FactsOf is the day of the facts that the model was put together from, if it says so. Every
	// report then calls it unreviewed until ReviewedBy names somebody. Format 1 has neither.
	FactsOf    time.Time `json:"facts_of,omitzero"`
	ReviewedBy string    `json:"reviewed_by,omitempty"`
	// Strategies pins the voting strategies of the DAO's proposals, all of them and in their
	// order: a proposal with others is not the DAO's. Empty, nothing is pinned. Format 1 has none.
	Strategies []Strategy `json:"strategies,omitempty"`
}

// Strategy is a voting strategy as a proposal on Snapshot has it. Strategies are compared
// as data: neither the order of keys nor the spelling of numbers and texts matters.
type Strategy struct {
	Name    string          `json:"name"`
	Network string          `json:"network"` // an EIP-155 chain id in decimal digits, such as "1"
	Params  json.RawMessage `json:"params"`  // a JSON object
}

// Token is the ERC-20 token on one chain.
type Token struct {
	Chain   chains.ID      `json:"chain"`
	Address common.Address `json:"address"`
	Label   string         `json:"label"`
	// Supply says that totalSupply() of this contract is added. That of a bridged
	// token is not: it is part of the home token's.
	Supply bool   `json:"supply"`
	Source string `json:"source,omitempty"` // where the address is published; may be ""
}

// Wallet is a wallet whose balance of the chain's token does not circulate.
type Wallet struct {
	Chain   chains.ID      `json:"chain"`
	Address common.Address `json:"address"`
	Label   string         `json:"label"`
	// From and Until bound the time for which the wallet is excluded, by the
	// query time t: From ≤ t < Until. A zero time leaves that side open.
	From   time.Time `json:"from,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Source string    `json:"source,omitempty"` // where the exclusion is published; may be ""
}

// Escrow is a vote-escrow contract for the token of its chain: Weight is
// added, Locked is subtracted, both in the token's base units.
type Escrow struct {
	Chain   chains.ID      `json:"chain"`
	Address common.Address `json:"address"`
	Label   string         `json:"label"`
	Weight  string         `json:"weight"`           // signature without arguments, such as "totalSupplyWeighted()"
	Locked  string         `json:"locked"`           // signature without arguments, such as "totalPERPSupply()"
	Source  string         `json:"source,omitempty"` // where the address is published; may be ""
}

// Decimal writes r exactly: as a decimal without trailing zeros, or as a fraction "n/d" in
// lowest terms if its decimal form does not end.
func Decimal(r *big.Rat) string {
	digits, ends := r.FloatPrec()
	if !ends {
		return r.RatString()
	}
	return r.FloatString(digits)
}

// InTokens converts base units of the model's token to tokens, exactly.
func (m *Model) InTokens(baseUnits *big.Rat) *big.Rat { return new(big.Rat).Quo(baseUnits, m.unit()) }

// InBaseUnits converts tokens to base units of the model's token, exactly.
func (m *Model) InBaseUnits(tokens *big.Rat) *big.Rat { return new(big.Rat).Mul(tokens, m.unit()) }

func (m *Model) unit() *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(m.Decimals)), nil))
}
