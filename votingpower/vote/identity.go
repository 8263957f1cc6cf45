package vote

import (
	"strings"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// checkIdentity compares the proposal's id with its content. What nothing explains accuses
// nobody: the form of the message may be one that is not known here.
func (o *Outcome) checkIdentity() {
	p := o.Evidence.Proposal
	switch c := signature.CheckProposal(p); {
	case c.Verdict == signature.Matches:
		detail := "the id is the hash of this content: %s. It does not bind %s"
		args := []any{strings.Join(bound(c), ", "), strings.Join(unbound(c), ", ")}
		if c.Field != "" {
			detail += "; the hub shows the %s otherwise than signed, as %s"
			args = append(args, c.Field, quoted(c.Signed, 140))
		}
		o.find(Info, ProposalIDMatches, detail, args...)
	case c.Verdict == signature.Differs && c.Field != "":
		o.find(Failure, ProposalIDDiffers, "the id is that of a proposal with the %s %s", c.Field, quoted(c.Signed, 140))
	case c.Verdict == signature.Differs:
		o.find(Failure, ProposalIDDiffers,
			"no known form of message explains the id; the content may not be what its author signed")
	case c.Reason == signature.Edited:
		o.doubt(ProposalEdited, "the hub says that it was edited at %s; an edit keeps the id, "+
			"which then binds nothing", utc(p.Updated))
	default:
		o.find(Info, ProposalIDNotChecked, "it cannot be compared with the content: %s", c.Reason)
		o.doubts++
	}
}

// bound names what an id binds, as a proposal does.
func bound(c signature.Check) []string {
	names := c.Binds()
	for i, name := range names {
		switch name {
		case "from":
			names[i] = "author"
		case "timestamp":
			names[i] = "time of creation"
		}
	}
	return names
}

// unbound names what decides about a vote and is not bound by its id.
func unbound(c signature.Check) []string {
	names := []string{"the quorum"}
	for _, name := range []string{"strategies", "network"} {
		if !strings.Contains(c.Type, " "+name) {
			names = append(names, "the "+name)
		}
	}
	return names
}

// ClockSlack is how far apart the clocks of an author, a hub, a chain and a reader may be.
// Snapshot's server takes messages up to five minutes from its own time.
const ClockSlack = 5 * time.Minute

// longBefore is how old a snapshot may be when the proposal is made, without a warning.
const longBefore = 24 * time.Hour

// checkTimes compares the time of the snapshot block with those of the proposal. Nobody can
// know a block before it is there, and who votes on a later one can still buy its power.
func (o *Outcome) checkTimes(block chains.Block) {
	p, at := o.Evidence.Proposal, block.Time()
	report := func(level Level, code Code, than int64, what string) {
		apart := at.Sub(time.Unix(than, 0))
		side := "after"
		if apart < 0 {
			apart, side = -apart, "before"
		}
		o.find(level, code, "the snapshot block is of %s, %s %s %s at %s",
			utc(at.Unix()), roughly(apart), side, what, utc(than))
	}
	late := func(than int64) bool { return than < at.Add(-ClockSlack).Unix() }
	switch {
	case late(o.Evidence.ReadAt):
		report(Failure, SnapshotNotReached, o.Evidence.ReadAt, "the proposal was read")
	case late(p.Start):
		report(Failure, SnapshotAfterVotingBegan, p.Start, "voting began")
	case p.Created == 0: // not known
	case late(p.Created):
		report(Warning, SnapshotAfterCreation, p.Created, "the proposal was made")
	case p.Created > at.Add(longBefore).Unix():
		report(Warning, SnapshotLongBeforeCreation, p.Created, "the proposal was made")
	}
}

// checkHubTimes compares times that only the hub knows with each other. They decide by which rules
// the votes are recounted, and whether the proposal's id has to match.
func (o *Outcome) checkHubTimes() {
	p, read := o.Evidence.Proposal, o.Evidence.ReadAt
	counted := p.ScoresUpdated
	if !o.Status.Final { // votes are counted while they come in
		counted = 0
	}
	for _, t := range []struct {
		what          string
		at, from, to  int64
		after, before string
	}{
		{"the proposal was edited", p.Updated, p.Created, p.Start, "it was made", "voting began"},
		{"the votes were counted for good", counted, p.End, read, "voting ended", "they were read"},
	} {
		slack := int64(ClockSlack / time.Second)
		switch {
		case t.at == 0: // not at all
		case t.at < t.from-slack:
			o.doubt(HubTimesContradict, "the hub says that %s at %s, and %s only at %s",
				t.what, utc(t.at), t.after, utc(t.from))
		case t.at > t.to+slack:
			o.doubt(HubTimesContradict, "the hub says that %s at %s, and %s already at %s",
				t.what, utc(t.at), t.before, utc(t.to))
		}
	}
}

// roughly writes a duration of at least some minutes for a reader, rounded down.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return count(int(d/(24*time.Hour)), "day")
	case d >= 2*time.Hour:
		return count(int(d/time.Hour), "hour")
	}
	return count(int(d/time.Minute), "minute")
}
