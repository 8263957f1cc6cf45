package chains

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/accounts/abi"
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

// aggregate3 is the function of Multicall3 that runs the calls.
var aggregate3 = sync.OnceValue(func() abi.Method {
	contract, err := abi.JSON(strings.NewReader(`[{"type": "function", "name": "aggregate3",
		"inputs": [{"name": "calls", "type": "tuple[]", "components": [
			{"name": "target", "type": "address"}, {"name": "allowFailure", "type": "bool"},
			{"name": "callData", "type": "bytes"}]}],
		"outputs": [{"name": "results", "type": "tuple[]", "components": [
			{"name": "success", "type": "bool"}, {"name": "returnData", "type": "bytes"}]}]}]`))
	if err != nil {
		panic("chains: " + err.Error()) // a constant
	}
	return contract.Methods["aggregate3"]
})

// encodeAggregate3 encodes the calls with allowFailure set, so that one failing call does
// not fail the others.
func encodeAggregate3(calls []Call) (hexutil.Bytes, error) {
	type call3 struct {
		Target       common.Address
		AllowFailure bool
		CallData     []byte
	}
	list := make([]call3, len(calls))
	for i, c := range calls {
		if c.isNativeBalance() {
			c = getter("getEthBalance(address)", c.To)
		}
		list[i] = call3{c.To, true, c.Data}
	}
	packed, err := aggregate3().Inputs.Pack(list)
	return slices.Concat(aggregate3().ID, packed), err
}

// innerResult is what one call inside a multicall gave.
type innerResult struct {
	Success    bool
	ReturnData []byte
}

// decodeAggregate3 reads the return data of aggregate3 for n calls. It accepts the canonical
// form alone, so that no two answers can share bytes or hide some.
func decodeAggregate3(data []byte, n int) ([]innerResult, error) {
	outputs := aggregate3().Outputs
	values, err := outputs.Unpack(data)
	if err != nil {
		return nil, err
	}
	results := *abi.ConvertType(values[0], new([]innerResult)).(*[]innerResult)
	size := 0
	for _, r := range results {
		size += len(r.ReturnData)
	}
	if len(results) == n && size <= len(data) { // bounds what Pack allocates
		if again, err := outputs.Pack(results); err == nil && bytes.Equal(again, data) {
			return results, nil
		}
	}
	return nil, fmt.Errorf("return data of %d bytes is not the canonical form of %d results", len(data), n)
}
