package report

import (
	"regexp"
	"slices"
	"strings"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// addedIn2 are the values that a report of format 1 need not have.
var addedIn2 = regexp.MustCompile(`^/(findings/\d+/code|vote/strategies.*|` +
	`vote/turnout/(read_from_chains|established|not_split_by_strategy))$`)

// codesIn2 are the codes of findings that a report of format 1 does not have, unless they are
// failures: those of a proposal's identity, of strategies that nothing pins, and of endpoints.
var codesIn2 = []vote.Code{
	vote.ProposalIDMatches, vote.ProposalIDNotChecked, vote.ProposalEdited,
	vote.SnapshotAfterCreation, vote.SnapshotLongBeforeCreation,
	vote.StrategyNotEstablished, vote.QuorumNotEstablished, vote.OneHostAgreed,
}

// claimed is the document as a bundle of its format claims it. The verdict of format 1 is not
// changed: a claim of "reached" that rests on strategies which nothing pins is a difference.
func (d *Document) claimed() *Document {
	if d.Format != DocumentFormat1 {
		return d
	}
	old := *d
	old.Findings = slices.DeleteFunc(slices.Clone(d.Findings), func(f vote.Finding) bool {
		return f.Level != vote.Failure && slices.Contains(codesIn2, f.Code)
	})
	if d.Vote != nil && d.Vote.Turnout.Source == vote.Recomputed {
		v := *d.Vote
		v.Turnout.Source = vote.FromChains
		old.Vote = &v
	}
	return &old
}

// differsByAge reports a value that a claim of format 1 does not have, or the level of what
// could not be checked, which was a failure for who asked for strictness.
func differsByAge(d Difference) bool {
	return d.Claimed == absent && addedIn2.MatchString(d.Path) ||
		strings.HasSuffix(d.Path, "/level") && d.Claimed == `"failure"` && d.Recomputed == `"warning"`
}
