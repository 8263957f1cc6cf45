package strategy

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// A sample of voters is the SampleLargest with the most power, and SampleDrawn others. A wrong
// share of 1 % of those others stays unseen with a chance of at most 0.99 to the power of 300,
// which is 5 %.
const (
	SampleLargest = 20
	SampleDrawn   = 300
)

// Proof is what the witness of one Sample is for.
type Proof struct {
	Place   Place
	Index   int // of the sample at its place
	Calls   []chains.Call
	Results []hexutil.Bytes
	Events  bool // events count there as well, which no witness proves
}

// Proofs lists the calls that the witnesses of e are for, by places and samples: those of every
// voter, or of a sample. R is what Compute made of e.
func Proofs(e *Evidence, r *Result) ([]Proof, error) {
	p, err := newPlan(*r.Query)
	if err != nil {
		return nil, err
	}
	choices, err := p.choices(e.Places)
	if err != nil {
		return nil, err
	}
	known, err := p.results(e.Places, choices)
	if err != nil {
		return nil, err
	}
	voters := p.voters
	if e.Sample {
		voters = p.sample(e, r)
	}
	return p.proofs(e, voters, choices, known)
}

// CollectSample collects without proofs, and proves what was read for a sample of the voters by
// the nodes that can. Where an endpoint turns out to have a fault, another one is read.
func CollectSample(ctx context.Context, nodes map[chains.ID]chains.Node, q Query) (*Evidence, error) {
	for {
		e, err := Collect(ctx, chains.Plain(nodes), q)
		if err != nil {
			return nil, err
		}
		e.Sample = true
		again, err := e.prove(ctx, nodes)
		if err != nil || !again {
			return e, err
		}
	}
}

// prove adds the witnesses, and reports whether the answers are those of an endpoint with a fault.
func (e *Evidence) prove(ctx context.Context, nodes map[chains.ID]chains.Node) (again bool, err error) {
	r, err := Compute(e)
	if err != nil {
		return false, err
	}
	proofs, err := Proofs(e, r)
	if err != nil {
		return false, err
	}
	doubts, err := chains.SideBySide(ctx, proofs, func(ctx context.Context, p Proof) (bool, error) {
		s := &e.Places[p.Place].Sampled[p.Index]
		answers := make([]chains.Answer, len(p.Results))
		for i, result := range p.Results {
			answers[i] = chains.Answer{Data: result, From: strings.Split(s.From, ", ")}
		}
		a, doubtful, err := chains.Confirm(ctx, nodes[p.Place.Chain], s.Block, p.Calls, answers)
		s.Faults, s.Witness, s.Unproven = a.Faults, a.Witness, a.Unproven
		return doubtful, err
	})
	return slices.Contains(doubts, true), err
}

func (p *plan) proofs(
	e *Evidence, voters []voter, choices []choice, known map[callKey]hexutil.Bytes,
) (proofs []Proof, err error) {
	index := map[at]int{}
	for _, place := range p.places {
		for i := range e.Places[place].Sampled {
			index[at{place, i}] = len(proofs)
			proofs = append(proofs, Proof{Place: place, Index: i, Events: len(p.registries[place]) > 0})
		}
	}
	seen := map[callKey]bool{}
	for _, c := range choices {
		in := p.inputs(c, known)
		for _, v := range voters {
			for _, s := range p.scorers {
				if s == nil {
					continue
				}
				reads, err := s.calls(v, in)
				if err != nil {
					return nil, err
				}
				for _, r := range reads {
					key := keyOf(r, c.sample[r.place])
					if seen[key] {
						continue
					}
					seen[key] = true
					one := &proofs[index[at{r.place, c.sample[r.place]}]]
					one.Calls, one.Results = append(one.Calls, r.call), append(one.Results, known[key])
				}
			}
		}
	}
	return proofs, nil
}

// sample chooses voters after the answers are in, from a seed of the blocks, the voters and
// the answers, so that an endpoint cannot change an answer without another draw.
func (p *plan) sample(e *Evidence, r *Result) []voter {
	seed := sha256.New()
	for _, place := range p.places {
		for _, s := range e.Places[place].Sampled {
			seed.Write(s.Block.Hash[:])
			for _, result := range s.Results {
				sum := sha256.Sum256(result)
				seed.Write(sum[:])
			}
		}
	}
	for _, v := range p.voters {
		seed.Write([]byte(v.text))
	}
	type candidate struct {
		voter
		power float64
		draw  [sha256.Size]byte
	}
	all := make([]candidate, len(p.voters))
	for i, v := range p.voters {
		power, _ := Total(r.Powers[0].Scores[i])
		all[i] = candidate{v, power, sha256.Sum256(append(seed.Sum(nil), v.text...))}
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.power, a.power), bytes.Compare(a.draw[:], b.draw[:]))
	})
	others := all[min(SampleLargest, len(all)):]
	slices.SortFunc(others, func(a, b candidate) int { return bytes.Compare(a.draw[:], b.draw[:]) })
	var chosen []voter
	for _, c := range all[:min(SampleLargest+SampleDrawn, len(all))] {
		chosen = append(chosen, c.voter)
	}
	return chosen
}
