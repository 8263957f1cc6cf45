package main

import (
	"encoding/csv"
	"encoding/json"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestReportedFigures compares what the program prints with the test chains'
// own ledger, which comes from the scripted transfers and locks and from no
// contract, to the wei.
func TestReportedFigures(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	for _, moment := range w.Moments {
		t.Run(moment.Name, func(t *testing.T) {
			at := strconv.FormatUint(moment.Time, 10)
			out := onChains(t, w, "report", "--allow-unfinalized", "--format", "json", "--at", at)
			var got report.Document
			if err := json.Unmarshal([]byte(out.stdout), &got); err != nil {
				t.Fatalf("exit code %d, %v: %s", out.code, err, out.stderr)
			}
			first, second := w.Ethereum.At(moment.Time), w.Optimism.At(moment.Time)
			if got.Chains[0].Hash != first.Hash().Hex() || got.Chains[1].Hash != second.Hash().Hex() {
				t.Errorf("found blocks %d and %d, want %d and %d",
					got.Chains[0].Number, got.Chains[1].Number, first.Number(), second.Number())
			}
			circulating, power := ledgerFigures(w, first.NumberU64(), second.NumberU64(), second.Time())
			if got.CirculatingSupply.BaseUnits != circulating.String() {
				t.Errorf("circulating supply is %s, want %v", got.CirculatingSupply.BaseUnits, circulating)
			}
			if got.VotingPower.BaseUnits != power.String() {
				t.Errorf("voting power is %s, want %v", got.VotingPower.BaseUnits, power)
			}
			want := new(big.Rat).SetFrac(power, big.NewInt(10))
			if quorum, ok := new(big.Rat).SetString(got.Quorum.BaseUnits); !ok || quorum.Cmp(want) != 0 {
				t.Errorf("quorum is %s, want %v", got.Quorum.BaseUnits, want)
			}
		})
	}
}

// ledgerFigures works out circulating supply and voting power at a block of
// each chain, the second one having timestamp t.
func ledgerFigures(w *testchain.World, first, second, t uint64) (circulating, power *big.Int) {
	circulating = w.EthereumLedger.Supply(testchain.PERP, first)
	for _, wallet := range []common.Address{testchain.LockedWallet, testchain.Treasury, testchain.Rewards} {
		circulating.Sub(circulating, w.EthereumLedger.Balance(testchain.PERP, wallet, first))
	}
	for _, wallet := range []common.Address{testchain.OptimismRewards, testchain.OptimismTreasury} {
		circulating.Sub(circulating, w.OptimismLedger.Balance(testchain.OptimismPERP, wallet, second))
	}
	power = new(big.Int).Add(circulating, w.OptimismLedger.TotalWeight(testchain.VePERP, second, t))
	return circulating, power.Sub(power, w.OptimismLedger.Locked(testchain.VePERP, second))
}

// ledgerTokens is a voter's power by strategy in tokens, exact, from the
// scenario's own account.
func ledgerTokens(w *testchain.World, a common.Address, ethereum, optimism *types.Block) (first, second, sum *big.Rat) {
	tokens := func(wei *big.Int) *big.Rat { return new(big.Rat).SetFrac(wei, big.NewInt(1e18)) }
	first = tokens(w.EthereumLedger.Balance(testchain.PERP, a, ethereum.NumberU64()))
	second = tokens(w.OptimismLedger.Balance(testchain.OptimismPERP, a, optimism.NumberU64()))
	second.Add(second, tokens(w.OptimismLedger.Weight(testchain.VePERP, a, optimism.NumberU64(), optimism.Time())))
	return first, second, new(big.Rat).Add(first, second)
}

func sameDecimal(text string, want *big.Rat) bool {
	got, ok := new(big.Rat).SetString(text)
	return ok && got.Cmp(want) == 0
}

// TestPower compares each voter's figures with the ledger, exactly, in csv and json.
func TestPower(t *testing.T) {
	t.Parallel()
	w, e := atSnapshotTallied(t, "basic")
	_, endpoint := e.start(t, 2)
	var file strings.Builder
	file.WriteString("# voters\n\n")
	for _, v := range w.Voters {
		file.WriteString("  " + strings.ToLower(v.Address.Hex()) + "\n")
	}
	name := filepath.Join(t.TempDir(), "voters.txt")
	if err := os.WriteFile(name, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ethereum := w.Ethereum.At(testchain.Snapshot)
	optimism := w.Optimism.At(testchain.Snapshot)
	for _, moment := range [][]string{{"--proposal", e.proposal.Link}, {"--at", strconv.Itoa(testchain.Snapshot - 1)}} {
		args := append([]string{"power", "--hub", endpoint, "--file", name}, moment...)
		out := onChains(t, w, append(args, "--format", "csv")...)
		rows, err := csv.NewReader(strings.NewReader(out.stdout)).ReadAll()
		if err != nil || out.code != exitDone || len(rows) != len(w.Voters)+1 {
			t.Fatalf("exit code %d, %d rows, %v: %s", out.code, len(rows), err, out.stderr)
		}
		if got := strings.Join(rows[0], ","); got != "voter,1 erc20-balance-of,2 multichain,total,marks" {
			t.Errorf("heading %q", got)
		}
		out = onChains(t, w, append(args, "--format", "json")...)
		var table powerTable
		if err := json.Unmarshal([]byte(out.stdout), &table); err != nil || table.Format != powerFormat {
			t.Fatalf("%v: %s", err, out.stderr)
		}
		for i, v := range w.Voters {
			first, second, sum := ledgerTokens(w, v.Address, ethereum, optimism)
			row, r := rows[i+1], table.Rows[i]
			if row[0] != v.Address.Hex() ||
				!sameDecimal(row[1], first) || !sameDecimal(row[2], second) || !sameDecimal(row[3], sum) {
				t.Errorf("%s: %q, want %s %s", v.Name, row, first.FloatString(18), second.FloatString(18))
			}
			marks := "ethereum block " + ethereum.Number().String() + ", development chain, bound · "
			if !strings.HasPrefix(row[4], marks) {
				t.Errorf("%s: found marks %q, want %q", v.Name, row[4], marks)
			}
			if r.Voter != row[0] || r.Scores[0] != row[1] || r.Scores[1] != row[2] || r.Total != row[3] || !r.Whole {
				t.Errorf("%s: json %+v, csv %q", v.Name, r, row)
			}
		}
		blocks := table.Blocks
		if len(blocks) != 2 || blocks[0].Number != ethereum.NumberU64() || blocks[1].Number != optimism.NumberU64() ||
			!blocks[0].Development {
			t.Errorf("blocks %+v", blocks)
		}
	}
}
