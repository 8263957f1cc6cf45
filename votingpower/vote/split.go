package vote

import (
	"math/big"
	"slices"

	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// split adds up the power of votes, strategy by strategy.
type split struct {
	o       *Outcome
	parts   []*big.Rat // of votes, see tally.Turnout
	shares  []Share
	hub     bool // a strategy is not recomputed, so that the hub's figures are used
	unsplit *big.Rat
	// missing is the power that votes have less on the hub than by what is recomputed of it.
	missing *big.Rat
	idle    idleWallets
	// aside is what idle wallets hold, of what is else established.
	aside *big.Rat
	// Where votes agree with several blocks equally well: how much less, and how much more,
	// power they have at others of these blocks, and how much less that is established.
	less, more, lessEstablished *big.Rat
}

func newSplit(o *Outcome, parts []*big.Rat) *split {
	s := &split{
		o: o, parts: parts, shares: o.Strategies.Shares, unsplit: new(big.Rat), missing: new(big.Rat), aside: new(big.Rat),
		idle: newIdleWallets(o.Evidence.Circulating), less: new(big.Rat), more: new(big.Rat), lessEstablished: new(big.Rat),
	}
	for k := range s.shares {
		s.shares[k].Power = new(big.Rat)
	}
	s.hub = slices.ContainsFunc(s.shares, func(share Share) bool { return share.Source == FromHubVotes })
	return s
}

// add adds a vote, at the blocks that fit it best.
func (s *split) add(vote int) {
	audit := s.o.Audit.voters[vote]
	known := new(big.Rat)
	for k := range s.shares {
		if power, exact := s.recomputed(vote, audit.choice, k); power != nil && power.Sign() != 0 {
			plus(known, power)
			exact = plus(s.shares[k].Power, power) && exact
			s.shares[k].inexact = s.shares[k].inexact || !exact
			if s.shares[k].Standing.Established() && !s.established(vote, k) {
				plus(s.aside, power)
			}
		}
	}
	if s.hub {
		s.addHub(vote, known)
	}
	if len(audit.fits) > 1 {
		s.addRange(vote)
	}
}

// established reports whether a vote's power by a strategy is established: it is not if any of it
// is what an idle wallet holds.
func (s *split) established(vote, k int) bool {
	m, share := s.o.Evidence.Circulating.Model, s.shares[k]
	return share.Standing.Established() && !slices.ContainsFunc(share.Basis.Sources, func(source strategy.Source) bool {
		_, idle := s.idle.label(s.o.Evidence.Votes[vote].Voter, source.Place.Chain)
		return idle && (slices.ContainsFunc(m.Tokens, func(t votingpower.Token) bool {
			return t.Chain == source.Place.Chain && t.Address == source.Contract
		}) || slices.ContainsFunc(m.Custom, func(t votingpower.CustomTerm) bool {
			return t.Chain == source.Place.Chain && t.Contract == source.Contract
		}))
	})
}

// recomputed is a vote's power by one strategy, and whether it is exact; nil if there is none.
func (s *split) recomputed(vote, choice, k int) (power *big.Rat, exact bool) {
	if s.shares[k].Source == FromHubVotes {
		return nil, false
	}
	score := s.o.Power.Powers[choice].Scores[vote][k]
	if score.Exact != nil {
		return s.part(vote, score.Exact), true
	}
	return s.part(vote, new(big.Rat).SetFloat64(score.Value)), false // such as a square root
}

// part is the part of a vote's power that counts.
func (s *split) part(vote int, power *big.Rat) *big.Rat {
	if s.parts == nil {
		return power
	}
	return new(big.Rat).Mul(power, s.parts[vote])
}

// addHub adds the hub's figures for strategies that are not recomputed. Where it has none for
// one strategy, that is what is not known of the vote's power.
func (s *split) addHub(vote int, known *big.Rat) {
	v, unknown := s.o.Evidence.Votes[vote], []int{}
	for k := range s.shares {
		if s.shares[k].Source != FromHubVotes {
			continue
		}
		if s.shares[k].inexact = true; k >= len(v.VPByStrategy) {
			unknown = append(unknown, k)
			continue
		}
		power := s.part(vote, new(big.Rat).SetFloat64(v.VPByStrategy[k]))
		known.Add(known, power)
		s.shares[k].Power.Add(s.shares[k].Power, power)
	}
	rest, to := s.part(vote, new(big.Rat).SetFloat64(v.VP)), s.unsplit
	if len(unknown) == 0 || near(rest, known) {
		return
	}
	if rest.Sub(rest, known); rest.Sign() < 0 {
		rest, to = rest.Neg(rest), s.missing
	} else if len(unknown) == 1 {
		to = s.shares[unknown[0]].Power
	}
	to.Add(to, rest)
}

// addRange adds what else a vote's power could be. The hub's figures are the same at all blocks.
func (s *split) addRange(vote int) {
	audit := s.o.Audit.voters[vote]
	best, bestEstablished := s.sums(vote, audit.choice)
	less, more, lessEstablished := new(big.Rat), new(big.Rat), new(big.Rat)
	for _, choice := range audit.fits {
		all, established := s.sums(vote, choice)
		widen(less, all, best)
		widen(more, best, all)
		widen(lessEstablished, established, bestEstablished)
	}
	s.less.Add(s.less, less)
	s.more.Add(s.more, more)
	s.lessEstablished.Add(s.lessEstablished, lessEstablished)
}

// sums is a vote's recomputed power, and the established part of it.
func (s *split) sums(vote, choice int) (all, established *big.Rat) {
	all, established = new(big.Rat), new(big.Rat)
	for k := range s.shares {
		power, _ := s.recomputed(vote, choice, k)
		if power == nil {
			continue
		}
		if plus(all, power); s.established(vote, k) {
			plus(established, power)
		}
	}
	return all, established
}

// maxBits bounds a sum's denominator. Those of all amounts with decimals are powers of ten;
// quotients of balances have others, and their sum would grow with each vote.
const maxBits = 16 << 10

// plus adds to a sum, and reports whether it is still exact: one that is too long is rounded
// to a double.
func plus(sum, power *big.Rat) (exact bool) {
	if sum.Add(sum, power); sum.Denom().BitLen() <= maxBits {
		return true
	}
	double, _ := sum.Float64()
	sum.SetFloat64(double)
	return false
}

// widen makes a distance at least that from one power up to another.
func widen(distance, from, to *big.Rat) {
	if d := new(big.Rat).Sub(to, from); d.Cmp(distance) > 0 {
		distance.Set(d)
	}
}

// finish makes the turnout of the sums.
func (s *split) finish(t *Turnout) {
	all := new(big.Rat).Set(s.unsplit)
	t.Read, t.Established, t.Unsplit = new(big.Rat), new(big.Rat), s.unsplit
	source := FromChains
	for _, share := range s.shares {
		all.Add(all, share.Power)
		t.high.inexact = t.high.inexact || share.inexact
		if share.Standing.Established() {
			t.Established.Add(t.Established, share.Power)
			t.low.inexact = t.low.inexact || share.inexact
		}
		if share.Source == FromChains {
			t.Read.Add(t.Read, share.Power)
		} else if share.Power.Sign() != 0 {
			source = Recomputed
		}
	}
	t.Established.Sub(t.Established, s.lessEstablished)
	t.Established.Sub(t.Established, s.aside)
	t.aside = s.aside
	t.low.power = new(big.Rat).Sub(t.Established, s.missing)
	t.low.inexact = t.low.inexact || s.missing.Sign() != 0
	t.high.power = new(big.Rat).Add(all, s.more)
	t.Power, t.Source = t.Hub, t.HubSource
	if s.o.Power != nil && !t.high.inexact {
		t.Power, t.Source = all, source
		t.Least, t.Most = new(big.Rat).Sub(all, s.less), new(big.Rat).Add(all, s.more)
	}
	if t.Power.Cmp(t.low.power) < 0 && near(t.Power, t.low.power) {
		t.Power = t.low.power // the hub's double is rounded, and not less than what is established
	}
}
