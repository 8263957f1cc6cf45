package report

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/votingpower"
)

// document describes the vote.
func (t *tallied) document(m *votingpower.Model) (*Vote, error) {
	p := t.Proposal
	v := &Vote{
		ID: p.ID, Title: p.Title, Hub: t.Hub, Space: p.Space, Network: t.network.String(), Type: p.Type,
		SnapshotBlock: p.Snapshot, Start: seconds(p.Start), End: seconds(p.End), ReadAt: seconds(t.ReadAt),
		State: t.status.State, Final: t.status.Final, Votes: len(t.Votes), Superseded: len(t.Superseded), HubVotes: p.Votes,
		Turnout: t.describeTurnout(m), SnapshotShows: p.Shown(time.Unix(t.ReadAt, 0)),
		HubQuorum: double(p.Quorum), Strict: t.Strict, Power: t.describePower(),
	}
	t.describeScores(v)
	var err error
	v.Ballot, err = digest(t.Evidence)
	return v, err
}

func (t *tallied) describeScores(v *Vote) {
	p := t.Proposal
	v.Total = VoteScore{Hub: double(p.ScoresTotal)}
	v.Scores = make([]VoteScore, len(p.Choices))
	for i, choice := range p.Choices {
		v.Scores[i].Choice = choice
		if i < len(p.Scores) {
			v.Scores[i].Hub = double(p.Scores[i])
		}
	}
	if t.tallyErr != nil {
		v.Recount = t.tallyErr.Error()
		return
	}
	v.Type = t.tally.Type
	invalid := new(big.Rat)
	for i, valid := range t.tally.Valid {
		if !valid {
			v.InvalidVotes++
			invalid.Add(invalid, new(big.Rat).SetFloat64(t.Votes[i].VP))
		}
	}
	v.InvalidPower = exact(invalid)
	v.Recount = string(t.comparison.Verdict)
	if t.comparison.Rule != "" {
		v.Recount += " (" + t.comparison.Rule + ")"
	}
	v.Total.Recount, v.Total.Agrees = double(t.comparison.Total.Recount), t.comparison.Total.Agrees
	for _, s := range t.comparison.Scores {
		if s.Choice >= 1 && s.Choice <= len(v.Scores) {
			v.Scores[s.Choice-1].Recount, v.Scores[s.Choice-1].Agrees = double(s.Recount), s.Agrees
		}
	}
}

func (t *tallied) describeTurnout(m *votingpower.Model) Turnout {
	out := Turnout{Counts: append([]string{}, m.Turnout...), Votes: t.turnout.counted, Rule: quorumRule}
	if t.turnout.power == nil {
		return out
	}
	out.Source, out.HubSource = t.turnout.source, t.turnout.hubSource
	out.BaseUnits, out.Tokens = exact(inBaseUnits(t.turnout.power, m.Decimals)), exact(t.turnout.power)
	out.Hub, out.Reached, out.Margin = exact(t.turnout.hub), t.turnout.reached(), exact(t.turnout.margin())
	if m.Quorum.Sign() > 0 && t.turnout.quorum.Sign() > 0 {
		out.Share = shareOf(t.turnout.power, t.turnout.quorum, m.Quorum)
	}
	return out
}

func (t *tallied) describePower() VotePower {
	v := VotePower{
		Recomputed: t.recomputed(), Differing: t.differing(), Worst: []PowerDifference{},
		Agreement: append([]string{}, t.blocksUsed()...), Blocks: []PowerBlock{}, Unverifiable: []UnverifiableStrategy{},
	}
	if t.power == nil {
		return v
	}
	worst := t.worst()
	for _, o := range worst[:min(len(worst), longest)] {
		v.Worst = append(v.Worst, t.describeDifference(o))
	}
	for _, place := range t.readings() {
		reading := t.Power.Places[place]
		for i, s := range reading.Sampled {
			b := PowerBlock{
				Chain: place.Chain.String(), Via: place.Via.String(), Number: s.Block.Number(), Hash: s.Block.Hash.Hex(),
				Time: moment(s.Block.Time()), Rule: "first at or after the snapshot's time",
				Unfinalized: s.Block.Unfinalized, Development: reading.Development, ServedBy: s.From, Reads: len(s.Results),
			}
			switch {
			case place.Chain == t.network && place.Via == t.network:
				b.Rule = "snapshot block"
			case s.Block.Pinned:
				b.Rule = "named by number"
			case i > 0:
				b.Rule = "last with the snapshot's time"
			}
			v.Blocks = append(v.Blocks, b)
		}
	}
	for k, reason := range t.power.Unverifiable {
		if reason != "" {
			v.Unverifiable = append(v.Unverifiable, UnverifiableStrategy{k + 1, t.Proposal.Strategies[k].Name, reason})
		}
	}
	return v
}

func (t *tallied) describeDifference(o offence) PowerDifference {
	d := PowerDifference{
		Voter: t.Votes[o.vote].Voter, Strategy: o.strategy + 1, Name: "total",
		Hub: double(o.hub), Recomputed: double(o.ours), Difference: double(o.difference()),
	}
	if o.strategy != total {
		d.Name = ""
	}
	if o.strategy >= 0 && o.strategy < len(t.Proposal.Strategies) {
		d.Name = t.Proposal.Strategies[o.strategy].Name
	}
	if o.missing {
		d.Hub = ""
	}
	return d
}

// worst lists the figures that do not agree, the greatest difference first.
func (t *tallied) worst() (all []offence) {
	for _, a := range t.audits {
		all = append(all, a.offences...)
	}
	slices.SortStableFunc(all, func(a, b offence) int {
		return cmp.Compare(math.Abs(b.difference()), math.Abs(a.difference()))
	})
	return all
}

// differing counts votes with a figure that does not agree.
func (t *tallied) differing() (n int) {
	for _, a := range t.audits {
		if len(a.offences) > 0 {
			n++
		}
	}
	return n
}

// recomputed counts votes whose whole power was recomputed.
func (t *tallied) recomputed() (n int) {
	for _, a := range t.audits {
		if !a.unchecked {
			n++
		}
	}
	return n
}

func seconds(unix int64) Moment { return moment(time.Unix(unix, 0)) }

// double writes one of the hub's doubles in the shortest decimal form that reads back as the same double.
func double(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// counts says which votes count, for a reader.
func counts(t Turnout) string {
	if len(t.Counts) == 0 {
		return fmt.Sprintf("all %s, Abstain and invalid choices included", votes(t.Votes))
	}
	names := make([]string, len(t.Counts))
	for i, name := range t.Counts {
		names[i] = strconv.Quote(clean(name))
	}
	return fmt.Sprintf("the %s for %s", votes(t.Votes), strings.Join(names, ", "))
}

// turnoutSource says where the turnout comes from, for a reader.
func turnoutSource(source string) string {
	switch source {
	case fromChains:
		return "the exact sum of the voting power read from the chains"
	case fromHubTotal:
		return "the hub's scores_total, since not all voting power was read from the chains"
	}
	return "the sum of the hub's figures for these votes, since not all voting power was read from the chains"
}
