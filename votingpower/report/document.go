package report

import "github.com/perpdao/perpquorum/votingpower/vote"

// The versions of the JSON report.
const (
	DocumentFormat = "perpquorum-report/2"
	// DocumentFormat1 is that of a bundle in BundleFormat1.
	DocumentFormat1 = "perpquorum-report/1"
)

// Document is the report as data, and the JSON that `--format json` prints and
// a bundle claims. Every amount is an exact decimal string, and nothing in it
// depends on when, where or by which version of the program it was derived.
type Document struct {
	Format  string       `json:"format"`
	Verdict vote.Verdict `json:"verdict"`
	// Findings are what was noticed on the way, in the order of the checks.
	Findings []vote.Finding `json:"findings"`
	Model    Model          `json:"model"`
	At       Moment         `json:"at"` // query time
	Chains   []Chain        `json:"chains"`
	Terms    []Term         `json:"terms"` // the sum, in the order of the model
	// CirculatingSupply is the sum of the terms of the groups supply and
	// excluded, VotingPower the sum of all terms. The former is nil where the model has no supply.
	CirculatingSupply *Amount `json:"circulating_supply,omitempty"`
	VotingPower       Amount  `json:"circulating_voting_power"`
	Quorum            Quorum  `json:"quorum"`
	// Vote is there for a report on a vote.
	Vote *Vote `json:"vote,omitempty"`
	// Bundle is the SHA-256 hash of all that the bundle says, as compact JSON: everything but
	// its generator and its claim. It binds a published report to one bundle.
	Bundle string `json:"bundle_sha256,omitempty"`
	// Evidence is the hash of the evidence alone, in DocumentFormat1.
	Evidence string `json:"evidence_sha256,omitempty"`
}

// Model says by which model the sum was made.
type Model struct {
	Name       string   `json:"name"`
	Symbol     string   `json:"symbol"`
	Decimals   uint8    `json:"decimals"`
	Definition string   `json:"definition"`
	Synthetic  string   `json:"synthetic,omitempty"`
	Network    string   `json:"network"`
	Space      string   `json:"space,omitempty"`
	Sources    []string `json:"sources,omitempty"`
	// FactsOf is the day of the facts of a model that says it, ReviewedBy whom it names as its reviewer.
	FactsOf    string `json:"facts_of,omitempty"`
	ReviewedBy string `json:"reviewed_by,omitempty"`
	// BuiltIn says that it is the model that comes with this version of the program.
	BuiltIn bool `json:"built_in"`
	// SHA256 is the hash of the whole model's compact JSON.
	SHA256 string `json:"sha256"`
}

// Moment is a point in time in three spellings.
type Moment struct {
	Unix      int64  `json:"unix"`    // seconds, rounded down
	UnixMilli int64  `json:"unix_ms"` // milliseconds
	UTC       string `json:"utc"`     // such as "Fri, 19 May 2023 13:39:35 GMT"
}

// Chain is the block at which a chain was read.
type Chain struct {
	Chain  string `json:"chain"` // such as "ethereum"
	ID     uint64 `json:"chain_id"`
	Name   string `json:"name"` // such as "Mainnet", as the forum calls it
	Number uint64 `json:"block_number"`
	Hash   string `json:"block_hash"`
	Time   Moment `json:"block_time"`
	// First says that the block's header and the header before it prove it to
	// be the first block at or after the query time. Pinned says that it was
	// named by number.
	First  bool `json:"first_at_or_after"`
	Pinned bool `json:"pinned"`
	// Unfinalized and Development are marks that take away weight: the block
	// could still be replaced, or the chain is not the public one.
	Unfinalized bool `json:"unfinalized"`
	Development bool `json:"development"`
	// FinalByAge: no endpoint knew the finalized block, and the block was more than a day old.
	FinalByAge bool `json:"final_by_age,omitempty"`
	// Explorer is a page about the block, "" where none would show it.
	Explorer string   `json:"explorer,omitempty"`
	ServedBy []string `json:"served_by"` // labels of the endpoints whose figures were used
	Reads    int      `json:"reads"`     // eth_call results, checks included
	Assurance
}

// Term is one summand with the amount that was read for it.
type Term struct {
	Group     string `json:"group"` // "supply", "excluded", "escrow", "term" or "quorum"
	Sign      string `json:"sign"`  // "+" or "-"
	Label     string `json:"label"`
	Chain     string `json:"chain"`
	Contract  string `json:"contract"`
	Signature string `json:"signature"`
	Account   string `json:"account,omitempty"` // that the call is about
	Amount    Amount `json:"amount"`            // as read, without the sign
}

// Amount is an exact amount of the model's token, as decimal strings.
type Amount struct {
	BaseUnits string `json:"base_units"` // an integer; for 18 decimals of 10⁻¹⁸ token
	Tokens    string `json:"tokens"`
}

// Quorum is the voting power that a vote needs. It may be a fraction of a base unit.
// Where its decimal form does not end, the exact fraction "n/d" is given.
type Quorum struct {
	Fraction  string `json:"fraction"` // of the voting power, such as "1/10"; "" if it is none
	Percent   string `json:"percent"`  // the same in percent, such as "10"
	BaseUnits string `json:"base_units"`
	Tokens    string `json:"tokens"`
	// Rule says what decided where the model has more than a fraction: "fixed", "read",
	// "fraction", "min" or "max".
	Rule string `json:"rule,omitempty"`
	// Read is the contract's answer for a quorum that is read.
	Read *Term `json:"read,omitempty"`
}
