package report

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// describeVote makes the part of the document about the vote.
func (r *Report) describeVote() *Vote {
	o, e, p := r.outcome, r.outcome.Evidence, r.outcome.Evidence.Proposal
	v := &Vote{
		ID: p.ID, Title: p.Title, Hub: e.Hub, Space: p.Space, Network: o.Network.String(), Type: p.Type,
		SnapshotBlock: p.Snapshot, Start: seconds(p.Start), End: seconds(p.End), ReadAt: seconds(e.ReadAt),
		State: o.Status.State, Final: o.Status.Final,
		Votes: len(e.Votes), Superseded: len(e.Superseded), HubVotes: p.Votes,
		Turnout: describeTurnout(o), SnapshotShows: p.Shown(time.Unix(e.ReadAt, 0)),
		HubQuorum: double(p.Quorum), Power: r.describePower(), Strict: e.Strict,
	}
	describeScores(o, v)
	v.Signatures = describeSignatures(o.Signed)
	describeStrategies(o, v)
	return v
}

func describeScores(o *vote.Outcome, v *Vote) {
	p, c := o.Evidence.Proposal, o.Comparison
	v.Total, v.Scores = VoteScore{Hub: double(p.ScoresTotal)}, []VoteScore{}
	for i, choice := range p.Choices {
		s := VoteScore{Choice: choice}
		if i < len(p.Scores) {
			s.Hub = double(p.Scores[i])
		}
		if o.Tally != nil {
			s.Recount, s.Agrees = double(c.Scores[i].Recount), c.Scores[i].Agrees
		}
		v.Scores = append(v.Scores, s)
	}
	if o.TallyErr != nil {
		v.Recount = o.TallyErr.Error()
		return
	}
	v.Total.Recount, v.Total.Agrees = double(c.Total.Recount), c.Total.Agrees
	v.Type, v.Recount = o.Tally.Type, string(c.Verdict)
	if c.Rule != "" {
		v.Recount += " (" + c.Rule + ")"
	}
	invalid := new(big.Rat)
	for i, valid := range o.Tally.Valid {
		if !valid {
			v.InvalidVotes++
			invalid.Add(invalid, new(big.Rat).SetFloat64(o.Evidence.Votes[i].VP))
		}
	}
	v.InvalidPower = votingpower.Decimal(invalid)
}

func describeSignatures(s *vote.Signed) *Signatures {
	if s == nil {
		return nil
	}
	return &Signatures{
		Verified: describeGroup(s.Verified, ""), OfAnother: describeGroup(s.Another, ""),
		ContractOrAlias: describeGroups(s.Others), NotCheckable: describeGroups(s.Unchecked),
	}
}

func describeGroup(g vote.Group, why string) VoteGroup {
	return VoteGroup{g.Votes, double(g.Power), why}
}

func describeGroups[K ~string](by map[K]vote.Group) []VoteGroup {
	list := []VoteGroup{}
	for _, why := range vote.Ordered(by) {
		list = append(list, describeGroup(by[why], string(why)))
	}
	return list
}

func describeTurnout(o *vote.Outcome) Turnout {
	t, m, decimal := o.Turnout, o.Result.Evidence.Model, votingpower.Decimal
	out := Turnout{
		Counts: append([]string{}, m.Turnout.Choices...), Winner: m.Turnout.Winner, Votes: t.Votes, Rule: quorumRule,
	}
	if t.Power == nil {
		return out
	}
	out.Source, out.BaseUnits, out.Tokens = t.Source, decimal(m.InBaseUnits(t.Power)), decimal(t.Power)
	out.Read, out.Established, out.Unsplit = decimal(t.Read), decimal(t.Established), decimal(t.Unsplit)
	out.Hub, out.HubSource = decimal(t.Hub), t.HubSource
	out.Reached, out.Margin = t.Reached(), decimal(t.Margin())
	if power := o.Result.VotingPower; o.Result.Quorum.Sign() > 0 && power.Sign() > 0 {
		percent := m.InBaseUnits(t.Power)
		out.Share = rounded(percent.Mul(percent, new(big.Rat).SetFrac(big.NewInt(100), power)))
	}
	return out
}

func (r *Report) describePower() VotePower {
	o, a := r.outcome, r.outcome.Audit
	v := VotePower{
		Recomputed: a.Recomputed, Differing: a.Differing, Worst: []PowerDifference{},
		Agreement: append([]string{}, a.Agreement...), Blocks: []PowerBlock{}, Unverifiable: []UnverifiableStrategy{},
	}
	for _, m := range a.Worst {
		v.Worst = append(v.Worst, describeMismatch(o, m))
	}
	for _, place := range o.Evidence.Places() {
		reading := o.Evidence.Power.Places[place]
		for i, s := range reading.Sampled {
			b := PowerBlock{
				Chain: place.Chain.String(), Via: place.Via.String(), Number: s.Block.Number(), Hash: s.Block.Hash.Hex(),
				Time: NewMoment(s.Block.Time()), Rule: "first at or after the snapshot's time",
				Unfinalized: s.Block.Unfinalized, Development: reading.Development,
				ServedBy: endpoints([]string{}, s.From), Reads: len(s.Results), Assurance: r.voters[&reading.Sampled[i]],
			}
			switch {
			case place.Via == 0:
				b.Via, b.Rule = "latest", "newest final block"
			case place.Chain == o.Network && place.Via == o.Network:
				b.Rule = "snapshot block"
			case s.Block.Pinned:
				b.Rule = "named by number"
			case i > 0 && s.Block.Number() < reading.Sampled[0].Block.Number():
				b.Rule = "last before the snapshot's time"
			case i > 0:
				b.Rule = "last with the snapshot's time"
			}
			v.Blocks = append(v.Blocks, b)
		}
	}
	if r.sampled {
		v.Sample = newSample(len(o.Evidence.Votes))
	}
	if o.Power != nil {
		for k, reason := range o.Power.Unverifiable {
			if reason != "" {
				v.Unverifiable = append(v.Unverifiable, UnverifiableStrategy{k + 1, o.Evidence.Proposal.Strategies[k].Name, reason})
			}
		}
	}
	return v
}

func describeMismatch(o *vote.Outcome, m vote.Mismatch) PowerDifference {
	d := PowerDifference{
		Voter: o.Evidence.Votes[m.Vote].Voter, Strategy: m.Strategy + 1,
		Hub: double(m.Hub), Recomputed: double(m.Chains), Difference: double(m.Difference()),
	}
	switch {
	case m.Strategy == vote.Total:
		d.Name = "total"
	case !m.Surplus:
		d.Name = o.Evidence.Proposal.Strategies[m.Strategy].Name
	}
	if m.Missing {
		d.Hub = ""
	}
	return d
}

func seconds(unix int64) Moment { return NewMoment(time.Unix(unix, 0)) }

// double writes one of the hub's doubles in the shortest decimal form that reads back as the same double.
func double(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// votes writes a number of votes, for a reader.
func votes(n int) string {
	if n == 1 {
		return "1 vote"
	}
	return fmt.Sprintf("%d votes", n)
}

// signatures says who signed how many votes, with their power on the hub, and what that does not
// show, for a reader.
func signatures(s Signatures) string {
	var said []string
	say := func(how string, groups ...VoteGroup) {
		n, power := 0, new(big.Rat)
		for _, g := range groups {
			n += g.Votes
			if p, ok := new(big.Rat).SetString(g.Power); ok { // not an infinite sum
				power.Add(power, p)
			}
		}
		if n > 0 || said == nil {
			said = append(said, fmt.Sprintf("%d %s (power %s)", n, how, rounded(power)))
		}
	}
	say("signed by the voter", s.Verified)
	say("by a contract or an alias", s.ContractOrAlias...)
	say("not checkable", s.NotCheckable...)
	say("by somebody else", s.OfAnother)
	return strings.Join(said, ", ") + "; they show who voted for what, not that no vote is missing, nor when each was cast"
}

// counts says which votes count, for a reader.
func counts(t Turnout) string {
	switch {
	case t.Votes == 0:
		return "no votes"
	case t.Winner:
		return "the " + votes(t.Votes) + " for the winning choice (the first of several with the same score), " +
			"with the part of their power that is for it"
	case len(t.Counts) == 0 && t.Votes == 1:
		return "the only vote"
	case len(t.Counts) == 0:
		return "all " + votes(t.Votes) + ", Abstain and invalid choices included"
	}
	names := make([]string, len(t.Counts))
	for i, name := range t.Counts {
		names[i] = quoted(name, maxName)
	}
	return fmt.Sprintf("the %s for %s", votes(t.Votes), strings.Join(names, ", "))
}

// sample says what part of the voters is proven, for a reader.
func sample(s Sample) string {
	if s.Proven == s.Of {
		return fmt.Sprintf("Voters proven: all %d", s.Of)
	}
	return fmt.Sprintf("Voters proven: %d of %d, the %d with the most power and others drawn after all was read; "+
		"if 1%% of the rest is wrong, this stays unseen with a chance of %s%%, if 5%%, of %s%%",
		s.Proven, s.Of, strategy.SampleLargest, s.Unseen1, s.Unseen5)
}
