package strategy_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// TestFixedTotal: the total is shared out by the balances of those who voted.
func TestFixedTotal(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(func(_ uint64, call chains.Call) ([]byte, error) {
		return word(big.NewInt(int64(call.Data[35] / 0x11))), nil // 1 for alice, 2 for bob
	})
	q := one("erc20-balance-of-fixed-total", `{"address":"`+token+`","decimals":0,"total":10}`)
	for _, test := range []struct {
		name   string
		voters []string
		want   []string
	}{
		{"alone", []string{alice}, []string{"10"}},
		{"two", []string{alice, bob}, []string{"10/3", "20/3"}},
		{"a Starknet voter has no share", []string{star, bob}, []string{"0", "10"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			q.Voters = test.voters
			checkExact(t, run(t, nodes, q), test.want...)
		})
	}
}

// TestVault: the shares that the first call returns are the argument of the second one.
func TestVault(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(func(_ uint64, call chains.Call) ([]byte, error) {
		if call.Signature == "balanceOf(address)" {
			return word(big.NewInt(int64(call.Data[35]))), nil // 17 for alice, 34 for bob
		}
		shares := new(big.Int).SetBytes(call.Data[4:])
		return word(shares.Mul(shares, big.NewInt(3))), nil
	})
	q := one("erc4626-assets-of", `{"address":"`+token+`","decimals":1}`)
	q.Voters = []string{alice, bob, star}
	checkExact(t, run(t, nodes, q), "51/10", "51/5", "0")

	t.Run("within compositions", func(t *testing.T) {
		q.Strategies = append(q.Strategies, strategy.Spec{Name: "weighted", Params: []byte(
			`{"weight":2,"strategy":{"name":"erc4626-assets-of","params":{"address":"` + token + `","decimals":0}}}`)})
		result := run(t, nodes, q)
		if got := result.Powers[0].Scores[1][1].Exact; got.RatString() != "204" {
			t.Errorf("got %v, want 204", got)
		}
	})
}

// checkExact compares the scores of the first strategy.
func checkExact(t *testing.T, result *strategy.Result, want ...string) {
	t.Helper()
	for i, w := range want {
		if got := result.Powers[0].Scores[i][0].Exact; got == nil || got.RatString() != w {
			t.Errorf("voter %d has %v, want %s", i, got, w)
		}
	}
}

// TestCheckpoints: what Snapshot reads in the newest state is read in the newest final one.
func TestCheckpoints(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(func(block uint64, call chains.Call) ([]byte, error) {
		n := new(big.Int).SetBytes(call.Data[36:])
		return word(n.Add(n, new(big.Int).SetUint64(1000*block))), nil // 1000 for each block before the reading
	})
	for name, want := range map[string]string{"ve-balance-of-at": "4003", "erc20-balance-of-at": "4077"} {
		result := run(t, nodes, one(name, `{"address":"`+token+`","decimals":0,"snapshotId":77}`))
		checkExact(t, result, want)
		if !strings.Contains(result.Doubts[0], "latest checkpoint") {
			t.Errorf("doubt %q", result.Doubts[0])
		}
	}
}
