package jsonrpc

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

// Reply is the answer to one request: Err, or Raw, which is then one valid JSON
// value. Err is the failure of this one call, an *EndpointError: the call itself
// failed (ErrReverted), is too large for the endpoint (ErrTooLarge), or the
// endpoint lacks the method or a feature of it (ErrUnsupported); for an optional
// request, also any other refusal of the call.
type Reply struct {
	Raw json.RawMessage
	Err error
}

// Null reports whether the result is null.
func (r Reply) Null() bool { return bytes.Equal(bytes.TrimSpace(r.Raw), []byte("null")) }

// Quantity returns the result as a JSON-RPC quantity, or Err: a JSON string of
// 0x and 1 to 64 hex digits. Leading zeros pass, since some vendors pad.
// Everything else ("", "0x", null, numbers, decimals, signs, white space) is an
// error that wraps ErrProtocol, never zero.
func (r Reply) Quantity() (*big.Int, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	digits, err := hexString(r.Raw, "a quantity")
	if err != nil {
		return nil, err
	}
	if len(digits) == 0 || len(digits) > 64 {
		return nil, found(r.Raw, "a quantity of 1 to 64 hex digits")
	}
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		return nil, found(r.Raw, "a quantity")
	}
	return n, nil
}

// Data returns the result as JSON-RPC data, or Err: a JSON string of 0x and an
// even number of hex digits. "0x" gives empty data; whether that is an answer, the
// caller decides. Everything else is an error that wraps ErrProtocol.
func (r Reply) Data() ([]byte, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	digits, err := hexString(r.Raw, "data")
	if err != nil {
		return nil, err
	}
	out, err := hex.DecodeString(digits)
	if err != nil {
		return nil, found(r.Raw, "data of whole bytes")
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
