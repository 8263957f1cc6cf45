package strategy

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// Compute works out the scores from evidence. It derives the calls again from the
// query and refuses evidence that does not match: a place too many or too few, a
// block that does not prove its rule, a wrong number of results. Evidence of an older program,
// which recomputed fewer strategies, leaves the others unverifiable.
func Compute(e *Evidence) (*Result, error) {
	result, err := compute(e, e.Query)
	if err != nil {
		older := e.Query
		older.older = true
		if result, olderErr := compute(e, older); olderErr == nil {
			return result, nil
		}
	}
	return result, err
}

func compute(e *Evidence, q Query) (*Result, error) {
	p, err := newPlan(q)
	if err != nil {
		return nil, err
	}
	if err := p.check(e.Places); err != nil {
		return nil, err
	}
	choices, err := p.choices(e.Places)
	if err != nil {
		return nil, err
	}
	results, err := p.results(e.Places, choices)
	if err != nil {
		return nil, err
	}
	result := &Result{Query: &q, Unverifiable: p.reasons, Doubts: p.doubts}
	for _, c := range choices {
		power := Power{Blocks: c.describe(p, e.Places)}
		in := p.inputs(c, results)
		for _, v := range p.voters {
			scores, err := p.scores(v, in)
			if err != nil {
				return nil, fmt.Errorf("voter %s: %w", v.text, err)
			}
			power.Scores = append(power.Scores, scores)
		}
		result.Powers = append(result.Powers, power)
	}
	return result, nil
}

func (p *plan) scores(v voter, in *inputs) ([]Score, error) {
	out := make([]Score, len(p.scorers))
	for i, s := range p.scorers {
		if s == nil {
			continue
		}
		score, err := s.score(v, in)
		if err != nil {
			return nil, fmt.Errorf("strategy %s: %w", p.query.Strategies[i].Name, err)
		}
		out[i] = score.positive()
	}
	return out, nil
}

// check compares the blocks of all places with the rules they follow.
func (p *plan) check(places map[Place]Reading) error {
	if len(places) != len(p.places) {
		return fmt.Errorf("found %d places, the strategies read %d", len(places), len(p.places))
	}
	for _, place := range p.places {
		reading, ok := places[place]
		if !ok || len(reading.Sampled) == 0 || len(reading.Sampled) > 2 {
			return fmt.Errorf("%v: no block found, or more than two", place)
		}
		err := p.checkPlace(places, place, reading)
		for _, s := range reading.Sampled {
			err = errors.Join(err, p.checkEvents(place, s), s.Assurance.Check())
		}
		if err == nil && !reading.Development {
			err = reading.plausible(place.Chain)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", place, err)
		}
	}
	return nil
}

func (p *plan) checkPlace(places map[Place]Reading, place Place, r Reading) error {
	first := r.Sampled[0].Block
	if place.Via == 0 {
		home := places[Place{Chain: p.query.Network, Via: p.query.Network}].Sampled[0].Block
		if r.After != nil || len(r.Sampled) != 1 || first.Time().Before(home.Time()) {
			return fmt.Errorf("found block %d, want one alone that is not before the snapshot block", first.Number())
		}
		return first.Check()
	}
	if number, pinned := p.pin(place); pinned {
		if r.After != nil || len(r.Sampled) != 1 || !first.Pinned || first.Number() != number {
			return fmt.Errorf("found block %d (pinned: %v), want the pinned block %d alone",
				first.Number(), first.Pinned, number)
		}
		return first.Check()
	}
	t := p.time(place, places)
	if first.Pinned {
		return errors.New("the block is pinned, and the query does not pin it")
	}
	if err := first.Proves(t); err != nil {
		return err
	}
	if p.query.before(multichainAfter) && first.Number() > 0 && !first.Time().Equal(t) {
		return r.checkBefore()
	}
	return r.checkRun(t)
}

// plausible compares the blocks with what is known of the public chain.
func (r Reading) plausible(id chains.ID) error {
	for _, s := range r.Sampled {
		if err := s.Block.Plausible(id); err != nil {
			return err
		}
	}
	if r.After != nil {
		return r.After.Plausible(id)
	}
	return nil
}

// checkBefore demands the block before the first one at or after the snapshot's time.
func (r Reading) checkBefore() error {
	if r.After != nil || len(r.Sampled) != 2 || r.Sampled[1].Block.Hash != r.Sampled[0].Block.Header.ParentHash {
		return errors.New("want the first block after the snapshot's time and the one before it")
	}
	return r.Sampled[1].Block.Check()
}

// checkRun demands the last block with timestamp t where there are several, proven by
// the block after it.
func (r Reading) checkRun(t time.Time) error {
	first := r.Sampled[0].Block
	if !first.Time().Equal(t) {
		if r.After != nil || len(r.Sampled) > 1 {
			return errors.New("a last block is given, and the first one does not have the snapshot's timestamp")
		}
		return nil
	}
	if r.After == nil {
		return errors.New("the block after the snapshot's timestamp is missing")
	}
	if err := r.After.Proves(t.Add(time.Second)); err != nil {
		return err
	}
	last := r.Sampled[len(r.Sampled)-1].Block
	if err := last.Check(); err != nil {
		return err
	}
	if last.Hash != r.After.Header.ParentHash || len(r.Sampled) == 2 && last.Hash == first.Hash {
		return fmt.Errorf("block %d is not the last one with timestamp %d, or is given twice", last.Number(), t.Unix())
	}
	return nil
}

// results finds the result of each call. It demands as many results as calls.
func (p *plan) results(places map[Place]Reading, choices []choice) (map[callKey]hexutil.Bytes, error) {
	known, taken := map[callKey]hexutil.Bytes{}, map[at]int{}
	for more := true; more; {
		found, err := map[callKey]hexutil.Bytes{}, error(nil)
		more, err = p.eachCall(choices, known, func(key callKey, r read, sample int) error {
			n := taken[at{r.place, sample}]
			if _, again := found[key]; again {
				return nil
			}
			s := places[r.place].Sampled[sample]
			if n == len(s.Results) {
				return fmt.Errorf("%v: found %d results at block %d, the strategies make more calls", r.place, n, s.Block.Number())
			}
			found[key], taken[at{r.place, sample}] = s.Results[n], n+1
			return nil
		})
		if err != nil {
			return nil, err
		}
		more = more && len(found) > 0
		if len(known) == 0 {
			known = found
			continue
		}
		maps.Copy(known, found)
	}
	for place, reading := range places {
		for i, s := range reading.Sampled {
			if n := taken[at{place, i}]; n != len(s.Results) {
				return nil, fmt.Errorf("%v: found %d results at block %d, the strategies make %d calls",
					place, len(s.Results), s.Block.Number(), n)
			}
		}
	}
	return known, nil
}
