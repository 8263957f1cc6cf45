package strategy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// parseContractCall reads one function of one contract; in string arguments every
// %{address} stands for the voter's checksummed address.
func parseContractCall(params json.RawMessage, at Place) (scorer, error) {
	var p struct {
		Address   string            `json:"address"`
		MethodABI json.RawMessage   `json:"methodABI"`
		Args      []json.RawMessage `json:"args"`
		Output    json.RawMessage   `json:"output"`
		Decimals  json.RawMessage   `json:"decimals"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	contract, err := address(p.Address)
	if err != nil {
		return nil, fmt.Errorf("params.address: %w", err)
	}
	decimals, err := parseDecimals(p.Decimals)
	if err != nil {
		return nil, err
	}
	method, err := parseMethod(p.MethodABI)
	if err != nil {
		return nil, err
	}
	if p.Args == nil {
		p.Args = []json.RawMessage{json.RawMessage(`"%{address}"`)}
	}
	if len(p.Args) != len(method.Inputs) {
		return nil, fmt.Errorf("params.args: found %d, %s takes %d", len(p.Args), method.Sig, len(method.Inputs))
	}
	amount, err := chooseOutput(method, p.Output)
	if err != nil {
		return nil, err
	}
	call := func(v voter) (chains.Call, error) {
		data, err := pack(method, p.Args, v)
		return chains.Call{To: contract, Data: data, Signature: method.Sig}, err
	}
	_, err = call(voter{}) // finds arguments of the wrong type before anything is read
	own := len(p.Args) == 1 && string(p.Args[0]) == `"%{address}"` && len(method.Outputs) == 1
	source := Source{Place: at, Contract: contract, Function: method.Sig, Own: own, Decimals: decimals}
	return oneCall{source: source, call: call, amount: amount}, err
}

// parseMethod reads one ABI object of type function.
func parseMethod(raw json.RawMessage) (abi.Method, error) {
	if absent(raw) {
		return abi.Method{}, errors.New("params.methodABI is missing")
	}
	contract, err := abi.JSON(bytes.NewReader([]byte("[" + string(raw) + "]")))
	if err != nil {
		return abi.Method{}, fmt.Errorf("params.methodABI: %w", err)
	}
	if len(contract.Methods) != 1 {
		return abi.Method{}, errors.New("params.methodABI: want one function")
	}
	for _, m := range contract.Methods {
		for _, in := range m.Inputs {
			if in.Type.T == abi.SliceTy || in.Type.T == abi.ArrayTy || in.Type.T == abi.TupleTy {
				return abi.Method{}, fmt.Errorf("params.methodABI: arguments of type %s are not supported here", in.Type)
			}
		}
		return m, nil
	}
	panic("unreachable: one method counted")
}

// chooseOutput returns the reader of the return value that counts: the one that
// output names or numbers from 0, or the only one. It must be an integer.
func chooseOutput(m abi.Method, raw json.RawMessage) (func(hexutil.Bytes) (*big.Int, error), error) {
	name := strings.Trim(string(raw), `"`)
	index := -1
	switch {
	case falsy(raw) && len(m.Outputs) == 1:
		index = 0
	case falsy(raw):
		return nil, fmt.Errorf("%s returns %d values and params.output names none of them", m.Sig, len(m.Outputs))
	default:
		for i, out := range m.Outputs {
			if out.Name == name || strconv.Itoa(i) == name {
				index = i
			}
		}
	}
	if index < 0 {
		return nil, fmt.Errorf("params.output: %s returns nothing named %q", m.Sig, clip([]byte(name)))
	}
	if t := m.Outputs[index].Type.T; t != abi.UintTy && t != abi.IntTy {
		return nil, fmt.Errorf("%s returns a %s, want an integer", m.Sig, m.Outputs[index].Type)
	}
	return func(data hexutil.Bytes) (*big.Int, error) {
		values, err := m.Outputs.Unpack(data)
		if err != nil {
			return nil, err
		}
		return toBig(values[index])
	}, nil
}

// pack encodes a call with its arguments for a voter.
func pack(method abi.Method, raw []json.RawMessage, v voter) ([]byte, error) {
	args := make([]any, len(raw))
	for i, arg := range raw {
		var err error
		if args[i], err = argument(method.Inputs[i].Type, arg, v); err != nil {
			return nil, fmt.Errorf("params.args[%d]: %w", i, err)
		}
	}
	packed, err := method.Inputs.Pack(args...)
	if err != nil {
		return nil, fmt.Errorf("params.args: %w", err)
	}
	return append(bytes.Clone(method.ID), packed...), nil
}
