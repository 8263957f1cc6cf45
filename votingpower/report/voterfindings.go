package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

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
	return capped(found)
}

// checkDuplicates: one voter, one vote. On an open vote an older row may still be seen.
func checkDuplicates(r *Report, _ *Document) (found []Finding) {
	level := Failure
	if !r.vote.status.Final {
		level = Warning
	}
	first := map[string]string{}
	for _, v := range append(slices.Clone(r.vote.Votes), r.vote.Superseded...) {
		key := strings.ToLower(v.Voter)
		if other, again := first[key]; again {
			found = append(found, Finding{level, "Duplicate voter", fmt.Sprintf(
				"voter %s has more than one vote: %s counts, %s is there too", clean(v.Voter), clean(other), clean(v.ID))})
			continue
		}
		first[key] = v.ID
	}
	return capped(found)
}

// checkExcluded: tokens that do not circulate should not vote.
func checkExcluded(r *Report, _ *Document) (found []Finding) {
	e := r.bundle.Evidence
	excluded := map[common.Address]string{}
	for _, w := range e.Model.Excluded {
		if w.ExcludedAt(e.At) {
			excluded[w.Address] = w.Label
		}
	}
	for _, v := range r.vote.Votes {
		if !common.IsHexAddress(v.Voter) { // a Starknet address
			continue
		}
		if label, ok := excluded[common.HexToAddress(v.Voter)]; ok {
			found = append(found, Finding{Warning, "Excluded wallet voted", fmt.Sprintf(
				"%s (%s) voted with %s, and the circulating voting power leaves it out", clean(v.Voter), clean(label), double(v.VP))})
		}
	}
	return capped(found)
}
