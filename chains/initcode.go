package chains

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
)

// environment is a question about the EVM itself: init code asks it by opcodes, which put
// one word on the stack, and Multicall3 by its getter.
func environment(signature string, opcodes ...byte) Call {
	c := getter(signature)
	c.opcodes = opcodes
	return c
}

// Questions that Multicall3 has no getters for.
var (
	gasLeft    = Call{opcodes: []byte{0x5a}} // GAS
	ownAddress = Call{opcodes: []byte{0x30}} // ADDRESS
)

// codeSize asks how much code there is at an address.
func codeSize(of common.Address) Call {
	return Call{opcodes: append(append([]byte{0x73}, of[:]...), 0x3b)} // PUSH20 EXTCODESIZE
}

// code returns the opcodes that put a call's answer on the stack, or nil if the call must be made.
func (c Call) code() []byte {
	if c.isNativeBalance() {
		return append(append([]byte{0x73}, c.To[:]...), 0x31) // PUSH20 BALANCE
	}
	return c.opcodes
}

// CallAfter is c in an eth_call that makes the call first before it, and changes the state that c sees: a
// factory makes the contract, say. The Answer is the first word that c returns, or zero where that
// is less than a word or an error. It takes an endpoint that runs calls without "to": for any
// other there is no first call. No other call should stand beside it: it may see the changes, too.
func CallAfter(first, c Call) Call {
	c.Signature = c.name() + " after " + first.name()
	c.opcodes = slices.Concat(first.copied(), []byte{0x60, 0, 0x60, 0}, // no room for a result
		push3(len(first.Data)), []byte{0x83, 0x60, 0, 0x73}, first.To[:], // DUP4 PUSH1 0 PUSH20
		[]byte{0x5a, 0xf1, 0x50},                                                              // GAS CALL POP
		c.copied(), []byte{0x60, word, 0x81}, push3(len(c.Data)), []byte{0x81, 0x73}, c.To[:], // PUSH1 32 DUP2 DUP2 PUSH20
		[]byte{0x5a, 0xfa, 0x3d, 0x60, word - 1, 0x10, 0x16}, // GAS STATICCALL RETURNDATASIZE PUSH1 31 LT AND
		[]byte{0x81, 0x51, 0x02})                             // DUP2 MLOAD MUL
	return c
}

// copied is code that stores the calldata at the offset on the stack.
func (c Call) copied() (code []byte) {
	for i := 0; i < len(c.Data); i += word {
		part := common.RightPadBytes(c.Data[i:min(i+word, len(c.Data))], word)
		code = slices.Concat(code, []byte{0x7f}, part, []byte{0x81}, push3(i), []byte{0x01, 0x52}) // PUSH32 DUP2 ADD MSTORE
	}
	return code
}

func push3(n int) []byte {
	return append([]byte{0x62}, binary.BigEndian.AppendUint32(nil, uint32(n))[1:]...)
}

// initCode runs the calls one after the other in an eth_call without "to". It returns a
// word for what an opcode answers. For any other call it returns whether that succeeded (a
// word), how many bytes it returned (a word) and these, padded to words. Without such a
// call all opcodes are of the first fork, so that it runs under the rules of any block.
func initCode(calls []Call) hexutil.Bytes {
	code := assemble(calls, 0)
	code = assemble(calls, len(code)) // the calldata follow the code
	for _, c := range calls {
		if c.code() == nil {
			code = append(code, c.Data...)
		}
	}
	return code
}

// assemble returns the code for calldata that begin at the given offset. The only item that
// stays on the stack is where the output ends.
func assemble(calls []Call, calldata int) []byte {
	store := []byte{0x81, 0x52, 0x60, 0x20, 0x01} // DUP2 MSTORE PUSH1 32 ADD
	code := []byte{0x60, 0}
	for _, c := range calls {
		if op := c.code(); op != nil {
			code = slices.Concat(code, op, store)
			continue
		}
		size := push3(len(c.Data))
		code = slices.Concat(code,
			size, push3(calldata), []byte{0x82, 0x39}, // DUP3 CODECOPY
			[]byte{0x60, 0, 0x60, 0}, size, []byte{0x83, 0x73}, c.To[:], // no room for a result; DUP4 PUSH20
			[]byte{0x5a, 0xfa}, store, // GAS STATICCALL
			[]byte{0x3d}, store, // RETURNDATASIZE
			[]byte{0x3d, 0x60, 0, 0x82, 0x3e},                        // RETURNDATASIZE PUSH1 0 DUP3 RETURNDATACOPY
			[]byte{0x60, 31, 0x19, 0x60, 31, 0x3d, 0x01, 0x16, 0x01}) // add the size, rounded up to words
		calldata += len(c.Data)
	}
	return append(code, 0x60, 0, 0xf3) // PUSH1 0 RETURN
}

// decodeInitCode reads what initCode returns, all of it and nothing else.
func decodeInitCode(data []byte, calls []Call) ([]innerResult, error) {
	out := make([]innerResult, len(calls))
	left := data
	next := func(n uint64) []byte { // zeros behind the end, which is then noticed
		part := make([]byte, n)
		copy(part, left)
		left = left[min(n, uint64(len(left))):]
		return part
	}
	read := uint64(0)
	for i, c := range calls {
		out[i] = innerResult{true, next(word)}
		read += word
		if c.code() != nil {
			continue
		}
		size := new(big.Int).SetBytes(next(word))
		if !size.IsUint64() || size.Uint64() > uint64(len(left)) {
			return nil, fmt.Errorf("found %d bytes, too few for the results of %d calls", len(data), len(calls))
		}
		padded := (size.Uint64() + word - 1) / word * word
		out[i] = innerResult{new(big.Int).SetBytes(out[i].ReturnData).Sign() != 0, next(padded)[:size.Uint64()]}
		read += word + padded
	}
	if read != uint64(len(data)) {
		return nil, fmt.Errorf("found %d bytes, want %d for the results of %d calls", len(data), read, len(calls))
	}
	return out, nil
}
