package chains

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// valueError is a result that is not what its method returns. The text names
// what was found.
type valueError struct{ text string }

func (e *valueError) Error() string        { return e.text }
func (e *valueError) Is(target error) bool { return target == ErrProtocol }

// parseQuantity reads a JSON-RPC quantity: a JSON string of 0x and 1 to 64 hex
// digits. Leading zeros pass, since some vendors pad; everything else ("", "0x",
// null, numbers, decimals, signs, white space) is an error, never zero.
func parseQuantity(raw json.RawMessage) (*big.Int, error) {
	digits, err := hexString(raw, "a quantity")
	if err != nil {
		return nil, err
	}
	if len(digits) == 0 || len(digits) > 64 {
		return nil, found(raw, "a quantity of 1 to 64 hex digits")
	}
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		return nil, found(raw, "a quantity")
	}
	return n, nil
}

// parseUint64 reads a quantity that must fit 64 bits.
func parseUint64(raw json.RawMessage) (uint64, error) {
	n, err := parseQuantity(raw)
	if err != nil {
		return 0, err
	}
	if !n.IsUint64() {
		return 0, found(raw, "a quantity of 64 bits")
	}
	return n.Uint64(), nil
}

// parseData reads JSON-RPC data: a JSON string of 0x and an even number of hex
// digits. "0x" gives empty data: whether that is an answer, the caller decides.
func parseData(raw json.RawMessage) ([]byte, error) {
	digits, err := hexString(raw, "data")
	if err != nil {
		return nil, err
	}
	out, err := hex.DecodeString(digits)
	if err != nil {
		return nil, found(raw, "data of whole bytes")
	}
	return out, nil
}

// hexString returns the digits of a JSON string of 0x and hex digits only.
// The raw text is looked at, so that no escape sequence stands for a digit.
func hexString(raw json.RawMessage, want string) (string, error) {
	text, ok := bytes.CutPrefix(raw, []byte(`"0x`))
	if !ok {
		return "", found(raw, want+` starting with 0x`)
	}
	text, ok = bytes.CutSuffix(text, []byte(`"`))
	if !ok {
		return "", found(raw, want)
	}
	for _, c := range text {
		if !isHex(c) {
			return "", found(raw, want+" of hex digits")
		}
	}
	return string(text), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func found(raw json.RawMessage, want string) error {
	text := clean(string(raw[:min(len(raw), 200)]))
	if runes := []rune(text); len(runes) > 80 {
		text = string(runes[:80]) + "…"
	}
	if text == "" {
		text = "nothing"
	}
	if strings.HasPrefix(text, "'") { // a JSON string; clean took its quotes
		text = `"` + strings.Trim(text, "'") + `"`
	}
	return &valueError{fmt.Sprintf("found %s, want %s", text, want)}
}

// The selectors of Error(string) and Panic(uint256), with which Solidity encodes
// the reason of a revert.
var revertSelectors = [][]byte{{0x08, 0xc3, 0x79, 0xa0}, {0x4e, 0x48, 0x7b, 0x71}}

// dressedRevert reports return data that is the reason of a revert, handed out
// as a success. One word is never taken for one: it may be a number.
func dressedRevert(data []byte) bool {
	if len(data) == 32 || len(data) < 4 {
		return false
	}
	return bytes.Equal(data[:4], revertSelectors[0]) || bytes.Equal(data[:4], revertSelectors[1])
}
