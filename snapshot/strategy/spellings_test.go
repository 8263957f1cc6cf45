package strategy_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// spelling is a strategy whose parameters are written in another way than the documentation has
// them, and for which Snapshot's score service gives a result.
type spelling struct {
	kind, strategy, params string
	score                  string // what it gives where every call returns 7; "" if it is refused
	refused                string // the parameter, or what is wrong with it, in the reason
}

// spellings are 73: 49 that are followed, and 24 of which the service makes something else than a
// number, or a number by accident.
func spellings() []spelling {
	const at = `"address":"` + token + `"`
	lower := strings.ToLower(token)
	wrong := "0x" + strings.ToUpper(token[2:3]) + strings.ToLower(token[3:4]) + token[4:] // one letter in the other case
	balance := func(more string) string { return `{` + at + `,"decimals":0` + more + `}` }
	ticket := func(value string) string { return `{"value":` + value + `}` }
	listed := func(weight string) string { return `{"addresses":{"` + alice + `":` + weight + `}}` }
	weighted := func(weight string) string {
		return `{"weight":` + weight + `,"strategy":{"name":"ticket","params":{"value":5}}}`
	}
	start := func(network, block string) string {
		return `{"strategies":[{"name":"ticket","network":` + network + `,"params":{"value":5}}],` +
			`"startBlocks":{"1":` + block + `}}`
	}
	call := func(inputs, outputs, args, more string) string {
		return `{` + at + `,"decimals":0,"methodABI":{"type":"function","name":"f","inputs":[` + inputs + `],"outputs":[` +
			outputs + `]},"args":[` + args + `]` + more + `}`
	}
	typed := func(name string) string { return `{"name":"a","type":"` + name + `"}` }
	takes := func(name, arg string) string { return call(typed(name), typed("uint256"), arg, "") }
	gives := func(name string) string { return call(typed("address"), typed(name), `"%{address}"`, "") }

	var all []spelling
	add := func(kind, strategy, score, refused string, params ...string) {
		for _, p := range params {
			all = append(all, spelling{kind, strategy, p, score, refused})
		}
	}
	follow := func(kind, strategy, score string, params ...string) { add(kind, strategy, score, "", params...) }
	refuse := func(kind, strategy, reason string, params ...string) { add(kind, strategy, "", reason, params...) }

	follow("decimals as text", "erc20-balance-of", "7/10", `{`+at+`,"decimals":"1"}`, `{`+at+`,"decimals":"0x1"}`,
		`{`+at+`,"decimals":"001"}`)
	follow("contract address", "erc20-balance-of", "7", `{"address":"`+wrong+`","decimals":0}`,
		`{"address":"`+lower[2:]+`","decimals":0}`)
	refuse("contract address", "erc20-balance-of", "address", `{"address":"`+lower[:41]+`","decimals":0}`,
		`{"address":" `+lower+`","decimals":0}`, `{"address":"`+lower+` ","decimals":0}`)
	follow("address argument", "contract-call", "7", takes("address", `"`+lower[2:]+`"`))

	follow("no number", "erc20-balance-of-weighted", "0", balance(`,"weight":"heavy"`))
	follow("no number", "erc20-balance-of-coeff", "0", balance(`,"coeff":{}`))
	follow("no number", "erc721-with-multiplier", "0", balance(`,"multiplier":"x3"`))
	follow("no number", "math", "0", operands("multiply", constant(`"two"`), constant("5")))
	follow("no number", "erc20-with-balance", "0", balance(`,"minBalance":"1 token"`))
	follow("no number", "balance-of-with-min", "0", balance(`,"minBalance":{}`))
	follow("no number", "ticket", "0", ticket(`"one"`))
	follow("no number", "whitelist-weighted", "0", listed(`"much"`))
	follow("no number", "weighted", "0", weighted(`"1,5"`))

	follow("empty text", "erc20-balance-of-weighted", "0", balance(`,"weight":""`))
	follow("empty text", "weighted", "0", weighted(`""`))
	follow("empty text", "erc721-with-multiplier", "7", balance(`,"multiplier":""`))
	follow("empty text", "ticket", "1", ticket(`""`))

	follow("true", "erc20-balance-of-weighted", "7", balance(`,"weight":true`))
	follow("true", "erc20-balance-of-coeff", "7", balance(`,"coeff":true`))
	follow("true", "erc721-with-multiplier", "7", balance(`,"multiplier":true`))
	follow("true", "math", "5", operands("multiply", constant("true"), constant("5")))
	follow("true", "erc20-with-balance", "1", balance(`,"minBalance":true`))
	follow("true", "balance-of-with-min", "7", balance(`,"minBalance":true`))
	follow("true", "ticket", "1", ticket("true"))
	follow("true", "whitelist-weighted", "1", listed("true"))
	follow("true", "weighted", "5", weighted("true"))
	follow("null", "math", "0", operands("min", constant("null"), constant("5")))

	follow("gate as text", "ticket", "1", `{"start":" 3 "}`, `{"start":"0x3"}`, `{"start":""}`, `{"start":"soon"}`,
		`{"start":true}`, `{"end":"3"}`, `{"end":"never"}`)
	follow("gate as text", "ticket", "0", `{"start":"4"}`, `{"end":true}`)
	follow("gate as text", "multichain", "5", start(`"1"`, `"0x3"`))

	refuse("number in text", "ticket", "want a number", ticket(`"2"`), ticket(`" 2"`), ticket(`"0x2"`))
	refuse("number in text", "whitelist-weighted", "want a number", listed(`"2"`), listed(`"2.5"`), listed(`"1e3"`),
		listed(`"0"`))

	follow("answer", "contract-call", "7", gives("bytes32"), gives("address"))
	follow("answer", "contract-call", "0", gives("bytes4")) // the first four bytes
	follow("bool argument", "contract-call", "7", takes("bool", `"false"`), takes("bool", "0"), takes("bool", "[]"))
	follow("list argument", "contract-call", "7", takes("uint8[2]", `[1,"0x2"]`))
	follow("integer argument", "contract-call", "7", takes("uint256", "1000.0"))
	follow("type without size", "contract-call", "7", takes("uint", "5"))
	follow("list of addresses", "whitelist-weighted", "0", `{"addresses":["`+alice+`"]}`)

	refuse("output", "contract-call", "output", call(typed("address"), typed("uint256"), `"%{address}"`,
		`,"output":"length"`))
	refuse("network of an operand", "math", "another network", operands("min", constant("1"),
		`{"type":"strategy","strategy":{"name":"ticket","network":"10","params":{}}}`))
	refuse("network", "multichain", "network", start(`"01"`, "0"), start(`" 1"`, "0"), start(`"0x1"`, "0"),
		start(`1.5`, "0"), start(`true`, "0"), start(`null`, "0"))
	refuse("dirty bits", "contract-call", "not a ", gives("uint8"), gives("int8"), gives("uint16"), gives("int16"),
		gives("uint64"), gives("uint128"))
	return all
}

// TestSpellings: a spelling is followed where it is sure what it gives, and refused by name
// where it is not.
func TestSpellings(t *testing.T) {
	t.Parallel()
	followed := 0
	for _, s := range spellings() {
		if s.refused == "" {
			followed++
		}
		t.Run(s.kind, func(t *testing.T) {
			answer := big.NewInt(7)
			if s.kind == "dirty bits" {
				answer.SetBit(answer, 200, 1)
			}
			_, nodes := ethereum(func(_ uint64, call chains.Call) ([]byte, error) { return word(answer), nil })
			result, err := try(nodes, one(s.strategy, s.params))
			switch {
			case s.refused == "" && (err != nil || result.Unverifiable[0] != ""):
				t.Errorf("%s %s: refused: %v %v", s.strategy, s.params, err, result)
			case s.refused == "":
				if got := result.Powers[0].Scores[0][0]; got.Exact == nil || got.Exact.RatString() != s.score {
					t.Errorf("%s %s: found %v, want %s", s.strategy, s.params, got, s.score)
				}
			case err == nil && !strings.Contains(result.Unverifiable[0], s.refused),
				err != nil && !strings.Contains(err.Error(), s.refused):
				t.Errorf("%s %s: found %v, %v, want it refused: %s", s.strategy, s.params, result, err, s.refused)
			}
		})
	}
	if n := len(spellings()); n != 73 || followed != 49 {
		t.Errorf("found %d spellings, of which %d are followed; want 73 and 49", n, followed)
	}
}

// TestAddressInList: in a list, nothing stands for the voter's address.
func TestAddressInList(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(func(_ uint64, call chains.Call) ([]byte, error) {
		if got := common.BytesToAddress(call.Data[len(call.Data)-32:]).Hex(); got != bob {
			t.Errorf("the last element is %s", got)
		}
		return word(big.NewInt(7)), nil
	})
	params := func(args string) string {
		return `{"address":"` + token + `","decimals":0,"args":[["` + bob + `","` + args + `"]],"methodABI":` +
			`{"type":"function","name":"f","inputs":[{"type":"address[]"}],"outputs":[{"type":"uint256"}]}}`
	}
	checkExact(t, run(t, nodes, one("contract-call", params(bob))), "7")
	got := run(t, nodes, one("contract-call", params("%{address}"))).Unverifiable[0]
	if !strings.Contains(got, "hex digits") {
		t.Errorf("found %q", got)
	}
}
