package vote

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Standing says what establishes the power of a strategy, or why nothing does. Established
// power is power that the hub cannot make up by naming another strategy.
type Standing string

// The standings. Only the power of the first two is established.
const (
	// Pinned: recomputed by strategies that the model pins, or Evidence.Strategies.
	Pinned Standing = "pinned"
	// OfModel: the plain sum of what the voter has in contracts of the model, each of which
	// counts once, with the model's decimals and at the blocks of the circulating voting power.
	OfModel Standing = "of-the-model"

	NotRecomputed   Standing = "not-recomputed"   // the hub's figures stand
	NothingRead     Standing = "nothing-read"     // the figures are in the proposal, as for a ticket or a whitelist
	Combined        Standing = "combined"         // what is read is multiplied, compared or joined with something else
	UnknownContract Standing = "unknown-contract" // the model does not have it
	OtherDecimals   Standing = "other-decimals"   // not those of the model
	OtherFunction   Standing = "other-function"   // not what the voter has; see heldBy
	OtherBlock      Standing = "other-block"      // not that of the circulating voting power
	CountedBefore   Standing = "counted-before"   // by this strategy or an earlier one
)

// Established reports whether the power is established.
func (s Standing) Established() bool { return s == Pinned || s == OfModel }

// Reason says in words what establishes the power of the strategy, or why nothing does.
func (s Share) Reason() string {
	switch s.Standing {
	case Pinned:
		return "the strategy is pinned"
	case OfModel:
		return "it is what voters have in contracts of the model"
	case NothingRead:
		return "it reads no chain, its figures are in the proposal"
	case Combined:
		return "it is not the plain sum of what it reads"
	case UnknownContract:
		return "it reads a contract that the model does not have"
	case OtherDecimals:
		return "it reads a contract of the model with other decimals"
	case OtherFunction:
		return "it reads something else of a contract of the model than what the voter has in it"
	case OtherBlock:
		return "it reads a contract of the model at another block than the circulating voting power"
	case CountedBefore:
		return "it reads a contract of the model that counts already"
	}
	return "the hub's figures are used: " + cmp.Or(s.Basis.Unverifiable, "the vote is not final")
}

// contracts are those of a model.
type contracts struct {
	network  chains.ID
	decimals int
	held     map[contract][]string // functions that return what an address has
	counted  map[contract]bool
}

type contract struct {
	chain   chains.ID
	address common.Address
}

// newContracts lists the contracts of the model with the functions by which a voter's power
// in them is read: the balance, and votes delegated to the voter, both of which add up to no
// more than the contract has given out. Of a contract that counts by totalSupplyX(), the
// function balanceOfX(address) is another one.
func newContracts(e *votingpower.Evidence, network chains.ID) *contracts {
	m := e.Model
	c := &contracts{network, int(m.Decimals), map[contract][]string{}, map[contract]bool{}}
	functions := []string{"balanceOf(address)", "getVotes(address)", "getCurrentVotes(address)"}
	for _, token := range m.Tokens {
		c.held[contract{token.Chain, token.Address}] = functions
	}
	hold := func(key contract, total string) {
		c.held[key] = functions
		if suffix, ok := strings.CutPrefix(strings.TrimSuffix(total, "()"), "totalSupply"); ok {
			c.held[key] = append(slices.Clone(functions), "balanceOf"+suffix+"(address)")
		}
	}
	for _, escrow := range m.Escrows {
		hold(contract{escrow.Chain, escrow.Address}, escrow.Weight)
	}
	for _, term := range m.Custom {
		if term.Sign == "+" && len(term.Args) == 0 && term.CountsAt(e.At) { // a total, not what one account has
			hold(contract{term.Chain, term.Contract}, term.Call)
		}
	}
	return c
}

// standing judges a strategy that nothing pins. One that is of the model uses its contracts up.
func (c *contracts) standing(b strategy.Basis) Standing {
	switch {
	case len(b.Sources) == 0:
		return NothingRead
	case !b.Plain:
		return Combined
	}
	own := map[contract]bool{}
	for _, s := range b.Sources {
		key := contract{s.Place.Chain, s.Contract}
		functions, known := c.held[key]
		switch {
		case !known:
			return UnknownContract
		case s.Decimals != c.decimals:
			return OtherDecimals
		case !s.Own || !slices.Contains(functions, s.Function):
			return OtherFunction
		case s.Place.Via != c.network:
			return OtherBlock
		case c.counted[key] || own[key]:
			return CountedBefore
		}
		own[key] = true
	}
	for key := range own {
		c.counted[key] = true
	}
	return OfModel
}
