package report

import (
	"fmt"
	"strconv"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Ballot is the part of a bundle that belongs to a vote: the proposal and all
// its votes as the hub gave them, and what the chains say of the voters' power.
type Ballot struct {
	// Hub is the host that the votes came from.
	Hub string `json:"hub,omitempty"`
	// ReadAt is when the votes had been read, in Unix seconds. It decides
	// whether the vote was over.
	ReadAt int64 `json:"read_at"`
	// Strict turns what could not be checked into a disagreement.
	Strict   bool               `json:"strict,omitempty"`
	Proposal *snapshot.Proposal `json:"proposal"`
	Votes    []snapshot.Vote    `json:"votes"`
	// Superseded holds rows of voters who have a later one.
	Superseded []snapshot.Vote `json:"superseded,omitempty"`
	// Changed says that the hub counted anew while the votes were read.
	Changed bool `json:"changed,omitempty"`
	// Power is what the chains say. A vote that is not final may go without.
	Power *strategy.Evidence `json:"power,omitempty"`
}

// PowerQuery asks for the power of the votes' voters at the proposal's snapshot
// block. Pins names blocks of other chains; see strategy.Query.
func PowerQuery(p *snapshot.Proposal, votes []snapshot.Vote, pins map[chains.ID]uint64) (strategy.Query, error) {
	id, err := strconv.ParseUint(p.Network, 10, 64)
	if err != nil || strconv.FormatUint(id, 10) != p.Network || id == 0 {
		return strategy.Query{}, fmt.Errorf("proposal %s: network is %q, want a chain id", clean(p.ID), clean(p.Network))
	}
	q := strategy.Query{Network: chains.ID(id), Block: p.Snapshot, Pins: pins}
	for _, s := range p.Strategies {
		q.Strategies = append(q.Strategies, strategy.Spec(s))
	}
	for _, v := range votes {
		q.Voters = append(q.Voters, v.Voter)
	}
	return q, nil
}

// CheckSpace refuses a proposal of another space than the model's.
func CheckSpace(m *votingpower.Model, p *snapshot.Proposal) error {
	switch {
	case m.Space == "":
		return fmt.Errorf("the proposal is of space %q, the model %q names no space", clean(p.Space), clean(m.Name))
	case p.Space != m.Space:
		return fmt.Errorf("the proposal is of space %q, the model %q is for %q", clean(p.Space), clean(m.Name), clean(m.Space))
	}
	return nil
}
