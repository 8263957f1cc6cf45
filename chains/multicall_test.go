package chains

import (
	"bytes"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
)

// FuzzDecodeAggregate3: what the decoder accepts, go-ethereum's decoder reads as the
// same results and encodes to the same bytes.
func FuzzDecodeAggregate3(f *testing.F) {
	array, err := abi.NewType("tuple[]", "", []abi.ArgumentMarshaling{
		{Name: "success", Type: "bool"}, {Name: "returnData", Type: "bytes"},
	})
	if err != nil {
		f.Fatal(err)
	}
	results := abi.Arguments{{Type: array}}
	type result struct {
		Success    bool
		ReturnData []byte
	}
	for _, seed := range [][]result{
		{}, {{true, make([]byte, 32)}, {false, nil}, {true, []byte("short")}}, {{false, make([]byte, 100)}},
	} {
		data, err := results.Pack(seed)
		if err != nil {
			f.Fatal(err)
		}
		if _, err := decodeAggregate3(data, len(seed)); err != nil {
			f.Fatalf("%d results: %v", len(seed), err)
		}
		f.Add(data, len(seed))
	}
	f.Add(bytes.Repeat([]byte{0xff}, 96), 1)
	f.Fuzz(func(t *testing.T, data []byte, n int) {
		if n < 0 || n > 1000 {
			t.Skip()
		}
		got, err := decodeAggregate3(data, n)
		if err != nil {
			return
		}
		values, err := results.Unpack(data)
		if err != nil {
			t.Fatalf("accepted %x: %v", data, err)
		}
		want := *abi.ConvertType(values[0], new([]result)).(*[]result)
		if len(got) != n || len(want) != n {
			t.Fatalf("found %d results, want %d", len(got), len(want))
		}
		for i, r := range want {
			if r.Success != got[i].success || !bytes.Equal(r.ReturnData, got[i].data) {
				t.Errorf("result %d: found %v, want %v", i, got[i], r)
			}
		}
		if again, err := results.Pack(want); err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted %x, which encodes to %x (%v)", data, again, err)
		}
	})
}
