package report

import (
	"math/big"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
)

// TestRounded compares with what JavaScript's toLocaleString("en-US") prints for numbers that
// are exact as doubles, and with exact halves beyond.
func TestRounded(t *testing.T) {
	tests := map[string]string{
		"0":                      "0",
		"1":                      "1",
		"999":                    "999",
		"1000":                   "1,000",
		"146395383.662":          "146,395,383.662",
		"14639538.3662":          "14,639,538.366",
		"1234567890.5":           "1,234,567,890.5",
		"0.0004":                 "0",
		"0.0005":                 "0.001",
		"0.00049999999999999999": "0",
		"1.0625":                 "1.063",
		"1.0635":                 "1.064",
		"999.9995":               "1,000",
		"-0.0004":                "0",
		"-0.0005":                "-0.001",
		"-1234.5":                "-1,234.5",
		"100/3":                  "33.333",
	}
	for number, want := range tests {
		r, ok := new(big.Rat).SetString(number)
		if !ok {
			t.Fatalf("%s is not a number", number)
		}
		if got := rounded(r); got != want {
			t.Errorf("rounded(%s) = %s, want %s", number, got, want)
		}
	}
}

func TestAmountKeepsEveryUnit(t *testing.T) {
	n, _ := new(big.Int).SetString("146395383662400000000000001", 10)
	got := amount(n, &votingpower.Model{Decimals: 18})
	if got.BaseUnits != n.String() || got.Tokens != "146395383.662400000000000001" {
		t.Errorf("found %+v", got)
	}
	if got := amount(n, &votingpower.Model{}); got.Tokens != n.String() {
		t.Errorf("without decimals: found %+v", got)
	}
}
