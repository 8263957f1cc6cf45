package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
)

// Vote is the part of a document about a vote. Voting power is in tokens; the
// hub's doubles are written in their shortest decimal form.
type Vote struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Space   string `json:"space"`
	Network string `json:"network"`
	Type    string `json:"type"` // voting type
	// SnapshotBlock is the block of Network that the proposal names.
	SnapshotBlock uint64 `json:"snapshot_block"`
	Start         Moment `json:"start"`
	End           Moment `json:"end"`
	ReadAt        Moment `json:"read_at"`
	State         string `json:"state"` // "pending", "active" or "closed" at ReadAt
	Final         bool   `json:"final"`
	Votes         int    `json:"votes"`     // found, one per voter
	HubVotes      int    `json:"hub_votes"` // as the hub counts
	// Recount says how the hub's scores compare with the recount, such as
	// "agrees", or why there is no recount.
	Recount string      `json:"recount"`
	Scores  []VoteScore `json:"scores"` // one per choice
	Total   VoteScore   `json:"scores_total"`
	Turnout Turnout     `json:"turnout"`
	// SnapshotShows is what Snapshot's own page says of the proposal.
	SnapshotShows string    `json:"snapshot_shows"`
	HubQuorum     string    `json:"hub_quorum"` // the proposal's own, "0" for none
	Power         VotePower `json:"voting_power"`
	Strict        bool      `json:"strict"`
}

// VoteScore is one score, as the hub has it and recounted; "" where there is none.
type VoteScore struct {
	Choice  string `json:"choice,omitempty"`
	Hub     string `json:"hub"`
	Recount string `json:"recount"`
	Agrees  bool   `json:"agrees"`
}

// Turnout is the voting power that counts towards the quorum.
type Turnout struct {
	// Counts lists the choices that count; empty means every vote, Abstain and
	// invalid choices included.
	Counts []string `json:"counts"`
	Votes  int      `json:"votes"` // that count
	// Source is "chains" (the exact sum of what was recomputed for every counted
	// vote) or "hub" (the hub's double).
	Source    string `json:"source"`
	BaseUnits string `json:"base_units"`
	Tokens    string `json:"tokens"`
	Hub       string `json:"hub"` // what the hub's doubles give, in tokens
	// Rule is the comparison that decides. It is exact.
	Rule    string `json:"rule"`
	Reached bool   `json:"reached"`
	Margin  string `json:"margin"` // turnout less quorum, in tokens
	// Share is the turnout as a part of the circulating voting power, in
	// percent, rounded to three decimals for a reader.
	Share string `json:"share_percent_rounded"`
}

// quorumRule is the comparison, in words that a report prints.
const quorumRule = "reached when turnout >= quorum"

// VotePower says what was recomputed of the voters' power.
type VotePower struct {
	Recomputed   int                    `json:"recomputed"` // votes whose whole power was recomputed
	Differing    int                    `json:"differing"`  // votes with a figure that does not agree
	Blocks       []string               `json:"blocks"`     // which choice of blocks agreed, where there is one
	Unverifiable []UnverifiableStrategy `json:"unverifiable"`
}

// UnverifiableStrategy is a strategy for which the hub's figures stand unchecked.
type UnverifiableStrategy struct {
	Strategy int    `json:"strategy"` // from 1
	Name     string `json:"name"`
	Reason   string `json:"reason"`
}

// document describes the vote.
func (t *tallied) document(m *votingpower.Model) *Vote {
	p := t.Proposal
	v := &Vote{
		ID: p.ID, Title: p.Title, Space: p.Space, Network: t.Power.Query.Network.String(), Type: p.Type,
		SnapshotBlock: p.Snapshot, Start: seconds(p.Start), End: seconds(p.End), ReadAt: seconds(t.ReadAt),
		State: t.status.State, Final: t.status.Final, Votes: len(t.Votes), HubVotes: p.Votes,
		Turnout: t.describeTurnout(m), SnapshotShows: snapshot.SnapshotShows(p, time.Unix(t.ReadAt, 0)),
		HubQuorum: double(p.Quorum), Strict: t.Strict,
		Power: VotePower{Recomputed: t.recomputed(), Blocks: append([]string{}, t.blocksUsed()...), Unverifiable: []UnverifiableStrategy{}},
	}
	t.describeScores(v)
	for _, a := range t.audits {
		if len(a.offences) > 0 {
			v.Power.Differing++
		}
	}
	for k, reason := range t.power.Unverifiable {
		if reason != "" {
			v.Power.Unverifiable = append(v.Power.Unverifiable, UnverifiableStrategy{k + 1, p.Strategies[k].Name, reason})
		}
	}
	return v
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
	out := Turnout{
		Counts: append([]string{}, m.Turnout...), Votes: t.turnout.counted, Source: "hub",
		BaseUnits: exact(inBaseUnits(t.turnout.power, m.Decimals)), Tokens: exact(t.turnout.power),
		Hub: exact(t.turnout.hub), Rule: quorumRule, Reached: t.turnout.reached(), Margin: exact(t.turnout.margin()),
	}
	if t.turnout.exact {
		out.Source = "chains"
	}
	if m.Quorum.Sign() > 0 && t.turnout.quorum.Sign() > 0 {
		out.Share = shareOf(t.turnout.power, t.turnout.quorum, m.Quorum)
	}
	return out
}

func seconds(unix int64) Moment { return moment(time.Unix(unix, 0)) }

// double writes one of the hub's doubles in the shortest decimal form that reads back as the same double.
func double(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// judge turns the findings into the verdict. What is not final comes first,
// since an open vote may well disagree with its last count; a disagreement
// comes before the quorum.
func (r *Report) judge(findings []Finding) Verdict {
	if r.vote == nil {
		return Measured
	}
	if !r.vote.status.Final || r.vote.unfinalized() || r.unfinalized() {
		return NotFinal
	}
	for _, f := range findings {
		if f.Level == Failure {
			return Disagrees
		}
	}
	if r.vote.turnout.reached() {
		return Reached
	}
	return NotReached
}

func (r *Report) unfinalized() bool {
	for _, c := range r.bundle.Evidence.Chains {
		if c.Block.Unfinalized {
			return true
		}
	}
	return false
}

// counts says which votes count, for a reader.
func counts(t Turnout) string {
	if len(t.Counts) == 0 {
		return fmt.Sprintf("all %d votes, Abstain and invalid choices included", t.Votes)
	}
	names := make([]string, len(t.Counts))
	for i, name := range t.Counts {
		names[i] = strconv.Quote(clean(name))
	}
	return fmt.Sprintf("the %d votes for %s", t.Votes, strings.Join(names, ", "))
}

// turnoutSource says where the turnout comes from, for a reader.
func turnoutSource(t Turnout) string {
	if t.Source == "chains" {
		return "the exact sum of the voting power read from the chains"
	}
	return "the hub's own figure, since not all voting power could be read from the chains"
}
