package strategy

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
	jsonv2 "github.com/go-json-experiment/json"

	"github.com/perpdao/perpquorum/chains"
)

// method is one ABI object of type function.
type method struct {
	Type      string  `json:"type"`
	Name      string  `json:"name"`
	Inputs    []param `json:"inputs"`
	Outputs   []param `json:"outputs"`
	signature string
	selector  []byte
	arguments abi.Arguments // the types of Inputs
}

// identifier is a name that Snapshot takes for a function.
var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// parseMethod reads a function whose arguments are elementary.
func parseMethod(raw json.RawMessage) (m method, err error) {
	if absent(raw) {
		return m, errors.New("params.methodABI is missing")
	}
	if err := jsonv2.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("params.methodABI: %w", err)
	}
	if m.Type != "function" || !identifier.MatchString(m.Name) {
		return m, fmt.Errorf("params.methodABI: found the %s %s, want a function", clip([]byte(m.Type)), clip([]byte(m.Name)))
	}
	var names []string
	for _, in := range m.Inputs {
		in.Type = canonical(in.Type)
		t, err := chains.ParseType(in.Type)
		if err != nil {
			return m, fmt.Errorf("params.methodABI: arguments of type %s are not supported here", clip([]byte(in.Type)))
		}
		m.arguments, names = append(m.arguments, abi.Argument{Type: t}), append(names, in.Type)
	}
	m.signature = m.Name + "(" + strings.Join(names, ",") + ")"
	m.selector = crypto.Keccak256([]byte(m.signature))[:4]
	return m, nil
}

func (m method) checkArguments(args []json.RawMessage) error {
	if len(args) != len(m.Inputs) {
		return fmt.Errorf("found %d, %s takes %d", len(args), m.shown(), len(m.Inputs))
	}
	size := 0
	for _, arg := range args {
		size += len(arg)
	}
	if size > maxArguments {
		return fmt.Errorf("found %d bytes, want at most %d", size, maxArguments)
	}
	return nil
}

// pack encodes a call with its arguments for a voter.
func (m method) pack(raw []json.RawMessage, v voter) ([]byte, error) {
	args := make([]any, len(raw))
	for i, arg := range raw {
		var err error
		if args[i], err = argument(m.arguments[i].Type, arg, v); err != nil {
			return nil, fmt.Errorf("params.args[%d]: %w", i, err)
		}
	}
	packed, err := m.arguments.Pack(args...)
	if err != nil {
		return nil, fmt.Errorf("params.args: %w", err)
	}
	return slices.Concat(m.selector, packed), nil
}

// chooseOutput returns the reader of the return value that counts: the one that
// output names or numbers from 0, or the only one. It must be an integer.
func (m method) chooseOutput(raw json.RawMessage) (func(hexutil.Bytes) (*big.Int, error), error) {
	name := strings.Trim(string(raw), `"`)
	index := -1
	switch {
	case falsy(raw) && len(m.Outputs) == 1:
		index = 0
	case falsy(raw):
		return nil, fmt.Errorf("%s returns %d values and params.output names none of them", m.shown(), len(m.Outputs))
	default:
		for i, out := range m.Outputs {
			if out.Name == name || strconv.Itoa(i) == name {
				index = i
			}
		}
	}
	if index < 0 {
		return nil, fmt.Errorf("params.output: %s returns nothing named %s", m.shown(), clip([]byte(name)))
	}
	t, err := chains.ParseType(canonical(m.Outputs[index].Type))
	if err != nil || !slices.Contains([]byte{abi.UintTy, abi.IntTy, abi.AddressTy, abi.FixedBytesTy}, t.T) {
		return nil, fmt.Errorf("%s returns a %s, want an integer", m.shown(), clip([]byte(m.Outputs[index].Type)))
	}
	all, err := words(m.Outputs)
	if err != nil {
		return nil, fmt.Errorf("params.methodABI: %w", err)
	}
	before, _ := words(m.Outputs[:index]) // no error: it is a part of all
	return func(data hexutil.Bytes) (*big.Int, error) {
		if len(data) < 32*all {
			return nil, fmt.Errorf("found %d bytes, want at least %d", len(data), 32*all)
		}
		return toInteger(t, data[32*before:32*before+32])
	}, nil
}

// shown is the signature for an error message.
func (m method) shown() string { return clip([]byte(m.signature)) }

// param is an argument or a return value of a function.
type param struct {
	Name       string  `json:"name"`
	Type       string  `json:"type"`
	Components []param `json:"components"` // of a tuple
}

// maxWords bounds the return values of a function, in words of 32 bytes.
const maxWords = 256

// words returns how many words the values take in the head of the return data.
func words(list []param) (n int, err error) {
	for _, p := range list {
		size, dynamic, err := p.words(0)
		if err != nil {
			return 0, err
		}
		if dynamic { // the head has the offset of the value
			size = 1
		}
		if n += size; n > maxWords {
			return 0, fmt.Errorf("return values of more than %d words are not supported here", maxWords)
		}
	}
	return n, nil
}

// listOf matches the innermost part of a type and the brackets of its lists.
var listOf = regexp.MustCompile(`^([a-z0-9]{1,16})((?:\[[0-9]{0,3}\]){0,4})$`)

// words returns the size of a value whose size is static, or that it is dynamic.
func (p param) words(depth int) (n int, dynamic bool, err error) {
	parts := listOf.FindStringSubmatch(p.Type)
	if parts == nil || depth > 4 {
		return 0, false, fmt.Errorf("return values of type %s are not supported here", clip([]byte(p.Type)))
	}
	n, dynamic, err = p.element(parts[1], depth)
	for _, length := range strings.FieldsFunc(parts[2], func(r rune) bool { return r == '[' || r == ']' }) {
		k, _ := strconv.Atoi(length) // at most three digits
		n = min(n*k, maxWords+1)
	}
	return n, dynamic || strings.Contains(parts[2], "[]"), err
}

// element returns the size of a single element of p.
func (p param) element(name string, depth int) (n int, dynamic bool, err error) {
	if name != "tuple" {
		t, err := chains.ParseType(canonical(name))
		return 1, t.T == abi.StringTy || t.T == abi.BytesTy, err
	}
	for _, c := range p.Components {
		size, inner, err := c.words(depth + 1)
		if err != nil {
			return 0, false, err
		}
		n, dynamic = min(n+size, maxWords+1), dynamic || inner
	}
	return n, dynamic, nil
}

// canonical writes out the size of the types uint and int, also of those in a list.
func canonical(name string) string {
	head, tail, list := strings.Cut(name, "[")
	if head == "uint" || head == "int" {
		head += "256"
	}
	if list {
		head += "[" + tail
	}
	return head
}

// toInteger reads a word as an integer of type t, which must fit. An address, and bytes, are the
// number that their hex digits are.
func toInteger(t abi.Type, word []byte) (*big.Int, error) {
	if t.T == abi.FixedBytesTy {
		word = word[:t.Size]
		return new(big.Int).SetBytes(word), nil
	}
	n := new(big.Int).SetBytes(word)
	if t.T == abi.AddressTy {
		t.Size = 160
	}
	if t.T == abi.IntTy && n.Bit(255) == 1 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	return n, fits(t, n)
}
