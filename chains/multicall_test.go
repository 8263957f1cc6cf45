package chains

import (
	"bytes"
	"testing"
)

// FuzzDecodeAggregate3: what the decoder accepts has n results that share no bytes and leave
// none out.
func FuzzDecodeAggregate3(f *testing.F) {
	for _, seed := range [][]innerResult{
		{}, {{true, make([]byte, 32)}, {false, nil}, {true, []byte("short")}}, {{false, make([]byte, 100)}},
	} {
		data, err := aggregate3().Outputs.Pack(seed)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := decodeAggregate3(data, len(seed)); err != nil {
			f.Fatalf("%d results: %v", len(seed), err)
		}
		if _, err := decodeAggregate3(append(data, make([]byte, 32)...), len(seed)); err == nil {
			f.Fatalf("%d results: accepted a word after them", len(seed))
		}
		f.Add(data, len(seed))
	}
	f.Add(bytes.Repeat([]byte{0xff}, 96), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		got, err := decodeAggregate3(data, n)
		if err != nil {
			return
		}
		size := 2 * word // the offset of the array and its length
		for _, r := range got {
			size += 4*word + (len(r.ReturnData)+word-1)/word*word
		}
		if len(got) != n || size != len(data) {
			t.Errorf("accepted %x: found %d results in %d bytes, want %d", data, len(got), size, n)
		}
	})
}
