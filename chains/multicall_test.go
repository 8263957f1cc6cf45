package chains

import (
	"bytes"
	"testing"
)

// encodeResults is the canonical return data of aggregate3.
func encodeResults(results []outcome3) []byte {
	out := appendWord(appendWord(nil, word), len(results))
	offset := word * len(results)
	for _, r := range results {
		out = appendWord(out, offset)
		offset += 3*word + padded(len(r.data))
	}
	for _, r := range results {
		success := 0
		if r.success {
			success = 1
		}
		out = appendWord(appendWord(appendWord(out, success), 2*word), len(r.data))
		out = append(append(out, r.data...), make([]byte, padded(len(r.data))-len(r.data))...)
	}
	return out
}

// FuzzDecodeAggregate3: what the decoder accepts is canonical, so it encodes to the same bytes.
func FuzzDecodeAggregate3(f *testing.F) {
	f.Add(encodeResults(nil), 0)
	f.Add(encodeResults([]outcome3{{true, make([]byte, 32)}, {false, nil}, {true, []byte("short")}}), 3)
	f.Add(bytes.Repeat([]byte{0xff}, 96), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 0 || n > 1000 {
			t.Skip()
		}
		results, err := decodeAggregate3(data, n)
		if err != nil {
			return
		}
		if again := encodeResults(results); !bytes.Equal(again, data) {
			t.Errorf("accepted %x, which encodes to %x", data, again)
		}
	})
}
