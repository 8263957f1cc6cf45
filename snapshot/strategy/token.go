package strategy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// oneCall is a strategy that makes one call for a voter and scales the integer that
// it returns. Starknet voters have no EVM address, so nothing is read for them.
type oneCall struct {
	source Source
	call   func(voter) (chains.Call, error)
	amount func(hexutil.Bytes) (*big.Int, error) // of the return data
}

func (s oneCall) places() []Place { return []Place{s.source.Place} }

func (s oneCall) basis() (sources []Source, plain bool) { return []Source{s.source}, true }

func (s oneCall) calls(v voter, _ *inputs) ([]read, error) {
	if v.star {
		return nil, nil
	}
	call, err := s.call(v)
	return []read{{s.source.Place, call}}, err
}

// score takes a negative integer as it is; only the top level turns what is not
// positive into 0, so that inside a composition it still subtracts.
func (s oneCall) score(v voter, in *inputs) (Score, error) {
	if v.star {
		return zero(), nil
	}
	amount, err := s.raw(v, in)
	if err != nil {
		return Score{}, err
	}
	return scale(amount, s.source.Decimals), nil
}

// raw is the integer that the call returned.
func (s oneCall) raw(v voter, in *inputs) (*big.Int, error) {
	call, err := s.call(v)
	if err != nil {
		return nil, err
	}
	data, err := in.answer(read{s.source.Place, call})
	if err != nil {
		return nil, err
	}
	amount, err := s.amount(data)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", call.Signature, call.To, err)
	}
	return amount, nil
}

// word reads return data that is one uint256.
func word(data hexutil.Bytes) (*big.Int, error) {
	if len(data) != 32 {
		return nil, fmt.Errorf("found %d bytes, want one 32-byte word", len(data))
	}
	return new(big.Int).SetBytes(data), nil
}

// tokenParams are the parameters that the token strategies share.
type tokenParams struct {
	Address    string          `json:"address"`
	Decimals   json.RawMessage `json:"decimals"`
	MinBalance json.RawMessage `json:"minBalance"`
	Weight     json.RawMessage `json:"weight"`
	Coeff      json.RawMessage `json:"coeff"`
	Multiplier json.RawMessage `json:"multiplier"`
	TokenID    json.RawMessage `json:"tokenId"`
	Total      json.RawMessage `json:"total"`
	SnapshotID json.RawMessage `json:"snapshotId"`
}

// finish makes a strategy of the amount that was read.
type finish func(scorer, tokenParams) (scorer, error)

// token parses strategies on one view function of a contract that takes the voter's
// address. A collection of ERC-721 has whole tokens, whatever decimals says.
func token(function string, collection bool, finish finish) parser {
	return func(params json.RawMessage, at site) (scorer, error) {
		var p tokenParams
		if err := decode(params, &p); err != nil {
			return nil, err
		}
		if collection {
			p.Decimals = json.RawMessage("0")
		}
		s, err := p.reading(at, function)
		if err != nil {
			return nil, err
		}
		return finish(s, p)
	}
}

func asRead(s scorer, _ tokenParams) (scorer, error) { return s, nil }

// parseERC1155 reads balanceOf(voter, tokenId) of an ERC-1155 contract. Missing
// decimals mean 18 here too, which makes a balance of 1 a score of 1e-18: a
// frequent mistake in spaces, reproduced as it is.
func parseERC1155(params json.RawMessage, at site) (scorer, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	id, err := integer(p.TokenID)
	if err != nil || id.Sign() < 0 || id.BitLen() > 256 {
		return nil, fmt.Errorf("params.tokenId: found %s, want a token id", clip(p.TokenID))
	}
	return p.reading(at, "balanceOf(address,uint256)", id)
}

// reading is the call of function for each voter; extra are the arguments behind the
// voter's address. It is encoded once, and the address put in its place.
func (p tokenParams) reading(at site, function string, extra ...any) (s oneCall, err error) {
	contract, err := contractAddress(p.Address)
	if err != nil {
		return s, fmt.Errorf("params.address: %w", err)
	}
	template, err := chains.NewCall(contract, function, append([]any{common.Address{}}, extra...)...)
	if err != nil {
		return s, err
	}
	s = oneCall{amount: word, call: func(v voter) (chains.Call, error) {
		c := template
		c.Data = bytes.Clone(c.Data)
		copy(c.Data[4+12:4+32], v.evm[:]) // one word after the 4-byte selector
		return c, nil
	}}
	s.source = Source{Place: at.Place, Contract: contract, Function: function, Own: len(extra) == 0}
	s.source.Decimals, err = parseDecimals(p.Decimals)
	return s, err
}

// parseNative reads the balance of the chain's own coin. Missing, null and 0
// decimals all mean 18.
func parseNative(params json.RawMessage, at site) (scorer, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	s := oneCall{amount: word, call: func(v voter) (chains.Call, error) { return chains.NativeBalance(v.evm), nil }}
	s.source = Source{Place: at.Place, Function: chains.NativeBalance(common.Address{}).Signature, Own: true}
	if falsy(p.Decimals) {
		s.source.Decimals = defaultDecimals
		return s, nil
	}
	var err error
	s.source.Decimals, err = parseDecimals(p.Decimals)
	return s, err
}

// contractAddress reads an address that the score service turns to lower case before it uses it.
func contractAddress(text string) (common.Address, error) { return address(strings.ToLower(text)) }

// address reads an EVM address: 40 hex digits, with or without 0x. Where letters of both
// cases occur they must be the EIP-55 checksum, or the score service fails.
func address(text string) (common.Address, error) {
	hex := strings.TrimPrefix(text, "0x")
	if len(hex) != 40 || !common.IsHexAddress(hex) {
		return common.Address{}, fmt.Errorf("found %s, want 0x and 40 hex digits", clip([]byte(text)))
	}
	a := common.HexToAddress(hex)
	if hex != strings.ToLower(hex) && hex != strings.ToUpper(hex) && "0x"+hex != a.Hex() {
		return common.Address{}, fmt.Errorf("found %s, whose checksum would be %s", text, a.Hex())
	}
	return a, nil
}
