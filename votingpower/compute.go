package votingpower

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/perpdao/perpquorum/chains"
)

// ErrEvidence is wrapped by every error of Compute: the evidence does not match its
// model or its query time, or contradicts itself.
var ErrEvidence = errors.New("evidence does not hold")

// Line is a term with the amount that was read for it, in base units.
type Line struct {
	Term
	Amount *big.Int // as read, never negative; the sum uses Sign × Amount
}

// Result is what Compute derives from Evidence. Amounts are in the token's
// base units (for 18 decimals: 10⁻¹⁸ token).
type Result struct {
	Evidence *Evidence
	Lines    []Line // terms with Sign ≠ 0, in the order of the model
	// Checks are the terms of the check group and the amounts found for them, which passed
	// and are not summed. The amounts are decimals or base units.
	Checks []Line
	// CirculatingSupply is the sum of the supply and excluded groups, 0 or more.
	CirculatingSupply *big.Int
	// VotingPower is CirculatingSupply plus the escrow group and the custom terms, 0 or more.
	VotingPower *big.Int
	// Quorum is what the model's rule gives, exact: it may be a fraction of a base unit.
	Quorum *big.Rat
	// QuorumRule says which part of the rule decided, such as RuleFraction or RuleMin.
	QuorumRule string
	// QuorumRead is the quorum as a contract says it, nil if none is asked.
	QuorumRead *Line
}

// Subtotal returns the signed sum of the lines of one group, in base units.
func (r *Result) Subtotal(group string) *big.Int {
	sum := new(big.Int)
	for _, line := range r.Lines {
		if line.Group != group {
			continue
		}
		if line.Sign < 0 {
			sum.Sub(sum, line.Amount)
		} else {
			sum.Add(sum, line.Amount)
		}
	}
	return sum
}

// Compute sums the evidence, exact to the base unit. It derives the terms again from
// the model and the query time, and refuses evidence with any other blocks or reads;
// the package comment lists all that is checked. It is pure and does not change e.
func Compute(e *Evidence) (*Result, error) {
	r, err := compute(e)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEvidence, err)
	}
	return r, nil
}

func compute(e *Evidence) (*Result, error) {
	if e == nil || e.Model == nil {
		return nil, errors.New("it has no model")
	}
	if err := checkTime(e.At); err != nil {
		return nil, fmt.Errorf("query time: %w", err)
	}
	terms, err := e.Model.Terms(e.At)
	if err != nil {
		return nil, err
	}
	if err := e.checkBlocks(); err != nil {
		return nil, err
	}
	lines, err := e.lines(terms)
	if err != nil {
		return nil, err
	}
	if err := checkSupplies(lines); err != nil {
		return nil, err
	}
	return sum(e, lines)
}

// checkBlocks demands one block for each chain of the model and no other. A block
// that is not pinned is the first at or after At; the pinned block of Network defines At.
// What is not marked as a development chain can be the public one.
func (e *Evidence) checkBlocks() error {
	ids := e.Model.Chains()
	for _, id := range ids {
		chain, ok := e.Chains[id]
		if !ok {
			return fmt.Errorf("model %q reads %v, and there is no block of it", e.Model.Name, id)
		}
		err := checkBlock(chain.Block, e.At, id == e.Model.Network)
		if err == nil {
			err = chain.Assurance.Check()
		}
		if err != nil {
			return fmt.Errorf("%v: %w", id, err)
		}
		if err := chain.Block.Plausible(id); err != nil && !chain.Development {
			return fmt.Errorf("%v: %w", id, err)
		}
	}
	for id := range e.Chains {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("it has a block of %v, but model %q reads only %v", id, e.Model.Name, ids)
		}
	}
	return nil
}

func checkBlock(b chains.Block, at time.Time, network bool) error {
	if !b.Pinned {
		return b.Proves(at)
	}
	if err := b.Check(); err != nil {
		return err
	}
	if network && !b.Time().Equal(at) {
		return fmt.Errorf("pinned block %d has time %v, but the query time is %v",
			b.Number(), formatTime(b.Time()), formatTime(at))
	}
	return nil
}

// lines pairs each term with its read, checks included.
func (e *Evidence) lines(terms []Term) ([]Line, error) {
	if len(e.Reads) != len(terms) {
		return nil, fmt.Errorf("it has %d reads, but model %q asks for %d", len(e.Reads), e.Model.Name, len(terms))
	}
	lines := make([]Line, len(terms))
	for i, term := range terms {
		amount, err := e.Reads[i].answer(term)
		if err != nil {
			return nil, fmt.Errorf("reads[%d], %s on %v: %w", i, term.Label, term.Chain, err)
		}
		lines[i] = Line{term, amount}
	}
	return lines, nil
}

// answer returns what r says for term.
func (r Read) answer(term Term) (*big.Int, error) {
	if want := term.Call.To.Hex(); r.Chain != term.Chain || r.To != want {
		return nil, fmt.Errorf("found a read of %s on %v, want %s", r.To, r.Chain, want)
	}
	if !bytes.Equal(r.Data, term.Call.Data) {
		return nil, fmt.Errorf("found call data %v, want %v (%s)", r.Data, term.Call.Data, term.Call.Signature)
	}
	amount, err := term.amount(r.Result)
	if err != nil {
		return nil, fmt.Errorf("result of %s: %w", term.Call.Signature, err)
	}
	if term.Group != GroupCheck {
		return amount, nil
	}
	if term.Want == nil && amount.Sign() == 0 {
		return nil, fmt.Errorf("%s of %s is 0, want any other value: without supply, a balance of 0 says nothing",
			term.Call.Signature, r.To)
	}
	if term.Want != nil && amount.Cmp(term.Want) != 0 {
		return nil, fmt.Errorf("%s of %s is %v, want %v as in the model", term.Call.Signature, r.To, amount, term.Want)
	}
	return amount, nil
}

// checkSupplies demands that a chain has at least as many tokens as are subtracted there.
// Excluded balances and locked tokens are disjoint holdings of the chain's token, so
// their sum cannot exceed its totalSupply(). A model has one token per chain, and
// Terms reads its totalSupply(), as supply or as a check, wherever it subtracts any.
func checkSupplies(lines []Line) error {
	supply, taken := map[chains.ID]*big.Int{}, map[chains.ID]*big.Int{}
	var order []chains.ID
	for _, line := range lines {
		switch {
		case line.Sign < 0 && line.Group != GroupTerm:
			if taken[line.Chain] == nil {
				taken[line.Chain] = new(big.Int)
				order = append(order, line.Chain)
			}
			taken[line.Chain].Add(taken[line.Chain], line.Amount)
		case line.Group == GroupSupply || line.Group == GroupCheck && line.Want == nil:
			supply[line.Chain] = line.Amount
		}
	}
	for _, id := range order {
		if taken[id].Cmp(supply[id]) > 0 {
			return fmt.Errorf("%v: excluded and locked amounts are %v base units together, "+
				"more than the token's total supply of %v", id, taken[id], supply[id])
		}
	}
	return nil
}

// supplies reports whether l adds tokens that exist.
func (l Line) supplies() bool { return l.Sign > 0 && l.Group != GroupEscrow && l.Amount.Sign() > 0 }

func sum(e *Evidence, lines []Line) (*Result, error) {
	r := &Result{Evidence: e, Lines: lines}
	if i := slices.IndexFunc(lines, func(l Line) bool { return l.Sign == 0 }); i >= 0 { // what is not summed comes last
		r.Lines, r.Checks = lines[:i:i], lines[i:]
	}
	var read *big.Int
	if len(r.Checks) > 0 && r.Checks[0].Group == GroupQuorum {
		r.QuorumRead, r.Checks = &r.Checks[0], r.Checks[1:]
		if read = r.QuorumRead.Amount; read.Sign() == 0 {
			return nil, fmt.Errorf("the quorum that %s of %v says is 0", r.QuorumRead.Call.Signature, r.QuorumRead.Call.To)
		}
	}
	if !slices.ContainsFunc(r.Lines, Line.supplies) {
		return nil, errors.New("the total supply is 0: no vote can be measured against it")
	}
	supply := r.Subtotal(GroupSupply)
	r.CirculatingSupply = supply.Add(supply, r.Subtotal(GroupExcluded))
	if r.CirculatingSupply.Sign() < 0 {
		return nil, fmt.Errorf("circulating supply is negative: %v base units", r.CirculatingSupply)
	}
	r.VotingPower = r.Subtotal(GroupEscrow)
	r.VotingPower.Add(r.VotingPower, r.CirculatingSupply)
	r.VotingPower.Add(r.VotingPower, r.Subtotal(GroupTerm))
	if r.VotingPower.Sign() < 0 {
		return nil, fmt.Errorf("circulating voting power is negative: %v base units", r.VotingPower)
	}
	r.Quorum, r.QuorumRule = e.Model.Quorum.of(e.Model, r.VotingPower, read)
	return r, nil
}
