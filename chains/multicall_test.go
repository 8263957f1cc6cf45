package chains

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/crypto"
)

// aggregate3ABI is the function as go-ethereum encodes it.
func aggregate3ABI(tb testing.TB) abi.Method {
	tb.Helper()
	contract, err := abi.JSON(strings.NewReader(`[{"type": "function", "name": "aggregate3",
		"inputs": [{"name": "calls", "type": "tuple[]", "components": [
			{"name": "target", "type": "address"}, {"name": "allowFailure", "type": "bool"},
			{"name": "callData", "type": "bytes"}]}],
		"outputs": [{"name": "results", "type": "tuple[]", "components": [
			{"name": "success", "type": "bool"}, {"name": "returnData", "type": "bytes"}]}]}]`))
	if err != nil {
		tb.Fatal(err)
	}
	return contract.Methods["aggregate3"]
}

func TestEncodeAggregate3(t *testing.T) {
	type call3 struct {
		Target       common.Address
		AllowFailure bool
		CallData     []byte
	}
	method := aggregate3ABI(t)
	var calls []Call
	var list []call3
	for n := range 70 {
		c := Call{To: common.BytesToAddress(crypto.Keccak256([]byte{byte(n)})), Data: bytes.Repeat([]byte{byte(n)}, n)}
		inner := call3{c.To, true, c.Data}
		if n == 0 {
			c = NativeBalance(c.To)
			inner = call3{multicall3, true, getter("getEthBalance(address)", c.To).Data}
		}
		calls, list = append(calls, c), append(list, inner)
		want, err := method.Inputs.Pack(list)
		if got := encodeAggregate3(calls); err != nil || !bytes.Equal(got, append(method.ID[:4:4], want...)) {
			t.Fatalf("%d calls: error %v, got %x, want %x behind the selector", n+1, err, []byte(got), want)
		}
	}
}

// FuzzDecodeAggregate3: what the decoder accepts is what go-ethereum makes of the results, so that
// these share no bytes and leave none out.
func FuzzDecodeAggregate3(f *testing.F) {
	outputs := aggregate3ABI(f).Outputs
	for _, seed := range [][]innerResult{
		{}, {{true, make([]byte, 32)}, {false, nil}, {true, []byte("short")}}, {{false, make([]byte, 100)}},
	} {
		data, err := outputs.Pack(seed)
		if err != nil {
			f.Fatal(err)
		}
		if got, err := decodeAggregate3(data, len(seed)); err != nil || len(seed) > 0 && got[0].Success != seed[0].Success {
			f.Fatalf("%d results: %v, error %v", len(seed), got, err)
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
		if again, err := outputs.Pack(got); err != nil || len(got) != n || !bytes.Equal(again, data) {
			t.Errorf("accepted %x: found %d results, want %d, which are %x, error %v", data, len(got), n, again, err)
		}
	})
}
