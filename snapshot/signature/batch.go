package signature

import (
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/perpdao/perpquorum/snapshot"
)

// Unsearched is the reason of the votes behind the first that CheckVotes compares with every form.
const Unsearched Reason = "no usual form of message explains the id, as that of many other votes"

// maxSearched bounds the votes for which every form of message is tried, some milliseconds each.
const maxSearched = 200

// CheckVotes does for many votes for p what [CheckVote] does for one, and faster. Only the first 200
// that Snapshot's own clients did not sign are compared with every form and known change; what does
// not match of the others is [NotCheckable]. The checks are in the order of the votes.
func CheckVotes(p *snapshot.Proposal, votes []snapshot.Vote) []Check {
	checks := make([]Check, len(votes))
	inSlices(len(votes), 500, func(from, to int) {
		forms := slices.Clone(voteForms)
		for i := from; i < to; i++ {
			checks[i] = checkPlain(p, &votes[i], forms)
		}
	})
	var rest []int
	for i, c := range checks {
		switch {
		case c.Verdict == Matches, c.Reason == NotHash, c.Reason == Encrypted: // no search would find more
		case len(rest) < maxSearched:
			rest = append(rest, i)
		case c.Verdict == Differs:
			checks[i] = notCheckable(Unsearched)
		}
	}
	inSlices(len(rest), 10, func(from, to int) {
		for _, i := range rest[from:to] {
			checks[i] = CheckVote(p, &votes[i])
		}
	})
	return checks
}

// checkPlain tries the row's own values in Snapshot's own domain. The form that matches comes first
// for the next vote.
func checkPlain(p *snapshot.Proposal, v *snapshot.Vote, forms []form) Check {
	id, ok := idHash(v.ID)
	if !ok {
		return notCheckable(NotHash)
	}
	r := voteReadings(p, v)
	for i := range forms {
		m, d, ok := r.find(forms[i:i+1], id, domains()[:1])
		if !ok {
			continue
		}
		c := m.check(Matches, d)
		found := forms[i]
		copy(forms[1:i+1], forms[:i])
		forms[0] = found
		return c
	}
	return r.unexplained(p, v)
}

// CheckSigners does for many votes for p what [CheckSigner] does for one. The checks are those that
// CheckVotes gives for the votes; the messages come in any order.
func CheckSigners(p *snapshot.Proposal, votes []snapshot.Vote, checks []Check, messages []snapshot.Message) []Signer {
	byID := make(map[string]snapshot.Message, len(messages))
	for _, m := range messages {
		byID[m.ID] = m
	}
	signers := make([]Signer, len(votes))
	inSlices(len(votes), 50, func(from, to int) {
		for i := from; i < to; i++ {
			signers[i] = signerOf(p, &votes[i], byID[votes[i].ID], checks[i])
		}
	})
	return signers
}

// inSlices calls do for slices of n things of at most the given size, on all processors.
func inSlices(n, size int, do func(from, to int)) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < n; from += size {
		g.Go(func() error {
			do(from, min(from+size, n))
			return nil
		})
	}
	g.Wait()
}
