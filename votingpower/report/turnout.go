package report

import (
	"math/big"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
)

// turnout is the voting power that counts towards the quorum, in tokens.
type turnout struct {
	power *big.Rat // what is compared with the quorum
	// exact says that power is the sum of what was recomputed from the chains
	// for every counted vote; else it is the hub's own double.
	exact   bool
	hub     *big.Rat // what the hub's doubles give for the same votes
	counted int      // votes
	quorum  *big.Rat
}

// reached: the comparison is exact, and equality reaches the quorum.
func (t turnout) reached() bool { return t.power.Cmp(t.quorum) >= 0 }

// doubtful reports that the hub's double would decide otherwise.
func (t turnout) doubtful() bool { return t.reached() != (t.hub.Cmp(t.quorum) >= 0) }

func (t turnout) margin() *big.Rat { return new(big.Rat).Sub(t.power, t.quorum) }

// measure adds up the counted votes. One vote whose power could not be
// recomputed is enough to fall back to the hub's figure.
func (t *tallied) measure(m *votingpower.Model, quorum *big.Rat) turnout {
	out := turnout{hub: t.hubTurnout(m), quorum: tokens(quorum, m.Decimals)}
	sum := new(big.Rat)
	for i, counted := range t.counted.Counted {
		if !counted {
			continue
		}
		out.counted++
		if sum != nil && t.audits[i].exact != nil {
			sum.Add(sum, t.audits[i].exact)
		} else {
			sum = nil
		}
	}
	out.power, out.exact = out.hub, false
	if sum != nil {
		out.power, out.exact = sum, true
	}
	return out
}

// hubTurnout is the hub's scores_total, exactly as its double. Where that does
// not count the votes that the model counts (named choices; copeland, whose
// total leaves invalid votes out; a vote without a total yet), it is the sum of
// the hub's doubles of the votes that do.
func (t *tallied) hubTurnout(m *votingpower.Model) *big.Rat {
	total := snapshot.Exact(t.Proposal.ScoresTotal)
	if total == nil || len(m.Turnout) > 0 || t.Proposal.Type == "copeland" || !t.status.Final {
		return t.counted.Power
	}
	return total
}
