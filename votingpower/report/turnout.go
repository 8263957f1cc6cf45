package report

import (
	"errors"
	"math/big"

	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// Where a turnout comes from.
const (
	fromChains   = "chains"           // the exact sum of what was recomputed for every counted vote
	fromHubTotal = "hub scores_total" // the hub's double
	fromHubVotes = "hub votes"        // the sum of the hub's doubles of the counted votes
)

// turnout is the voting power that counts towards the quorum, in tokens.
type turnout struct {
	// power is compared with the quorum. It is nil where it cannot be told yet:
	// choices are named, and still encrypted.
	power  *big.Rat
	source string
	// hub is what the hub's doubles give for the same votes, and hubSource how.
	hub       *big.Rat
	hubSource string
	// least and most bound power where votes agree with several blocks alike.
	least, most *big.Rat
	counted     int // votes
	quorum      *big.Rat
}

// reached: the comparison is exact, and equality reaches the quorum.
func (t turnout) reached() bool { return t.power != nil && t.power.Cmp(t.quorum) >= 0 }

// doubtful reports that the hub's double would decide otherwise.
func (t turnout) doubtful() bool {
	return t.power != nil && t.reached() != (t.hub.Cmp(t.quorum) >= 0)
}

// undecided reports that blocks which agree with the votes alike decide differently.
func (t turnout) undecided() bool {
	return t.source == fromChains && (t.least.Cmp(t.quorum) >= 0) != (t.most.Cmp(t.quorum) >= 0)
}

// rounded reports that the turnout is a double too near the quorum to tell more than its rounding.
func (t turnout) rounded() bool {
	if t.power == nil || t.source == fromChains {
		return false
	}
	power, _ := t.power.Float64() // no figure: only to see how near it is
	quorum, _ := t.quorum.Float64()
	return tally.Agree(power, quorum)
}

func (t turnout) margin() *big.Rat { return new(big.Rat).Sub(t.power, t.quorum) }

// measure adds up the votes that the model counts. One vote whose power could
// not be recomputed is enough to fall back to the hub's figure.
func (t *tallied) measure(m *votingpower.Model, quorum *big.Rat) error {
	t.turnout.quorum = tokens(quorum, m.Decimals)
	counted, err := tally.TurnoutOf(t.Proposal, t.Votes, m.Turnout)
	if errors.Is(err, tally.ErrSealed) && !t.status.Final {
		return nil
	}
	if err != nil {
		return err
	}
	out := &t.turnout
	out.hub, out.hubSource = t.hubTurnout(m, counted)
	out.power, out.source = out.hub, out.hubSource
	sum, least, most := new(big.Rat), new(big.Rat), new(big.Rat)
	exact := t.power != nil
	for i, counts := range counted.Counted {
		if !counts {
			continue
		}
		out.counted++
		if a := t.audits[i]; a.exact == nil {
			exact = false
		} else if exact {
			sum.Add(sum, a.exact)
			least.Add(least, a.least)
			most.Add(most, a.most)
		}
	}
	if exact {
		out.power, out.source, out.least, out.most = sum, fromChains, least, most
	}
	return nil
}

// hubTurnout is the hub's scores_total, exactly as its double. Where that does
// not count the votes that the model counts (named choices; copeland, whose
// total leaves invalid votes out, as older rules did; a vote that is not counted
// for good), or is not what a recount gives, it is the sum of the hub's doubles
// of the votes that do.
func (t *tallied) hubTurnout(m *votingpower.Model, counted *tally.Turnout) (*big.Rat, string) {
	sum := new(big.Rat).SetFloat64(t.Proposal.ScoresTotal)
	recounted := t.tallyErr == nil && t.comparison.Total.Agrees
	if sum == nil || len(m.Turnout) > 0 || t.Proposal.Type == "copeland" || !t.status.Final || !recounted {
		return counted.Power, fromHubVotes
	}
	return sum, fromHubTotal
}
