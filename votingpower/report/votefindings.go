package report

import (
	"fmt"
	"strings"
	"time"
)

// voteChecks lists the checks of a vote in the order of their findings.
func voteChecks() []check {
	return []check{
		checkNetwork,
		checkFlagged,
		checkFinal,
		checkComplete,
		checkScores,
		checkVoters,
		checkBlocksNamed,
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

// longest is how many findings of one kind are listed; the rest is counted.
const longest = 10

// capped keeps a list of findings readable.
func capped(found []Finding) []Finding {
	if len(found) <= longest {
		return found
	}
	last := found[longest]
	last.Detail = fmt.Sprintf("and %d more", len(found)-longest)
	return append(found[:longest:longest], last)
}

// checkNetwork: proposal and model take their snapshot on the same chain, and
// the figures are of the proposal's snapshot block.
func checkNetwork(r *Report, _ *Document) []Finding {
	t, m := r.vote, r.bundle.Evidence.Model
	block := r.bundle.Evidence.Chains[t.network].Block
	switch {
	case t.network != m.Network:
		return []Finding{{Failure, "Network differs", fmt.Sprintf("the proposal takes its snapshot on chain %v, the model on %v", t.network, m.Network)}}
	case block.Header == nil || block.Number() != t.Proposal.Snapshot || !block.Pinned:
		return []Finding{{Failure, "Snapshot block differs", fmt.Sprintf("the figures are not of %v block %d, the proposal's snapshot block", t.network, t.Proposal.Snapshot)}}
	}
	return []Finding{{Info, "Network and snapshot block match", fmt.Sprintf("%v block %d, in space %s", t.network, t.Proposal.Snapshot, clean(t.Proposal.Space))}}
}

// checkFlagged: Snapshot hides proposals that look like fraud or advertising. It says nothing about the votes.
func checkFlagged(r *Report, _ *Document) []Finding {
	if !r.vote.Proposal.Flagged {
		return nil
	}
	return []Finding{{Warning, "Proposal flagged", "Snapshot has marked the proposal as one to be wary of, and may hide it"}}
}

// checkFinal: the vote is over, counted for good, and read at final blocks.
func checkFinal(r *Report, _ *Document) []Finding {
	t := r.vote
	var found []Finding
	if !t.status.Final {
		found = append(found, Finding{Warning, "Vote not final", t.status.Reason})
	}
	if t.unfinalized() || r.unfinalized() {
		found = append(found, Finding{Warning, "Block not final", "a block that was read could still be replaced"})
	}
	if len(found) == 0 {
		found = append(found, Finding{Info, "Vote final", fmt.Sprintf("closed at %s; the hub's scores and all blocks are final", moment(time.Unix(t.Proposal.End, 0)).UTC)})
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
		return []Finding{{Failure, "Votes incomplete", fmt.Sprintf("the hub lists %d votes and counted %d", n, t.Proposal.Votes)}}
	default:
		return []Finding{{Warning, "Votes may be incomplete", fmt.Sprintf("the hub lists %d votes and counted %d; the vote is not final", n, t.Proposal.Votes)}}
	}
}

// checkBlocksNamed tells of blocks that a user named for the voters' power, on
// chains that the model does not read; checkPinned tells of the others.
func checkBlocksNamed(r *Report, _ *Document) (found []Finding) {
	t := r.vote
	for _, place := range t.readings() {
		_, modelled := r.bundle.Evidence.Chains[place.Chain]
		if number, ok := t.Power.Query.Pins[place.Chain]; ok && !modelled {
			found = append(found, Finding{Warning, "Block pinned", fmt.Sprintf(
				"voters' power on %v was read at block %d, which was named by number", place.Chain, number)})
		}
	}
	return found
}

// checkUnverifiable names strategies for which the hub's figure is used.
func checkUnverifiable(r *Report, _ *Document) (found []Finding) {
	t := r.vote
	if t.power == nil {
		return []Finding{{Info, "Voting power not recomputed", "the vote is not final; the hub's figures are used unchecked"}}
	}
	for k, reason := range t.power.Unverifiable {
		if reason != "" {
			found = append(found, Finding{t.doubt(), "Strategy unverifiable here", fmt.Sprintf(
				"strategy %d (%s): %s; the hub's figures are used unchecked", k+1, clean(t.Proposal.Strategies[k].Name), clean(reason))})
		}
	}
	return found
}

// checkVoters holds every vote's power against the chains and lists the worst.
func checkVoters(r *Report, _ *Document) []Finding {
	t := r.vote
	if t.power == nil {
		return nil
	}
	worst := t.worst()
	if len(worst) == 0 && t.recomputed() == 0 && len(t.Votes) > 0 {
		return []Finding{{Info, "Voting power not recomputed", fmt.Sprintf(
			"a strategy is unverifiable here, so that none of %s is recomputed as a whole; what is recomputed agrees", votes(len(t.Votes)))}}
	}
	if len(worst) == 0 {
		detail := fmt.Sprintf("%d of %d votes recomputed from the chains", t.recomputed(), len(t.Votes))
		if blocks := t.blocksUsed(); len(blocks) > 0 {
			detail += "; " + strings.Join(blocks, "; ")
		}
		return []Finding{{Info, "Voting power agrees", detail}}
	}
	detail := fmt.Sprintf("%d of %d votes; the worst of %d figures follow", t.differing(), len(t.Votes), len(worst))
	if t.differing() > len(t.Votes)/2 && len(t.Votes) > 1 {
		detail += "; with so many, the votes may have been counted at another block than the proposal names, or by other strategies"
	}
	found := []Finding{{Failure, "Voting power differs", detail}}
	for _, o := range worst[:min(len(worst), longest)] {
		found = append(found, Finding{Failure, "Voting power differs", t.describe(o)})
	}
	return found
}

// blocksUsed says how many votes agree with which choice of blocks, where there is a choice.
func (t *tallied) blocksUsed() (out []string) {
	if t.power == nil || len(t.power.Powers) < 2 {
		return nil
	}
	either, uses := 0, make([]int, len(t.power.Powers))
	for _, a := range t.audits {
		switch {
		case len(a.offences) > 0:
		case a.only:
			uses[a.choice]++
		default:
			either++
		}
	}
	for i, n := range uses {
		out = append(out, fmt.Sprintf("%s at %s only", votes(n), t.power.Powers[i].Blocks))
	}
	return append(out, fmt.Sprintf("%s at any of these blocks", votes(either)))
}

func votes(n int) string {
	if n == 1 {
		return "1 vote"
	}
	return fmt.Sprintf("%d votes", n)
}
