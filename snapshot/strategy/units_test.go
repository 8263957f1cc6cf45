package strategy_test

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testenv"
)

// TestUnitsAgainstEthers demands that thousands of random balances become the
// very doubles that the score service's own library makes of them.
func TestUnitsAgainstEthers(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, decimals := range []string{"18", "6", "0", `"18"`, `"gwei"`, "77"} {
		amounts := map[common.Address]*big.Int{}
		var voters []string
		var questions []any
		for i := range 1000 {
			voter := common.BigToAddress(big.NewInt(int64(i + 1)))
			amount := new(big.Int).Rsh(randomWord(random), uint(random.IntN(256)))
			amounts[voter], voters = amount, append(voters, voter.Hex())
			questions = append(questions, []any{amount.String(), json.RawMessage(decimals)})
		}
		_, nodes := ethereum(func(_ uint64, c chains.Call) ([]byte, error) {
			return word(amounts[common.BytesToAddress(c.Data[4:])]), nil
		})
		q := one("erc20-balance-of", `{"address":"`+token+`","decimals":`+decimals+`}`)
		q.Voters = voters
		scores := run(t, nodes, q).Powers[0].Scores
		for i, want := range testenv.Ask[any, *float64](t, "testdata/units.cjs", questions) {
			if want == nil {
				t.Fatalf("no double for %v with decimals %s", questions[i], decimals)
			}
			if scores[i][0].Value != *want {
				t.Errorf("%v with decimals %s: %v, want %v", questions[i], decimals, scores[i][0].Value, *want)
			}
		}
	}
}

func randomWord(random *rand.Rand) *big.Int {
	var raw []byte
	for range 32 {
		raw = append(raw, byte(random.Uint32()))
	}
	return new(big.Int).SetBytes(raw)
}

// BenchmarkCompute10000 works out 10,000 voters under three reads each.
func BenchmarkCompute10000(b *testing.B) {
	q := one("erc20-balance-of", `{"address":"`+token+`","decimals":18}`)
	q.Strategies = append(q.Strategies, q.Strategies[0], q.Strategies[0])
	q.Strategies[1].Name, q.Strategies[2].Name = "erc20-votes", "comp-like-votes"
	q.Voters = nil
	for i := range 10_000 {
		q.Voters = append(q.Voters, common.BigToAddress(big.NewInt(int64(i+1))).Hex())
	}
	_, nodes := ethereum(always("1234567890123456789012345"))
	if _, err := try(nodes, q); err != nil {
		b.Fatal(err)
	}
	text, err := json.Marshal(q)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(text)), "query-bytes")
	for b.Loop() {
		if _, err := try(nodes, q); err != nil {
			b.Fatal(err)
		}
	}
}
