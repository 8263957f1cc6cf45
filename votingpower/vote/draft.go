package vote

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
)

// Draft is a model file with values that a person must still decide. Each of those begins with
// votingpower.Undecided, so that votingpower.ParseModel refuses the file until it is replaced.
type Draft struct {
	Format     string                 `json:"format"`
	Name       string                 `json:"name"`
	Symbol     string                 `json:"symbol"`
	Decimals   any                    `json:"decimals"` // uint8, or a text that says what to decide
	Definition string                 `json:"definition"`
	Network    string                 `json:"network"`
	Space      string                 `json:"space"`
	Quorum     string                 `json:"quorum"`
	Turnout    string                 `json:"turnout"`
	Terms      []DraftTerm            `json:"terms"`
	Sources    []string               `json:"sources"`
	FactsOf    string                 `json:"facts_of"`
	Strategies []votingpower.Strategy `json:"strategies"`
}

// DraftTerm is a term of a Draft.
type DraftTerm struct {
	Sign     string   `json:"sign"`
	Chain    string   `json:"chain"`
	Contract string   `json:"contract"`
	Call     string   `json:"call"`
	Args     []string `json:"args,omitempty"`
	Label    string   `json:"label"`
	Source   string   `json:"source"`
}

// NewDraft makes a draft of the settings of a space, as they were read at a time: the supply of
// each token whose contract a strategy names, less what the treasuries hold of it. Which of
// these belong to the sum, and by which rule the quorum is reached, no hub knows.
func NewDraft(s *snapshot.Space, treasuries []snapshot.Treasury, read time.Time) *Draft {
	d := &Draft{
		Format: votingpower.ModelFormat, Name: decided(s.Name, "the name of the DAO"),
		Symbol:     decided(s.Symbol, "the symbol of the token"),
		Decimals:   votingpower.Undecided + "the token's decimals, a number",
		Definition: votingpower.Undecided + "one sentence that says what the figure counts",
		Network:    s.Network, Space: s.ID,
		Quorum:  votingpower.Undecided + `a fraction of the sum such as "10%", or {"fixed": "75000"} or {"read": {...}}`,
		Turnout: votingpower.Undecided + `"all", "winner" or a list of choices such as ["For"]`,
		Sources: []string{votingpower.Undecided + "where the DAO's rules and these addresses are published"},
		FactsOf: read.UTC().Format(time.DateOnly),
	}
	source := "settings of the Snapshot space " + s.ID
	for _, strategy := range s.Strategies {
		strategy.Network = cmp.Or(strategy.Network, s.Network)
		d.Strategies = append(d.Strategies, votingpower.Strategy(strategy))
		d.addToken(strategy, source)
	}
	if len(d.Terms) == 0 {
		d.Terms = append(d.Terms, DraftTerm{Sign: "+", Chain: s.Network, Call: "totalSupply()", Source: source,
			Contract: votingpower.Undecided + "the token's address", Label: d.Symbol + " total supply"})
	}
	for _, token := range d.Terms {
		for _, treasury := range treasuries {
			if treasury.Network == token.Chain && common.IsHexAddress(treasury.Address) {
				d.Terms = append(d.Terms, DraftTerm{Sign: "-", Chain: token.Chain, Contract: token.Contract,
					Call: "balanceOf(address)", Args: []string{common.HexToAddress(treasury.Address).Hex()}, Source: source,
					Label: votingpower.Undecided + "does it circulate? Treasury " + decided(treasury.Name, "name")})
			}
		}
	}
	return d
}

// addToken adds the supply of the token that a strategy reads, once.
func (d *Draft) addToken(s snapshot.Strategy, source string) {
	var params struct {
		Address  string `json:"address"`
		Symbol   string `json:"symbol"`
		Decimals any    `json:"decimals"`
	}
	_, err := chains.ParseID(s.Network)
	if json.Unmarshal(s.Params, &params) != nil || !common.IsHexAddress(params.Address) || err != nil {
		return
	}
	t := DraftTerm{Sign: "+", Chain: s.Network, Contract: common.HexToAddress(params.Address).Hex(), Call: "totalSupply()",
		Label: decided(params.Symbol, "name the token") + " total supply", Source: source}
	for _, other := range d.Terms {
		if other.Chain == t.Chain && other.Contract == t.Contract {
			return
		}
	}
	if n, ok := params.Decimals.(float64); ok && len(d.Terms) == 0 { // a small whole number
		d.Decimals = n
	}
	d.Terms = append(d.Terms, t)
}

// decided is foreign text if a model can have it, and else what a person must decide.
func decided(text, what string) string {
	if text = strings.TrimSpace(text); text == "" {
		return votingpower.Undecided + what
	}
	odd := strings.ContainsFunc(text, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsGraphic(r) })
	if odd || len(text) > 40 {
		return votingpower.Undecided + what
	}
	return text
}
