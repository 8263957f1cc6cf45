package vote

import (
	"fmt"
	"strconv"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Evidence is everything Check needs, as plain data.
type Evidence struct {
	// Circulating is what circulating voting power and quorum follow from. A bundle
	// has a place of its own for it, so it is not part of the JSON.
	Circulating *votingpower.Evidence `json:"-"`
	// Hub is the host that the votes came from.
	Hub string `json:"hub,omitempty"`
	// ReadAt is when the votes had been read, in Unix seconds. It decides whether the
	// vote was over.
	ReadAt int64 `json:"read_at"`
	// Strict makes the verdict NotEstablished where something could not be checked.
	Strict bool `json:"strict,omitempty"`
	// Strategies is the hash of the voting strategies that whoever read the vote demands, or ""
	// for none; see strategy.Hash.
	Strategies string             `json:"strategies_sha256,omitempty"`
	Proposal   *snapshot.Proposal `json:"proposal"`
	// Votes lists one vote per voter, the latest.
	Votes []snapshot.Vote `json:"votes"`
	// Superseded lists earlier votes of the same voters.
	Superseded []snapshot.Vote `json:"superseded,omitempty"`
	// Odd lists rows of the hub's list that are no votes, as the hub gave them.
	Odd []string `json:"odd_rows,omitempty"`
	// Changed says that the hub counted anew while the votes were read.
	Changed bool `json:"changed,omitempty"`
	// Signatures says who signed the votes; nil if that was not read.
	Signatures *Signatures `json:"signatures,omitempty"`
	// Power is what the chains say of the voters' power. A vote that was not final
	// when it was read may go without.
	Power *strategy.Evidence `json:"power,omitempty"`
}

// query asks for the power of the voters, with the blocks of other chains of another query, and
// without what cannot be read there.
func (e *Evidence) query(asked strategy.Query) (strategy.Query, error) {
	q, err := PowerQuery(e.Proposal, voters(e.Votes), asked.Pins)
	q.Without, q.WithoutEvents = asked.Without, asked.WithoutEvents
	if asked.Space == "" { // so asks an older program
		q.Space = ""
	}
	if asked.Counted == 0 {
		q.Counted = 0
	}
	return q, err
}

func voters(votes []snapshot.Vote) (list []string) {
	for _, v := range votes {
		list = append(list, v.Voter)
	}
	return list
}

// PowerQuery asks for the power of voters by the strategies of a proposal, at its
// snapshot block. Pins names blocks of other chains; see strategy.Query.
func PowerQuery(p *snapshot.Proposal, voters []string, pins map[chains.ID]uint64) (strategy.Query, error) {
	network, err := strconv.ParseUint(p.Network, 10, 64)
	if err != nil || strconv.FormatUint(network, 10) != p.Network || network == 0 {
		return strategy.Query{}, fmt.Errorf("proposal %s: network is %s, want a chain id", name(p.ID), name(p.Network))
	}
	q := strategy.Query{Network: chains.ID(network), Block: p.Snapshot, Pins: pins, Voters: voters}
	for _, s := range p.Strategies {
		q.Strategies = append(q.Strategies, strategy.Spec(s))
	}
	return q.Of(p.Space, p.ScoresUpdated), nil
}
