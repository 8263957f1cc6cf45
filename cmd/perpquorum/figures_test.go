package main

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestReportedFigures compares what the program prints with the test chains'
// own ledger, which comes from the scripted transfers and locks and from no
// contract, to the wei.
func TestReportedFigures(t *testing.T) {
	w := testchain.Start(t)
	for _, moment := range w.Moments {
		t.Run(moment.Name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), []string{"perpquorum", "report", "--allow-dev-chain", "--allow-unfinalized", "--format", "json",
				"--at", strconv.FormatUint(moment.Time, 10), "--rpc", "ethereum=" + w.Ethereum.URL, "--rpc", "optimism=" + w.Optimism.URL},
				strings.NewReader(""), &stdout, &stderr)
			if code != exitDone {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			var got report.Document
			if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			first, second := w.Ethereum.At(moment.Time), w.Optimism.At(moment.Time)
			if got.Chains[0].Hash != first.Hash().Hex() || got.Chains[1].Hash != second.Hash().Hex() {
				t.Errorf("found blocks %d and %d, want %d and %d", got.Chains[0].Number, got.Chains[1].Number, first.Number(), second.Number())
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
