package votingpower

import (
	"cmp"
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
	Group string // one of the groups
	Sign  int    // +1, -1, or 0 for what is not summed
	Label string
	Chain chains.ID
	Call  chains.Call // returns Words words of 32 bytes
	// Word is the amount's place among Words words; 0 words mean 1.
	Word, Words int
	// Shift is how many decimals the model has more than the result: the amount is the result × 10^Shift.
	Shift uint8
	// Want is the value that a check must find; nil means any value but zero.
	Want *big.Int
}

// The groups of terms, in the order of a report.
const (
	GroupSupply   = "supply"   // token total supply
	GroupExcluded = "excluded" // balances that do not circulate
	GroupEscrow   = "escrow"   // vote-escrow weight, less the tokens locked in it
	GroupTerm     = "term"     // the model's custom terms
	GroupQuorum   = "quorum"   // not summed: the quorum, where a contract says it
	GroupCheck    = "check"    // not summed: values known beforehand, such as decimals
)

// Chains returns the chains that the model reads: Network first, then in the
// order of Tokens, Custom and Quorum. Each has a block in the evidence, even if nothing is read there.
func (m *Model) Chains() []chains.ID {
	ids := []chains.ID{m.Network}
	add := func(id chains.ID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, token := range m.Tokens {
		add(token.Chain)
	}
	for _, term := range m.Custom {
		add(term.Chain)
	}
	if m.Quorum.Read != nil {
		add(m.Quorum.Read.Chain)
	}
	return ids
}

// Terms expands the model into the calls for query time t, in the order of a report:
// supply, the wallets excluded at t in the model's order, each escrow's weight and
// locked tokens, the custom terms that count at t, a quorum that is read, then the checks.
// It fails if the model does not pass Check.
//
// The checks give zeros their meaning: the decimals() of every token, escrow and custom read
// without Decimals of its own must be the model's Decimals, and a token whose supply is not summed must
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
	reads := m.addCustom(&b, t)
	m.addChecks(&b, read)
	m.addDecimals(&b, reads)
	return b.terms, b.err
}

// addCustom adds the custom terms at t and the quorum, and returns what is read for them.
func (m *Model) addCustom(b *termBuilder, t time.Time) (reads []ContractRead) {
	add := func(group string, sign int, label string, r ContractRead) {
		term, err := r.term(group, sign, label, m.Decimals)
		b.err = cmp.Or(b.err, err)
		b.terms, reads = append(b.terms, term), append(reads, r)
	}
	for _, custom := range m.Custom {
		sign := map[string]int{"+": +1, "-": -1}[custom.Sign]
		if custom.CountsAt(t) {
			add(GroupTerm, sign, custom.Label, custom.ContractRead)
		}
	}
	if m.Quorum.Read != nil {
		add(GroupQuorum, 0, "quorum", *m.Quorum.Read)
	}
	return reads
}

// addDecimals adds the check of decimals() for each contract that is read without Decimals of its own.
func (m *Model) addDecimals(b *termBuilder, reads []ContractRead) {
	for _, r := range reads {
		done := slices.ContainsFunc(b.terms, func(t Term) bool {
			return t.Chain == r.Chain && t.Call.To == r.Contract && t.Call.Signature == "decimals()"
		})
		if r.Decimals == nil && !done {
			b.decimals(m, r.Chain, r.Contract.Hex(), r.Contract)
		}
	}
}

func (m *Model) addChecks(b *termBuilder, read map[chains.ID]bool) {
	for _, token := range m.Tokens {
		if !read[token.Chain] {
			continue
		}
		b.decimals(m, token.Chain, token.Label, token.Address)
		if !token.Supply {
			b.add(Term{Group: GroupCheck, Label: token.Label + " total supply, not zero", Chain: token.Chain},
				token.Address, "totalSupply()")
		}
	}
	for _, escrow := range m.Escrows {
		b.decimals(m, escrow.Chain, escrow.Label, escrow.Address)
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

// decimals adds the check that a contract has the model's decimals.
func (b *termBuilder) decimals(m *Model, chain chains.ID, label string, contract common.Address) {
	b.add(Term{Group: GroupCheck, Label: label + " decimals", Chain: chain, Want: big.NewInt(int64(m.Decimals))},
		contract, "decimals()")
}

// ExcludedAt reports whether the wallet is excluded at t: From ≤ t < Until.
func (w Wallet) ExcludedAt(t time.Time) bool { return within(t, w.From, w.Until) }

// within reports whether from ≤ t < until. A zero time leaves that side open.
func within(t, from, until time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (until.IsZero() || t.Before(until))
}
