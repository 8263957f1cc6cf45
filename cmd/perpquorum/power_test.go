package main

import (
	"bytes"
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
)

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
		if got := strings.Join(rows[0], ","); got != "voter,1 erc20-balance-of,2 multichain,total" {
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
			if row[0] != v.Address.Hex() || !sameDecimal(row[1], first) || !sameDecimal(row[2], second) || !sameDecimal(row[3], sum) {
				t.Errorf("%s: %q, want %s %s", v.Name, row, first.FloatString(18), second.FloatString(18))
			}
			if r.Voter != row[0] || r.Scores[0] != row[1] || r.Scores[1] != row[2] || r.Total != row[3] || !r.Whole {
				t.Errorf("%s: json %+v, csv %q", v.Name, r, row)
			}
		}
		if len(table.Blocks) != 2 || table.Blocks[0].Number != ethereum.NumberU64() || table.Blocks[1].Number != optimism.NumberU64() || !table.Blocks[0].Development {
			t.Errorf("blocks %+v", table.Blocks)
		}
	}
}

// TestPowerText shows whose strategies, both blocks of a run, and what is unverifiable.
func TestPowerText(t *testing.T) {
	w := testchain.Start(t)
	e, _, _ := inRun(t, w)
	e.proposal.Strategies[0].Name = "del\x1begation"
	_, endpoint := e.start(t, 1)
	var differ string
	for _, v := range e.votes {
		if v.VPByStrategy[1] > 0 {
			differ = v.Voter
		}
	}
	out := onChains(t, w, "power", "--hub", endpoint, "--proposal", e.proposal.ID, differ, differ)
	for _, want := range []string{
		"Strategies of proposal " + e.proposal.ID + ":\n1 delegation: unverifiable here: this strategy is not known here\n2 multichain\n",
		"first of ", "last of ", "development chain", "  unverifiable  ", "total without unverifiable\n",
	} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("%q is not in:\n%s%s", want, out.stdout, out.stderr)
		}
	}
	if n := strings.Count(out.stdout, differ); out.code != exitDone || n != 2 {
		t.Errorf("exit code %d, %d rows of the voter, want one for each block", out.code, n)
	}
	out = onChains(t, w, "power", "--hub", endpoint, "--at", strconv.Itoa(testchain.Snapshot), w.Nobody.Address.Hex())
	if out.code != exitDone || !strings.HasPrefix(out.stdout, "Strategies of space vote-perp.eth as it is set today:\n") || !strings.Contains(out.stdout, w.Nobody.Address.Hex()+"  0  ") {
		t.Errorf("exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
}

// TestPowerOfTheFuture: a time that the chain has not reached is exit code 12, with a hint.
func TestPowerOfTheFuture(t *testing.T) {
	w := testchain.Start(t)
	_, endpoint := atSnapshot(w, "basic").start(t, 1)
	out := onChains(t, w, "power", "--hub", endpoint, "--at", "2038-01-01", w.Nobody.Address.Hex())
	if out.code != exitNotFinal || out.stdout != "" || !strings.Contains(out.stderr, "no block yet") || !strings.Contains(out.stderr, "hint: take an earlier time") {
		t.Errorf("exit code %d, stdout %q, stderr %s", out.code, out.stdout, out.stderr)
	}
}

// TestPowerMisuse asks nobody.
func TestPowerMisuse(t *testing.T) {
	const good = "0xD374225abB84DCA94e121F0B8A06B93E39aD7a99"
	hubless := []string{"--hub", untouched(t), "--rpc", "ethereum=" + untouched(t), "--rpc", "optimism=" + untouched(t)}
	id := "0x" + strings.Repeat("1", 64)
	tests := map[string]struct {
		args  []string
		stdin string
		says  string
	}{
		"no moment":       {[]string{good}, "", "give --proposal or --at"},
		"two moments":     {[]string{good, "--proposal", id, "--at", "2023-05-19"}, "", "exclude each other"},
		"no address":      {[]string{"--proposal", id}, "", "ADDRESS is missing"},
		"empty input":     {[]string{"-", "--proposal", id}, "# none\n", "ADDRESS is missing"},
		"a name":          {[]string{"someone.eth", "--proposal", id}, "", `"someone.eth" is not an address`},
		"a wrong digit":   {[]string{"0xD374225abB84DCA94e121F0B8A06B93E39aD7a98", "--proposal", id}, "", "the checksum"},
		"a bad line":      {[]string{"-", "--proposal", id}, good + "\n0x12\n", `standard input, line 2: "0x12" is not an address`},
		"a bad proposal":  {[]string{good, "--proposal", "x"}, "", "not a Snapshot proposal"},
		"a bad time":      {[]string{good, "--at", "x"}, "", `time "x"`},
		"a bad block":     {[]string{good, "--proposal", id, "--block", "x"}, "", "CHAIN=VALUE"},
		"file is missing": {[]string{"--file", "nowhere.txt", "--proposal", id}, "", "nowhere.txt"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append(append([]string{"perpquorum", "power"}, test.args...), hubless...), strings.NewReader(test.stdin), &stdout, &stderr)
			want := exitUsage
			if name == "file is missing" {
				want = exitTrouble
			}
			if code != want || stdout.Len() > 0 || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("exit code %d, stdout %q, stderr %s", code, stdout.String(), stderr.String())
			}
		})
	}
}
