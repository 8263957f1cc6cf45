package strategy_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
)

// contractCall is the parameters of a contract-call of an ABI.
func contractCall(methodABI, more string) string {
	return `{"address":"` + token + `","decimals":0,"args":[],"methodABI":` + methodABI + more + `}`
}

// returning is the ABI of a function without arguments.
func returning(outputs string) string {
	return `{"type":"function","name":"f","inputs":[],"outputs":[` + outputs + `]}`
}

// words encodes integers one after another.
func words(list ...int64) (data []byte) {
	for _, n := range list {
		data = append(data, word(big.NewInt(n))...)
	}
	return data
}

// TestContractCallOutputs reads the integer that counts at its place, whatever stands before it.
func TestContractCallOutputs(t *testing.T) {
	t.Parallel()
	const amount = `,{"name":"amount","type":"int24"}`
	for before, size := range map[string]int{
		`{"type":"uint256"}`:      1,
		`{"type":"string"}`:       1,
		`{"type":"bytes32[3]"}`:   3,
		`{"type":"uint8[2][3]"}`:  6,
		`{"type":"uint8[2][]"}`:   1,
		`{"type":"string[2]"}`:    1,
		`{"type":"address[][2]"}`: 1,
		`{"type":"tuple","components":[{"type":"bool"},{"type":"tuple[2]","components":[{"type":"uint8"}]}]}`: 3,
		`{"type":"tuple[2]","components":[{"type":"bytes"},{"type":"uint8"}]}`:                                1,
		`{"type":"tuple[]","components":[{"type":"uint8"}]}`:                                                  1,
	} {
		t.Run(before, func(t *testing.T) {
			_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) {
				return words(append(make([]int64, size), 7, 8)...), nil
			})
			got := run(t, nodes, one("contract-call", contractCall(returning(before+amount), `,"output":"amount"`)))
			if got.Unverifiable[0] != "" || got.Powers[0].Scores[0][0].Value != 7 {
				t.Errorf("found %v, unverifiable: %s; want 7", got.Powers[0].Scores[0][0].Value, got.Unverifiable[0])
			}
		})
	}
}

// TestContractCallAnswers: an answer that is not what the ABI says is an error, not a score.
func TestContractCallAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string][]byte{
		"too short":       words(1)[:31],
		"out of range":    words(1 << 23),
		"below the range": words(-1<<23 - 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) { return answer, nil })
			_, err := try(nodes, one("contract-call", contractCall(returning(`{"type":"int24"}`), "")))
			if err == nil || !strings.Contains(err.Error(), "found") {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestContractCallBombs: an ABI that go-ethereum's parser would crash on, or take gigabytes
// for, is refused before that parser sees it.
func TestContractCallBombs(t *testing.T) {
	argument := func(kind, value string) string {
		methodABI := `{"type":"function","name":"f","inputs":[{"type":"` + kind + `"}],"outputs":[{"type":"uint8"}]}`
		return strings.Replace(contractCall(methodABI, ""), `"args":[]`, `"args":[`+value+`]`, 1)
	}
	deep := strings.Repeat(`{"type":"tuple[9]","components":[`, 4000) + strings.Repeat(`]}`, 4000)
	huge := `{"type":"tuple[999][999]","components":[{"type":"uint8[999][999]"}]}`
	bombs := map[string]string{
		"name":          contractCall(`{"type":"function","name":"f()\n","outputs":[{"type":"uint8"}]}`, ""),
		"no function":   contractCall(`{"type":"constructor","name":"f","outputs":[{"type":"uint8"}]}`, ""),
		"huge arrays":   contractCall(returning(huge+`,{"type":"uint8"}`), `,"output":1`),
		"nested tuples": contractCall(returning(deep+`,{"type":"uint8"}`), `,"output":1`),
		"many results":  contractCall(returning(strings.Repeat(`{"type":"bool"},`, 9999)+`{"type":"int8"}`), `,"output":1`),
		"long argument": argument("string", `"`+strings.Repeat("%{address}", 100_000)+`"`),
	}
	for _, kind := range []string{
		"", "[]", "int0", "uint0", "int7", "uint264", "uint20000000000", "uint99999999999999999999", "bytes0",
		"bytes33", "uint8[18446744073709551615]", "uint8[99999999999]", "uint8[999][999][999]", "uint8[-1]", "uint8[0x7]",
		"uint8[0]", "uint8]", "uint8[", "uint8[1[2]]", "tuple", "function", "fixed128x18", "address payable",
		"uint8" + strings.Repeat("[]", 300_000), strings.Repeat("[", 300_000), strings.Repeat("uint8", 100_000),
	} {
		bombs["result "+kind[:min(len(kind), 30)]] = contractCall(returning(`{"type":"`+kind+`"}`), "")
		bombs["argument "+kind[:min(len(kind), 30)]] = argument(kind, "1")
	}
	for name, params := range bombs {
		t.Run(name, func(t *testing.T) {
			_, nodes := ethereum(always("1"))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := run(t, nodes, one("contract-call", params))
			runtime.ReadMemStats(&after)
			if got.Unverifiable[0] == "" || len(got.Unverifiable[0]) > 300 {
				t.Errorf("reason: %s", got.Unverifiable[0])
			}
			if used := int(after.TotalAlloc - before.TotalAlloc); used > 64*len(params)+1<<20 {
				t.Errorf("allocated %d bytes for %d", used, len(params))
			}
		})
	}
}

// FuzzContractCall generates ABIs from the types that Solidity has and from worse ones. No ABI
// makes the program fail, and where go-ethereum reads the return data too, it finds the same integer.
func FuzzContractCall(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, []byte{}, "")
	}
	f.Add(uint64(2), words(64, 3, 0, 0), "tuple[2][]")
	f.Fuzz(func(t *testing.T, seed uint64, data []byte, odd string) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		outputs := make([]abiParam, 1+rnd.IntN(4))
		for i := range outputs {
			outputs[i] = randomParam(rnd, odd, 0)
		}
		at := rnd.IntN(len(outputs))
		list, err := json.Marshal(outputs)
		if err != nil {
			t.Fatal(err)
		}
		methodABI := returning(strings.Trim(string(list), "[]"))
		for len(data) < 2048 { // words that are offsets and lengths, too
			data = append(data, word(big.NewInt(int64(32*rnd.IntN(9))))...)
		}
		_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) { return data, nil })
		got, err := try(nodes, one("contract-call", contractCall(methodABI, fmt.Sprintf(`,"output":"%d"`, at))))
		if err != nil || got.Unverifiable[0] != "" || odd != "" {
			return
		}
		contract, err := abi.JSON(strings.NewReader("[" + methodABI + "]"))
		if err != nil {
			return
		}
		values, err := contract.Unpack("f", data)
		if err != nil {
			return // the other values do not fit, which says nothing about this one
		}
		if bytes, ok := values[at].([32]byte); ok {
			values[at] = hexutil.Bytes(bytes[:])
		}
		want, _ := new(big.Float).SetString(fmt.Sprint(values[at]))
		if value, _ := want.Float64(); got.Powers[0].Scores[0][0].Value != max(value, 0) {
			t.Errorf("%s: found %v, want %v", methodABI, got.Powers[0].Scores[0][0].Value, value)
		}
	})
}

type abiParam struct {
	Name       string     `json:"name"`
	Type       string     `json:"type"`
	Components []abiParam `json:"components,omitempty"`
}

// randomParam makes a type of which most are good; odd, if it is not empty, is one of them.
func randomParam(rnd *rand.Rand, odd string, depth int) (p abiParam) {
	p.Name = string(rune('a' + rnd.IntN(26)))
	kinds := []string{"uint256", "int256", "uint8", "int40", "address", "bool", "bytes32", "bytes", "string", "tuple"}
	if odd != "" {
		kinds = append(kinds, odd)
	}
	if p.Type = kinds[rnd.IntN(len(kinds))]; p.Type == "tuple" {
		for range rnd.IntN(3) {
			if depth < 6 {
				p.Components = append(p.Components, randomParam(rnd, odd, depth+1))
			}
		}
	}
	for range max(rnd.IntN(5)-2, 0) {
		p.Type += []string{"[]", "[1]", "[3]"}[rnd.IntN(3)]
	}
	return p
}
