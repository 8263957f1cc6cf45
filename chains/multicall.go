package chains

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"
)

// multicall3 is the address of Multicall3 (mds1/multicall) on every chain that has it. The
// contract runs many calls inside one eth_call.
var multicall3 = common.HexToAddress("0xcA11bde05977b3631167028862bE2a173976CA11")

const word = 32

// getter is a call of one of Multicall3's own functions.
func getter(signature string, args ...common.Address) Call {
	data := crypto.Keccak256([]byte(signature))[:4]
	for _, arg := range args {
		data = append(data, common.LeftPadBytes(arg[:], word)...)
	}
	return Call{To: multicall3, Data: data, Signature: signature}
}

// aggregate3 is the selector of Multicall3's aggregate3((address target, bool allowFailure, bytes
// callData)[]), which runs the calls and returns (bool success, bytes returnData)[].
var aggregate3 = []byte{0x82, 0xad, 0x56, 0xcb}

// tuple is an argument or a result of aggregate3: words, and then bytes.
type tuple struct{ words, data []byte }

// encodeTuples is the canonical ABI encoding of a list. It takes a small part of the time of
// go-ethereum's.
func encodeTuples(list []tuple) []byte {
	out := slices.Concat(numberWord(word), numberWord(len(list)))
	var tail []byte
	for _, t := range list {
		out = append(out, numberWord(word*len(list)+len(tail))...)
		tail = append(append(tail, t.words...), numberWord(len(t.words)+word)...)
		tail = append(append(tail, numberWord(len(t.data))...), t.data...)
		tail = append(tail, make([]byte, -len(t.data)&(word-1))...)
	}
	return append(out, tail...)
}

func numberWord(n int) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, word-8, word), uint64(n))
}

// encodeAggregate3 encodes the calls with allowFailure set, so that one failing call does
// not fail the others.
func encodeAggregate3(calls []Call) hexutil.Bytes {
	list := make([]tuple, len(calls))
	for i, c := range calls {
		if c.isNativeBalance() {
			c = getter("getEthBalance(address)", c.To)
		}
		list[i] = tuple{append(common.LeftPadBytes(c.To[:], word), numberWord(1)...), c.Data}
	}
	return slices.Concat(aggregate3, encodeTuples(list))
}

// innerResult is what one call inside a multicall gave.
type innerResult struct {
	Success    bool
	ReturnData []byte
}

// decodeAggregate3 reads the return data of aggregate3 for n calls. It accepts the canonical
// form alone, so that no two answers can share bytes or hide some.
func decodeAggregate3(data []byte, n int) ([]innerResult, error) {
	const head = 3 * word // success, an offset, and the number of bytes
	if n < 0 || n > len(data)/word {
		return nil, fmt.Errorf("return data of %d bytes has not %d results", len(data), n)
	}
	results, list := make([]innerResult, n), make([]tuple, n)
	at := word * (2 + n)
	for i := 0; i < n && at+head <= len(data); i++ {
		success, size := data[at+word-1], min(binary.BigEndian.Uint32(data[at+head-4:]), uint32(len(data)))
		end := min(at+head+int(size), len(data))
		results[i] = innerResult{success == 1, data[at+head : end : end]}
		list[i] = tuple{numberWord(int(success & 1)), results[i].ReturnData}
		at = end + -int(size)&(word-1)
	}
	if !bytes.Equal(encodeTuples(list), data) {
		return nil, fmt.Errorf("return data of %d bytes is not the canonical form of %d results", len(data), n)
	}
	return results, nil
}
