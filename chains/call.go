package chains

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

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

	opcodes []byte // see environment
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
// that gave it. Level is that of the read: Trusted or Bound. Unbound says why it is Trusted.
type Answer struct {
	Data    hexutil.Bytes
	From    []string
	Level   Level
	Unbound string
}

// maxSignature bounds a function's signature, in bytes.
const maxSignature = 1000

// signature is a name and a list of argument types.
var signature = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*\(([a-z0-9\[\],]*)\)$`)

// An ABI type is the canonical name of an elementary type, and the brackets of a list.
var (
	elementary = regexp.MustCompile(`^(address|bool|string|bytes([1-9]|[12][0-9]|3[0-2])?|` +
		`u?int(8|16|24|32|40|48|56|64|72|80|88|96|104|112|120|128|` +
		`136|144|152|160|168|176|184|192|200|208|216|224|232|240|248|256))$`)
	brackets = regexp.MustCompile(`^(\[([1-9][0-9]{0,2})?\]){0,2}$`)
)

// ParseType reads the canonical name of an ABI type: address, bool, string, bytes, bytesN,
// intN or uintN, or a list of at most two dimensions of one of these, such as "address[3][]".
// No other text reaches go-ethereum's ABI package, which crashes on some and takes gigabytes
// for others.
func ParseType(name string) (abi.Type, error) {
	i := strings.IndexByte(name+"[", '[')
	if !elementary.MatchString(name[:i]) || !brackets.MatchString(name[i:]) {
		return abi.Type{}, fmt.Errorf("type %.40q: want a name such as address, uint256, bytes32 or uint256[]", name)
	}
	return abi.NewType(name, "", nil)
}

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

func parseSignature(sig string) (args abi.Arguments, err error) {
	parts := signature.FindStringSubmatch(sig)
	if parts == nil || len(sig) > maxSignature {
		return nil, fmt.Errorf("function signature %.80q: want the form name(type,type) without spaces", sig)
	}
	if parts[1] == "" {
		return nil, nil
	}
	for _, name := range strings.Split(parts[1], ",") {
		typ, err := ParseType(name)
		if err != nil {
			return nil, fmt.Errorf("function signature %.80q: %w", sig, err)
		}
		args = append(args, abi.Argument{Type: typ})
	}
	return args, nil
}

// Uint256 reads return data that must be exactly one uint256. Empty, short and long data
// are errors, never zero.
func (a Answer) Uint256() (*big.Int, error) {
	if len(a.Data) != word {
		return nil, fmt.Errorf("found %d bytes: not one 32-byte word", len(a.Data))
	}
	return new(big.Int).SetBytes(a.Data), nil
}
