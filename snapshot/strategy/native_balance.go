package strategy

import (
	"encoding/json"

	"github.com/perpdao/perpquorum/chains"
)

// nativeBalance is eth-balance and native-balance: the balance of the chain's
// own coin. Missing, null and 0 decimals all mean 18.
type nativeBalance struct {
	at       Place
	decimals int
}

func parseNativeBalance(params json.RawMessage, at Place) (scorer, error) {
	var p tokenParams
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	if falsy(p.Decimals) {
		return nativeBalance{at, defaultDecimals}, nil
	}
	decimals, err := parseDecimals(p.Decimals)
	if err != nil {
		return nil, cannot("params.%v", err)
	}
	return nativeBalance{at, decimals}, nil
}

func (s nativeBalance) places() []Place { return []Place{s.at} }

func (s nativeBalance) calls(v voter, _ blocks) ([]read, error) {
	if v.star {
		return nil, nil
	}
	return []read{{s.at, chains.NativeBalance(v.evm)}}, nil
}

func (s nativeBalance) score(v voter, _ blocks, answer answers) (Score, error) {
	if v.star {
		return zero(), nil
	}
	amount, err := answer.word(read{s.at, chains.NativeBalance(v.evm)})
	if err != nil {
		return Score{}, err
	}
	return scale(amount, s.decimals), nil
}
