package report

import (
	"fmt"
	"math/big"

	"github.com/perpdao/perpquorum/snapshot/tally"
)

// checkTurnout: nothing can vote that does not circulate.
func checkTurnout(r *Report, d *Document) []Finding {
	t := r.vote.turnout
	power := tokens(new(big.Rat).SetInt(r.result.VotingPower), r.bundle.Evidence.Model.Decimals)
	switch {
	case t.power == nil:
		return []Finding{{r.vote.doubt(), "Turnout not known yet", "the model counts named choices, and choices are still encrypted"}}
	case t.power.Cmp(power) > 0:
		return []Finding{{Failure, "Turnout above the circulating voting power", fmt.Sprintf(
			"turnout is %s, circulating voting power %s: one of the two is not what the model describes", exact(t.power), d.VotingPower.Tokens)}}
	}
	return nil
}

// checkRounding: the exact sum decides. It says so where the hub's double would
// decide otherwise, where only a double is there and it is too near, and where
// it hangs on the block.
func checkRounding(r *Report, d *Document) (found []Finding) {
	t := r.vote.turnout
	if t.doubtful() {
		found = append(found, Finding{Warning, "The hub's turnout would decide otherwise", fmt.Sprintf(
			"the exact turnout is %s, the hub's figure %s, the quorum %s", exact(t.power), exact(t.hub), d.Quorum.Tokens)})
	}
	if t.rounded() {
		found = append(found, Finding{r.vote.doubt(), "Turnout within rounding of the quorum", fmt.Sprintf(
			"the turnout is the hub's double %s, the quorum %s: the double is not exact enough to tell", exact(t.power), d.Quorum.Tokens)})
	}
	if t.undecided() {
		found = append(found, Finding{Failure, "Turnout depends on the block", fmt.Sprintf(
			"with blocks that agree with the hub alike it is from %s to %s, the quorum is %s; --block names one", exact(t.least), exact(t.most), d.Quorum.Tokens)})
	}
	return found
}

// checkHubQuorum: the hub's own quorum is absolute, set when the proposal was made, and unsigned.
func checkHubQuorum(r *Report, d *Document) []Finding {
	p := r.vote.Proposal
	hub := new(big.Rat).SetFloat64(p.Quorum)
	if hub == nil || hub.Sign() == 0 {
		return []Finding{{Info, "No quorum on the hub", "the proposal has none set; the quorum here is the model's"}}
	}
	kind := ""
	if p.QuorumType == "rejection" {
		kind = ", and is for rejection: more votes than that for the second choice reject"
	}
	// The hub's quorum is a double, so it can agree with ours only as one.
	if rounded, _ := r.vote.turnout.quorum.Float64(); kind == "" && tally.Agree(p.Quorum, rounded) {
		return []Finding{{Info, "Quorum on the hub agrees", double(p.Quorum)}}
	}
	return []Finding{{Warning, "Quorum on the hub differs", fmt.Sprintf("the proposal's own is %s%s; the model's is %s", double(p.Quorum), kind, d.Quorum.Tokens)}}
}
