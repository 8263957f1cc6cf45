package vote

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/snapshot/tally"
	"github.com/perpdao/perpquorum/votingpower"
)

// Outcome is what Check derives from Evidence.
type Outcome struct {
	Evidence *Evidence
	Result   *votingpower.Result // circulating voting power and quorum
	Network  chains.ID           // of the proposal
	Status   snapshot.Status     // of the proposal when the votes had been read
	// Tally is the recount; nil where TallyErr says why there is none.
	Tally      *tally.Tally
	TallyErr   error
	Comparison tally.Comparison // of the hub's scores with Tally
	Power      *strategy.Result // of the voters; nil without Evidence.Power
	Audit      Audit
	Strategies Strategies
	Turnout    Turnout
	Signed     *Signed   // nil if no signatures were read
	Findings   []Finding // in a fixed order
	Verdict    Verdict

	ids      []signature.Check // of the votes; nil if they were not read with all that was signed
	signers  []signature.Signer
	anothers []int // indexes of votes that another address signed
	doubts   int   // findings about what could not be checked
}

// Check recounts the votes, compares every voter's power with the chains, and the turnout
// with the quorum, and judges. It is pure. An error wraps votingpower.ErrEvidence: the
// evidence contradicts itself, and there is nothing to judge.
func Check(e *Evidence) (*Outcome, error) {
	if e == nil || e.Proposal == nil {
		return nil, fmt.Errorf("%w: vote: its proposal is missing", votingpower.ErrEvidence)
	}
	result, err := votingpower.Compute(e.Circulating)
	if err != nil {
		return nil, err
	}
	o := &Outcome{Evidence: e, Result: result}
	if err := o.derive(); err != nil {
		return nil, fmt.Errorf("%w: vote: %w", votingpower.ErrEvidence, err)
	}
	var development []chains.ID
	for _, place := range e.Places() {
		if e.Power.Places[place].Development {
			development = append(development, place.Chain)
		}
	}
	o.Findings = marks(result, development)
	for _, place := range e.Places() {
		for _, s := range e.Power.Places[place].Sampled {
			addFaults(&o.Findings, place.Chain, s.Faults)
		}
	}
	for _, check := range []func(){
		o.checkNetwork, o.checkIdentity, o.checkHubTimes, o.checkFlagged, o.checkFinal, o.checkComplete,
		o.checkOddRows, o.checkVoteIDs, o.checkSignatures, o.checkScores, o.checkPower, o.checkPins, o.checkStrategies,
		o.checkPeriod, o.checkDuplicates, o.checkExcluded, o.checkTurnout, o.checkRounding, o.checkHubQuorum,
	} {
		check()
	}
	if o.Verdict = o.judge(); o.Verdict == NotEstablished {
		o.whyNotEstablished()
	}
	return o, nil
}

func (o *Outcome) derive() error {
	e := o.Evidence
	if err := checkSpace(e.Proposal, e.Circulating.Model); err != nil {
		return err
	}
	if err := e.checkRows(); err != nil {
		return err
	}
	o.Status = e.Proposal.Status(time.Unix(e.ReadAt, 0))
	if err := o.computePower(); err != nil {
		return fmt.Errorf("voting power: %w", err)
	}
	if o.Tally, o.TallyErr = tally.Recount(e.Proposal, e.Votes); o.TallyErr == nil {
		o.Comparison, o.TallyErr = tally.Compare(e.Proposal, o.Tally)
	}
	if n := len(e.Odd); n > 0 {
		o.Comparison, o.TallyErr = tally.Comparison{}, fmt.Errorf("%s of the hub's list cannot be read", count(n, "row"))
	}
	if o.TallyErr != nil {
		o.Tally = nil
	}
	o.audit()
	o.checkContents()
	if err := o.judgeSignatures(); err != nil {
		return err
	}
	if err := o.judgeStrategies(); err != nil {
		return err
	}
	return o.measure()
}

// checkRows refuses what no hub can give.
func (e *Evidence) checkRows() error {
	if err := e.Proposal.Check(); err != nil {
		return err
	}
	for _, list := range [][]snapshot.Vote{e.Votes, e.Superseded} {
		for i := range list {
			if err := list[i].Check(); err != nil {
				return err
			}
		}
	}
	if n := len(e.Odd); n > snapshot.MaxOddRows {
		return fmt.Errorf("found %d rows that are no votes, want at most %d", n, snapshot.MaxOddRows)
	}
	for i, row := range e.Odd {
		if len(row) > snapshot.MaxOddRow || snapshot.CheckRow(row) == nil {
			return fmt.Errorf("odd_rows[%d] is a vote, or larger than %d bytes", i, snapshot.MaxOddRow)
		}
	}
	return nil
}

// computePower computes the voters' power and demands that it answers the question that
// the proposal and its votes ask, at the blocks of the circulating voting power.
func (o *Outcome) computePower() error {
	e := o.Evidence
	if e.Power == nil && o.Status.Final {
		return errors.New("it is missing, and the vote is final")
	}
	var asked strategy.Query
	if e.Power != nil {
		asked = e.Power.Query
	}
	want, err := e.query(asked)
	if err != nil {
		return err
	}
	if o.Network = want.Network; e.Power == nil {
		return nil
	}
	if err := sameQuery(e.Power.Query, want); err != nil {
		return err
	}
	if o.Power, err = strategy.Compute(e.Power); err != nil {
		return err
	}
	o.settleDoubts()
	return o.checkBlocks()
}

func sameQuery(got, want strategy.Query) error {
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if !bytes.Equal(a, b) {
		return errors.New("the question asked of the chains is not the one that the proposal and its votes ask")
	}
	return errors.Join(errA, errB)
}

// checkBlocks demands that voters' power and circulating voting power were read at the same
// block, wherever both read a chain at a block that the snapshot block's time decides.
func (o *Outcome) checkBlocks() error {
	at := o.Evidence.Circulating.At
	for _, place := range o.Evidence.Places() {
		block := o.Evidence.Power.Places[place].Sampled[0].Block
		if place.Chain == o.Network && place.Via == o.Network && !block.Time().Equal(at) {
			return fmt.Errorf("the snapshot block has time %d, the query time is %d", block.Time().Unix(), at.Unix())
		}
		chain, ok := o.Evidence.Circulating.Chains[place.Chain]
		if !ok || place.Via != o.Network {
			continue
		}
		if b := chain.Block; b.Hash != block.Hash || b.Pinned != block.Pinned {
			return fmt.Errorf("voters were read at %v block %d (%v), the circulating voting power at block %d (%v)",
				place.Chain, block.Number(), block.Hash, b.Number(), b.Hash)
		}
	}
	return nil
}

// Places lists where the voters' power was read, in a fixed order.
func (e *Evidence) Places() []strategy.Place {
	if e.Power == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(e.Power.Places), func(a, b strategy.Place) int {
		return cmp.Or(cmp.Compare(a.Chain, b.Chain), cmp.Compare(a.Via, b.Via))
	})
}

// judge turns the findings into the verdict. What is not final comes first, since an open vote
// may well disagree with its last count; a disagreement comes before the quorum.
func (o *Outcome) judge() Verdict {
	switch {
	case !o.has(func(f Finding) bool { return f.Code == VoteFinal }):
		return NotFinal
	case o.has(func(f Finding) bool { return f.Level == Failure }):
		return Disagrees
	case o.Evidence.Strict && o.doubts > 0:
		return NotEstablished
	}
	return o.Turnout.verdict()
}

func (o *Outcome) has(match func(Finding) bool) bool { return slices.ContainsFunc(o.Findings, match) }
