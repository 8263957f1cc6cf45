package strategy_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// nest puts a strategy into n compositions.
func nest(n int, inner string) string {
	for range n {
		inner = `{"name":"weighted","params":{"weight":2,"strategy":` + inner + `}}`
	}
	return inner
}

// TestBounds: parameters that would take more work or memory than a vote is worth are refused
// with a reason, as a strategy that is not known.
func TestBounds(t *testing.T) {
	t.Parallel()
	ticket, nines := `{"name":"ticket","network":"1"}`, strings.Repeat("9", 100_000)
	multichain := func(n int) string {
		return `{"strategies":[` + strings.Repeat(ticket+",", n-1) + ticket + `]}`
	}
	for _, test := range []struct {
		name, strategy, params string
		value                  float64
		reason                 string
	}{
		{"eight compositions deep", "weighted", `{"weight":2,"strategy":` + nest(7, ticket) + `}`, 256, ""},
		{"nine compositions deep", "weighted", `{"weight":2,"strategy":` + nest(8, ticket) + `}`, 0, "more than 8 deep"},
		{"thousands deep", "weighted", `{"weight":2,"strategy":` + nest(4000, ticket) + `}`, 0, "nested"},
		{"255 strategies in one", "multichain", multichain(255), 255, ""},
		{"256 strategies in one", "multichain", multichain(256), 0, "more than 256 strategies"},
		{"digits", "ticket", `{"value":` + nines + `}`, 0, "want a number"},
		{"digits behind the point", "ticket", `{"value":0.` + nines + `}`, 0, "want a number"},
		{"exponent", "ticket", `{"value":1e999999999}`, 0, "want a number"},
		{"what JavaScript reads as 0", "ticket", `{"value":1e-999999999}`, 1, ""},
		{"negative exponent", "weighted", `{"weight":1e-999999999,"strategy":` + ticket + `}`, 0, "want a number"},
		{"digits in a string", "weighted", `{"weight":"` + nines + `","strategy":` + ticket + `}`, 0, "weight"},
		{"digits of decimals", "erc20-balance-of", `{"address":"` + token + `","decimals":` + nines + `}`, 0, "decimals"},
		{"digits of a token id", "erc1155-balance-of", `{"address":"` + token + `","tokenId":"` + nines + `"}`, 0, "tokenId"},
		{"digits of a gate", "ticket", `{"start":` + nines + `}`, 0, "params.start"},
		{"digits of a chain", "multichain", `{"strategies":[{"name":"ticket","network":` + nines + `}]}`, 0, "EIP-155"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := ethereum(always("1"))
			got := run(t, nodes, one(test.strategy, test.params))
			reason, value := got.Unverifiable[0], got.Powers[0].Scores[0][0].Value
			if !strings.Contains(reason, test.reason) || test.reason == "" && reason != "" || len(reason) > 400 {
				t.Errorf("reason %q, want %q", reason, test.reason)
			}
			if value != test.value {
				t.Errorf("value %v, want %v", value, test.value)
			}
		})
	}
}

// TestTooManyStrategies: no hub takes as many.
func TestTooManyStrategies(t *testing.T) {
	q := one("ticket", "{}")
	for range 32 {
		q.Strategies = append(q.Strategies, q.Strategies[0])
	}
	_, nodes := ethereum(always("1"))
	if _, err := try(nodes, q); err == nil || !strings.Contains(err.Error(), "found 33 strategies, want at most 32") {
		t.Errorf("error %v", err)
	}
}

// TestLongFractions: a score whose exact form grows without end is known as a double alone.
func TestLongFractions(t *testing.T) {
	factor := `"1.` + strings.Repeat("3", 390) + `"`
	params := `{"name":"ticket"}`
	for range 7 {
		params = `{"name":"weighted","params":{"weight":` + factor + `,"strategy":` + params + `}}`
	}
	_, nodes := ethereum(always("1"))
	got := run(t, nodes, one("weighted", `{"weight":`+factor+`,"strategy":`+params+`}`))
	if s := got.Powers[0].Scores[0][0]; s.Exact != nil || s.Value < 9.98 || s.Value > 9.99 { // (4/3)^8
		t.Errorf("found %v (%v), want a double alone", s.Value, s.Exact)
	}
	exact := strategy.Score{Value: 1, Exact: got.Powers[0].Scores[0][0].Exact}
	if _, total := strategy.Total([]strategy.Score{exact, exact}); total != nil {
		t.Errorf("total %v", total)
	}
}

// TestLongAnswer: return data of any length would fill a bundle.
func TestLongAnswer(t *testing.T) {
	_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) { return make([]byte, 1<<20), nil })
	_, err := try(nodes, one("contract-call", contractCall(returning(`{"type":"uint8"}`), "")))
	if err == nil || !strings.Contains(err.Error(), "found 1048576 bytes, want at most 16384") {
		t.Errorf("error %v", err)
	}
}

// TestFewResults: calls that have no results in the evidence are not made up to be counted.
func TestFewResults(t *testing.T) {
	_, nodes := ethereum(always("1"))
	q := one("erc20-balance-of", `{"address":"`+token+`"}`)
	for i := range 31 {
		q.Strategies = append(q.Strategies, q.Strategies[0])
		q.Strategies[i].Params = json.RawMessage(fmt.Sprintf(`{"address":"0x%040d"}`, i))
	}
	e, err := strategy.Collect(t.Context(), nodes, q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50_000 {
		e.Query.Voters = append(e.Query.Voters, fmt.Sprintf("0x%040d", i))
	}
	place := strategy.Place{Chain: chains.Ethereum, Via: chains.Ethereum}
	e.Places[place].Sampled[0].Results = []hexutil.Bytes{make([]byte, 32)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = strategy.Compute(e)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("allocated %d MB", used>>20)
	}
	if err == nil || !strings.Contains(err.Error(), "the strategies make more calls") {
		t.Errorf("error %v", err)
	}
}
