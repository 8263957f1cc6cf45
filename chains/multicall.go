package chains

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// Multicall3 (mds1/multicall) runs many calls inside one eth_call:
// aggregate3((address target, bool allowFailure, bytes callData)[]) returns
// (bool success, bytes returnData)[]. This file has the contract ABI for just
// these two types.

// selectors of Multicall3's functions.
const (
	selAggregate3 = 0x82ad56cb // aggregate3((address,bool,bytes)[])
	selNumber     = 0x42cbb15c // getBlockNumber()
	selTimestamp  = 0x0f28c97d // getCurrentBlockTimestamp()
	selLastHash   = 0x27e86d6e // getLastBlockHash()
	selChainID    = 0x3408e470 // getChainId()
	selBalance    = 0x4d2301cc // getEthBalance(address)
)

const word = 32

// inner is one call inside a multicall.
type inner struct {
	to   common.Address
	data []byte
}

// getter is a call of one of Multicall3's own functions.
func getter(selector uint32, args ...[]byte) inner {
	data := binary.BigEndian.AppendUint32(nil, selector)
	for _, arg := range args {
		data = append(data, common.LeftPadBytes(arg, word)...)
	}
	return inner{multicall3, data}
}

// innerOf is the form that a Call takes inside a multicall.
func innerOf(c Call) inner {
	if c.isNativeBalance() {
		return getter(selBalance, c.To[:])
	}
	return inner{c.To, c.Data}
}

// row is an element of an array of tuples: words, then bytes.
type row struct{ words, data []byte }

// encodeRows writes the array in the canonical form.
func encodeRows(out []byte, rows []row) []byte {
	out = appendWord(out, word)
	out = appendWord(out, len(rows))
	offset := word * len(rows)
	for _, r := range rows {
		out = appendWord(out, offset)
		offset += len(r.words) + 2*word + padded(len(r.data))
	}
	for _, r := range rows {
		out = append(out, r.words...)
		out = appendWord(out, len(r.words)+word)
		out = appendWord(out, len(r.data))
		out = append(out, r.data...)
		out = append(out, make([]byte, padded(len(r.data))-len(r.data))...)
	}
	return out
}

// padded is the length of n bytes in whole words.
func padded(n int) int { return (n + word - 1) / word * word }

func appendWord(out []byte, n int) []byte {
	out = append(out, make([]byte, word-8)...)
	return binary.BigEndian.AppendUint64(out, uint64(n))
}

// encodeAggregate3 encodes the calls with allowFailure set, so that one failing
// call does not fail the others.
func encodeAggregate3(calls []inner) []byte {
	rows := make([]row, len(calls))
	for i, c := range calls {
		rows[i] = row{appendWord(common.LeftPadBytes(c.to[:], word), 1), c.data}
	}
	return encodeRows(binary.BigEndian.AppendUint32(nil, selAggregate3), rows)
}

// innerResult is what one inner call gave.
type innerResult struct {
	success bool
	data    []byte
}

// decodeAggregate3 reads the return data of aggregate3 for n calls. It accepts the
// canonical form alone, so that no two answers can share bytes or hide some, and
// allocates no more than the data holds.
func decodeAggregate3(data []byte, n int) ([]innerResult, error) {
	out, rows := make([]innerResult, n), make([]row, n)
	at := (2 + n) * word // past the head and the offsets
	for i := range out {
		body := at + 3*word // past success, the offset of the bytes, and their length
		if body > len(data) {
			return nil, fmt.Errorf("result %d: data ends after %d bytes", i, len(data))
		}
		size := binary.BigEndian.Uint64(data[body-8 : body])
		if size > uint64(len(data)-body) {
			return nil, fmt.Errorf("result %d: found length %d with %d bytes left", i, size, len(data)-body)
		}
		success := data[at+word-1]
		out[i] = innerResult{success == 1, data[body : body+int(size)]}
		rows[i] = row{appendWord(nil, int(success&1)), out[i].data}
		at = body + padded(int(size))
	}
	if !bytes.Equal(encodeRows(nil, rows), data) {
		return nil, fmt.Errorf("return data of %d bytes is not the canonical form of %d results", len(data), n)
	}
	return out, nil
}
