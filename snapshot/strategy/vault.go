package strategy

import (
	"encoding/json"
	"errors"
	"math/big"

	"github.com/perpdao/perpquorum/chains"
)

// uniToken is the only contract of the strategy uni.
const uniToken = "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984"

// parseUni reads the votes delegated to the voter in Uniswap's token, on Ethereum alone.
func parseUni(params json.RawMessage, at site) (scorer, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if at.Chain != chains.Ethereum {
		return nil, errors.New("it reads Uniswap's token on Ethereum, and fails on any other network")
	}
	p.Address = uniToken
	return p.reading(at, "getCurrentVotes(address)")
}

// vault values the voter's shares in an ERC-4626 vault in its asset.
type vault struct {
	shares oneCall
	assets func(shares *big.Int) (chains.Call, error)
}

func parseVault(params json.RawMessage, at site) (scorer, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	shares, err := p.reading(at, "balanceOf(address)")
	return vault{shares, func(n *big.Int) (chains.Call, error) {
		return chains.NewCall(shares.source.Contract, "convertToAssets(uint256)", n)
	}}, err
}

func (s vault) places() []Place { return s.shares.places() }

func (s vault) basis() (sources []Source, plain bool) {
	conversion := s.shares.source
	conversion.Function, conversion.Own = "convertToAssets(uint256)", false
	return []Source{s.shares.source, conversion}, false
}

// calls has the conversion in it once the shares are known.
func (s vault) calls(v voter, in *inputs) ([]read, error) {
	calls, err := s.shares.calls(v, in)
	if err != nil || v.star {
		return nil, err
	}
	conversion, err := s.conversion(v, in)
	if err == nil {
		calls = append(calls, conversion)
	}
	return calls, nil // without the answer there is no conversion yet
}

func (s vault) conversion(v voter, in *inputs) (read, error) {
	shares, err := s.shares.raw(v, in)
	if err != nil {
		return read{}, err
	}
	call, err := s.assets(shares)
	return read{s.shares.source.Place, call}, err
}

func (s vault) score(v voter, in *inputs) (Score, error) {
	if v.star {
		return zero(), nil
	}
	conversion, err := s.conversion(v, in)
	if err != nil {
		return Score{}, err
	}
	data, err := in.answer(conversion)
	if err != nil {
		return Score{}, err
	}
	assets, err := word(data)
	return scale(assets, s.shares.source.Decimals), err
}
