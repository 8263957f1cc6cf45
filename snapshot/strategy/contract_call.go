package strategy

import (
	"bytes"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// contractCall calls one function of one contract; in string arguments every
// %{address} stands for the voter's checksummed address.
type contractCall struct {
	at       Place
	contract common.Address
	method   abi.Method
	args     []json.RawMessage
	output   int // index among the method's outputs
	decimals int
}

func parseContractCall(params json.RawMessage, at Place) (scorer, error) {
	var p struct {
		Address   string
		MethodABI json.RawMessage `json:"methodABI"`
		Args      []json.RawMessage
		Output    json.RawMessage
		Decimals  json.RawMessage
	}
	if err := decode(params, &p); err != nil {
		return nil, cannot("params: %v", err)
	}
	contract, err := address(p.Address)
	if err != nil {
		return nil, cannot("params.address: %v", err)
	}
	decimals, err := parseDecimals(p.Decimals)
	if err != nil {
		return nil, cannot("params.%v", err)
	}
	method, err := parseMethod(p.MethodABI)
	if err != nil {
		return nil, err
	}
	if p.Args == nil {
		p.Args = []json.RawMessage{json.RawMessage(`"%{address}"`)}
	}
	if len(p.Args) != len(method.Inputs) {
		return nil, cannot("params.args: found %d, %s takes %d", len(p.Args), method.Sig, len(method.Inputs))
	}
	output, err := chooseOutput(method, p.Output)
	if err != nil {
		return nil, err
	}
	c := contractCall{at: at, contract: contract, method: method, args: p.Args, output: output, decimals: decimals}
	_, err = c.read(voter{}) // arguments of the wrong type are found before anything is read
	return c, err
}

// parseMethod reads one ABI object of type function.
func parseMethod(raw json.RawMessage) (abi.Method, error) {
	if absent(raw) {
		return abi.Method{}, cannot("params.methodABI is missing")
	}
	contract, err := abi.JSON(bytes.NewReader([]byte("[" + string(raw) + "]")))
	if err != nil {
		return abi.Method{}, cannot("params.methodABI: %v", err)
	}
	if len(contract.Methods) != 1 {
		return abi.Method{}, cannot("params.methodABI: want one function")
	}
	for _, m := range contract.Methods {
		for _, in := range m.Inputs {
			if in.Type.T == abi.SliceTy || in.Type.T == abi.ArrayTy || in.Type.T == abi.TupleTy {
				return abi.Method{}, cannot("params.methodABI: arguments of type %s are not supported here", in.Type)
			}
		}
		return m, nil
	}
	panic("unreachable: one method counted")
}

// chooseOutput finds the return value that counts: the one that output names,
// or "0"-indexes, or the only one. It must be an integer.
func chooseOutput(m abi.Method, raw json.RawMessage) (int, error) {
	name := strings.Trim(string(raw), `"`)
	index := -1
	switch {
	case falsy(raw) && len(m.Outputs) == 1:
		index = 0
	case falsy(raw):
		return 0, cannot("%s returns %d values and params.output names none of them", m.Sig, len(m.Outputs))
	default:
		for i, out := range m.Outputs {
			if out.Name == name || strconv.Itoa(i) == name {
				index = i
			}
		}
	}
	if index < 0 {
		return 0, cannot("params.output: %s returns nothing named %q", m.Sig, clip([]byte(name)))
	}
	if t := m.Outputs[index].Type.T; t != abi.UintTy && t != abi.IntTy {
		return 0, cannot("%s returns a %s, want an integer", m.Sig, m.Outputs[index].Type)
	}
	return index, nil
}

func (c contractCall) places() []Place { return []Place{c.at} }

func (c contractCall) read(v voter) (read, error) {
	args := make([]any, len(c.args))
	for i, raw := range c.args {
		var err error
		if args[i], err = argument(c.method.Inputs[i].Type, raw, v); err != nil {
			return read{}, cannot("params.args[%d]: %v", i, err)
		}
	}
	packed, err := c.method.Inputs.Pack(args...)
	if err != nil {
		return read{}, cannot("params.args: %v", err)
	}
	data := append(bytes.Clone(c.method.ID), packed...)
	return read{c.at, chains.Call{To: c.contract, Data: data, Signature: c.method.Sig}}, nil
}

func (c contractCall) calls(v voter, _ blocks) ([]read, error) {
	if v.star {
		return nil, nil
	}
	r, err := c.read(v)
	return []read{r}, err
}

// score takes a negative integer as it is; only the top level turns what is not
// positive into 0, so that inside a composition it still subtracts.
func (c contractCall) score(v voter, _ blocks, answer answers) (Score, error) {
	if v.star {
		return zero(), nil
	}
	r, err := c.read(v)
	if err != nil {
		return Score{}, err
	}
	data, err := answer(r)
	if err != nil {
		return Score{}, err
	}
	amount, err := c.decode(data)
	if err != nil {
		return Score{}, err
	}
	return scale(amount, c.decimals), nil
}

func (c contractCall) decode(data hexutil.Bytes) (*big.Int, error) {
	values, err := c.method.Outputs.Unpack(data)
	if err != nil {
		return nil, cannot("%s of %s: %v", c.method.Sig, c.contract, err)
	}
	return toBig(values[c.output])
}
