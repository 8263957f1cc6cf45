package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
)

// Assurance says what speaks for the figures of one chain, or of the voters at one block.
type Assurance struct {
	// Level is "proven" where the bundle's witness proves every read. "trusted" and "bound"
	// are the word of the bundle's author; "" says nothing.
	Level chains.Level `json:"level,omitempty"`
	// Unbound says why the level is "trusted", by the word of the author.
	Unbound string `json:"unbound,omitempty"`
	// Agreed is how many endpoints gave the answers, by the word of the author.
	Agreed int `json:"agreed,omitempty"`
	// Unproven says why there is no proof, or which read is not provable.
	Unproven string `json:"unproven,omitempty"`
}

// prove runs the calls of the bundle again by its witnesses. The results in the evidence must
// be the proven ones.
func (r *Report) prove() error {
	e := r.bundle.Evidence
	terms, err := e.Model.Terms(e.At)
	if err != nil {
		return err
	}
	r.chains = map[chains.ID]Assurance{}
	for _, id := range e.Model.Chains() {
		var calls []chains.Call
		var results []hexutil.Bytes
		for i, term := range terms {
			if term.Chain == id {
				calls, results = append(calls, term.Call), append(results, e.Reads[i].Result)
			}
		}
		if r.chains[id], err = assured(id, e.Chains[id].Block, e.Chains[id].Assurance, calls, results); err != nil {
			return fmt.Errorf("%w: %w", votingpower.ErrEvidence, err)
		}
	}
	if r.outcome == nil || r.outcome.Power == nil {
		return nil
	}
	if err := r.proveVoters(); err != nil {
		return fmt.Errorf("%w: voters: %w", votingpower.ErrEvidence, err)
	}
	return nil
}

func (r *Report) proveVoters() error {
	e := r.outcome.Evidence.Power
	var proofs []strategy.Proof
	r.voters = map[*strategy.Sample]Assurance{}
	for _, reading := range e.Places {
		for i := range reading.Sampled {
			s := &reading.Sampled[i]
			r.voters[s] = Assurance{s.Level, s.Unbound, s.Agreed, s.Unproven}
			if s.Witness != nil && proofs == nil {
				var err error
				if proofs, err = strategy.Proofs(e, r.outcome.Power); err != nil {
					return err
				}
			}
		}
	}
	r.sampled = e.Sample && proofs != nil
	for _, p := range proofs {
		s := &e.Places[p.Place].Sampled[p.Index]
		a, err := assured(p.Place.Chain, s.Block, s.Assurance, p.Calls, p.Results)
		if err != nil {
			return err
		}
		if p.Events && a.Level == chains.Proven {
			a.Level = cmp.Or(s.Level, chains.Trusted)
			a.Unproven = "delegations are read from events, which no proof of the state covers"
		}
		if e.Sample {
			r.sampled = r.sampled && (a.Level == chains.Proven || len(p.Calls) == 0)
			a.Level = s.Level
		}
		r.voters[s] = a
	}
	return nil
}

// words says what speaks for the figures of a block, for a reader; "" if nothing says it.
func (a Assurance) words(hash string, development bool) (text string) {
	switch {
	case a.Level == chains.Proven && development:
		return "proven under a development chain's block hash " + hash
	case a.Level == chains.Proven:
		return "proven under the block hash " + hash
	case a.Level == chains.Bound:
		text = "bound to the block's state"
	case a.Level == chains.Trusted:
		text = "trusted"
	}
	switch {
	case a.Agreed == 1:
		text += ", 1 endpoint"
	case a.Agreed > 1:
		text += fmt.Sprintf(", %d endpoints agreed", a.Agreed)
	}
	if a.Unbound != "" && a.Level == chains.Trusted {
		text += "; not bound: " + quoted(a.Unbound, maxDetail)
	}
	if a.Unproven != "" {
		text += "; not proven: " + quoted(a.Unproven, maxDetail)
	}
	return strings.TrimPrefix(strings.TrimPrefix(text, ", "), "; ")
}

// proven reports whether every read behind the quorum is proven.
func (d *Document) proven() bool {
	return !slices.ContainsFunc(d.Chains, func(c Chain) bool { return c.Reads > 0 && c.Level != chains.Proven })
}

// Require fails where a chain is below a level, or, if voters counts, the voters are.
func (r *Report) Require(least chains.Level, voters bool) error {
	for _, c := range r.document.Chains {
		if c.Reads > 0 && !c.Level.Reaches(least) {
			return fmt.Errorf("%s: want %s, found: %s", c.Chain, least, c.words(c.Hash, c.Development))
		}
	}
	if r.document.Vote == nil || !voters {
		return nil
	}
	for _, b := range r.document.Vote.Power.Blocks {
		if b.Reads > 0 && !b.Level.Reaches(least) {
			return fmt.Errorf("voters' power on %s at block %d: want %s, found: %s",
				b.Chain, b.Number, least, b.words(b.Hash, b.Development))
		}
	}
	return nil
}

// Confirm takes block hashes that a reader has from elsewhere. A hash that is not the one in the
// report is an error that wraps votingpower.ErrEvidence.
func (r *Report) Confirm(hashes map[chains.ID]common.Hash) error {
	r.confirmed = map[string]string{}
	var names []string
	for _, id := range r.bundle.Evidence.Model.Chains() {
		b := r.bundle.Evidence.Chains[id].Block
		hash, given := hashes[id]
		names = append(names, id.String())
		switch {
		case given && hash != b.Hash:
			return fmt.Errorf("%w: %v block %d has hash %v, and %v was given",
				votingpower.ErrEvidence, id, b.Number(), b.Hash, hash)
		case given:
			r.confirmed[id.String()] = "as given"
		case b.Known(id):
			r.confirmed[id.String()] = "which is known"
		}
	}
	for id := range hashes {
		if _, read := r.bundle.Evidence.Chains[id]; !read {
			return fmt.Errorf("the bundle reads no chain %v, only %s", id, strings.Join(names, ", "))
		}
	}
	return nil
}

// verified reports whether the quorum needs no trust in any endpoint.
func (r *Report) verified() bool {
	return r.document.proven() && len(r.confirmed) == len(r.document.Chains)
}

// Sample says how many voters are proven where the others are not.
type Sample struct {
	Proven int `json:"proven"` // the strategy.SampleLargest with the most power, and others that were drawn
	Of     int `json:"of"`
	// Unseen1 and Unseen5 are the greatest chance, in percent, that none of those drawn is among
	// the wrong ones, where 1 % and 5 % of the others are wrong.
	Unseen1 string `json:"unseen_1_percent"`
	Unseen5 string `json:"unseen_5_percent"`
}

func newSample(voters int) *Sample {
	drawn := min(max(0, voters-strategy.SampleLargest), strategy.SampleDrawn)
	unseen := func(wrong int64) string { // percent of percent
		part, n := big.NewInt(100-wrong), big.NewInt(int64(drawn))
		chance := new(big.Rat).SetFrac(part.Exp(part, n, nil), new(big.Int).Exp(big.NewInt(100), n, nil))
		if text := chance.Mul(chance, big.NewRat(100, 1)).FloatString(1); text != "0.0" {
			return text
		}
		return "0.1"
	}
	s := &Sample{min(voters, strategy.SampleLargest) + drawn, voters, "0", "0"}
	if s.Proven < voters {
		s.Unseen1, s.Unseen5 = unseen(1), unseen(5)
	}
	return s
}

// assured runs calls again by the witness of their block, and compares their results.
func assured(
	id chains.ID, b chains.Block, a chains.Assurance, calls []chains.Call, results []hexutil.Bytes,
) (Assurance, error) {
	found := Assurance{a.Level, a.Unbound, a.Agreed, a.Unproven}
	if a.Witness == nil {
		return found, nil
	}
	proven, err := proof.Run(id, b, a.Witness, calls)
	if err != nil {
		return found, err
	}
	for i, p := range proven {
		var failed *chains.CallError
		switch {
		case errors.As(p.Err, &failed) && errors.Is(p.Err, proof.ErrNotProvable):
			if found.Unproven == "" {
				found.Unproven = fmt.Sprintf("%s of %v: %v", calls[i].Signature, calls[i].To, failed.Err)
			}
		case p.Err != nil:
			return found, fmt.Errorf("the witness proves that a call fails: %w", p.Err)
		case !bytes.Equal(p.Data, results[i]):
			return found, fmt.Errorf("%v: the witness proves that %s of %v returns %v, found %v",
				id, calls[i].Signature, calls[i].To, hexutil.Bytes(p.Data), results[i])
		}
	}
	if found.Unproven == "" {
		found.Level, found.Unbound = chains.Proven, ""
	}
	return found, nil
}
