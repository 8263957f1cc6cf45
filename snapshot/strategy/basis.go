package strategy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/ethereum/go-ethereum/common"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/perpdao/perpquorum/chains"
)

// Basis says what the scores of one strategy rest on, as far as its parameters tell. A
// strategy that names no source reads nothing: its scores are in the proposal itself.
type Basis struct {
	// Unverifiable says why the scores cannot be recomputed from chain state, or is empty.
	Unverifiable string
	Sources      []Source // in the order in which the parameters name them
	// Plain says that the score is the sum of the amounts of Sources: not multiplied,
	// compared or combined in another way. Before a start block, or after an end block, a
	// strategy gives less than that, never more.
	Plain bool
}

// Source is one function of one contract, which is read for each voter.
type Source struct {
	Place    Place
	Contract common.Address // zero for the chain's own currency
	Function string         // its signature, such as "balanceOf(address)"; "eth_getBalance" for the currency
	// Own says that the voter's address is the only argument, and the amount the only result.
	Own      bool
	Decimals int // a result of 10^Decimals is one unit of voting power
}

// Bases returns what each strategy of a query rests on. Block, Voters and Pins do not matter.
func Bases(q Query) []Basis {
	home := Place{Chain: q.Network, Via: q.Network}
	parsing := newParsing(q)
	bases := make([]Basis, len(q.Strategies))
	for i, spec := range q.Strategies {
		s, reason, _ := parseTop(spec, home, parsing)
		if bases[i].Unverifiable = reason; s != nil {
			bases[i].Sources, bases[i].Plain = s.basis()
		}
	}
	return bases
}

// Hash returns the SHA-256 hash, in hex, of strategies as data: of the canonical JSON
// (RFC 8785) of the list of objects with name, network and params. A missing network is
// that of the proposal, missing params are an empty object. The order of keys and the
// spelling of numbers do not matter, the order of the strategies does.
func Hash(network chains.ID, strategies []Spec) (string, error) {
	full := make([]Spec, len(strategies))
	for i, s := range strategies {
		if s.Network == "" {
			s.Network = strconv.FormatUint(uint64(network), 10)
		}
		if absent(s.Params) {
			s.Params = json.RawMessage("{}")
		}
		full[i] = s
	}
	text, err := json.Marshal(full)
	if err != nil {
		return "", fmt.Errorf("strategies: %w", err)
	}
	// A key that stands twice cannot be read in one way, but it has a hash, and no other text has the same.
	value := jsontext.Value(text)
	if err := value.Canonicalize(jsontext.AllowDuplicateNames(true)); err != nil {
		return "", fmt.Errorf("strategies: %w", err)
	}
	sum := sha256.Sum256(value)
	return hex.EncodeToString(sum[:]), nil
}
