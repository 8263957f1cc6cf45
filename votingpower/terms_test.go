package votingpower_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// describe is a term on one line: sign, chain, contract, calldata, what is wanted.
func describe(term votingpower.Term) string {
	want := ""
	if term.Group == votingpower.GroupCheck {
		want = " = not 0"
		if term.Want != nil {
			want = fmt.Sprintf(" = %v", term.Want)
		}
	}
	return fmt.Sprintf("%s %+d %v %s.. %v%s | %s", term.Group, term.Sign, term.Chain, term.Call.To.Hex()[:6],
		term.Call.Data, want, term.Label)
}

// The selectors and padded addresses here are written out, not computed.
func TestTermsPERP(t *testing.T) {
	t.Parallel()
	terms, err := votingpower.PERP().Terms(queryTime)
	if err != nil {
		t.Fatal(err)
	}
	const pad = "0x70a08231000000000000000000000000"
	want := []string{
		"supply +1 ethereum 0xbC39.. 0x18160ddd | PERP total supply",
		"excluded -1 ethereum 0xbC39.. " + pad +
			"c49f76a596d6200e4f08f8931d15b69dd1f8033e | Ecosystem & Rewards, Investor, Team (DAO locked wallet)",
		"excluded -1 ethereum 0xbC39.. " + pad + "d374225abb84dca94e121f0b8a06b93e39ad7a99 | DAO treasury",
		"excluded -1 ethereum 0xbC39.. " + pad + "9fe5f5bbbd3f2172fa370068d26185f3d82ed9ac | Tx mining and staking rewards",
		"excluded -1 optimism 0x9e10.. " + pad + "dcf664d0f76e99eaa2dbd569474d0e75dc899fcd | Tx mining and staking rewards",
		"excluded -1 optimism 0x9e10.. " + pad + "5a06d52f38965904cf15c3f55286263ab9a237d7 | DAO treasury",
		"escrow +1 optimism 0xD360.. 0x019e617d | vePERP voting power",
		"escrow -1 optimism 0xD360.. 0x19f60f7f | PERP locked in vePERP",
		"check +0 ethereum 0xbC39.. 0x313ce567 = 18 | PERP decimals",
		"check +0 optimism 0x9e10.. 0x313ce567 = 18 | PERP (bridged) decimals",
		"check +0 optimism 0x9e10.. 0x18160ddd = not 0 | PERP (bridged) total supply, not zero",
		"check +0 optimism 0xD360.. 0x313ce567 = 18 | vePERP decimals",
	}
	for i := range max(len(want), len(terms)) {
		got, wanted := "nothing", "nothing"
		if i < len(terms) {
			got = describe(terms[i])
		}
		if i < len(want) {
			wanted = want[i]
		}
		if got != wanted {
			t.Errorf("terms[%d]:\n%s\nwant\n%s", i, got, wanted)
		}
	}
}

// The query time decides which wallets are excluded: from ≤ t < until.
func TestTermsDates(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]string{
		"2022-12-31T23:59:59.999999999Z": "treasury",
		"2023-01-01T00:00:00Z":           "vesting, treasury",
		"2023-01-01T01:00:00+01:00":      "vesting, treasury",
		"2023-06-01T12:00:00.499999999Z": "vesting, treasury",
		"2023-06-01T12:00:00.5Z":         "vesting",
		"2023-12-31T23:59:59Z":           "vesting",
		"2024-01-01T00:00:00Z":           "vesting, second term",
		"2100-01-01T00:00:00Z":           "vesting, second term",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		terms, err := madeUp(t).Terms(when)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, term := range terms {
			if term.Group == votingpower.GroupExcluded {
				labels = append(labels, term.Label)
			}
		}
		if got := strings.Join(labels, ", "); got != want {
			t.Errorf("at %s: excluded are %s, want %s", at, got, want)
		}
	}
}

// A token from which nothing is read at t is not checked either: it may not
// have been deployed yet. Its chain keeps its place in the evidence.
func TestTermsTokenNotRead(t *testing.T) {
	t.Parallel()
	m := votingpower.PERP()
	m.Escrows = nil
	for i := range m.Excluded {
		if m.Excluded[i].Chain == chains.Optimism {
			m.Excluded[i].From = queryTime
		}
	}
	count := func(at time.Time) (n int) {
		terms, err := m.Terms(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, term := range terms {
			if term.Chain == chains.Optimism {
				n++
			}
		}
		return n
	}
	if before, after := count(queryTime.Add(-1)), count(queryTime); before != 0 || after != 4 {
		t.Errorf("found %d and %d reads on optimism, want 0 and 4", before, after)
	}
	if !slices.Equal(m.Chains(), []chains.ID{chains.Ethereum, chains.Optimism}) {
		t.Errorf("found chains %v", m.Chains())
	}
}

func TestChains(t *testing.T) {
	t.Parallel()
	m := votingpower.PERP()
	m.Network = 100
	if got := m.Chains(); !slices.Equal(got, []chains.ID{100, chains.Ethereum, chains.Optimism}) {
		t.Errorf("found %v, want the network first", got)
	}
	m.Network = chains.Optimism
	if got := m.Chains(); !slices.Equal(got, []chains.ID{chains.Optimism, chains.Ethereum}) {
		t.Errorf("found %v, want the network first and once", got)
	}
}
