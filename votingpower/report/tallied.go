package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// tallied is a ballot with everything derived from it.
type tallied struct {
	*vote.Evidence
	network    chains.ID // of the proposal
	status     snapshot.Status
	tally      *tally.Tally
	tallyErr   error // why there is no tally
	comparison tally.Comparison
	power      *strategy.Result // nil without Ballot.Power
	audits     []audit          // one per vote
	turnout    turnout
}

// count derives everything from the ballot of b. An error wraps
// votingpower.ErrEvidence.
func count(b *Bundle, quorum *big.Rat) (*tallied, error) {
	t := &tallied{Evidence: b.Vote}
	if err := t.derive(b.Evidence, quorum); err != nil {
		return nil, fmt.Errorf("%w: ballot: %w", votingpower.ErrEvidence, err)
	}
	return t, nil
}

func (t *tallied) derive(e *votingpower.Evidence, quorum *big.Rat) error {
	if t.Proposal == nil {
		return errors.New("its proposal is missing")
	}
	if err := vote.CheckSpace(t.Proposal, e.Model); err != nil {
		return err
	}
	t.status = t.Proposal.Status(time.Unix(t.ReadAt, 0))
	if err := t.computePower(e); err != nil {
		return fmt.Errorf("voting power: %w", err)
	}
	if t.tally, t.tallyErr = tally.Recount(t.Proposal, t.Votes); t.tallyErr == nil {
		t.comparison, t.tallyErr = tally.Compare(t.Proposal, t.tally)
	}
	for i := range t.Votes {
		t.audits = append(t.audits, t.audit(i))
	}
	return t.measure(e.Model, quorum)
}

// computePower computes the voters' power and demands that it answers the
// question that the proposal and its votes ask, at the blocks of the evidence.
func (t *tallied) computePower(e *votingpower.Evidence) error {
	if t.Power == nil {
		if t.status.Final {
			return errors.New("it is missing, and the vote is final")
		}
		q, err := vote.PowerQuery(t.Proposal, nil, nil)
		t.network = q.Network
		return err
	}
	var voters []string
	for _, v := range t.Votes {
		voters = append(voters, v.Voter)
	}
	want, err := vote.PowerQuery(t.Proposal, voters, t.Power.Query.Pins)
	if err != nil {
		return err
	}
	t.network = want.Network
	if err := sameQuery(t.Power.Query, want); err != nil {
		return err
	}
	if t.power, err = strategy.Compute(t.Power); err != nil {
		return err
	}
	return t.checkBlocks(e)
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
		return errors.New("the question asked of the chains is not the one that the proposal and its votes ask")
	}
	return nil
}

// checkBlocks demands that voters and circulating voting power were read at
// the same blocks, wherever both read a chain at the same remove.
func (t *tallied) checkBlocks(e *votingpower.Evidence) error {
	for place, reading := range t.Power.Places {
		block := reading.Sampled[0].Block
		if place.Chain == t.network && place.Via == t.network && !block.Time().Equal(e.At) {
			return fmt.Errorf("the snapshot block has time %d, the query time is %d", block.Time().Unix(), e.At.Unix())
		}
		model, ok := e.Chains[place.Chain]
		if !ok || place.Via != t.network {
			continue
		}
		if model.Block.Hash != block.Hash || model.Block.Pinned != block.Pinned {
			return fmt.Errorf("voters were read at %v block %d (%v), the circulating voting power at block %d (%v)",
				place.Chain, block.Number(), block.Hash, model.Block.Number(), model.Block.Hash)
		}
	}
	return nil
}

// readings lists the places of the voters' power in a fixed order.
func (t *tallied) readings() []strategy.Place {
	if t.Power == nil {
		return nil
	}
	var places []strategy.Place
	for place := range t.Power.Places {
		places = append(places, place)
	}
	slices.SortFunc(places, func(a, b strategy.Place) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Via, b.Via))
	})
	return places
}

// developments lists chains of the voters' power that are not the public ones.
func (t *tallied) developments() []chains.ID {
	var ids []chains.ID
	for _, place := range t.readings() {
		if t.Power.Places[place].Development {
			ids = append(ids, place.Chain)
		}
	}
	return slices.Compact(ids)
}

// unfinalized reports whether a block that the voters' power was read at could still be replaced.
func (t *tallied) unfinalized() bool {
	for _, place := range t.readings() {
		reading := t.Power.Places[place]
		if reading.After != nil && reading.After.Unfinalized { // then the blocks of one time could become more
			return true
		}
		for _, s := range reading.Sampled {
			if s.Block.Unfinalized {
				return true
			}
		}
	}
	return false
}
