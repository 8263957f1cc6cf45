package jsonrpc

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

// valueError says that a result is not what its method returns.
type valueError struct{ text string }

func (e *valueError) Error() string        { return e.text }
func (e *valueError) Is(target error) bool { return target == ErrProtocol }

// Reply is the answer to one request: Err, or Raw, which is then one valid JSON value.
// Err is the failure of this one call, an *EndpointError: the call itself failed
// (ErrReverted), it is too large for the endpoint (ErrTooLarge), or the endpoint
// lacks the method or a feature of it (ErrUnsupported). For an optional request, it
// can also be any other refusal of the call.
type Reply struct {
	Raw json.RawMessage
	Err error

	redact *keyurl.Redactor // of the endpoint
}

// Null reports whether the result is null.
func (r Reply) Null() bool { return bytes.Equal(bytes.TrimSpace(r.Raw), []byte("null")) }

// Quantity returns the result as a JSON-RPC quantity, or Err: a JSON string of 0x and
// 1 to 64 hex digits. Leading zeros pass, since some vendors pad. Everything else
// ("", "0x", null, numbers, decimals, signs, white space) is an error that wraps
// ErrProtocol, never zero.
func (r Reply) Quantity() (*big.Int, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	digits, err := r.hexString("a quantity")
	if err != nil {
		return nil, err
	}
	if len(digits) == 0 || len(digits) > 64 {
		return nil, r.found("a quantity of 1 to 64 hex digits")
	}
	n, _ := new(big.Int).SetString(digits, 16) // cannot fail: these are hex digits
	return n, nil
}

// Data returns the result as JSON-RPC data, or Err: a JSON string of 0x and an even
// number of hex digits. "0x" gives empty data; the caller decides whether that is an
// answer. Everything else is an error that wraps ErrProtocol.
func (r Reply) Data() ([]byte, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	digits, err := r.hexString("data")
	if err != nil {
		return nil, err
	}
	out, err := hex.DecodeString(digits)
	if err != nil {
		return nil, r.found("data of whole bytes")
	}
	return out, nil
}

// hexString returns the digits of a JSON string of 0x and hex digits only. It looks
// at the raw text, so no escape sequence stands for a digit.
func (r Reply) hexString(want string) (string, error) {
	text, ok := strings.CutPrefix(string(r.Raw), `"0x`)
	if !ok {
		return "", r.found(want + ` starting with 0x`)
	}
	text, ok = strings.CutSuffix(text, `"`)
	if !ok {
		return "", r.found(want)
	}
	if strings.Trim(text, "0123456789abcdefABCDEF") != "" {
		return "", r.found(want + " of hex digits")
	}
	return text, nil
}

func (r Reply) found(want string) error {
	text := keyurl.Cut(cmp.Or(r.redact, &keyurl.Redactor{}).Text(string(r.Raw[:min(len(r.Raw), 200)])), 80)
	if text == "" {
		text = "nothing"
	}
	if strings.HasPrefix(text, "'") { // a JSON string; the redactor took its quotes
		text = `"` + strings.Trim(text, "'") + `"`
	}
	return &valueError{fmt.Sprintf("found %s, want %s", text, want)}
}
