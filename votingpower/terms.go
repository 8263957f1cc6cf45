package votingpower

import (
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// Term is one summand of the circulating voting power, or a check (Sign 0), which is
// compared with a value known beforehand and not summed.
type Term struct {
	Group string // GroupSupply, GroupExcluded, GroupEscrow or GroupCheck
	Sign  int    // +1, -1, or 0 for a check
	Label string
	Chain chains.ID
	Call  chains.Call // returns one uint256
	// Want is the value that a check must find; nil means any value but zero.
	Want *big.Int
}

// The groups of terms, in the order of a report.
const (
	GroupSupply   = "supply"   // token total supply
	GroupExcluded = "excluded" // balances that do not circulate
	GroupEscrow   = "escrow"   // vote-escrow weight, less the tokens locked in it
	GroupCheck    = "check"    // not summed: values known beforehand, such as decimals
)

// Chains returns the chains that the model reads: Network first, then in the
// order of Tokens. Each has a block in the evidence, even if nothing is read there.
func (m *Model) Chains() []chains.ID {
	ids := []chains.ID{m.Network}
	for _, token := range m.Tokens {
		if !slices.Contains(ids, token.Chain) {
			ids = append(ids, token.Chain)
		}
	}
	return ids
}

// Terms expands the model into the calls for query time t, in the order of a report:
// supply, the wallets excluded at t in the model's order, each escrow's weight and
// locked tokens, then the checks. It fails if the model does not pass Check.
//
// The checks give zeros their meaning: the decimals() of every token and escrow that
// is read must be the model's Decimals, and a token whose supply is not summed must
// still have a totalSupply() other than zero.
func (m *Model) Terms(t time.Time) ([]Term, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	var b termBuilder
	tokens := map[chains.ID]Token{}
	read := map[chains.ID]bool{} // chains whose token is read, or locked in an escrow
	for _, token := range m.Tokens {
		tokens[token.Chain] = token
		if token.Supply {
			read[token.Chain] = true
			b.add(Term{Group: GroupSupply, Sign: +1, Label: token.Label + " total supply", Chain: token.Chain},
				token.Address, "totalSupply()")
		}
	}
	for _, wallet := range m.Excluded {
		if wallet.ExcludedAt(t) {
			read[wallet.Chain] = true
			b.add(Term{Group: GroupExcluded, Sign: -1, Label: wallet.Label, Chain: wallet.Chain},
				tokens[wallet.Chain].Address, "balanceOf(address)", wallet.Address)
		}
	}
	for _, escrow := range m.Escrows {
		read[escrow.Chain] = true
		b.add(Term{Group: GroupEscrow, Sign: +1, Label: escrow.Label + " voting power", Chain: escrow.Chain},
			escrow.Address, escrow.Weight)
		b.add(Term{Group: GroupEscrow, Sign: -1, Label: m.Symbol + " locked in " + escrow.Label, Chain: escrow.Chain},
			escrow.Address, escrow.Locked)
	}
	m.addChecks(&b, read)
	return b.terms, b.err
}

func (m *Model) addChecks(b *termBuilder, read map[chains.ID]bool) {
	decimals := func(chain chains.ID, label string, contract common.Address) {
		b.add(Term{Group: GroupCheck, Label: label + " decimals", Chain: chain, Want: big.NewInt(int64(m.Decimals))},
			contract, "decimals()")
	}
	for _, token := range m.Tokens {
		if !read[token.Chain] {
			continue
		}
		decimals(token.Chain, token.Label, token.Address)
		if !token.Supply {
			b.add(Term{Group: GroupCheck, Label: token.Label + " total supply, not zero", Chain: token.Chain},
				token.Address, "totalSupply()")
		}
	}
	for _, escrow := range m.Escrows {
		decimals(escrow.Chain, escrow.Label, escrow.Address)
	}
}

// termBuilder collects terms and keeps the first error.
type termBuilder struct {
	terms []Term
	err   error
}

func (b *termBuilder) add(t Term, to common.Address, signature string, args ...any) {
	call, err := chains.NewCall(to, signature, args...)
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("%s on %v: %w", t.Label, t.Chain, err)
	}
	t.Call = call
	b.terms = append(b.terms, t)
}

// ExcludedAt reports whether the wallet is excluded at t: From ≤ t < Until.
func (w Wallet) ExcludedAt(t time.Time) bool {
	return (w.From.IsZero() || !t.Before(w.From)) && (w.Until.IsZero() || t.Before(w.Until))
}
