package chains

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// Call is one eth_call: a contract and its calldata. Signature repeats the selector in
// readable form and is not sent.
type Call struct {
	To        common.Address
	Data      hexutil.Bytes
	Signature string
}

// nativeBalance marks a Call that reads an account's native balance.
const nativeBalance = "eth_getBalance"

// NativeBalance is a Call that reads the account's balance of the chain's own
// currency, in wei. The Answer is one 32-byte word.
func NativeBalance(account common.Address) Call {
	return Call{To: account, Signature: nativeBalance}
}

func (c Call) isNativeBalance() bool { return c.Signature == nativeBalance && len(c.Data) == 0 }

// name is the call's readable form.
func (c Call) name() string {
	if c.Signature != "" {
		return c.Signature
	}
	return fmt.Sprintf("call with %d bytes of calldata", len(c.Data))
}

// Answer is the return data of one Call, never empty, and the labels of the endpoints
// that gave it.
type Answer struct {
	Data hexutil.Bytes
	From []string
}

// signature is a name and a flat list of elementary argument types. It is stricter than
// abi.ParseSelector, which panics on a text without parentheses.
var signature = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*\(([a-z0-9\[\]]+(,[a-z0-9\[\]]+)*)?\)$`)

// NewCall encodes a call of the function with the given canonical signature, such as
// "balanceOf(address)". Arguments have go-ethereum's ABI types: common.Address,
// *big.Int, bool, [32]byte and so on.
func NewCall(to common.Address, sig string, args ...any) (Call, error) {
	types, err := parseSignature(sig)
	if err != nil {
		return Call{}, err
	}
	if err := checkIntegers(types, args); err != nil {
		return Call{}, fmt.Errorf("call %s: %w", sig, err)
	}
	packed, err := types.Pack(args...)
	if err != nil {
		return Call{}, fmt.Errorf("call %s: %w", sig, err)
	}
	return Call{To: to, Data: append(crypto.Keccak256([]byte(sig))[:4], packed...), Signature: sig}, nil
}

// checkIntegers refuses integers that do not fit their type, which abi.Pack would cut
// to the size of a word, and nil, on which it would crash.
func checkIntegers(types abi.Arguments, args []any) error {
	for i := range min(len(types), len(args)) {
		n, ok := args[i].(*big.Int)
		if !ok {
			continue
		}
		size, t := 0, types[i].Type
		switch {
		case n == nil:
			return fmt.Errorf("argument %d: found a nil integer", i)
		case t.T == abi.UintTy:
			size = t.Size
		case t.T == abi.IntTy:
			size = t.Size - 1
		default:
			continue
		}
		magnitude := n
		if n.Sign() < 0 { // the range is from -2^(size) to 2^(size)-1
			magnitude = new(big.Int).Not(n)
		}
		if magnitude.BitLen() > size {
			return fmt.Errorf("argument %d: %v does not fit %v", i, n, t)
		}
	}
	return nil
}

func parseSignature(sig string) (abi.Arguments, error) {
	if !signature.MatchString(sig) {
		return nil, fmt.Errorf("function signature %q: want the form name(type,type) without spaces", sig)
	}
	selector, err := abi.ParseSelector(sig)
	if err != nil {
		return nil, fmt.Errorf("function signature %q: %w", sig, err)
	}
	var args abi.Arguments
	for _, in := range selector.Inputs {
		typ, err := abi.NewType(in.Type, in.InternalType, in.Components)
		if err != nil {
			return nil, fmt.Errorf("function signature %q: %w", sig, err)
		}
		if typ.String() != in.Type {
			return nil, fmt.Errorf("function signature %q: write %s, not %s", sig, typ, in.Type)
		}
		args = append(args, abi.Argument{Type: typ})
	}
	return args, nil
}

// ErrWord says that return data is not exactly one word.
var ErrWord = errors.New("not one 32-byte word")

// Uint256 reads return data that must be exactly one uint256. Empty, short and long data
// are errors that wrap ErrWord, never zero.
func (a Answer) Uint256() (*big.Int, error) {
	if len(a.Data) != 32 {
		return nil, fmt.Errorf("found %d bytes: %w", len(a.Data), ErrWord)
	}
	return new(big.Int).SetBytes(a.Data), nil
}
