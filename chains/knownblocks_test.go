package chains

import (
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
