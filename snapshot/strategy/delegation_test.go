package strategy_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// registryNode is a chain with a delegate registry, where everybody has the balance that the
// last byte of the address says.
type registryNode struct {
	*node
	chosen []chosen // in the order of the chain, block by block from block 1
	hidden bool     // the node shows no events
	fails  error    // the node gives none
}

// chosen is one event: the delegate "" clears.
type chosen struct{ delegator, space, delegate string }

func spaceID(name string) (id common.Hash) {
	copy(id[:], name)
	return id
}

func (n *registryNode) Logs(_ context.Context, b chains.Block, f chains.Filter) (logs []types.Log, err error) {
	if n.fails != nil {
		return nil, n.fails
	}
	for i, c := range n.chosen {
		if uint64(i+1) > b.Number() || n.hidden || c.delegate == "" || !slices.Contains(f.Topics[2], spaceID(c.space)) {
			continue
		}
		logs = append(logs, types.Log{Address: f.Contract, BlockNumber: uint64(i + 1), Topics: []common.Hash{f.Topics[0][0],
			common.BytesToHash(common.FromHex(c.delegator)), spaceID(c.space), common.BytesToHash(common.FromHex(c.delegate))}})
	}
	return logs, nil
}

func (n *registryNode) read(block uint64, call chains.Call) ([]byte, error) {
	if call.Signature != "delegation(address,bytes32)" {
		return word(big.NewInt(int64(append([]byte{7}, call.Data...)[len(call.Data)]))), nil // 7 wei
	}
	var delegate common.Address
	for i, c := range n.chosen[:min(int(block), len(n.chosen))] {
		if n.hidden && i < 0 || common.HexToAddress(c.delegator) != common.BytesToAddress(call.Data[4:36]) ||
			spaceID(c.space) != common.Hash(call.Data[36:68]) {
			continue
		}
		delegate = common.HexToAddress(c.delegate)
	}
	return common.BytesToHash(delegate[:]).Bytes(), nil
}

func newRegistry(chosen ...chosen) (*registryNode, map[chains.ID]chains.Node) {
	n := &registryNode{node: newNode(chains.Ethereum, 0, 100, 112, 124, 136, 148, 160, 172), chosen: chosen}
	n.answer = n.read
	return n, map[chains.ID]chains.Node{chains.Ethereum: n}
}

// who is an address whose balance is the number.
func who(balance byte) string { return common.BytesToAddress([]byte{1, balance}).Hex() }

// TestDelegation: v and w vote, the others do not. Figures are worked out by hand by the rules
// of Snapshot's score service.
func TestDelegation(t *testing.T) {
	t.Parallel()
	const space = "dao.eth"
	v, w, x, y, z := who(1), who(2), who(4), who(8), who(16)
	const token = `{"address":"` + token + `","decimals":0`
	inner := `{"strategies":[{"name":"erc20-balance-of","params":` + token + `}}]}`
	for _, test := range []struct {
		name         string
		chosen       []chosen
		without, own []string // of v and w, by delegation and by with-delegation
	}{
		{"nobody delegates", nil, []string{"0", "0"}, []string{"1", "2"}},
		{"for all spaces", []chosen{{x, "", v}}, []string{"4", "0"}, []string{"5", "2"}},
		{"for this space", []chosen{{x, space, v}}, []string{"4", "0"}, []string{"5", "2"}},
		{"for its name without .eth", []chosen{{x, "dao", v}}, []string{"4", "0"}, []string{"5", "2"}},
		{"for another space", []chosen{{x, "other.eth", v}}, []string{"0", "0"}, []string{"1", "2"}},
		{"several", []chosen{{x, "", v}, {y, space, v}, {z, "dao", w}}, []string{"12", "16"}, []string{"13", "18"}},
		{"the space comes before all spaces", []chosen{{x, space, v}, {x, "", w}}, []string{"4", "0"}, []string{"5", "2"}},
		{"the later name counts", []chosen{{x, "dao", v}, {x, space, w}}, []string{"0", "4"}, []string{"1", "6"}},
		{"the later name counts, the other way", []chosen{{x, space, v}, {x, "dao", w}},
			[]string{"0", "4"}, []string{"1", "6"}},
		{"a later choice", []chosen{{x, "", v}, {x, "", w}}, []string{"0", "4"}, []string{"1", "6"}},
		{"a choice that was cleared", []chosen{{x, "", v}, {x, "", ""}}, []string{"0", "0"}, []string{"1", "2"}},
		{"back again", []chosen{{x, "", v}, {x, "", w}, {x, "", v}}, []string{"4", "0"}, []string{"5", "2"}},
		{"a choice for the space of one who does not vote", []chosen{{x, "", v}, {x, space, y}},
			[]string{"4", "0"}, []string{"1", "2"}},
		{"one hop only", []chosen{{x, "", y}, {y, "", v}}, []string{"8", "0"}, []string{"9", "2"}},
		{"a delegator who votes", []chosen{{w, "", v}}, []string{"0", "0"}, []string{"3", "0"}},
		{"a voter who delegates to one who does not vote", []chosen{{w, space, x}}, []string{"0", "0"}, []string{"1", "0"}},
		{"after the snapshot block", []chosen{{}, {}, {}, {}, {}, {x, "", v}}, []string{"0", "0"}, []string{"1", "2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := newRegistry(test.chosen...)
			for name, want := range map[string][]string{
				"delegation": test.without, "erc20-balance-of-delegation": test.without,
				"with-delegation": test.own, "erc20-balance-of-with-delegation": test.own,
			} {
				params := token + "}"
				if !strings.HasPrefix(name, "erc20") {
					params = inner
				}
				q := one(name, params)
				q.Space, q.Block, q.Voters = space, 5, []string{v, w, star}
				checkExact(t, run(t, nodes, q), append(slices.Clone(want), "0")...)
			}
		})
	}
}

// TestDelegationParams: the parameters that say whose delegations count, and where.
func TestDelegationParams(t *testing.T) {
	t.Parallel()
	v, x := who(1), who(4)
	balance := `{"name":"erc20-balance-of","params":{"address":"` + token + `","decimals":0}}`
	for _, test := range []struct{ name, params, want, reason string }{
		{"another space's", `{"delegationSpace":"other.eth","strategies":[` + balance + `]}`, "4", ""},
		{"a network as a number", `{"delegationSpace":"other.eth","delegationNetwork":1,"strategies":[` + balance + `]}`,
			"4", ""},
		{"rules of the top level", `{"delegationSpace":"other.eth","strategies":[` + balance + `,
			{"name":"ticket","network":"1","params":{"start":4}},{"name":"ticket","params":{"value":-7}},
			{"name":"ticket","params":{"end":3,"value":5}}]}`, "9", ""},
		{"a score that the service leaves out", `{"delegationSpace":"other.eth","strategies":[` +
			`{"name":"erc20-balance-of","params":{"symbol":"HOP",` +
			`"address":"0xed8Bdb5895B8B7f9Fdb3C087628FD8410E853D48","decimals":18}}]}`, "0", ""},
		{"no registry there", `{"delegationNetwork":"5","strategies":[]}`, "", "no delegate registry is read on network 5"},
		{"one inside another", `{"strategies":[{"name":"delegation","params":{"strategies":[]}}]}`, "",
			"inside a delegation it is not recomputed"},
		{"of the unknown", `{"strategies":[{"name":"api","params":{}}]}`, "", "web service"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := newRegistry(chosen{x, "other.eth", v})
			q := one("delegation", test.params)
			q.Space, q.Voters = "dao.eth", []string{v}
			result := run(t, nodes, q)
			if !strings.Contains(result.Unverifiable[0], test.reason) || (test.reason == "") != (result.Unverifiable[0] == "") {
				t.Fatalf("unverifiable: %q, want %q", result.Unverifiable[0], test.reason)
			}
			if test.reason == "" {
				checkExact(t, result, test.want)
			}
		})
	}
}

// TestHiddenDelegations: a node that shows no events shows too little power. Where the state
// tells, the strategy is left to the hub, and evidence of it is refused.
func TestHiddenDelegations(t *testing.T) {
	t.Parallel()
	v, w := who(1), who(2)
	n, nodes := newRegistry(chosen{w, "", v})
	n.hidden = true
	q := one("with-delegation", `{"strategies":[{"name":"ticket"}]}`)
	q.Space, q.Voters = "dao.eth", []string{v, w}
	if got := run(t, nodes, q).Unverifiable[0]; !strings.Contains(got, "no endpoint gives") {
		t.Errorf("found %q", got)
	}
	n.hidden = false
	e, err := strategy.Collect(t.Context(), nodes, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, reading := range e.Places {
		reading.Sampled[0].Delegations = nil
	}
	if _, err := strategy.Compute(e); err == nil || !strings.Contains(err.Error(), "no event says so") {
		t.Errorf("found %v", err)
	}
	n.hidden = true
	result := run(t, nodes, strategy.Query{Network: 1, Block: 3, Space: "dao.eth", Voters: []string{v},
		Strategies: []strategy.Spec{{Name: "delegation", Params: json.RawMessage(`{"strategies":[{"name":"ticket"}]}`)}}})
	if !strings.Contains(result.Doubts[0], "events that the endpoint shows") {
		t.Errorf("doubt %q", result.Doubts[0])
	}
}

// TestUnreadDelegations: a strategy whose events no endpoint gives is left to the hub; the others
// are recomputed. Endpoints that differ are an error.
func TestUnreadDelegations(t *testing.T) {
	t.Parallel()
	n, nodes := newRegistry()
	n.fails = chains.ErrTooLarge
	q := one("delegation", `{"strategies":[{"name":"ticket"}]}`)
	q.Strategies = append(q.Strategies, strategy.Spec{Name: "ticket"})
	result := run(t, nodes, q.Of("dao.eth", 0))
	if want := "no endpoint gives all events of the "; !strings.Contains(result.Unverifiable[0], want) {
		t.Errorf("found %q, want %q", result.Unverifiable[0], want)
	}
	if got := result.Powers[0].Scores[0][1].Value; got != 1 {
		t.Errorf("the ticket gives %v", got)
	}
	n.fails = chains.ErrDisagree
	if _, err := try(nodes, q.Of("dao.eth", 0)); !errors.Is(err, chains.ErrDisagree) {
		t.Errorf("found %v", err)
	}
}

// TestForeignDelegations: evidence with delegations that nothing reads is refused.
func TestForeignDelegations(t *testing.T) {
	t.Parallel()
	v, x := who(1), who(4)
	_, nodes := newRegistry(chosen{x, "", v})
	q := one("delegation", `{"strategies":[{"name":"ticket"}]}`)
	q.Space, q.Voters = "dao.eth", []string{v}
	e, err := strategy.Collect(t.Context(), nodes, q)
	if err != nil {
		t.Fatal(err)
	}
	for place, reading := range e.Places {
		reading.Sampled[0].Delegations = append(reading.Sampled[0].Delegations, strategy.Delegation{
			Delegator: common.HexToAddress(x), Delegate: common.HexToAddress(x)}, strategy.Delegation{
			Delegator: common.HexToAddress(who(9)), Delegate: common.HexToAddress(who(8))})
		e.Places[place] = reading
	}
	if _, err := strategy.Compute(e); err == nil || !strings.Contains(err.Error(), "do not read") {
		t.Errorf("found %v", err)
	}
}

// TestDelegationHistories compares random histories of the registry with the rules as the score
// service states them: on the list of current delegations by time of choice.
func TestDelegationHistories(t *testing.T) {
	t.Parallel()
	const space = "dao.eth"
	people := []string{who(1), who(2), who(4), who(8), who(16), who(32)}
	for seed := range uint64(testenv.Runs(t, 150)) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		var history, current []chosen // current: by time
		for range 1 + rnd.IntN(40) {
			c := chosen{people[rnd.IntN(6)], []string{"", space, "dao", "other"}[rnd.IntN(4)], people[rnd.IntN(6)]}
			i := slices.IndexFunc(current, func(d chosen) bool { return d.delegator == c.delegator && d.space == c.space })
			if rnd.IntN(5) == 0 {
				c.delegate = ""
			}
			if c.delegator == c.delegate || i < 0 && c.delegate == "" || i >= 0 && current[i] == c {
				continue // the contract refuses it
			}
			if history = append(history, c); i >= 0 {
				current = slices.Delete(current, i, i+1)
			}
			if c.delegate != "" {
				current = append(current, c)
			}
		}
		current = slices.DeleteFunc(current, func(c chosen) bool { return c.space == "other" })
		voters := people[:1+rnd.IntN(5)]
		n, nodes := newRegistry(history...)
		n.headers = newNode(chains.Ethereum, make([]uint64, 60)...).headers
		for name, want := range map[string][]int64{
			"delegation": silentPower(current, voters), "with-delegation": allPower(current, voters),
		} {
			q := one(name, `{"strategies":[{"name":"erc20-balance-of","params":{"address":"`+token+`","decimals":0}}]}`)
			q.Space, q.Voters, q.Block = space, voters, 59
			for i, s := range run(t, nodes, q).Powers[0].Scores {
				if got := s[0].Exact; got.Cmp(big.NewRat(want[i], 1)) != 0 {
					t.Errorf("seed %d: %s gives voter %d %v, want %d after %v", seed, name, i, got, want[i], history)
				}
			}
		}
	}
}

// resolve gives each delegator's delegate: rows for the space come after those for all spaces.
func resolve(rows []chosen) map[string]string {
	of := map[string]string{}
	for _, named := range []bool{false, true} {
		for _, r := range rows {
			if !named || r.space != "" {
				of[r.delegator] = r.delegate
			}
		}
	}
	return of
}

func balanceOf(address string) int64 { return int64(common.HexToAddress(address)[19]) }

func silentPower(rows []chosen, voters []string) (power []int64) {
	of := resolve(slices.DeleteFunc(slices.Clone(rows), func(r chosen) bool {
		return !slices.Contains(voters, r.delegate) || slices.Contains(voters, r.delegator)
	}))
	return sumOf(of, voters, func(string) int64 { return 0 })
}

func allPower(rows []chosen, voters []string) (power []int64) {
	of := resolve(rows)
	return sumOf(of, voters, func(v string) int64 {
		if of[v] != "" {
			return 0
		}
		return balanceOf(v)
	})
}

func sumOf(of map[string]string, voters []string, own func(string) int64) (power []int64) {
	for _, v := range voters {
		sum := own(v)
		for delegator, delegate := range of {
			if delegate == v {
				sum += balanceOf(delegator)
			}
		}
		power = append(power, sum)
	}
	return power
}
