package strategy_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// TestOverride: v and w vote, x, y and z do not. Delegations in the token are pairs of addresses.
func TestOverride(t *testing.T) {
	t.Parallel()
	v, w, x, y, z := who(1), who(2), who(4), who(8), who(16)
	for _, test := range []struct {
		name           string
		token          map[string]string
		chosen         []chosen
		plain          []string // of v and w
		silent, theirs []string // with the registry's delegations, and the score of those
	}{
		{"nobody delegates", nil, nil, []string{"0", "0"}, []string{"0", "0"}, []string{"0", "0"}},
		{"to oneself", map[string]string{v: v}, nil, []string{"1", "0"}, []string{"1", "0"}, []string{"0", "0"}},
		{"from one who does not vote", map[string]string{x: v}, nil, []string{"4", "0"}, []string{"4", "0"},
			[]string{"0", "0"}},
		{"from one who votes", map[string]string{v: v, w: v, x: v}, nil, []string{"5", "2"}, []string{"5", "2"},
			[]string{"0", "0"}},
		{"to one who does not vote", map[string]string{w: x}, nil, []string{"0", "2"}, []string{"0", "2"},
			[]string{"0", "0"}},
		{"in the registry alone", nil, []chosen{{x, "", v}}, []string{"0", "0"}, []string{"0", "0"}, []string{"0", "0"}},
		{"in both, to oneself in the token", map[string]string{x: x, v: v}, []chosen{{x, "", v}}, []string{"1", "0"},
			[]string{"1", "0"}, []string{"4", "0"}},
		{"in both, to one who votes", map[string]string{x: w, y: w, w: w}, []chosen{{x, "", v}}, []string{"0", "14"},
			[]string{"0", "10"}, []string{"4", "0"}},
		{"to one who is a delegator", map[string]string{z: x}, []chosen{{x, "", v}, {y, "", v}}, []string{"0", "0"},
			[]string{"0", "0"}, []string{"16", "0"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n, nodes := newRegistry(test.chosen...)
			n.answer = func(block uint64, call chains.Call) ([]byte, error) {
				of := common.BytesToAddress(call.Data[4:36]).Hex()
				switch call.Signature {
				case "delegates(address)":
					return common.LeftPadBytes(common.FromHex(test.token[of]), 32), nil
				case "getVotes(address)":
					votes := new(big.Int)
					for from, to := range test.token {
						if to == of {
							votes.Add(votes, big.NewInt(int64(common.HexToAddress(from)[19])))
						}
					}
					return word(votes), nil
				}
				return n.read(block, call)
			}
			params := `{"address":"` + token + `","decimals":0,` +
				`"includeSnapshotDelegations":true,"isSnapshotDelegatedScore":true}`
			for _, form := range []struct {
				params string
				want   []string
			}{
				{params, test.theirs},
				{strings.Replace(params, `Score":true`, `Score":false`, 1), test.silent},
				{strings.Replace(params, `Delegations":true`, `Delegations":0`, 1), test.plain},
			} {
				q := one("erc20-votes-with-override", form.params)
				q.Space, q.Voters = "dao.eth", []string{v, w, star}
				checkExact(t, run(t, nodes, q), append(form.want[:2:2], "0")...)
			}
		})
	}
}
