package jsonrpc

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
)

func TestParseQuantity(t *testing.T) {
	t.Parallel()
	max := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 256), big.NewInt(1))
	for raw, want := range map[string]*big.Int{
		`"0x0"`: big.NewInt(0), `"0x00"`: big.NewInt(0), `"0x1"`: big.NewInt(1), `"0x00ff"`: big.NewInt(255),
		`"0xFF"`: big.NewInt(255), `"0xfF"`: big.NewInt(255), `"0x` + strings.Repeat("f", 64) + `"`: max,
		`"0x` + strings.Repeat("0", 63) + `1"`: big.NewInt(1),
	} {
		got, err := Reply{Raw: []byte(raw)}.Quantity()
		if err != nil || got.Cmp(want) != 0 {
			t.Errorf("%s: got %v, %v, want %v", raw, got, err, want)
		}
	}
}

// notQuantities are what endpoints were seen to give, or could give, in place of
// a quantity. None is zero.
var notQuantities = []string{
	``, `""`, `"0x"`, `null`, `"0"`, `0`, `"100"`, `100`, `1e18`, `"1e18"`, `"-0x1"`, `"0x-1"`, `"+0x1"`, `" 0x1"`,
	`"0x1 "`, `"0x1\n"`, "\"0x1\n\"",
	`true`, `{}`, `[]`, `["0x1"]`, `"0xg"`, `"0x1_0"`, `"0X1"`, `"0X"`, `"x1"`,
	`"0x` + strings.Repeat("0", 64) + `1"`, `"0x1`, `0x1`, `"0x\u0031"`, `"0x1""`, `"0x1"x`,
	`"０x1"`, `"0x１"`,
}

func TestParseQuantityRefuses(t *testing.T) {
	t.Parallel()
	for _, raw := range notQuantities {
		got, err := Reply{Raw: []byte(raw)}.Quantity()
		if got != nil || !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: got %v, %v, want a protocol error", raw, got, err)
		} else if !strings.HasPrefix(err.Error(), "found ") {
			t.Errorf("%q: %v does not say what was found", raw, err)
		}
	}
}

func TestQuantityErrorNamesWhatWasFound(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`""`:                  `found "", want a quantity starting with 0x`,
		`null`:                `found null, want a quantity starting with 0x`,
		`"0x"`:                `found "0x", want a quantity of 1 to 64 hex digits`,
		``:                    `found nothing, want a quantity starting with 0x`,
		"\"\x1b[31mred\x07\"": `found "red", want a quantity starting with 0x`,
	} {
		if _, err := (Reply{Raw: []byte(raw)}).Quantity(); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %v", raw, err, want)
		}
	}
	if _, err := (Reply{Raw: bytes.Repeat([]byte("9"), 1<<20)}).Quantity(); len(err.Error()) > 200 {
		t.Errorf("error of %d bytes for a long value", len(err.Error()))
	}
}

func TestParseData(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string][]byte{`"0x"`: {}, `"0x00"`: {0}, `"0x00fF"`: {0, 255}} {
		got, err := (Reply{Raw: []byte(raw)}).Data()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %x, %v, want %x", raw, got, err, want)
		}
	}
	for _, raw := range []string{``, `""`, `null`, `"0x0"`, `"0xzz"`, `"00"`, `0`, `"0X00"`, `{}`, `"0x 00"`, `"0x00`} {
		if got, err := (Reply{Raw: []byte(raw)}).Data(); !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: got %x, %v, want a protocol error", raw, got, err)
		}
	}
}

func FuzzParseQuantity(f *testing.F) {
	for _, raw := range notQuantities {
		f.Add([]byte(raw))
	}
	f.Add([]byte(`"0x00ff"`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := Reply{Raw: raw}.Quantity()
		if err != nil {
			if n != nil || !errors.Is(err, ErrProtocol) {
				t.Fatalf("got %v, %v", n, err)
			}
			return
		}
		// The oracle: package math/big on the digits, with the quotes and 0x off.
		want, ok := new(big.Int).SetString(string(raw[3:len(raw)-1]), 16)
		if !ok || n.Cmp(want) != 0 || n.Sign() < 0 || n.BitLen() > 256 {
			t.Fatalf("%q: got %v, want %v", raw, n, want)
		}
	})
}

func FuzzParseData(f *testing.F) {
	for _, raw := range append(notQuantities, `"0x00ff"`, `"0x0"`) {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		data, err := Reply{Raw: raw}.Data()
		if err != nil {
			return
		}
		if got := `"` + hexutil.Encode(data) + `"`; !strings.EqualFold(got, string(raw)) {
			t.Fatalf("%q: got %s", raw, got)
		}
	})
}
