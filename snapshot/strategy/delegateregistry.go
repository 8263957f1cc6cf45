package strategy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// registry is the delegate registry at a place, for one space.
type registry struct {
	place Place
	ids   []common.Hash // of all spaces, of the space, and of its name without ".eth"
}

// firstDelegation is the block of each chain from which the registry's events count.
var firstDelegation = map[chains.ID]uint64{
	1: 11225329, 10: 19067342, 56: 7407807, 100: 20274491, 137: 7407807, 146: 2356503, 250: 30509689,
	5000: 75529389, 8453: 17894724, 42161: 22531440, 59144: 9050577, 81457: 10123290,
	84532: 18221646, 11155111: 5492465,
}

// The contract has the same address on each chain.
var (
	registryAddress = common.HexToAddress("0x469788fE6E9E9681C6ebF3bF78e7Fd26Fc015446")
	setDelegate     = common.HexToHash("0xa9a7fd460f56bddb880a465a9c3e9730389c70bc53108148f16d55a87a6c468e")
)

func (p delegationParams) registry(at site) (r registry, err error) {
	id, err := network(nested{Network: p.Network}.network(), at.Place)
	if err != nil {
		return r, fmt.Errorf("params.delegationNetwork: %w", err)
	}
	there, err := at.on(id)
	if err != nil {
		return r, err
	}
	if slices.Contains(at.query.silent, id) {
		return r, fmt.Errorf("no endpoint gives all events of the delegate registry on chain %d in time", id)
	}
	if _, ok := firstDelegation[id]; !ok {
		return r, fmt.Errorf("no delegate registry is read on network %d", id)
	}
	space := p.Space
	if space == "" {
		space = at.query.space
	}
	if space == "" {
		return r, errors.New("the space is not known, which it reads the delegations of")
	}
	r = registry{there.Place, []common.Hash{{}}}
	for _, name := range []string{space, strings.Replace(space, ".eth", "", 1)} {
		var id common.Hash
		if copy(id[:], name); len(name) <= len(id) && !slices.Contains(r.ids, id) {
			r.ids = append(r.ids, id)
		}
	}
	return r, nil
}

// note has the registry's events read for the strategy that is parsed.
func (r registry) note(query *parsing) {
	query.doubt = "who has delegated is known from the events that the endpoint shows"
	for _, id := range r.ids {
		if all := query.registries[r.place]; !slices.Contains(all, id) {
			query.registries[r.place] = append(all, id)
		}
	}
}

const delegationFunction = "delegation(address,bytes32)"

func (r registry) source() Source {
	return Source{Place: r.place, Contract: registryAddress, Function: delegationFunction}
}

// state lists the reads of whom the delegator has chosen, in the order of ids.
func (r registry) state(delegator common.Address) (reads []read, err error) {
	for _, id := range r.ids {
		call, err := chains.NewCall(registryAddress, delegationFunction, delegator, [32]byte(id))
		if err != nil {
			return nil, err
		}
		reads = append(reads, read{r.place, call})
	}
	return reads, nil
}

// delegators lists those who delegate to the voter, in the order of their first event: of all who
// do with all, else of those who do not vote. It also lists the reads of the states of everyone
// who ever delegated to the voter, without which the list fails.
func (r registry) delegators(v voter, in *inputs, all bool) (list []voter, reads []read, err error) {
	first := map[common.Address]int{}
	for _, d := range in.events[r.place].delegators[v.evm] {
		if !all && in.voting[d] {
			continue
		}
		state, failed := r.state(d)
		reads = append(reads, state...)
		chosen, ok, unknown := r.delegate(d, in, all)
		if err = cmp.Or(err, failed, unknown); ok && chosen.delegate == v.evm {
			first[d], list = chosen.first, append(list, voter{text: d.Hex(), evm: d})
		}
	}
	slices.SortStableFunc(list, func(a, b voter) int { return first[a.evm] - first[b.evm] })
	return list, reads, err
}

// chosen is whom a delegator has chosen.
type chosen struct {
	delegate    common.Address
	named       bool // for the space, not for all spaces
	first, last int  // the first event that counts, and that of the choice
}

// delegate finds whom the delegator has chosen: the choice for the space comes before that
// for all spaces, and of two for the space (with ".eth" and without) the later one counts.
// Without all, only choices of delegates who vote count.
func (r registry) delegate(delegator common.Address, in *inputs, all bool) (c chosen, ok bool, err error) {
	state, err := r.state(delegator)
	if err != nil {
		return c, false, err
	}
	for i, read := range state {
		data, err := in.answer(read)
		if err != nil {
			return c, false, err
		}
		value, err := word(data)
		if err != nil {
			return c, false, err
		}
		delegate := common.BigToAddress(value)
		if value.Sign() == 0 || !all && !in.voting[delegate] {
			continue
		}
		last, shown := in.events[r.place].last[Delegation{delegator, r.ids[i], delegate}]
		if !shown {
			err := fmt.Errorf("%s delegates to %s, and no event says so", delegator, delegate)
			return c, false, &eventsError{r.place.Chain, err}
		}
		if named := i > 0; !ok || named && (!c.named || last > c.last) {
			c.delegate, c.named, c.last = delegate, named, last
		}
		if !ok || last < c.first {
			c.first = last
		}
		ok = true
	}
	return c, ok, nil
}
