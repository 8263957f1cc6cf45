package report

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Ballot is the part of a bundle that belongs to a vote: the proposal and all
// its votes as the hub gave them, and what the chains say of the voters' power.
type Ballot struct {
	// Hub is the host that the votes came from, for display only.
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
	Changed bool               `json:"changed,omitempty"`
	Power   *strategy.Evidence `json:"power"`
}

// PowerQuery asks for the power of the votes' voters at the proposal's snapshot
// block. Pins names blocks of other chains; see strategy.Query.
func PowerQuery(p *snapshot.Proposal, votes []snapshot.Vote, pins map[chains.ID]uint64) (strategy.Query, error) {
	id, err := strconv.ParseUint(p.Network, 10, 64)
	if err != nil || id == 0 {
		return strategy.Query{}, fmt.Errorf("proposal %s: network is %q, want a chain id", p.ID, p.Network)
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
	if p.Space != m.Space {
		return fmt.Errorf("the proposal is of space %q, the model %s is for %q", clean(p.Space), clean(m.Name), clean(m.Space))
	}
	return nil
}

// tallied is a ballot with everything derived from it.
type tallied struct {
	*Ballot
	status     snapshot.Status
	tally      *snapshot.Tally
	tallyErr   error // why there is no tally
	comparison snapshot.Comparison
	counted    *snapshot.Turnout
	power      *strategy.Result
	audits     []audit // one per vote
	turnout    turnout
}

// count derives everything from the ballot of b. An error wraps
// votingpower.ErrEvidence.
func count(b *Bundle, quorum *big.Rat) (*tallied, error) {
	t := &tallied{Ballot: b.Ballot}
	if t.Proposal == nil || t.Power == nil {
		return nil, fmt.Errorf("%w: the ballot lacks its proposal or the voters' power", votingpower.ErrEvidence)
	}
	m := b.Evidence.Model
	if err := CheckSpace(m, t.Proposal); err != nil {
		return nil, fmt.Errorf("%w: %w", votingpower.ErrEvidence, err)
	}
	if err := t.checkPower(b.Evidence); err != nil {
		return nil, fmt.Errorf("%w: voting power: %w", votingpower.ErrEvidence, err)
	}
	t.status = snapshot.Final(t.Proposal, time.Unix(t.ReadAt, 0))
	var err error
	if t.counted, err = snapshot.TurnoutOf(t.Proposal, t.Votes, m.Turnout); err != nil {
		return nil, fmt.Errorf("%w: turnout: %w", votingpower.ErrEvidence, err)
	}
	if t.tally, t.tallyErr = snapshot.Recount(t.Proposal, t.Votes); t.tallyErr == nil {
		t.comparison = snapshot.Compare(t.Proposal, t.tally)
	}
	for i := range t.Votes {
		t.audits = append(t.audits, t.audit(i))
	}
	t.turnout = t.measure(m, quorum)
	return t, nil
}

// checkPower computes the voters' power and demands that it answers the
// question that the proposal and its votes ask, at the blocks of the evidence.
func (t *tallied) checkPower(e *votingpower.Evidence) error {
	want, err := PowerQuery(t.Proposal, t.Votes, t.Power.Query.Pins)
	if err != nil {
		return err
	}
	if err := sameQuery(t.Power.Query, want); err != nil {
		return err
	}
	if t.power, err = strategy.Compute(t.Power); err != nil {
		return err
	}
	home := strategy.Place{Chain: want.Network, Via: want.Network}
	if c, ok := e.Chains[want.Network]; ok && c.Block.Hash != t.Power.Places[home].Sampled[0].Block.Hash {
		return fmt.Errorf("it was read at %v block %v, the figures at %v", want.Network, t.Power.Places[home].Sampled[0].Block.Hash, c.Block.Hash)
	}
	return nil
}

func sameQuery(got, want strategy.Query) error {
	a, err := json.Marshal(got)
	if err != nil {
		return err
	}
	b, err := json.Marshal(want)
	if err != nil {
		return err
	}
	if string(a) != string(b) {
		return fmt.Errorf("the question asked of the chains is not the one that the proposal and its votes ask")
	}
	return nil
}

// developments lists chains of the voters' power that are not the public ones.
func (t *tallied) developments() []chains.ID {
	var ids []chains.ID
	for place, reading := range t.Power.Places {
		if reading.Development {
			ids = append(ids, place.Chain)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// unfinalized reports whether a block that the voters' power was read at could still be replaced.
func (t *tallied) unfinalized() bool {
	for _, reading := range t.Power.Places {
		for _, s := range reading.Sampled {
			if s.Block.Unfinalized {
				return true
			}
		}
	}
	return false
}
