package strategy_test

import (
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// TestOlderEvidence: evidence of a program that did not recompute a strategy has no calls and no
// places of it. The strategy is left to the hub then, and the others are what they were.
func TestOlderEvidence(t *testing.T) {
	t.Parallel()
	balance := `{"address":"` + token + `","decimals":0}`
	other := `{"address":"` + alice + `","decimals":0}`
	for _, later := range []strategy.Spec{
		{Name: "erc20-balance-of-cv", Params: []byte(other)},
		{Name: "erc20-balance-of-cv", Network: "10", Params: []byte(balance)},
		{Name: "ve-balance-of-at", Params: []byte(balance)},
		{Name: "with-delegation", Params: []byte(`{"delegationSpace":"dao.eth","strategies":[]}`)},
		{Name: "weighted", Params: []byte(`{"strategy":{"name":"erc20-balance-of-cv","params":` + other + `}}`)},
	} {
		t.Run(later.Name, func(t *testing.T) {
			_, nodes := ethereum(always("7"))
			e, err := strategy.Collect(t.Context(), nodes, one("erc20-balance-of", balance))
			if err != nil {
				t.Fatal(err)
			}
			e.Query.Strategies = append(e.Query.Strategies, later)
			result, err := strategy.Compute(e)
			if err != nil {
				t.Fatal(err)
			}
			if got := result.Unverifiable; got[0] != "" || !strings.Contains(got[1], "did not recompute it") {
				t.Errorf("unverifiable: %q", got)
			}
			checkExact(t, result, "7")
			if _, err := strategy.Proofs(e, result); err != nil {
				t.Error(err)
			}
			e.Places = nil
			if _, err := strategy.Compute(e); err == nil {
				t.Error("evidence without places is accepted")
			}
		})
	}
}
