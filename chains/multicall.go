package chains

import (
	"encoding/binary"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
)

// Multicall3 (mds1/multicall) runs many calls inside one eth_call:
// aggregate3((address target, bool allowFailure, bytes callData)[]) returns
// (bool success, bytes returnData)[]. The encoder and the decoder below are the
// contract ABI for just these two types; the decoder accepts the canonical form
// alone, so that no two answers can share bytes or hide some.

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

// padded is the length of n bytes in whole words.
func padded(n int) int { return (n + word - 1) / word * word }

func appendWord(out []byte, n int) []byte {
	out = append(out, make([]byte, word-8)...)
	return binary.BigEndian.AppendUint64(out, uint64(n))
}

// encodeAggregate3 encodes the calls with allowFailure set, so that one failing
// call does not fail the others.
func encodeAggregate3(calls []inner) []byte {
	out := binary.BigEndian.AppendUint32(nil, selAggregate3)
	out = appendWord(out, word)
	out = appendWord(out, len(calls))
	offset := word * len(calls)
	for _, c := range calls {
		out = appendWord(out, offset)
		offset += 4*word + padded(len(c.data))
	}
	for _, c := range calls {
		out = append(out, common.LeftPadBytes(c.to[:], word)...)
		out = appendWord(out, 1)
		out = appendWord(out, 3*word)
		out = appendWord(out, len(c.data))
		out = append(out, c.data...)
		out = append(out, make([]byte, padded(len(c.data))-len(c.data))...)
	}
	return out
}

// outcome3 is what one inner call gave.
type outcome3 struct {
	success bool
	data    []byte
}

// decodeAggregate3 reads the return data of aggregate3 for n calls. It allocates
// no more than the data holds.
func decodeAggregate3(data []byte, n int) ([]outcome3, error) {
	r := abiReader{data: data}
	if got := r.word("array offset"); r.err == nil && got != word {
		return nil, fmt.Errorf("array offset is %d, want %d", got, word)
	}
	if got := r.word("array length"); r.err == nil && got != n {
		return nil, fmt.Errorf("found %d results, want %d", got, n)
	}
	if r.err != nil {
		return nil, r.err
	}
	head := r.at
	for i := range n {
		// Each element's offset counts from the first offset word; elements
		// follow one another without a gap.
		r.offsets = append(r.offsets, r.word("element offset"))
		if r.err != nil {
			return nil, fmt.Errorf("result %d: %w", i, r.err)
		}
	}
	out := make([]outcome3, n)
	for i := range out {
		if r.offsets[i] != r.at-head {
			return nil, fmt.Errorf("result %d: offset is %d, want %d", i, r.offsets[i], r.at-head)
		}
		out[i] = r.outcome()
		if r.err != nil {
			return nil, fmt.Errorf("result %d: %w", i, r.err)
		}
	}
	if r.at != len(data) {
		return nil, fmt.Errorf("%d bytes follow the last result", len(data)-r.at)
	}
	return out, nil
}

// abiReader walks through ABI data; after the first error it stands still.
type abiReader struct {
	data    []byte
	at      int
	offsets []int
	err     error
}

// word reads a word that must hold a number no larger than the data.
func (r *abiReader) word(what string) int {
	raw := r.take(word)
	if r.err != nil {
		return 0
	}
	n := binary.BigEndian.Uint64(raw[word-8:])
	if common.BytesToHash(raw[:word-8]) != (common.Hash{}) || n > uint64(len(r.data)) {
		r.err = fmt.Errorf("%s is out of range: 0x%x", what, raw)
		return 0
	}
	return int(n)
}

func (r *abiReader) take(n int) []byte {
	if r.err == nil && n > len(r.data)-r.at {
		r.err = fmt.Errorf("data ends after %d bytes, want %d more at %d", len(r.data), n, r.at)
	}
	if r.err != nil {
		return nil
	}
	r.at += n
	return r.data[r.at-n : r.at]
}

// outcome reads (bool, bytes): success, the offset of the bytes, their length, themselves, zero padding.
func (r *abiReader) outcome() outcome3 {
	success := r.word("success")
	if r.err == nil && success > 1 {
		r.err = fmt.Errorf("success is %d, want 0 or 1", success)
	}
	if offset := r.word("data offset"); r.err == nil && offset != 2*word {
		r.err = fmt.Errorf("data offset is %d, want %d", offset, 2*word)
	}
	n := r.word("data length")
	data := r.take(n)
	for _, pad := range r.take(padded(n) - n) {
		if pad != 0 && r.err == nil {
			r.err = fmt.Errorf("padding is not zero")
		}
	}
	return outcome3{success == 1, data}
}
