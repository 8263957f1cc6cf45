package votingpower

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// ContractRead is a view call with constant arguments that returns an amount of tokens.
type ContractRead struct {
	Chain    chains.ID      `json:"chain"`
	Contract common.Address `json:"contract"`
	// Call is the function's signature, such as "getVotes(address)". Where the function
	// returns several words, the names of all of them follow, and Word is one of these:
	// "locked(address)(uint256 amount,uint256 end)".
	Call string   `json:"call"`
	Args []string `json:"args,omitempty"` // one for each parameter: an address, a number, true, false or 0x and hex digits
	Word string   `json:"word,omitempty"`
	// Decimals of the amount, at most those of the model. If it is nil, decimals() of the
	// contract is read, and must be the model's.
	Decimals *uint8 `json:"decimals,omitempty"`
	Source   string `json:"source,omitempty"` // where the call is published; may be ""
}

// CustomTerm is a term of the sum that is neither a token's supply nor an excluded wallet
// or an escrow.
type CustomTerm struct {
	Sign  string `json:"sign"` // "+" or "-"
	Label string `json:"label"`
	ContractRead
	// From and Until bound the time for which the term counts, by the query time t:
	// From ≤ t < Until. A zero time leaves that side open.
	From  time.Time `json:"from,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// CountsAt reports whether the term counts at t: From ≤ t < Until.
func (c CustomTerm) CountsAt(t time.Time) bool { return within(t, c.From, c.Until) }

// Account returns the account that the read is about: its only argument, if that is an address.
func (r ContractRead) Account() (account common.Address, ok bool) {
	if len(r.Args) != 1 || !strings.HasSuffix(r.Call, "(address)") {
		return account, false
	}
	account, err := parseAddress(r.Args[0])
	return account, err == nil
}

// term makes the read a term of a model with the given decimals.
func (r ContractRead) term(group string, sign int, label string, decimals uint8) (Term, error) {
	t := Term{Group: group, Sign: sign, Label: label, Chain: r.Chain}
	if r.Decimals != nil && *r.Decimals > decimals {
		return t, fmt.Errorf("has %d decimals, want at most the model's %d", *r.Decimals, decimals)
	}
	if r.Decimals != nil {
		t.Shift = decimals - *r.Decimals
	}
	signature, results := r.split()
	call, err := r.call(signature)
	if err != nil {
		return t, err
	}
	t.Call = call
	t.Word, t.Words, err = wordOf(results, r.Word)
	return t, err
}

// split separates the names of the results from the signature.
func (r ContractRead) split() (signature, results string) {
	if i := strings.Index(r.Call, ")("); i >= 0 {
		return r.Call[:i+1], r.Call[i+1:]
	}
	return r.Call, ""
}

func (r ContractRead) call(signature string) (chains.Call, error) {
	_, inside, _ := strings.Cut(strings.TrimSuffix(signature, ")"), "(")
	var names []string
	if inside != "" {
		names = strings.Split(inside, ",")
	}
	if len(names) != len(r.Args) {
		return chains.Call{}, fmt.Errorf("%.80q has %d parameters, and args has %d", signature, len(names), len(r.Args))
	}
	args := make([]any, len(names))
	for i, name := range names {
		typ, err := chains.ParseType(name)
		if err != nil {
			return chains.Call{}, err
		}
		if args[i], err = argument(typ, r.Args[i]); err != nil {
			return chains.Call{}, fmt.Errorf("args[%d]: %w", i, err)
		}
	}
	return chains.NewCall(r.Contract, signature, args...)
}

// argument reads a constant of a type without parts.
func argument(typ abi.Type, text string) (any, error) {
	switch typ.T {
	case abi.AddressTy:
		return parseAddress(text)
	case abi.BoolTy:
		if text == "true" || text == "false" {
			return text == "true", nil
		}
	case abi.UintTy, abi.IntTy:
		if wholeNumber.MatchString(text) && (typ.T == abi.IntTy || text[0] != '-') {
			n, _ := new(big.Int).SetString(text, 10)
			return sized(typ, n)
		}
	case abi.FixedBytesTy:
		data, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
		if err == nil && strings.HasPrefix(text, "0x") && len(data) == typ.Size {
			word := reflect.New(typ.GetType()).Elem()
			reflect.Copy(word, reflect.ValueOf(data))
			return word.Interface(), nil
		}
	default:
		return nil, fmt.Errorf("type %s: want address, bool, uintN, intN or bytesN", typ)
	}
	return nil, fmt.Errorf("found %.80q, want a constant of type %s", text, typ)
}

var wholeNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,77})$`)

// sized is n as the Go type that stands for an ABI integer.
func sized(typ abi.Type, n *big.Int) (any, error) {
	into := reflect.New(typ.GetType()).Elem()
	switch {
	case into.CanUint() && n.IsUint64() && !into.OverflowUint(n.Uint64()):
		into.SetUint(n.Uint64())
	case into.CanInt() && n.IsInt64() && !into.OverflowInt(n.Int64()):
		into.SetInt(n.Int64())
	case into.CanUint() || into.CanInt():
		return nil, fmt.Errorf("%v is out of the range of %s", n, typ)
	default:
		return n, nil // NewCall checks the range
	}
	return into.Interface(), nil
}

var resultName = regexp.MustCompile(`^([a-z0-9]+) ([A-Za-z_][A-Za-z0-9_]{0,39})$`)

// wordOf returns the place of a named word among a function's results, all of one word each.
func wordOf(results, name string) (word, words int, err error) {
	if results == "" {
		if name != "" {
			err = fmt.Errorf("word is %.40q, and call does not name its results", name)
		}
		return 0, 1, err
	}
	var names []string
	for _, result := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(results, "("), ")"), ",") {
		parts := resultName.FindStringSubmatch(strings.TrimSpace(result))
		if parts == nil || slices.Contains(names, parts[2]) {
			return 0, 0, fmt.Errorf(`result %.80q: want a type and a name of its own, such as "uint256 amount"`, result)
		}
		if typ, err := chains.ParseType(parts[1]); err != nil {
			return 0, 0, err
		} else if typ.T == abi.StringTy || typ.T == abi.BytesTy || parts[2] == name && typ.T != abi.UintTy {
			return 0, 0, fmt.Errorf("result %.80q: want a type of one word, and uintN for the amount", result)
		}
		names = append(names, parts[2])
	}
	if word = slices.Index(names, name); word < 0 {
		return 0, 0, fmt.Errorf("word is %.40q, want one of %q", name, names)
	}
	return word, len(names), nil
}

// amount reads the term's word of a result, and scales it to the model's decimals.
func (t Term) amount(result []byte) (*big.Int, error) {
	words := max(t.Words, 1)
	if words == 1 {
		amount, err := chains.Answer{Data: result}.Uint256()
		return t.scale(amount), err
	}
	if len(result) != 32*words {
		return nil, fmt.Errorf("found %d bytes, want %d words of 32", len(result), words)
	}
	return t.scale(new(big.Int).SetBytes(result[32*t.Word : 32*t.Word+32])), nil
}

func (t Term) scale(amount *big.Int) *big.Int {
	if amount == nil || t.Shift == 0 {
		return amount
	}
	return new(big.Int).Mul(amount, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Shift)), nil))
}

// same reports whether two terms are the same amount of the same answer, however they are written.
func (t Term) same(other Term) bool {
	return t.Chain == other.Chain && t.Call.To == other.Call.To && bytes.Equal(t.Call.Data, other.Call.Data) &&
		t.Word == other.Word
}
