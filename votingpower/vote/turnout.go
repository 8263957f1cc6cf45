package vote

import (
	"errors"
	"math/big"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// Source says where voting power comes from.
type Source string

// The sources.
const (
	FromChains   Source = "chains"           // the exact sum of what was read from the chains
	FromProposal Source = "proposal"         // the proposal's own figures, as of a ticket or a whitelist
	Recomputed   Source = "recomputed"       // the exact result of both
	FromHubTotal Source = "hub scores_total" // the hub's double
	FromHubVotes Source = "hub votes"        // the sum of the hub's doubles of the counted votes
)

// Turnout is the voting power that counts towards the quorum, in tokens.
type Turnout struct {
	Votes int // that count
	// Power is compared with Quorum. It is nil where it is not known: the model counts named
	// choices, and some are still encrypted, or the winner's votes, and no recount names them.
	Power  *big.Rat
	Source Source
	// Hub is what the hub's doubles give for the same votes, by HubSource.
	Hub       *big.Rat
	HubSource Source
	// Least and Most bound Power where votes agree with several blocks equally well.
	// They are nil where Power is a figure of the hub.
	Least, Most *big.Rat
	// Read is the part that was read from the chains, Established that of established
	// strategies, and Unsplit that of votes for which the hub gives no power by strategy.
	Read, Established, Unsplit *big.Rat
	Quorum                     *big.Rat

	aside     *big.Rat // held by idle wallets
	unread    int      // rows of the hub's list whose power is not known
	low, high limit    // see verdict
}

// limit is power that is compared with the quorum. If a double is part of it, it does not
// decide where the rounding of that could.
type limit struct {
	power   *big.Rat
	inexact bool
}

// near reports that only rounding keeps a double from the quorum, or from missing it.
func near(power, quorum *big.Rat) bool {
	a, _ := power.Float64() // only to see how near it is
	b, _ := quorum.Float64()
	return tally.Agree(a, b)
}

func (l limit) undecided(quorum *big.Rat) bool { return l.inexact && near(l.power, quorum) }

// Reached reports whether Power reaches Quorum. The comparison is exact, and equality
// reaches the quorum. See Outcome.Verdict for whether that is established.
func (t Turnout) Reached() bool { return t.Power != nil && t.Power.Cmp(t.Quorum) >= 0 }

// Margin is Power less Quorum; Power must be known.
func (t Turnout) Margin() *big.Rat { return new(big.Rat).Sub(t.Power, t.Quorum) }

// verdict is Reached where established power alone reaches the quorum, and NotReached where
// all there is misses it.
func (t Turnout) verdict() Verdict {
	switch {
	case t.Power == nil:
		return NotEstablished
	case t.low.power.Cmp(t.Quorum) >= 0 && !t.low.undecided(t.Quorum):
		return Reached
	case t.unread == 0 && t.high.power.Cmp(t.Quorum) < 0 && !t.Reached() && !t.high.undecided(t.Quorum):
		return NotReached
	}
	return NotEstablished
}

// measure adds up the votes that the model counts, strategy by strategy. One vote whose power
// could not be recomputed exactly is enough to fall back to the hub's figure for their sum.
func (o *Outcome) measure() error {
	m, t := o.Result.Evidence.Model, &o.Turnout
	t.Quorum, t.unread = m.InTokens(o.Result.Quorum), len(o.Evidence.Odd)
	counted, err := o.counted(m.Turnout)
	if counted == nil {
		return err
	}
	t.Hub, t.HubSource = o.hubTurnout(m, counted)
	split := newSplit(o, counted.Parts)
	for i, counts := range counted.Counted {
		if counts {
			t.Votes++
			split.add(i)
		}
	}
	split.finish(t)
	return nil
}

// counted is nil where it is not known which votes count.
func (o *Outcome) counted(rule votingpower.Turnout) (*tally.Turnout, error) {
	p, votes := o.Evidence.Proposal, o.Evidence.Votes
	if rule.Winner {
		if err := tally.CheckWinner(p); err != nil || o.Tally == nil {
			return nil, err
		}
		return o.winners(votes)
	}
	counted, err := tally.TurnoutOf(p, votes, rule.Choices)
	if errors.Is(err, tally.ErrSealed) && !o.Status.Final {
		return nil, nil
	}
	return counted, err
}

// winners counts the votes for the winning choice. It is nil where they do not add up to the
// choice's score: rules of the hub can give it power that was cast for no choice.
func (o *Outcome) winners(votes []snapshot.Vote) (*tally.Turnout, error) {
	counted, err := o.Tally.WinnerTurnout(o.Evidence.Proposal, votes)
	if err != nil || len(o.Tally.Scores) == 0 {
		return counted, err
	}
	power, _ := counted.Power.Float64() // only to see how near it is
	if !tally.Agree(slices.Max(o.Tally.Scores), power) {
		return nil, nil
	}
	return counted, nil
}

// hubTurnout is the hub's scores_total, exactly as its double. Where that is not the sum of the
// votes that the model counts (named choices; copeland, whose total leaves invalid votes out, as
// older rules did; a vote whose scores are not final), or there is no recount, it is the sum of
// the hub's doubles of those votes.
func (o *Outcome) hubTurnout(m *votingpower.Model, counted *tally.Turnout) (*big.Rat, Source) {
	p := o.Evidence.Proposal
	total := new(big.Rat).SetFloat64(p.ScoresTotal)
	power, _ := counted.Power.Float64() // only to see how near it is
	if total == nil || m.Turnout.Winner || len(m.Turnout.Choices) > 0 || p.Type == "copeland" ||
		!o.Status.Final || o.Tally == nil || !tally.Agree(p.ScoresTotal, power) {
		return counted.Power, FromHubVotes
	}
	return total, FromHubTotal
}

// checkTurnout: nothing can vote that does not circulate. Power that is not established may
// be of other things than the model counts.
func (o *Outcome) checkTurnout() {
	power := o.Result.Evidence.Model.InTokens(new(big.Rat).SetInt(o.Result.VotingPower))
	t, level := o.Turnout, Warning
	if t.Power == nil {
		why := "named choices, and choices are still encrypted"
		if o.Result.Evidence.Model.Turnout.Winner {
			why = "the votes for the winning choice, and no recount says which part of the votes that is"
		}
		o.doubt(TurnoutUnknown, "the model counts %s", why)
		return
	}
	if t.Established.Cmp(power) > 0 && o.Result.Evidence.Model.Quorum.SumDecides() {
		level = Failure
	}
	if t.Power.Cmp(power) > 0 {
		o.find(level, TurnoutAbovePower,
			"turnout is %s, circulating voting power %s: one of the two is not what the model describes",
			votingpower.Decimal(t.Power), votingpower.Decimal(power))
	}
}

// checkRounding: the exact sum decides. A finding says where the hub's double would decide
// otherwise, where there is only a double and it is too near, and where it depends on the block.
func (o *Outcome) checkRounding() {
	t, decimal := o.Turnout, votingpower.Decimal
	if t.Power == nil {
		return
	}
	if t.Reached() != (t.Hub.Cmp(t.Quorum) >= 0) {
		o.find(Warning, TurnoutHubDiffers, "the exact turnout is %s, the hub's figure %s, the quorum %s",
			decimal(t.Power), decimal(t.Hub), decimal(t.Quorum))
	}
	if t.Least == nil && near(t.Power, t.Quorum) {
		o.doubt(TurnoutWithinRounding,
			"the turnout is the hub's double %s, the quorum %s: the double is not exact enough to decide",
			decimal(t.Power), decimal(t.Quorum))
	}
	if t.Least != nil && (t.Least.Cmp(t.Quorum) >= 0) != (t.Most.Cmp(t.Quorum) >= 0) {
		o.doubt(TurnoutDependsOnBlock,
			"with blocks that agree with the hub equally well it is from %s to %s, the quorum is %s; name the block to decide",
			decimal(t.Least), decimal(t.Most), decimal(t.Quorum))
	}
}

// whyNotEstablished says why a vote that is final and agrees is neither reached nor missed.
func (o *Outcome) whyNotEstablished() {
	if o.Evidence.Strict && o.doubts > 0 {
		o.find(Warning, QuorumNotEstablished, "everything was to be checked, and could not be: see %s above",
			count(o.doubts, "finding"))
		return
	}
	t, rest := o.Turnout, []string{}
	if t.Power == nil {
		return // TurnoutUnknown says it
	}
	if t.aside.Sign() != 0 {
		rest = append(rest, "; "+votingpower.Decimal(t.aside)+" is of wallets that the circulating voting power leaves out")
	}
	if t.unread > 0 {
		rest = append(rest, "; rows that cannot be read may have power too")
	}
	if t.Unsplit.Sign() != 0 || slices.ContainsFunc(o.Strategies.Shares, Share.open) {
		rest = append(rest, "; the rest is of strategies that nothing binds to the model, or that cannot be recomputed")
	}
	o.find(Warning, QuorumNotEstablished, "the quorum is %s, the turnout %s, and %s of it is established%s",
		votingpower.Decimal(t.Quorum), votingpower.Decimal(t.Power), votingpower.Decimal(t.Established),
		strings.Join(rest, ""))
}

// checkHubQuorum: the hub's own quorum is absolute, set when the proposal was made, and unsigned.
func (o *Outcome) checkHubQuorum() {
	p, kind := o.Evidence.Proposal, ""
	if counted, why := p.ShownBefore(); why != "" && p.Quorum > 0 {
		o.find(Info, HubQuorumShown, "Snapshot compares all votes, %s, with the proposal's own quorum of %s; "+
			"its older page compared %s, %s", double(p.ScoresTotal), double(p.Quorum), why, double(counted))
	}
	if p.QuorumType == "rejection" {
		kind = ", and is for rejection: more votes than that for the second choice reject"
	}
	// The hub's quorum is a double, so it can agree with ours only as one.
	switch rounded, _ := o.Turnout.Quorum.Float64(); {
	case p.Quorum == 0 || new(big.Rat).SetFloat64(p.Quorum) == nil:
		o.find(Info, HubQuorumMissing, "the proposal has none set; the quorum here is the model's")
	case kind == "" && tally.Agree(p.Quorum, rounded):
		o.find(Info, HubQuorumAgrees, "%s", double(p.Quorum))
	default:
		o.find(Warning, HubQuorumDiffers, "the proposal's own is %s%s; the model's is %s",
			double(p.Quorum), kind, votingpower.Decimal(o.Turnout.Quorum))
	}
}
