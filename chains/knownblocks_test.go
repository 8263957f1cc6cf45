package chains

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
)

func TestMomentsAscend(t *testing.T) {
	t.Parallel()
	for _, id := range []ID{Ethereum, Optimism} {
		ms := hintsOf(id).Moments
		a, ok := anchorOf(id)
		if !ok || len(ms) == 0 {
			t.Fatalf("%v: no facts", id)
		}
		anchored := false
		for i, m := range ms {
			if i > 0 && (m.Number <= ms[i-1].Number || m.Time <= ms[i-1].Time) {
				t.Errorf("%v: %v after %v", id, m, ms[i-1])
			}
			anchored = anchored || m.Number == a.Number && int64(m.Time) == a.Time.Unix()
		}
		if !anchored {
			t.Errorf("%v: the anchor %d is not among the moments", id, a.Number)
		}
	}
	if ms := hintsOf(8453).Moments; ms != nil {
		t.Errorf("moments of an unknown chain: %v", ms)
	}
}

// The slot rule of Ethereum after the Merge: timestamps are 11 modulo 12.
func TestMomentsFollowTheSlotRule(t *testing.T) {
	t.Parallel()
	for _, m := range hintsOf(Ethereum).Moments {
		if m.Number >= mergeBlock && m.Time%12 != 11 {
			t.Errorf("block %d has time %d, which is not the time of a slot", m.Number, m.Time)
		}
	}
}

func TestKnownAccountAtGenesis(t *testing.T) {
	t.Parallel()
	account, ok := knownAccount(Ethereum, 0, common.Address{})
	if balance := core.DefaultGenesisBlock().Alloc[account].Balance; !ok || balance == nil || balance.Sign() <= 0 {
		t.Errorf("%v has no balance at genesis", account)
	}
	if _, ok := knownAccount(8453, 1, common.Address{}); ok {
		t.Error("an unknown chain has a known account")
	}
}

// The anchors of chains without a search hint are real headers of the test data.
func TestAnchorsAreRealHeaders(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/headers.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]ID{"Arbitrum 2023": 42161, "Gnosis after its merge": 100}
	for line := range bytes.Lines(data) {
		var row struct {
			Label  string
			Header struct{ Hash, Number, Timestamp string }
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		id, ok := found[row.Label]
		if !ok {
			continue
		}
		delete(found, row.Label)
		a, _ := anchorOf(id)
		if got := fmt.Sprintf("%#x %#x %v", a.Number, a.Time.Unix(), a.Hash); got !=
			fmt.Sprintf("%s %s %s", row.Header.Number, row.Header.Timestamp, row.Header.Hash) {
			t.Errorf("%v: found %s", id, got)
		}
	}
	if len(found) > 0 {
		t.Errorf("no header of %v", found)
	}
}
