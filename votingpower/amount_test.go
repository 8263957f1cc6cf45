package votingpower_test

import (
	"math/big"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
)

func TestDecimal(t *testing.T) {
	tests := map[string]string{
		"0": "0", "10": "10", "1/8": "0.125", "-1/8": "-0.125", "1/3": "1/3", "-100/3": "-100/3", "100": "100",
		"1/1000000000000000000": "0.000000000000000001",
	}
	for number, want := range tests {
		r, _ := new(big.Rat).SetString(number)
		got := votingpower.Decimal(r)
		if got != want {
			t.Errorf("Decimal(%s) = %s, want %s", number, got, want)
		}
		if again, ok := new(big.Rat).SetString(got); !ok || again.Cmp(r) != 0 {
			t.Errorf("Decimal(%s) = %s does not read as the same number", number, got)
		}
	}
}

// TestTokensAndBaseUnits converts one base unit there and back.
func TestTokensAndBaseUnits(t *testing.T) {
	for decimals, want := range map[uint8]string{0: "1", 6: "0.000001", 18: "0.000000000000000001"} {
		m := &votingpower.Model{Decimals: decimals}
		tokens := m.InTokens(big.NewRat(1, 1))
		if got := votingpower.Decimal(tokens); got != want || m.InBaseUnits(tokens).Cmp(big.NewRat(1, 1)) != 0 {
			t.Errorf("%d decimals: one base unit is %s tokens, want %s", decimals, got, want)
		}
	}
}
