package vote

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
)

// checkNetwork: proposal and model take their snapshot on the same chain, and the figures
// are of the proposal's snapshot block, which must be older than the vote.
func (o *Outcome) checkNetwork() {
	e, p := o.Evidence.Circulating, o.Evidence.Proposal
	switch block := e.Chains[o.Network].Block; {
	case o.Network != e.Model.Network:
		o.find(Failure, NetworkDiffers, "the proposal takes its snapshot on chain %v, the model on %v",
			o.Network, e.Model.Network)
	case block.Header == nil || block.Number() != p.Snapshot || !block.Pinned:
		o.find(Failure, SnapshotBlockDiffers, "the figures are not of %v block %d, the proposal's snapshot block",
			o.Network, p.Snapshot)
	default:
		o.find(Info, SnapshotBlockMatches, "%v block %d, in space %s", o.Network, p.Snapshot, name(p.Space))
		o.checkTimes(block)
	}
}

// checkFlagged: Snapshot hides proposals that look like fraud or advertising. That says
// nothing about the votes.
func (o *Outcome) checkFlagged() {
	if o.Evidence.Proposal.Flagged {
		o.find(Warning, ProposalFlagged, "Snapshot warns of this proposal, and may hide it")
	}
}

// checkFinal: the vote is over, its scores are final, and so are all blocks. The block behind
// a run of equal timestamps is one of them: another one in its place could make the run longer.
func (o *Outcome) checkFinal() {
	if !o.Status.Final {
		o.find(Warning, VoteNotFinal, "%s", o.Status.Reason)
	}
	for _, place := range o.Evidence.Places() {
		reading := o.Evidence.Power.Places[place]
		var blocks []chains.Block
		for _, s := range reading.Sampled {
			blocks = append(blocks, s.Block)
		}
		if reading.After != nil {
			blocks = append(blocks, *reading.After)
		}
		for _, b := range blocks { // marks reports those of the circulating voting power
			if c := o.Evidence.Circulating.Chains[place.Chain].Block; c.Unfinalized != b.Unfinalized || c.Hash != b.Hash {
				addBlockMarks(&o.Findings, place.Chain, b)
			}
		}
	}
	if !o.has(func(f Finding) bool { return f.Code == VoteNotFinal || f.Code == BlockNotFinal }) {
		o.find(Info, VoteFinal, "closed at %s; the hub's scores and all blocks are final", utc(o.Evidence.Proposal.End))
	}
}

// checkComplete: as many votes were read as the hub counted.
func (o *Outcome) checkComplete() {
	e := o.Evidence
	n := len(e.Votes) + len(e.Superseded) + len(e.Odd)
	switch listed := count(n, "vote"); {
	case e.Changed:
		o.find(Failure, VotesChanged, "the hub recounted while the votes were read; check again")
	case n == e.Proposal.Votes:
		o.find(Info, VotesComplete, "%s, as many as the hub counted", listed)
	case len(o.Comparison.LeftOut) == n-e.Proposal.Votes && n > e.Proposal.Votes:
		o.find(Warning, VotesIncomplete, "the hub lists %s and counted %d; %s", listed, e.Proposal.Votes, o.Comparison.Why)
	case n > e.Proposal.Votes && n-len(e.Odd) <= e.Proposal.Votes:
		o.find(Warning, VotesIncomplete, "the hub lists %s, not all of which can be read, and counted %d", listed,
			e.Proposal.Votes)
	case o.Status.Final:
		o.find(Failure, VotesIncomplete, "the hub lists %s and counted %d", listed, e.Proposal.Votes)
	default:
		o.find(Warning, VotesIncomplete, "the hub lists %s and counted %d; the vote is not final", listed, e.Proposal.Votes)
	}
}

// checkOddRows: a row that cannot be read says nothing about the others. Its power is not known.
func (o *Outcome) checkOddRows() {
	first := len(o.Findings)
	for _, row := range o.Evidence.Odd {
		var field *snapshot.FieldError
		if errors.As(snapshot.CheckRow(row), &field) {
			o.doubt(VoteUnreadable, "%s is %.80q, want %s; the row, which counts nowhere here, is %.100q",
				field.Field, field.Found, field.Want, row)
		}
	}
	o.shorten(first)
}

// checkPins reports blocks that a user named for the voters' power, on chains that the
// model does not read; marks reports the others.
func (o *Outcome) checkPins() {
	for _, place := range o.Evidence.Places() {
		_, reported := o.Evidence.Circulating.Chains[place.Chain]
		if number, ok := o.Evidence.Power.Query.Pins[place.Chain]; ok && !reported {
			o.find(Warning, BlockPinned, "voters' power on %v was read at block %d, which was named by number",
				place.Chain, number)
		}
	}
}

func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format(http.TimeFormat) }

// double writes one of the hub's doubles in the shortest decimal form that reads back as the same double.
func double(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
