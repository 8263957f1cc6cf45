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
	t.Parallel()
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

// TestNewCallTypes: only canonical types reach go-ethereum's parser, which crashes on others.
func TestNewCallTypes(t *testing.T) {
	good := "f(address,bool,string,bytes,bytes1,bytes32,int8,uint256,uint24[],address[3][],bool[1][999])"
	if _, err := chains.NewCall(common.Address{}, good); err == nil ||
		!strings.Contains(err.Error(), "argument count") {
		t.Errorf("%s without arguments: error %v", good, err)
	}
	for _, bad := range []string{
		"f", "f)(", "f((uint256))", "f(uint)", "f(int0)", "f(uint7)", "f(uint264)", "f(uint20000000000)", "f(bytes0)",
		"f(bytes33)", "f(uint8[0])", "f(uint8[99999999999])", "f(uint8[999][999][999])", "f(uint8[)", "f(uint8])",
		"f(tuple)",
		"f(uint8,)", "f(,uint8)", "f(uint8" + strings.Repeat("[]", 300_000) + ")",
		"f(" + strings.Repeat("[", 300_000) + ")",
		"f(" + strings.Repeat("uint8,", 300_000) + "uint8)", strings.Repeat("f", 300_000) + "()",
	} {
		_, err := chains.NewCall(common.Address{}, bad)
		if err == nil || !strings.HasPrefix(err.Error(), "function signature ") || len(err.Error()) > 300 {
			t.Errorf("%.40s: error %v", bad, err)
		}
	}
}
