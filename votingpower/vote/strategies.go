package vote

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Strategies says what the voting strategies of the proposal rest on.
type Strategies struct {
	SHA256  string // see strategy.Hash
	ByModel bool   // the model pins them
	ByHash  bool   // SHA256 is Evidence.Strategies
	Shares  []Share
}

// Share is what one strategy gives to the turnout.
type Share struct {
	Basis    strategy.Basis
	Standing Standing
	Source   Source
	Power    *big.Rat // in tokens, of the votes that count; nil while the turnout is not known

	inexact bool // a double is part of Power
}

// open reports whether the strategy gives power that is not established.
func (s Share) open() bool { return !s.Standing.Established() && s.Power != nil && s.Power.Sign() != 0 }

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

// judgeStrategies compares the strategies with the pinned ones, and says what each rests on.
func (o *Outcome) judgeStrategies() (err error) {
	s, m := &o.Strategies, o.Evidence.Circulating.Model
	query, err := PowerQuery(o.Evidence.Proposal, nil, nil)
	if err != nil {
		return err
	}
	if s.SHA256, err = strategy.Hash(o.Network, query.Strategies); err != nil {
		return err
	}
	if len(m.Strategies) > 0 {
		pinned, err := strategy.Hash(o.Network, pinnedBy(m))
		if err != nil {
			return err
		}
		s.ByModel = pinned == s.SHA256
	}
	s.ByHash = s.SHA256 == o.Evidence.Strategies
	known := newContracts(m, o.Network)
	for _, basis := range strategy.Bases(query) {
		share := Share{Basis: basis, Standing: known.standing(basis), Source: Recomputed}
		switch {
		case o.Power == nil || basis.Unverifiable != "":
			share.Standing, share.Source = NotRecomputed, FromHubVotes
		case len(basis.Sources) == 0:
			share.Source = FromProposal
		case basis.Plain:
			share.Source = FromChains
		}
		if (s.ByModel || s.ByHash) && share.Standing != NotRecomputed {
			share.Standing = Pinned
		}
		s.Shares = append(s.Shares, share)
	}
	return nil
}

func pinnedBy(m *votingpower.Model) (specs []strategy.Spec) {
	for _, s := range m.Strategies {
		specs = append(specs, strategy.Spec(s))
	}
	return specs
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
// more than the contract has given out. Of an escrow whose weight is totalSupplyX(), the
// function balanceOfX(address) is another one.
func newContracts(m *votingpower.Model, network chains.ID) *contracts {
	c := &contracts{network, int(m.Decimals), map[contract][]string{}, map[contract]bool{}}
	functions := []string{"balanceOf(address)", "getVotes(address)", "getCurrentVotes(address)"}
	for _, token := range m.Tokens {
		c.held[contract{token.Chain, token.Address}] = functions
	}
	for _, escrow := range m.Escrows {
		key := contract{escrow.Chain, escrow.Address}
		c.held[key] = functions
		if suffix, ok := strings.CutPrefix(strings.TrimSuffix(escrow.Weight, "()"), "totalSupply"); ok {
			c.held[key] = append(slices.Clone(functions), "balanceOf"+suffix+"(address)")
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

// checkStrategies compares the strategies with the pinned ones, and names those whose power
// is not recomputed, or not established.
func (o *Outcome) checkStrategies() {
	s, e := o.Strategies, o.Evidence
	if pinned := pinnedBy(e.Circulating.Model); s.ByModel {
		o.find(Info, StrategiesPinned, "they are those that the model pins, SHA-256 %s", s.SHA256)
	} else if len(pinned) > 0 {
		o.strategiesDiffer(pinned)
	}
	if s.ByHash {
		o.find(Info, StrategiesPinned, "they have the SHA-256 that was asked for, %s", s.SHA256)
	} else if e.Strategies != "" {
		o.find(Failure, StrategiesDiffer, "they have the SHA-256 %s, and %q was asked for", s.SHA256, e.Strategies)
	}
	if o.Power == nil {
		o.find(Info, VotingPowerNotRecomputed, "the vote is not final; the hub's figures are used unchecked")
		return
	}
	for k, share := range s.Shares {
		name := fmt.Sprintf("strategy %d (%s)", k+1, e.Proposal.Strategies[k].Name)
		switch {
		case share.Basis.Unverifiable != "":
			o.doubt(StrategyUnverifiable, "%s: %s; the hub's figures are used unchecked", name, share.Basis.Unverifiable)
		case share.open():
			o.doubt(StrategyNotEstablished, "%s gives %s of the turnout: %s",
				name, votingpower.Decimal(share.Power), share.Reason())
		}
	}
}

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

// strategiesDiffer says in what the strategies differ from the pinned ones.
func (o *Outcome) strategiesDiffer(pinned []strategy.Spec) {
	found := o.Evidence.Proposal.Strategies
	if len(found) != len(pinned) {
		o.find(Failure, StrategiesDiffer, "the proposal has %d, the model pins %d", len(found), len(pinned))
	}
	hash := func(s strategy.Spec) string {
		text, _ := strategy.Hash(o.Network, []strategy.Spec{s}) // the list it is from has a hash
		return text
	}
	var here, there []string
	for k := range min(len(found), len(pinned)) {
		f, p := strategy.Spec(found[k]), pinned[k]
		here, there = append(here, hash(f)), append(there, hash(p))
		switch {
		case here[k] == there[k]:
		case f.Name != p.Name:
			o.find(Failure, StrategiesDiffer, "strategy %d is %s, the model pins %s", k+1, f.Name, p.Name)
		case f.Network != p.Network:
			o.find(Failure, StrategiesDiffer, "strategy %d (%s) is on network %s, the model pins network %s",
				k+1, f.Name, f.Network, p.Network)
		default:
			o.find(Failure, StrategiesDiffer, "strategy %d (%s) has other parameters than the model pins", k+1, f.Name)
		}
	}
	slices.Sort(here)
	slices.Sort(there)
	if len(found) == len(pinned) && slices.Equal(here, there) {
		o.find(Failure, StrategiesDiffer, "they are the pinned ones in another order")
	}
}
