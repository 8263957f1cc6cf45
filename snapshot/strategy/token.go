package strategy

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// tokenParams are the parameters that the token strategies share.
type tokenParams struct {
	Address    string
	Decimals   json.RawMessage
	MinBalance json.RawMessage
	Weight     json.RawMessage
	Coeff      json.RawMessage
	Multiplier json.RawMessage
	TokenID    json.RawMessage `json:"tokenId"`
}

// tokenRead is one view function of one contract that takes the voter's address
// and returns one uint256, scaled by decimals. Starknet voters have no EVM
// balance, so nothing is read for them.
type tokenRead struct {
	at       Place
	template chains.Call // for the zero address
	decimals int
}

// newTokenRead encodes the call once; extra are the arguments after the voter's address.
func newTokenRead(at Place, contract common.Address, function string, decimals int, extra ...any) (tokenRead, error) {
	call, err := chains.NewCall(contract, function, append([]any{common.Address{}}, extra...)...)
	return tokenRead{at: at, template: call, decimals: decimals}, err
}

// parseTokenRead reads address and decimals.
func parseTokenRead(params json.RawMessage, at Place, function string, extra ...any) (tokenRead, tokenParams, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return tokenRead{}, p, cannot("params: %v", err)
	}
	contract, err := address(p.Address)
	if err != nil {
		return tokenRead{}, p, cannot("params.address: %v", err)
	}
	decimals, err := parseDecimals(p.Decimals)
	if err != nil {
		return tokenRead{}, p, cannot("params.%v", err)
	}
	t, err := newTokenRead(at, contract, function, decimals, extra...)
	return t, p, err
}

// address reads an EVM address: 0x and 40 hex digits. Where letters of both
// cases occur they must be the EIP-55 checksum, or the score service fails.
func address(text string) (common.Address, error) {
	if len(text) != 42 || text[:2] != "0x" || !common.IsHexAddress(text) {
		return common.Address{}, fmt.Errorf("found %q, want 0x and 40 hex digits", clip([]byte(text)))
	}
	a, err := common.NewMixedcaseAddressFromString(text)
	if err != nil {
		return common.Address{}, err
	}
	if lower, upper := isLower(text[2:]), isUpper(text[2:]); !lower && !upper && !a.ValidChecksum() {
		return common.Address{}, fmt.Errorf("found %s, whose checksum would be %s", text, a.Address().Hex())
	}
	return a.Address(), nil
}

func isLower(s string) bool { return !containsIn(s, 'A', 'F') }
func isUpper(s string) bool { return !containsIn(s, 'a', 'f') }

func containsIn(s string, lo, hi byte) bool {
	for i := range len(s) {
		if lo <= s[i] && s[i] <= hi {
			return true
		}
	}
	return false
}

func (t tokenRead) places() []Place { return []Place{t.at} }

// read puts the voter in the place of the first argument: one word after the 4-byte selector.
func (t tokenRead) read(v voter) read {
	call := t.template
	call.Data = bytes.Clone(call.Data)
	copy(call.Data[4+12:4+32], v.evm[:])
	return read{t.at, call}
}

func (t tokenRead) calls(v voter, _ blocks) ([]read, error) {
	if v.star {
		return nil, nil
	}
	return []read{t.read(v)}, nil
}

func (t tokenRead) score(v voter, _ blocks, answer answers) (Score, error) {
	if v.star {
		return zero(), nil
	}
	amount, err := answer.word(t.read(v))
	if err != nil {
		return Score{}, err
	}
	return scale(amount, t.decimals), nil
}

// factored is a strategy whose score is multiplied by a constant.
type factored struct {
	scorer
	factor Score
}

func (f factored) score(v voter, blocks blocks, answer answers) (Score, error) {
	s, err := f.scorer.score(v, blocks, answer)
	if err != nil {
		return Score{}, err
	}
	return s.times(f.factor), nil
}
