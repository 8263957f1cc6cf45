package report

import (
	"encoding/json"
	"regexp"
	"slices"

	"github.com/perpdao/perpquorum/votingpower/vote"
)

// A bundle keeps the claim of the program that wrote it, and a later program knows more: rules by
// which the hub counted once, checks that did not exist. What such a program said of the same
// evidence, in findings and verdict, is no difference; every figure and hash must be the same.

// addedIn2 are the values that a report of format 1 need not have.
var addedIn2 = regexp.MustCompile(`^/(findings/\d+/code|vote/strategies.*|` +
	`vote/turnout/(read_from_chains|established|not_split_by_strategy))$`)

// codesIn2 are the codes of findings that a report of format 1 does not have: those of a
// proposal's identity, of strategies that nothing pins, and of endpoints.
var codesIn2 = []vote.Code{
	vote.ProposalIDMatches, vote.ProposalIDNotChecked, vote.ProposalEdited,
	vote.SnapshotAfterCreation, vote.SnapshotLongBeforeCreation,
	vote.StrategyNotEstablished, vote.StrategyUnverifiable, vote.QuorumNotEstablished, vote.OneHostAgreed,
}

// codesOfAge are the codes of findings that depend on the version of the program in every format:
// those of a count by the rules of its day, and of votes' ids.
var codesOfAge = []vote.Code{
	vote.ScoresAgree, vote.ScoresDiffer, vote.ScoresNotRecounted, vote.ScoresByStrategyUncounted, vote.NearTie,
	vote.OlderRules, vote.VotesLeftOut, vote.ChoicesSealed, vote.VotesIncomplete, vote.TurnoutHubDiffers,
	vote.VoteIDsMatch, vote.VoteIDsNotChecked, vote.SignaturesChecked,
}

// claimed is the document as a bundle of its format claims it.
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

// inWordsOf is the document with the findings, the recount and the verdict that an older program may
// have given, if they are what a claim says.
func (d *Document) inWordsOf(claim json.RawMessage) *Document {
	var c Document
	if d.Vote == nil || json.Unmarshal(claim, &c) != nil || c.Vote == nil || len(c.Vote.Scores) != len(d.Vote.Scores) {
		return d.claimed() // what is different will show
	}
	old := *d.claimed()
	old.Findings = d.findingsOf(c.Findings)
	old.Verdict = old.follows()
	if has(old.Findings, vote.ScoresDiffer) && !has(d.Findings, vote.ScoresDiffer) {
		v := *old.Vote
		v.Scores = slices.Clone(v.Scores)
		recounted := func(to *VoteScore, from VoteScore) { to.Recount, to.Agrees = from.Recount, from.Agrees }
		for i := range v.Scores {
			recounted(&v.Scores[i], c.Vote.Scores[i])
		}
		recounted(&v.Total, c.Vote.Total)
		v.InvalidVotes, v.InvalidPower = c.Vote.InvalidVotes, c.Vote.InvalidPower
		old.Vote = &v
	}
	return &old
}

// aboutIDs are the codes of findings that a program which compares no votes' ids does not have.
var aboutIDs = []vote.Code{vote.VoteIDsMatch, vote.VoteIDsNotChecked, vote.VoteIDDiffers}

// findingsOf is the document's findings with those that a claim has instead, or does not have, for
// its age. No other failure that is found here is left out, or becomes less.
func (d *Document) findingsOf(claimed []vote.Finding) (all []vote.Finding) {
	ours := d.Findings
	knowsIDs := slices.ContainsFunc(claimed, func(f vote.Finding) bool { return slices.Contains(aboutIDs, f.Code) })
	ofAge := func(f vote.Finding) bool {
		return slices.Contains(codesOfAge, f.Code) || d.Format == DocumentFormat1 && slices.Contains(codesIn2, f.Code)
	}
	spare := func(f vote.Finding) bool {
		unknown := f.Code == vote.VoteIDDiffers ||
			f.Code == vote.QuorumNotEstablished && d.Vote.Strict && has(d.Findings, vote.VoteIDsNotChecked)
		return f.Level != vote.Failure && ofAge(f) || unknown && !knowsIDs
	}
	for _, c := range claimed {
		next := slices.IndexFunc(ours, func(f vote.Finding) bool {
			return f.Code == c.Code || c.Code == "" && (f.Title == c.Title || !spare(f))
		})
		known := slices.Contains([]vote.Level{vote.Info, vote.Warning, vote.Failure}, c.Level)
		switch {
		case next >= 0 && !slices.ContainsFunc(ours[:next], func(f vote.Finding) bool { return !spare(f) }):
			f := ours[next]
			if known && spare(f) {
				f.Level = c.Level
			}
			all, ours = append(all, f), ours[next+1:]
		case known && ofAge(c):
			all = append(all, c)
		default:
			return append(all, ours...)
		}
	}
	return append(all, slices.DeleteFunc(slices.Clone(ours), spare)...)
}

// follows is the verdict that findings and turnout give.
func (d *Document) follows() vote.Verdict {
	switch {
	case d.Verdict == vote.NotFinal:
		return vote.NotFinal
	case slices.ContainsFunc(d.Findings, func(f vote.Finding) bool { return f.Level == vote.Failure }):
		return vote.Disagrees
	case has(d.Findings, vote.QuorumNotEstablished):
		return vote.NotEstablished
	case d.Vote.Turnout.Reached:
		return vote.Reached
	}
	return vote.NotReached
}

func has(findings []vote.Finding, code vote.Code) bool {
	return slices.ContainsFunc(findings, func(f vote.Finding) bool { return f.Code == code })
}

// differsByAge reports a value that a claim of format 1 does not have.
func differsByAge(d Difference) bool { return d.Claimed == absent && addedIn2.MatchString(d.Path) }
