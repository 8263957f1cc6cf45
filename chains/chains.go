// Package chains reads block headers and contract state of EVM chains over
// JSON-RPC, in batches, pinned to one block.
package chains

import (
	"fmt"
	"strconv"
)

// ID is an EIP-155 chain id. Its text form is a name for the chains this
// package knows ("ethereum", "optimism") and the decimal number for any other.
type ID uint64

// The chains with built-in anchors and search hints.
const (
	Ethereum ID = 1
	Optimism ID = 10
)

// String returns the text form of id.
func (id ID) String() string {
	switch id {
	case Ethereum:
		return "ethereum"
	case Optimism:
		return "optimism"
	}
	return strconv.FormatUint(uint64(id), 10)
}

// ParseID reads the text form of a chain id: a known name, or a positive
// decimal number without sign or leading zeros. "1" and "ethereum" are the same chain.
func ParseID(s string) (ID, error) {
	switch s {
	case "ethereum":
		return Ethereum, nil
	case "optimism":
		return Optimism, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("chain %q: want ethereum, optimism or a chain id such as 8453", s)
	}
	return ID(n), nil
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; see ParseID.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
