package strategy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// TestUnitsAgainstEthers demands that thousands of random balances become the
// very doubles that the score service's own library makes of them.
func TestUnitsAgainstEthers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, decimals := range []string{"18", "6", "0", `"18"`, `"gwei"`, "77"} {
		amounts := map[common.Address]*big.Int{}
		var voters []string
		var input bytes.Buffer
		for i := range 1000 {
			voter := common.BigToAddress(big.NewInt(int64(i + 1)))
			amount := new(big.Int).Rsh(randomWord(random), uint(random.IntN(256)))
			amounts[voter], voters = amount, append(voters, voter.Hex())
			fmt.Fprintf(&input, "[\"%v\",%s]\n", amount, decimals)
		}
		_, nodes := ethereum(func(_ uint64, c chains.Call) ([]byte, error) {
			return word(amounts[common.BytesToAddress(c.Data[4:])]), nil
		})
		q := one("erc20-balance-of", `{"address":"`+token+`","decimals":`+decimals+`}`)
		q.Voters = voters
		scores := run(t, nodes, q).Powers[0].Scores
		want := strings.Fields(node20(t, "units.cjs", &input))
		if len(want) != len(scores) {
			t.Fatalf("the oracle answered %d of %d", len(want), len(scores))
		}
		for i, text := range want {
			value, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Fatal(err)
			}
			if scores[i][0].Value != value {
				t.Errorf("%v with decimals %s: %v, want %v", amounts[common.HexToAddress(voters[i])], decimals, scores[i][0].Value, value)
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

// node20 runs a script of testdata with the npm packages of fixtures.
func node20(t *testing.T, script string, input *bytes.Buffer) string {
	t.Helper()
	modules, err := filepath.Abs("../../fixtures/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, "@ethersproject", "units")); err != nil {
		t.Fatal("npm packages are missing; install them with: npm ci --prefix fixtures --ignore-scripts")
	}
	cmd := exec.Command("node", filepath.Join("testdata", script))
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	cmd.Stdin, cmd.Stderr = input, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	return string(out)
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
