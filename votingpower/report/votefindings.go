package report

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/snapshot"
)

// voteChecks lists the checks of a vote in the order of their findings.
func voteChecks() []check {
	return []check{
		checkNetwork,
		checkFinal,
		checkComplete,
		checkScores,
		checkVoters,
		checkUnverifiable,
		checkPeriod,
		checkDuplicates,
		checkExcluded,
		checkTurnout,
		checkRounding,
		checkHubQuorum,
	}
}

// doubt is the level of what could not be checked: a warning, or a failure where
// the reader asked for strictness.
func (t *tallied) doubt() Level {
	if t.Strict {
		return Failure
	}
	return Warning
}

// checkNetwork: proposal and model take their snapshot on the same chain.
func checkNetwork(r *Report, _ *Document) []Finding {
	m, p := r.bundle.Evidence.Model, r.vote.Proposal
	q := r.vote.Power.Query
	block := r.bundle.Evidence.Chains[q.Network].Block
	switch {
	case q.Network != m.Network:
		return []Finding{{Failure, "Network differs", fmt.Sprintf("the proposal takes its snapshot on chain %v, the model on %v", q.Network, m.Network)}}
	case block.Header == nil || block.Number() != p.Snapshot || !block.Pinned:
		return []Finding{{Failure, "Snapshot block differs", fmt.Sprintf("the figures are not of %v block %d, the proposal's snapshot block", q.Network, p.Snapshot)}}
	}
	return []Finding{{Info, "Network and snapshot block match", fmt.Sprintf("%v block %d, in space %s", q.Network, p.Snapshot, p.Space)}}
}

// checkFinal: the vote is over, counted for good, and read at final blocks.
func checkFinal(r *Report, _ *Document) []Finding {
	t := r.vote
	var found []Finding
	if !t.status.Final {
		found = append(found, Finding{Warning, "Vote not final", t.status.Reason})
	}
	if t.unfinalized() {
		found = append(found, Finding{Warning, "Block not final", "a block that the voters' power was read at could still be replaced"})
	}
	if len(found) == 0 {
		found = append(found, Finding{Info, "Vote final", fmt.Sprintf("closed at %s, and the hub's scores are final", moment(time.Unix(t.Proposal.End, 0)).UTC)})
	}
	return found
}

// checkComplete: as many votes were read as the hub counted.
func checkComplete(r *Report, _ *Document) []Finding {
	t := r.vote
	switch n := len(t.Votes) + len(t.Superseded); {
	case t.Changed:
		return []Finding{{Failure, "Votes changed", "the hub counted anew while the votes were read; check again"}}
	case n == t.Proposal.Votes:
		return []Finding{{Info, "Votes complete", fmt.Sprintf("%d votes, as many as the hub counted", n)}}
	case t.status.Final:
		return []Finding{{Failure, "Votes incomplete", fmt.Sprintf("%d votes found, the hub counted %d", n, t.Proposal.Votes)}}
	default:
		return []Finding{{Warning, "Votes may be incomplete", fmt.Sprintf("%d votes found, the hub counted %d; the vote is not final", n, t.Proposal.Votes)}}
	}
}

// checkScores holds the hub's scores against the recount. Only a recount under
// today's rules without a close decision is agreement.
func checkScores(r *Report, _ *Document) []Finding {
	t := r.vote
	level := t.doubt()
	if t.tallyErr != nil {
		if errors.Is(t.tallyErr, snapshot.ErrUncountable) {
			level = Failure
		}
		return []Finding{{level, "Scores not recounted", t.tallyErr.Error()}}
	}
	c := t.comparison
	switch c.Verdict {
	case snapshot.Agrees:
		return []Finding{{Info, "Scores agree", fmt.Sprintf("every score and the total are those of the recount (voting type %s)", t.tally.Type)}}
	case snapshot.NearTied:
		return []Finding{{level, "Near tie", "the scores are one of several results that rounding allows: " + nearTies(t.tally.NearTies)}}
	case snapshot.OlderRules:
		return []Finding{{level, "Older rules", "the scores follow rules that Snapshot had " + c.Rule}}
	case snapshot.StillSealed:
		return []Finding{{level, "Choices still sealed", fmt.Sprintf("%d choices were never decrypted and count as invalid", len(t.tally.Sealed))}}
	case snapshot.Unsplit:
		return []Finding{{level, "Scores by strategy not recounted", "votes lack their power by strategy; scores and total agree"}}
	}
	if !t.status.Final { // an open vote is counted now and then
		level = Warning
	} else {
		level = Failure
	}
	return append([]Finding{}, scoreFindings(t, level)...)
}

func nearTies(ties []snapshot.NearTie) string {
	var parts []string
	for _, n := range ties {
		parts = append(parts, fmt.Sprintf("%s between choices %v within %s", n.Rule, n.Choices, double(n.Margin)))
	}
	return strings.Join(parts, "; ")
}

// scoreFindings names each score that differs.
func scoreFindings(t *tallied, level Level) (found []Finding) {
	if t.comparison.Shape != "" {
		found = append(found, Finding{level, "Scores differ", t.comparison.Shape})
	}
	add := func(what string, s snapshot.Score) {
		if s.Agrees {
			return
		}
		hub := "nothing"
		if s.Hub != nil {
			hub = double(*s.Hub)
		}
		found = append(found, Finding{level, "Scores differ", fmt.Sprintf("%s: the hub has %s, the recount gives %s (difference %s)", what, hub, double(s.Recount), double(s.Difference))})
	}
	for _, s := range t.comparison.Scores {
		add(choiceName(t.Proposal, s.Choice), s)
	}
	add("total", t.comparison.Total)
	for _, s := range t.comparison.ByStrategy {
		add(fmt.Sprintf("%s, strategy %d", choiceName(t.Proposal, s.Choice), s.Strategy), s)
	}
	return found
}

func choiceName(p *snapshot.Proposal, choice int) string {
	if choice < 1 || choice > len(p.Choices) {
		return fmt.Sprintf("choice %d", choice)
	}
	return fmt.Sprintf("choice %d (%s)", choice, clean(p.Choices[choice-1]))
}

// worstOffenders is how many figures that do not agree are listed.
const worstOffenders = 10

// checkVoters holds every vote's power against the chains and lists the worst.
func checkVoters(r *Report, _ *Document) []Finding {
	t := r.vote
	var all []offence
	voters := 0
	for _, a := range t.audits {
		if len(a.offences) > 0 {
			voters++
		}
		all = append(all, a.offences...)
	}
	if len(all) == 0 {
		detail := fmt.Sprintf("%d of %d votes recomputed from the chains", t.recomputed(), len(t.Votes))
		if blocks := t.blocksUsed(); len(blocks) > 0 {
			detail += "; " + strings.Join(blocks, "; ")
		}
		return []Finding{{Info, "Voting power agrees", detail}}
	}
	slices.SortStableFunc(all, func(a, b offence) int {
		return cmp.Compare(math.Abs(b.difference()), math.Abs(a.difference()))
	})
	found := []Finding{{Failure, "Voting power differs", fmt.Sprintf("%d of %d votes; the worst figures follow", voters, len(t.Votes))}}
	for _, o := range all[:min(len(all), worstOffenders)] {
		found = append(found, Finding{Failure, "Voting power differs", t.describe(o)})
	}
	return found
}

func (t *tallied) describe(o offence) string {
	what := "total"
	if o.strategy >= 0 {
		what = fmt.Sprintf("strategy %d (%s)", o.strategy+1, clean(t.Proposal.Strategies[o.strategy].Name))
	}
	hub := double(o.hub)
	if o.missing {
		hub = "nothing"
	}
	return fmt.Sprintf("voter %s, %s: the hub has %s, the chains give %s (difference %s)", clean(t.Votes[o.vote].Voter), what, hub, double(o.ours), double(o.difference()))
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

// blocksUsed says how many votes agree with which choice of blocks, where there is a choice.
func (t *tallied) blocksUsed() (out []string) {
	if len(t.power.Powers) < 2 {
		return nil
	}
	uses := make([]int, len(t.power.Powers))
	for _, a := range t.audits {
		uses[a.choice]++
	}
	for i, n := range uses {
		if n > 0 {
			out = append(out, fmt.Sprintf("%d votes at %s", n, t.power.Powers[i].Blocks))
		}
	}
	return out
}

// checkUnverifiable names strategies for which the hub's figure is used.
func checkUnverifiable(r *Report, _ *Document) (found []Finding) {
	for k, reason := range r.vote.power.Unverifiable {
		if reason != "" {
			found = append(found, Finding{r.vote.doubt(), "Strategy unverifiable here", fmt.Sprintf(
				"strategy %d (%s): %s; the hub's figures are used unchecked", k+1, clean(r.vote.Proposal.Strategies[k].Name), reason)})
		}
	}
	return found
}

// checkPeriod: the hub takes votes from start to end, both included.
func checkPeriod(r *Report, _ *Document) (found []Finding) {
	p := r.vote.Proposal
	for _, v := range r.vote.Votes {
		if v.Created < p.Start || v.Created > p.End {
			found = append(found, Finding{Failure, "Vote outside the voting period", fmt.Sprintf(
				"voter %s signed at %s, the vote ran from %s to %s", clean(v.Voter), moment(time.Unix(v.Created, 0)).UTC,
				moment(time.Unix(p.Start, 0)).UTC, moment(time.Unix(p.End, 0)).UTC)})
		}
	}
	return found
}

// checkDuplicates: one voter, one vote. On an open vote an older row may still be seen.
func checkDuplicates(r *Report, _ *Document) (found []Finding) {
	level := Failure
	if !r.vote.status.Final {
		level = Warning
	}
	seen := map[string]bool{}
	for _, v := range append(slices.Clone(r.vote.Votes), r.vote.Superseded...) {
		key := strings.ToLower(v.Voter)
		if seen[key] {
			found = append(found, Finding{level, "Duplicate voter", fmt.Sprintf("voter %s has more than one vote, among them %s", clean(v.Voter), clean(v.ID))})
		}
		seen[key] = true
	}
	return found
}

// checkExcluded: tokens that do not circulate should not vote.
func checkExcluded(r *Report, _ *Document) (found []Finding) {
	excluded := map[common.Address]string{}
	for _, w := range r.bundle.Evidence.Model.Excluded {
		if w.ExcludedAt(r.bundle.Evidence.At) {
			excluded[w.Address] = w.Label
		}
	}
	for _, v := range r.vote.Votes {
		if label, ok := excluded[common.HexToAddress(v.Voter)]; ok && len(v.Voter) == 42 {
			found = append(found, Finding{Warning, "Excluded wallet voted", fmt.Sprintf("%s (%s) voted with %s, which the circulating voting power leaves out", clean(v.Voter), clean(label), double(v.VP))})
		}
	}
	return found
}

// checkTurnout: nothing can vote that does not circulate.
func checkTurnout(r *Report, d *Document) []Finding {
	power := tokens(new(big.Rat).SetInt(r.result.VotingPower), r.bundle.Evidence.Model.Decimals)
	if r.vote.turnout.power.Cmp(power) <= 0 {
		return nil
	}
	return []Finding{{Failure, "Turnout above the circulating voting power", fmt.Sprintf(
		"turnout is %s, circulating voting power %s: one of the two is not what the model describes", exact(r.vote.turnout.power), d.VotingPower.Tokens)}}
}

// checkRounding: the exact sum decides; a reader of the hub's double may see another result.
func checkRounding(r *Report, d *Document) []Finding {
	if !r.vote.turnout.doubtful() {
		return nil
	}
	return []Finding{{Warning, "The hub's rounded turnout would decide otherwise", fmt.Sprintf(
		"the exact turnout is %s, the hub's double %s, the quorum %s", exact(r.vote.turnout.power), exact(r.vote.turnout.hub), d.Quorum.Tokens)}}
}

// checkHubQuorum: the hub's own quorum is absolute, set when the proposal was made, and unsigned.
func checkHubQuorum(r *Report, d *Document) []Finding {
	hub := snapshot.Exact(r.vote.Proposal.Quorum)
	quorum := r.vote.turnout.quorum
	if hub == nil || hub.Sign() == 0 {
		return []Finding{{Info, "No quorum on the hub", "the proposal has none set; the quorum here is the model's"}}
	}
	// The hub's quorum is a double, so it can agree with ours only as one.
	if rounded, _ := quorum.Float64(); near(r.vote.Proposal.Quorum, rounded) {
		return []Finding{{Info, "Quorum on the hub agrees", exact(hub)}}
	}
	return []Finding{{Warning, "Quorum on the hub differs", fmt.Sprintf("the proposal's own is %s, the model's %s", exact(hub), d.Quorum.Tokens)}}
}
