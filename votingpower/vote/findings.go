package vote

import (
	"net/http"
	"strconv"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

// doubt is the level of what could not be checked: a warning, or a failure where the
// evidence says that the reader asked for strictness.
func (o *Outcome) doubt() Level {
	if o.Evidence.Strict {
		return Failure
	}
	return Warning
}

// checkNetwork: proposal and model take their snapshot on the same chain, and the figures
// are of the proposal's snapshot block.
func (o *Outcome) checkNetwork() []Finding {
	e, p := o.Evidence.Circulating, o.Evidence.Proposal
	block := e.Chains[o.Network].Block
	switch {
	case o.Network != e.Model.Network:
		return one(Failure, NetworkDiffers, "Network differs",
			"the proposal takes its snapshot on chain %v, the model on %v", o.Network, e.Model.Network)
	case block.Header == nil || block.Number() != p.Snapshot || !block.Pinned:
		return one(Failure, SnapshotBlockDiffers, "Snapshot block differs",
			"the figures are not of %v block %d, the proposal's snapshot block", o.Network, p.Snapshot)
	}
	return one(Info, SnapshotBlockMatches, "Network and snapshot block match",
		"%v block %d, in space %s", o.Network, p.Snapshot, p.Space)
}

// checkFlagged: Snapshot hides proposals that look like fraud or advertising. That says
// nothing about the votes.
func (o *Outcome) checkFlagged() []Finding {
	if !o.Evidence.Proposal.Flagged {
		return nil
	}
	return one(Warning, ProposalFlagged, "Proposal flagged", "Snapshot warns of this proposal, and may hide it")
}

// checkFinal: the vote is over, its scores are final, and so are all blocks.
func (o *Outcome) checkFinal() []Finding {
	var found []Finding
	if !o.Status.Final {
		found = one(Warning, VoteNotFinal, "Vote not final", "%s", o.Status.Reason)
	}
	final := len(found) == 0
	for _, chain := range o.Evidence.Circulating.Chains { // reported by marks
		final = final && !chain.Block.Unfinalized
	}
	blocks := o.votersNotFinal()
	if final && len(blocks) == 0 {
		return one(Info, VoteFinal, "Vote final",
			"closed at %s; the hub's scores and all blocks are final", utc(o.Evidence.Proposal.End))
	}
	return append(found, blocks...)
}

// votersNotFinal warns of blocks that only the voters' power depends on. The block behind a
// run of equal timestamps is one of them: another one in its place could make the run longer.
func (o *Outcome) votersNotFinal() (found []Finding) {
	for _, place := range o.Evidence.Places() {
		reading := o.Evidence.Power.Places[place]
		var blocks []chains.Block
		for _, s := range reading.Sampled {
			blocks = append(blocks, s.Block)
		}
		if reading.After != nil {
			blocks = append(blocks, *reading.After)
		}
		for _, b := range blocks {
			if c := o.Evidence.Circulating.Chains[place.Chain].Block; !c.Unfinalized || c.Hash != b.Hash {
				found = append(found, notFinal(place.Chain, b)...)
			}
		}
	}
	return found
}

// checkComplete: as many votes were read as the hub counted.
func (o *Outcome) checkComplete() []Finding {
	e := o.Evidence
	switch n := len(e.Votes) + len(e.Superseded); {
	case e.Changed:
		return one(Failure, VotesChanged, "Votes changed", "the hub recounted while the votes were read; check again")
	case n == e.Proposal.Votes:
		return one(Info, VotesComplete, "Votes complete", "%s, as many as the hub counted", count(n, "vote"))
	case o.Status.Final:
		return one(Failure, VotesIncomplete, "Votes incomplete",
			"the hub lists %s and counted %d", count(n, "vote"), e.Proposal.Votes)
	default:
		return one(Warning, VotesIncomplete, "Votes may be incomplete",
			"the hub lists %s and counted %d; the vote is not final", count(n, "vote"), e.Proposal.Votes)
	}
}

// checkPins reports blocks that a user named for the voters' power, on chains that the
// model does not read; marks reports the others.
func (o *Outcome) checkPins() (found []Finding) {
	for _, place := range o.Evidence.Places() {
		_, reported := o.Evidence.Circulating.Chains[place.Chain]
		if number, ok := o.Evidence.Power.Query.Pins[place.Chain]; ok && !reported {
			found = append(found, one(Warning, BlockPinned, "Block pinned",
				"voters' power on %v was read at block %d, which was named by number", place.Chain, number)...)
		}
	}
	return found
}

// checkStrategies names strategies for which the hub's figure is used.
func (o *Outcome) checkStrategies() (found []Finding) {
	if o.Power == nil {
		return one(Info, PowerNotRecomputed, "Voting power not recomputed",
			"the vote is not final; the hub's figures are used unchecked")
	}
	for k, reason := range o.Power.Unverifiable {
		if reason != "" {
			found = append(found, one(o.doubt(), StrategyUnverifiable, "Strategy unverifiable here",
				"strategy %d (%s): %s; the hub's figures are used unchecked",
				k+1, o.Evidence.Proposal.Strategies[k].Name, reason)...)
		}
	}
	return found
}

func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(http.TimeFormat) }

// double writes one of the hub's doubles in the shortest decimal form that reads back as the same double.
func double(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
