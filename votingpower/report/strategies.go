package report

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// describeStrategies lists the strategies, and what each gives to the turnout.
func describeStrategies(o *vote.Outcome, v *Vote) {
	v.StrategiesSHA256, v.PinnedBy, v.Strategies = o.Strategies.SHA256, []string{}, []Strategy{}
	if o.Strategies.ByModel {
		v.PinnedBy = append(v.PinnedBy, "model")
	}
	if o.Strategies.ByHash {
		v.PinnedBy = append(v.PinnedBy, "reader")
	}
	for k, share := range o.Strategies.Shares {
		spec := o.Evidence.Proposal.Strategies[k]
		s := Strategy{
			Strategy: k + 1, Name: spec.Name, Network: spec.Network, Reads: []StrategyRead{}, Source: share.Source,
			Established: share.Standing.Established(), Standing: share.Standing, Reason: share.Reason(),
		}
		if s.Network == "" {
			s.Network = o.Evidence.Proposal.Network
		}
		for _, read := range share.Basis.Sources {
			r := StrategyRead{
				Chain: read.Place.Chain.String(), Via: read.Place.Via.String(), Function: read.Function, Decimals: read.Decimals,
			}
			if read.Contract != (common.Address{}) {
				r.Contract = read.Contract.Hex()
			}
			s.Reads = append(s.Reads, r)
		}
		if share.Power != nil {
			s.Tokens = votingpower.Decimal(share.Power)
		}
		if all := o.Turnout.Power; share.Power != nil && all.Sign() > 0 {
			percent := new(big.Rat).Mul(share.Power, big.NewRat(100, 1))
			s.Share = rounded(percent.Quo(percent, all))
		}
		v.Strategies = append(v.Strategies, s)
	}
}

// Pinned says in words what pins the strategies.
func (v *Vote) Pinned() string {
	switch by := strings.Join(v.PinnedBy, ", "); by {
	case "":
		return "not pinned"
	case "reader":
		return "pinned by whoever read the vote"
	case "model":
		return "pinned by the model"
	default:
		return "pinned by the model, and by whoever read the vote"
	}
}

// reading says what a strategy reads, for a reader; "" if that is nothing, or not known.
func reading(s Strategy) string {
	var reads []string
	for _, r := range s.Reads {
		text := r.Function + " on " + r.Chain
		if r.Contract != "" {
			text = r.Function + " of " + r.Contract + " on " + r.Chain
		}
		reads = append(reads, text)
	}
	return strings.Join(reads, ", ")
}

// established says how much of a turnout is established, for a reader.
func established(t Turnout) (string, error) { return partOf(t, t.Established) }

// partOf writes a part of a turnout.
func partOf(t Turnout, tokens string) (string, error) {
	switch tokens {
	case "0": // of a turnout of 0 as well
		return "none of it", nil
	case t.Tokens:
		return "all of it", nil
	}
	text, err := visible(tokens)
	return text + " of it", err
}

// turnoutSource says where the turnout comes from, for a reader.
func turnoutSource(t Turnout) (string, error) {
	read, err := partOf(t, t.Read)
	if err != nil {
		return "", err
	}
	switch t.Source {
	case vote.FromChains:
		return "the exact sum of the voting power read from the chains", nil
	case vote.Recomputed:
		return fmt.Sprintf("the exact sum of what the strategies give, %s read from the chains", read), nil
	case vote.FromHubTotal:
		return hubFigures("scores_total", read), nil
	}
	return hubFigures("figures for these votes, added up", read), nil
}

func hubFigures(which, read string) string {
	return "the hub's " + which + ", since not all of them were recomputed; " + read + " was read from the chains"
}
