package strategy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// plan is a parsed query.
type plan struct {
	query   Query
	scorers []scorer // nil where unverifiable
	reasons []string
	voters  []voter
	doubts  []string
	voting  map[common.Address]bool
	places  []Place // each after the place its block derives from

	registries map[Place][]common.Hash // whose events are read, of these spaces
}

// newPlan parses the query. A strategy that cannot be recomputed has a reason; a
// malformed voter is an error.
func newPlan(q Query) (*plan, error) {
	p := &plan{query: q, voting: map[common.Address]bool{}}
	home := Place{Chain: q.Network, Via: q.Network}
	if n := len(q.Strategies); n > maxStrategies {
		return nil, fmt.Errorf("found %d strategies, want at most %d", n, maxStrategies)
	}
	seen, parsing := map[Place]bool{home: true}, newParsing(q)
	for _, spec := range q.Strategies {
		s, reason, doubt := parseTop(spec, home, parsing)
		p.scorers, p.reasons, p.doubts = append(p.scorers, s), append(p.reasons, reason), append(p.doubts, doubt)
		if s == nil {
			continue
		}
		for _, place := range s.places() {
			seen[place] = true
			if base, ok := place.base(q.Network); ok {
				seen[base] = true
			}
		}
	}
	for _, text := range q.Voters {
		v, err := parseVoter(text)
		if err != nil {
			return nil, err
		}
		if p.voters = append(p.voters, v); !v.star {
			p.voting[v.evm] = true
		}
	}
	p.registries = parsing.registries
	p.places = slices.SortedFunc(maps.Keys(seen), func(a, b Place) int {
		if d := p.hops(a) - p.hops(b); d != 0 {
			return d
		}
		return strings.Compare(a.String(), b.String())
	})
	return p, nil
}

// When the score service changed how it reads other chains, in Unix seconds, each with two weeks
// within which the change was put to use.
const (
	// Until 2022-02-01 (snapshot-strategies e038100c) multichain read the last block at or before
	// the snapshot's time, since then the first at or after it.
	multichainAfter = 1644883200
	// Until 2022-03-06 (e9f0dc37) a strategy's own network was ignored.
	ownNetworkAfter = 1647734400
)

// before reports whether the hub may have counted before a change.
func (q Query) before(change int64) bool { return q.Counted > 0 && q.Counted < change }

// Of returns the query with what it needs of the proposal: its space, if a strategy reads
// delegations, and when the hub counted it (Unix seconds), if blocks of other chains were chosen
// in another way then. Block, Voters and Pins do not matter.
func (q Query) Of(space string, counted int64) Query {
	q.Space = space
	parsing := newParsing(q)
	for _, spec := range q.Strategies {
		s, _, _ := parseTop(spec, Place{Chain: q.Network, Via: q.Network}, parsing)
		if s == nil || counted <= 0 || counted >= ownNetworkAfter {
			continue
		}
		for _, place := range s.places() {
			if _, derived := place.base(q.Network); derived {
				q.Counted = counted
			}
		}
	}
	if len(parsing.registries) == 0 {
		q.Space = ""
	}
	return q
}

func newParsing(q Query) *parsing {
	return &parsing{
		older: q.older,
		space: q.Space, without: q.Without, silent: q.WithoutEvents, ignored: q.before(ownNetworkAfter),
		left: maxNested, registries: map[Place][]common.Hash{},
	}
}

// parseTop parses a top-level strategy. The reason is empty if it can be recomputed, and the
// doubt if the result is then sure.
func parseTop(spec Spec, home Place, query *parsing) (s scorer, reason, doubt string) {
	query.doubt = ""
	s, err := parseRanked(spec, site{Place: home, query: query})
	if err != nil {
		return nil, err.Error(), ""
	}
	for _, place := range s.places() {
		for _, id := range []chains.ID{place.Chain, place.Via} {
			if slices.Contains(query.without, id) {
				return nil, "no endpoint for chain " + id.Name(), ""
			}
		}
	}
	if id, _ := network(spec.Network, home); query.ignored && id != home.Chain {
		query.doubt = "the hub may have counted when Snapshot ignored a strategy's own network"
	}
	return s, "", query.doubt
}

// parseRanked parses a strategy on its own network, with its start and end, as the top level
// does and strategies that hand others to it.
func parseRanked(spec Spec, at site) (scorer, error) {
	id, err := network(spec.Network, at.Place)
	if err != nil {
		return nil, err
	}
	there, err := at.on(id)
	if err != nil {
		return nil, err
	}
	s, err := parse(spec, there)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]string{"ticket", "whitelist", "whitelist-weighted", "math"}, spec.Name) {
		s = evmOnly{s}
	}
	return gate(s, spec.Params, there.Place)
}

// hops counts the blocks between a place and the snapshot block.
func (p *plan) hops(place Place) int {
	base, ok := place.base(p.query.Network)
	if !ok {
		return 0
	}
	return 1 + p.hops(base)
}

// pin returns the number of the block of a place, if it is named by number.
func (p *plan) pin(place Place) (number uint64, pinned bool) {
	if _, derived := place.base(p.query.Network); !derived {
		return p.query.Block, true
	}
	number, pinned = p.query.Pins[place.Chain]
	return number, pinned
}

// time is the timestamp from which the block of a derived place follows.
func (p *plan) time(place Place, places map[Place]Reading) time.Time {
	base, _ := place.base(p.query.Network)
	return places[base].Sampled[0].Block.Time()
}

// parseVoter reads an EVM address, or a Starknet address: 0x and more than 40 hex digits.
func parseVoter(text string) (voter, error) {
	hex, ok := strings.CutPrefix(text, "0x")
	if ok && len(hex) > 40 && len(hex) <= 64 && strings.Trim(hex, "0123456789abcdefABCDEF") == "" {
		return voter{text: text, star: true}, nil
	}
	a, err := address(text)
	if err != nil {
		return voter{}, fmt.Errorf("voter: %w", err)
	}
	return voter{text: text, evm: a}, nil
}

// callKey tells calls apart: a hash of the place, the sample of its blocks, and the call.
type callKey [sha256.Size]byte

func keyOf(r read, sample int) (key callKey) {
	text := make([]byte, 0, 128)
	for _, n := range []uint64{uint64(r.place.Chain), uint64(r.place.Via), uint64(sample)} {
		text = binary.BigEndian.AppendUint64(text, n)
	}
	text = append(text, r.call.To[:]...)
	return sha256.Sum256(append(text, r.call.Data...)) // no calldata is a native balance
}

// inputs are what strategies compute from under a choice of blocks.
func (p *plan) inputs(c choice, known map[callKey]hexutil.Bytes) *inputs {
	return &inputs{
		blocks: c.blocks, sample: c.sample, events: c.events, known: known,
		voters: p.voters, voting: p.voting, memo: map[scorer]any{},
	}
}

// eachCall visits what is read under any of the choices of blocks and not known yet, in the
// order of voters and strategies, and reports whether further calls depend on the answers. The
// same call comes again where several strategies or choices make it.
func (p *plan) eachCall(
	choices []choice, known map[callKey]hexutil.Bytes, visit func(key callKey, r read, sample int) error,
) (more bool, err error) {
	var all []*inputs
	for _, c := range choices {
		all = append(all, p.inputs(c, known))
	}
	for _, v := range p.voters {
		for _, s := range p.scorers {
			if s == nil {
				continue
			}
			for _, in := range all {
				reads, err := s.calls(v, in)
				if err != nil {
					return false, fmt.Errorf("voter %s: %w", v.text, err)
				}
				for _, r := range reads {
					key := keyOf(r, in.sample[r.place])
					if _, made := known[key]; made {
						continue
					}
					if err := visit(key, r, in.sample[r.place]); err != nil {
						return false, err
					}
				}
			}
		}
	}
	return slices.ContainsFunc(all, func(in *inputs) bool { return in.unread }), nil
}
