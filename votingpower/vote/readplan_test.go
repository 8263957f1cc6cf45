package vote_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// proposal has one strategy on Ethereum and one on chain 137.
func proposal() *snapshot.Proposal {
	params := json.RawMessage(`{"address":"0x9e1028F5F1D5eDE59748FFceE5532509976840E0","decimals":18}`)
	return &snapshot.Proposal{
		Space: "vote-perp.eth", Network: "1", Snapshot: 17293885, Type: "basic", Choices: []string{"For", "Against"},
		Strategies: []snapshot.Strategy{
			{Name: "erc20-balance-of", Network: "1", Params: params},
			{Name: "erc20-balance-of", Network: "137", Params: params},
		},
	}
}

// TestChains: the model's chains come first, then those that only strategies read.
func TestChains(t *testing.T) {
	type blocks = map[chains.ID]uint64
	tests := map[string]struct {
		change func(p *snapshot.Proposal, m *votingpower.Model)
		ref    string // space
		blocks blocks
		want   error
		says   string
	}{
		"nothing special":          {},
		"the space in the URL":     {ref: "vote-perp.eth"},
		"another space in the URL": {ref: "other.eth", want: vote.ErrSpace, says: `"other.eth"`},
		"a block of another chain": {blocks: blocks{chains.Optimism: 5, 137: 6}},
		"the snapshot block":       {blocks: blocks{chains.Ethereum: 17293885}},
		"another snapshot block": {blocks: blocks{chains.Ethereum: 1},
			want: vote.ErrBlocks, says: "own snapshot block is 17293885"},
		"a chain that is not read": {blocks: blocks{8453: 1}, want: vote.ErrBlocks, says: "8453 is not read"},
		"a model of another space": {change: func(p *snapshot.Proposal, _ *votingpower.Model) { p.Space = "x.eth" },
			want: vote.ErrModel, says: `"x.eth"`},
		"a model of no space": {change: func(_ *snapshot.Proposal, m *votingpower.Model) { m.Space = "" },
			want: vote.ErrModel, says: "names no space"},
		"a choice that is not there": {change: func(_ *snapshot.Proposal, m *votingpower.Model) {
			m.Turnout.Choices = []string{"Aye"}
		}, want: vote.ErrModel, says: "Aye"},
		"choices of a weighted vote": {change: func(p *snapshot.Proposal, m *votingpower.Model) {
			p.Type, m.Turnout.Choices = "weighted", []string{"For"}
		}, want: vote.ErrModel},
		"a network that is no number": {change: func(p *snapshot.Proposal, _ *votingpower.Model) {
			p.Network = "mainnet"
		}, want: errAny, says: `network is "mainnet"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, m := proposal(), votingpower.PERP()
			if test.change != nil {
				test.change(p, m)
			}
			ids, optional, err := vote.Chains(p, snapshot.ProposalRef{Space: test.ref}, m, test.blocks)
			if test.want == nil {
				need, more := []chains.ID{chains.Ethereum, chains.Optimism}, []chains.ID{137}
				if err != nil || !slices.Equal(ids, need) || !slices.Equal(optional, more) {
					t.Errorf("found %v and %v, %v; want %v and %v", ids, optional, err, need, more)
				}
				return
			}
			if err == nil || test.want != errAny && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("found %v, want %v that says %q", err, test.want, test.says)
			}
		})
	}
}

// errAny is wanted where an error has no class.
var errAny = errors.New("any")

// TestPowerQueryNetwork: only the hub's spelling of a chain id is a network.
func TestPowerQueryNetwork(t *testing.T) {
	for _, network := range []string{"", "0", "01", "+1", "0x1", "1 ", "mainnet", "18446744073709551617"} {
		if q, err := vote.PowerQuery(&snapshot.Proposal{Network: network}, nil, nil); err == nil {
			t.Errorf("network %q was read as %v", network, q.Network)
		}
	}
	q, err := vote.PowerQuery(proposal(), []string{"0x1"}, map[chains.ID]uint64{137: 6})
	if err != nil || q.Network != chains.Ethereum || q.Block != 17293885 || len(q.Strategies) != 2 ||
		!slices.Equal(q.Voters, []string{"0x1"}) || q.Pins[137] != 6 {
		t.Errorf("found %+v, %v", q, err)
	}
}
