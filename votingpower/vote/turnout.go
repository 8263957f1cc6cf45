package vote

import (
	"errors"
	"math/big"

	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// Source says where a turnout comes from.
type Source string

// The sources.
const (
	FromChains   Source = "chains"           // the exact sum of what was recomputed for every counted vote
	FromHubTotal Source = "hub scores_total" // the hub's double
	FromHubVotes Source = "hub votes"        // the sum of the hub's doubles of the counted votes
)

// Turnout is the voting power that counts towards the quorum, in tokens.
type Turnout struct {
	Votes int // that count
	// Power is compared with Quorum. It is nil where it is not known yet: the model
	// counts named choices, and some are still encrypted.
	Power  *big.Rat
	Source Source
	// Hub is what the hub's doubles give for the same votes, by HubSource.
	Hub       *big.Rat
	HubSource Source
	// Least and Most bound Power where votes agree with several blocks equally well.
	// They are nil unless Source is FromChains.
	Least, Most *big.Rat
	Quorum      *big.Rat
}

// Reached reports whether Power reaches Quorum. The comparison is exact, and equality
// reaches the quorum.
func (t Turnout) Reached() bool { return t.Power != nil && t.Power.Cmp(t.Quorum) >= 0 }

// Margin is Power less Quorum; Power must be known.
func (t Turnout) Margin() *big.Rat { return new(big.Rat).Sub(t.Power, t.Quorum) }

// hubDiffers reports that the hub's double would decide otherwise.
func (t Turnout) hubDiffers() bool {
	return t.Power != nil && t.Reached() != (t.Hub.Cmp(t.Quorum) >= 0)
}

// undecided reports that blocks which agree with the votes equally well decide differently.
func (t Turnout) undecided() bool {
	return t.Source == FromChains && (t.Least.Cmp(t.Quorum) >= 0) != (t.Most.Cmp(t.Quorum) >= 0)
}

// rounded reports that the turnout is a double so near the quorum that its rounding decides.
func (t Turnout) rounded() bool {
	if t.Power == nil || t.Source == FromChains {
		return false
	}
	power, _ := t.Power.Float64() // only to see how near it is
	quorum, _ := t.Quorum.Float64()
	return tally.Agree(power, quorum)
}

// measure adds up the votes that the model counts. One vote whose power could not be
// recomputed is enough to fall back to the hub's figure.
func (o *Outcome) measure() error {
	m, t := o.Result.Evidence.Model, &o.Turnout
	t.Quorum = m.InTokens(o.Result.Quorum)
	counted, err := tally.TurnoutOf(o.Evidence.Proposal, o.Evidence.Votes, m.Turnout)
	if errors.Is(err, tally.ErrSealed) && !o.Status.Final {
		return nil
	}
	if err != nil {
		return err
	}
	t.Hub, t.HubSource = o.hubTurnout(m, counted)
	t.Power, t.Source = t.Hub, t.HubSource
	sum, least, most := new(big.Rat), new(big.Rat), new(big.Rat)
	exact := o.Power != nil
	for i, counts := range counted.Counted {
		if !counts {
			continue
		}
		t.Votes++
		if a := o.Audit.voters[i]; a.exact == nil {
			exact = false
		} else if exact {
			sum.Add(sum, a.exact)
			least.Add(least, a.least)
			most.Add(most, a.most)
		}
	}
	if exact {
		t.Power, t.Source, t.Least, t.Most = sum, FromChains, least, most
	}
	return nil
}

// hubTurnout is the hub's scores_total, exactly as its double. Where that does not count the
// votes that the model counts (named choices; copeland, whose total leaves invalid votes
// out, as older rules did; a vote whose scores are not final), or is not what a recount
// gives, it is the sum of the hub's doubles of the votes that do count.
func (o *Outcome) hubTurnout(m *votingpower.Model, counted *tally.Turnout) (*big.Rat, Source) {
	p := o.Evidence.Proposal
	sum := new(big.Rat).SetFloat64(p.ScoresTotal)
	recounted := o.Tally != nil && o.Comparison.Total.Agrees
	if sum == nil || len(m.Turnout) > 0 || p.Type == "copeland" || !o.Status.Final || !recounted {
		return counted.Power, FromHubVotes
	}
	return sum, FromHubTotal
}
