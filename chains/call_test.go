package chains_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// TestNewCallIntegers demands that no integer is cut to fit.
func TestNewCallIntegers(t *testing.T) {
	power := func(n uint, less int64) *big.Int {
		p := new(big.Int).Lsh(big.NewInt(1), n)
		return p.Sub(p, big.NewInt(less))
	}
	tests := map[string]struct {
		signature string
		arg       *big.Int
		word      *big.Int // the argument as two's complement, or nil
	}{
		"zero":                 {"f(uint256)", new(big.Int), new(big.Int)},
		"largest":              {"f(uint256)", power(256, 1), power(256, 1)},
		"one too many":         {"f(uint256)", power(256, 0), nil},
		"negative, unsigned":   {"f(uint256)", big.NewInt(-1), nil},
		"largest of 128 bits":  {"f(uint128)", power(128, 1), power(128, 1)},
		"beyond 128 bits":      {"f(uint128)", power(128, 0), nil},
		"largest, signed":      {"f(int256)", power(255, 1), power(255, 1)},
		"one too many, signed": {"f(int256)", power(255, 0), nil},
		"smallest":             {"f(int256)", new(big.Int).Neg(power(255, 0)), power(255, 0)},
		"one too few":          {"f(int256)", new(big.Int).Neg(power(255, -1)), nil},
		"nil":                  {"f(uint256)", nil, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			call, err := chains.NewCall(common.Address{}, test.signature, test.arg)
			if test.word == nil {
				if err == nil || !strings.HasPrefix(err.Error(), "call "+test.signature+": ") {
					t.Errorf("found %v, %v; want an error", call.Data, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := new(big.Int).SetBytes(call.Data[4:]); len(call.Data) != 36 || got.Cmp(test.word) != 0 {
				t.Errorf("found %v, want the word %x", call.Data, test.word)
			}
		})
	}
}
