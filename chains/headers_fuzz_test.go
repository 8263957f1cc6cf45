package chains

import (
	"bytes"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"
)

// Whatever a reply holds, a header that is accepted hashes to the hash that the
// reply gives for it, and survives being written and read again.
func FuzzParseHeader(f *testing.F) {
	root := types.EmptyRootHash
	gas := uint64(1)
	for _, h := range []*types.Header{
		{Number: big.NewInt(7), Difficulty: new(big.Int), Extra: []byte("old")},
		{Number: big.NewInt(7), Difficulty: big.NewInt(2), BaseFee: big.NewInt(1), Time: 12},
		{Number: big.NewInt(7), Difficulty: new(big.Int), BaseFee: big.NewInt(1), WithdrawalsHash: &root,
			BlobGasUsed: &gas, ExcessBlobGas: &gas, ParentBeaconRoot: &root, RequestsHash: &root},
	} {
		raw, err := json.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(raw))
		f.Add(bytes.Replace(raw, []byte(`"0x7"`), []byte(`"0x8"`), 1))
		f.Add(bytes.Replace(raw, []byte(`"0x7"`), []byte(`""`), 1))
		f.Add(bytes.Replace(raw, []byte(`"0x7"`), []byte(`"0x007"`), 1))
		f.Add(raw[:len(raw)/2])
	}
	for _, real := range realHeaders(f) {
		f.Add([]byte(real.json(f)))
		if root := real.Header["parentBeaconBlockRoot"]; root != nil {
			delete(real.Header, "parentBeaconBlockRoot")
			real.Header["new"] = root
			f.Add([]byte(real.json(f)))
		}
	}
	f.Add([]byte("null"))
	f.Add([]byte("[]"))
	f.Add([]byte(`{"hash":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parseHeader(raw)
		if err != nil {
			if h != nil && h.sound {
				t.Fatal("a sound header and an error")
			}
			return
		}
		back, more, err := decodeHeader(encodeHeader(h.Header, h.more))
		if err != nil || headerHash(back, more) != h.hash {
			t.Fatalf("read back: %v", err)
		}
		var named struct{ Hash string }
		if err := json.Unmarshal(raw, &named); err != nil ||
			!bytes.EqualFold([]byte(named.Hash), []byte(h.Hash().Hex())) {
			t.Fatalf("hash %v, the reply says %s", h.Hash(), named.Hash)
		}
	})
}
