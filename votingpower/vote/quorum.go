package vote

import (
	"math/big"

	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// checkTurnout: nothing can vote that does not circulate.
func (o *Outcome) checkTurnout() []Finding {
	power := o.Result.Evidence.Model.InTokens(new(big.Rat).SetInt(o.Result.VotingPower))
	switch t := o.Turnout; {
	case t.Power == nil:
		return one(o.doubt(), TurnoutUnknown, "Turnout not known yet",
			"the model counts named choices, and choices are still encrypted")
	case t.Power.Cmp(power) > 0:
		return one(Failure, TurnoutAbovePower, "Turnout above the circulating voting power",
			"turnout is %s, circulating voting power %s: one of the two is not what the model describes",
			votingpower.Decimal(t.Power), votingpower.Decimal(power))
	}
	return nil
}

// checkRounding: the exact sum decides. A finding says where the hub's double would decide
// otherwise, where there is only a double and it is too near, and where it depends on the block.
func (o *Outcome) checkRounding() (found []Finding) {
	t, decimal := o.Turnout, votingpower.Decimal
	if t.hubDiffers() {
		found = append(found, one(Warning, TurnoutHubDiffers, "The hub's turnout would decide otherwise",
			"the exact turnout is %s, the hub's figure %s, the quorum %s", decimal(t.Power), decimal(t.Hub), decimal(t.Quorum))...)
	}
	if t.rounded() {
		found = append(found, one(o.doubt(), TurnoutWithinRounding, "Turnout within rounding of the quorum",
			"the turnout is the hub's double %s, the quorum %s: the double is not exact enough to decide",
			decimal(t.Power), decimal(t.Quorum))...)
	}
	if t.undecided() {
		found = append(found, one(Failure, TurnoutBlockDecides, "Turnout depends on the block",
			"with blocks that agree with the hub equally well it is from %s to %s, the quorum is %s; name the block to decide",
			decimal(t.Least), decimal(t.Most), decimal(t.Quorum))...)
	}
	return found
}

// checkHubQuorum: the hub's own quorum is absolute, set when the proposal was made, and unsigned.
func (o *Outcome) checkHubQuorum() []Finding {
	p := o.Evidence.Proposal
	hub := new(big.Rat).SetFloat64(p.Quorum)
	if hub == nil || hub.Sign() == 0 {
		return one(Info, HubQuorumNone, "No quorum on the hub", "the proposal has none set; the quorum here is the model's")
	}
	kind := ""
	if p.QuorumType == "rejection" {
		kind = ", and is for rejection: more votes than that for the second choice reject"
	}
	// The hub's quorum is a double, so it can agree with ours only as one.
	if rounded, _ := o.Turnout.Quorum.Float64(); kind == "" && tally.Agree(p.Quorum, rounded) {
		return one(Info, HubQuorumAgrees, "Quorum on the hub agrees", "%s", double(p.Quorum))
	}
	return one(Warning, HubQuorumDiffers, "Quorum on the hub differs",
		"the proposal's own is %s%s; the model's is %s", double(p.Quorum), kind, votingpower.Decimal(o.Turnout.Quorum))
}
