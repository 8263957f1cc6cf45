package vote_test

import (
	"context"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// TestWithoutEndpoint: a strategy on a chain that cannot be read is left to the hub, and its
// power is not established.
func TestWithoutEndpoint(t *testing.T) {
	tests := map[string]struct {
		perp    string
		verdict vote.Verdict
	}{
		"not needed": {quorumTokens, vote.Reached},
		"needed":     {"6000000", vote.NotEstablished},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := voted(t, 1, map[string]string{perpOnL1: test.perp, stranger: "9000000"}, nil,
				named("erc20-balance-of", of(perpOnL1, "")), named("erc20-balance-of@137", of(stranger, "")))
			e.Power.Query.Without = []chains.ID{137}
			for place := range e.Power.Places {
				if place.Chain == 137 {
					delete(e.Power.Places, place)
				}
			}
			o := check(t, e)
			if o.Verdict != test.verdict {
				t.Errorf("verdict %q, want %q: %v", o.Verdict, test.verdict, noticed(o))
			}
			want := `strategy 2 ("erc20-balance-of"): no endpoint for chain polygon (137); the hub's figures are used unchecked`
			if found := strings.Join(noticed(o), "\n"); !strings.Contains(found, want) || strings.Contains(found, "failure") {
				t.Errorf("found %s, want %q", found, want)
			}
		})
	}
}

// Logs shows that somebody has delegated to the first voter, for each id that is asked for.
func (h holdings) Logs(_ context.Context, b chains.Block, f chains.Filter) (logs []types.Log, err error) {
	for _, id := range f.Topics[2] {
		logs = append(logs, types.Log{Topics: []common.Hash{{}, common.HexToHash(stranger), id, common.HexToHash(voter(0))}})
	}
	return logs, nil
}

// TestDelegatedPower: power that rests on the registry's events is not established, and a hub
// with other figures is not accused, since the endpoint may hide events.
func TestDelegatedPower(t *testing.T) {
	delegate := votingpower.Decimal(new(big.Rat).SetFrac(common.HexToAddress(voter(0)).Big(), big.NewInt(1e18)))
	tokens := map[string]string{perpOnL1: "8000000", "0x469788fE6E9E9681C6ebF3bF78e7Fd26Fc015446": delegate}
	by := []snapshot.Strategy{named("erc20-balance-of", of(perpOnL1, "")),
		named("erc20-balance-of-delegation", of(perpOnL1, ""))}
	tests := map[string]struct {
		change func(e *vote.Evidence)
		want   string // standings
		notice string
	}{
		"the hub agrees": {func(*vote.Evidence) {},
			"of-the-model chains 8000000; combined recomputed 8000000", "strategy-not-established"},
		"the hub has more": {func(e *vote.Evidence) { e.Votes[0].VP, e.Votes[0].VPByStrategy[1] = 17e6, 9e6 },
			"of-the-model chains 8000000; not-recomputed hub votes 9000000",
			"the hub has other figures for 1 vote, but who has"},
		"the hub has no parts": {func(e *vote.Evidence) { e.Votes[0].VP, e.Votes[0].VPByStrategy = 17e6, nil },
			"of-the-model chains 8000000; not-recomputed hub votes 9000000",
			"the hub has other figures for 1 vote, but who has"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := voted(t, 1, tokens, nil, by...)
			test.change(e)
			recount(t, e)
			o := check(t, e)
			found := strings.Join(noticed(o), "\n")
			if standings(o) != test.want || !strings.Contains(found, test.notice) || strings.Contains(found, "failure") {
				t.Errorf("found %s, want %s; %s", standings(o), test.want, found)
			}
			if o.Verdict != vote.NotEstablished {
				t.Errorf("verdict %q", o.Verdict)
			}
		})
	}
}
