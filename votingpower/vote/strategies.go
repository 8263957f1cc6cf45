package vote

import (
	"fmt"
	"math/big"
	"slices"

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
	known := newContracts(o.Evidence.Circulating, o.Network)
	for k, basis := range strategy.Bases(query) {
		if o.Power != nil && o.Power.Unverifiable[k] != "" { // for a reason that shows when it is read
			basis = strategy.Basis{Unverifiable: o.Power.Unverifiable[k]}
		}
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
		o.find(Failure, StrategiesDiffer, "they have the SHA-256 %s, and %s was asked for", s.SHA256, name(e.Strategies))
	}
	if o.Power == nil {
		o.find(Info, VotingPowerNotRecomputed, "the vote is not final; the hub's figures are used unchecked")
		return
	}
	for k, share := range s.Shares {
		which := fmt.Sprintf("strategy %d (%s)", k+1, name(e.Proposal.Strategies[k].Name))
		switch {
		case share.Basis.Unverifiable != "":
			o.doubt(StrategyUnverifiable, "%s: %s; the hub's figures are used unchecked", which, share.Basis.Unverifiable)
		case share.open():
			o.doubt(StrategyNotEstablished, "%s gives %s of the turnout: %s",
				which, votingpower.Decimal(share.Power), share.Reason())
		}
	}
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
			o.find(Failure, StrategiesDiffer, "strategy %d is %s, the model pins %s", k+1, name(f.Name), name(p.Name))
		case f.Network != p.Network:
			o.find(Failure, StrategiesDiffer, "strategy %d (%s) is on network %s, the model pins network %s",
				k+1, name(f.Name), name(f.Network), name(p.Network))
		default:
			o.find(Failure, StrategiesDiffer, "strategy %d (%s) has other parameters than the model pins", k+1, name(f.Name))
		}
	}
	slices.Sort(here)
	slices.Sort(there)
	if len(found) == len(pinned) && slices.Equal(here, there) {
		o.find(Failure, StrategiesDiffer, "they are the pinned ones in another order")
	}
}
