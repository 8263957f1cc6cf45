package strategy

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// ownAddress is the argument that stands for the voter.
const ownAddress = `"%{address}"`

// argument turns a JSON argument of contract-call into the Go value that
// go-ethereum packs as type t, for a voter.
func argument(t abi.Type, raw json.RawMessage, v voter) (any, error) {
	if t.T == abi.AddressTy && string(raw) == ownAddress {
		return v.evm, nil // by far the most frequent
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && !absent(raw) {
		text = strings.ReplaceAll(text, "%{address}", v.evm.Hex())
		raw, _ = json.Marshal(text) // a string always has a JSON form
	}
	return argumentAs(t, raw)
}

// argumentAs converts an argument, or an element of one, in which no address is replaced.
func argumentAs(t abi.Type, raw json.RawMessage) (any, error) {
	var text string
	quoted := json.Unmarshal(raw, &text) == nil && !absent(raw)
	switch t.T {
	case abi.AddressTy:
		return address(text)
	case abi.BoolTy:
		return !falsy(raw), nil
	case abi.SliceTy, abi.ArrayTy:
		return listArgument(t, raw)
	case abi.StringTy:
		if !quoted {
			return nil, fmt.Errorf("found %s, want a string", clip(raw))
		}
		return text, nil
	case abi.UintTy, abi.IntTy:
		n, err := integer(raw)
		if err != nil {
			return nil, err
		}
		return fit(t, n)
	case abi.BytesTy, abi.FixedBytesTy:
		data, err := hexutil.Decode(text)
		if err != nil {
			return nil, fmt.Errorf("found %s, want 0x and hex digits", clip(raw))
		}
		return toBytes(t, data)
	}
	return nil, fmt.Errorf("arguments of type %s are not supported here", t)
}

// listArgument converts the elements of a list. A fixed array must have all of them.
func listArgument(t abi.Type, raw json.RawMessage) (any, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || absent(raw) || t.T == abi.ArrayTy && len(elements) != t.Size {
		return nil, fmt.Errorf("found %s, want a list that is a %s", clip(raw), t)
	}
	list := reflect.MakeSlice(reflect.SliceOf(t.Elem.GetType()), len(elements), len(elements))
	for i, element := range elements {
		value, err := argumentAs(*t.Elem, element)
		if err != nil {
			return nil, err
		}
		list.Index(i).Set(reflect.ValueOf(value))
	}
	if t.T == abi.ArrayTy {
		return list.Convert(t.GetType()).Interface(), nil
	}
	return list.Interface(), nil
}

// fits refuses an integer that is not in the range of t.
func fits(t abi.Type, n *big.Int) error {
	bits, low := t.Size, new(big.Int)
	if t.T == abi.IntTy {
		bits--
		low.Neg(new(big.Int).Lsh(big.NewInt(1), uint(bits)))
	}
	if high := new(big.Int).Lsh(big.NewInt(1), uint(bits)); n.Cmp(low) < 0 || n.Cmp(high) >= 0 {
		return fmt.Errorf("found %v, which is not a %s", n, t)
	}
	return nil
}

// fit converts n to the Go type of t and refuses what does not fit.
func fit(t abi.Type, n *big.Int) (any, error) {
	if err := fits(t, n); err != nil {
		return nil, err
	}
	goType := t.GetType()
	if goType == reflect.TypeFor[*big.Int]() {
		return n, nil
	}
	value := reflect.New(goType).Elem()
	if t.T == abi.IntTy {
		value.SetInt(n.Int64())
	} else {
		value.SetUint(n.Uint64())
	}
	return value.Interface(), nil
}

// toBytes converts data to bytes, or to the fixed array of t, whose length must be exact.
func toBytes(t abi.Type, data []byte) (any, error) {
	if t.T == abi.BytesTy {
		return data, nil
	}
	if len(data) != t.Size {
		return nil, fmt.Errorf("found %d bytes, want %s", len(data), t)
	}
	value := reflect.New(t.GetType()).Elem()
	reflect.Copy(value, reflect.ValueOf(data))
	return value.Interface(), nil
}
