package strategy_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// TestScores compares every strategy, with its traps, with figures worked out by hand.
func TestScores(t *testing.T) {
	t.Parallel()
	const address = `"address":"` + token + `"`
	abiOne, abiTwo := method("address", "v uint256"), method("address", "amount int128", "end uint256")
	for _, test := range []struct {
		name, strategy, params string
		answer                 string // the integer that every call returns
		value                  float64
		exact                  string // as a fraction; "" where there is none
	}{
		{"balance", "erc20-balance-of", `{` + address + `,"decimals":18}`, "1500000000000000000", 1.5, "3/2"},
		{"decimals missing are 18", "erc20-balance-of", `{` + address + `}`, "1500000000000000000", 1.5, "3/2"},
		{"decimals null are 18", "erc20-balance-of", `{` + address + `,"decimals":null}`, "1500000000000000000", 1.5, "3/2"},
		{"decimals 0", "erc20-balance-of", `{` + address + `,"decimals":0}`, "7", 7, "7"},
		{"decimals as text", "erc20-balance-of", `{` + address + `,"decimals":"6"}`, "1500000", 1.5, "3/2"},
		{"decimals as a unit name", "erc20-balance-of", `{` + address + `,"decimals":"gwei"}`, "1500000000", 1.5, "3/2"},
		{"a double rounded once", "erc20-balance-of", `{` + address + `,"decimals":18}`, "123456789012345678901234567",
			123456789.01234567890, "123456789012345678901234567/1000000000000000000"},
		{"lower-case token address", "erc20-balance-of", `{"address":"` + strings.ToLower(token) + `","decimals":0}`, "1", 1,
			"1"},
		{"votes", "erc20-votes", `{` + address + `,"decimals":2}`, "250", 2.5, "5/2"},
		{"comp votes", "comp-like-votes", `{` + address + `,"decimals":2}`, "250", 2.5, "5/2"},
		{"above minBalance", "erc20-with-balance", `{` + address + `,"decimals":0,"minBalance":6}`, "7", 1, "1"},
		{"a key in another case is none", "erc20-with-balance", `{` + address + `,"decimals":0,"minbalance":9,"Decimals":1}`,
			"7", 1, "1"},
		{"a gate in another case is none", "erc20-balance-of", `{` + address + `,"decimals":0,"Start":4,"END":2}`, "3", 3,
			"3"},
		{"a url in another case is none", "whitelist", `{"URL":"https://list.example","addresses":["` + alice + `"]}`, "0", 1,
			"1"},
		{"a nested key in another case is none", "weighted",
			`{"weight":2,"strategy":{"name":"ticket","Params":{"value":7},"params":{"value":3,"Value":9}}}`, "0", 6, "6"},
		{"an operand's key in another case is none", "math",
			operands("min", `{"type":"constant","value":5,"Value":1}`, constant("9")), "0", 5, "5"},
		{"at minBalance", "erc20-with-balance", `{` + address + `,"decimals":0,"minBalance":7}`, "7", 0, "0"},
		{"minBalance missing is 0", "erc20-with-balance", `{` + address + `,"decimals":0}`, "1", 1, "1"},
		{"at the least balance", "balance-of-with-min", `{` + address + `,"decimals":0,"minBalance":7}`, "7", 7, "7"},
		{"below the least balance", "balance-of-with-min", `{` + address + `,"decimals":0,"minBalance":8}`, "7", 0, "0"},
		{"no least balance", "balance-of-with-min", `{` + address + `,"decimals":0}`, "7", 7, "7"},
		{"square root of the balance", "erc20-balance-of-cv", `{` + address + `,"decimals":0}`, "9", 3, ""},
		{"the whole of a fixed total", "erc20-balance-of-fixed-total", `{` + address + `,"decimals":0,"total":5}`,
			"7", 5, "5"},
		{"a fixed total that is missing", "erc20-balance-of-fixed-total", `{` + address + `,"decimals":0}`, "7", 0, "0"},
		{"a fixed total among no balances", "erc20-balance-of-fixed-total", `{` + address + `,"total":5}`, "0", 0, "0"},
		{"Uniswap's token", "uni", `{"decimals":2}`, "250", 2.5, "5/2"},
		{"weighted balance", "erc20-balance-of-weighted", `{` + address + `,"decimals":0,"weight":0.1}`, "3",
			0.30000000000000004, "3/10"},
		{"weight missing", "erc20-balance-of-weighted", `{` + address + `,"decimals":0}`, "3", 0, "0"},
		{"coefficient", "erc20-balance-of-coeff", `{` + address + `,"decimals":0,"coeff":"2"}`, "3", 6, "6"},
		{"native balance", "eth-balance", `{}`, "1000000000000000000", 1, "1"},
		{"native decimals 0 are 18", "native-balance", `{"decimals":0}`, "1000000000000000000", 1, "1"},
		{"collection ignores decimals", "erc721", `{` + address + `,"decimals":18}`, "4", 4, "4"},
		{"multiplier", "erc721-with-multiplier", `{` + address + `,"multiplier":3}`, "4", 12, "12"},
		{"multiplier 0 is 1", "erc721-with-multiplier", `{` + address + `,"multiplier":0}`, "4", 4, "4"},
		{"erc1155 without decimals", "erc1155-balance-of", `{` + address + `,"tokenId":"5"}`, "1", 1e-18,
			"1/1000000000000000000"},
		{"erc1155", "erc1155-balance-of", `{` + address + `,"tokenId":5,"decimals":0}`, "2", 2, "2"},
		{"ticket", "ticket", `{}`, "0", 1, "1"},
		{"ticket value", "ticket", `{"value":2.5}`, "0", 2.5, "5/2"},
		{"ticket value 0 is 1", "ticket", `{"value":0}`, "0", 1, "1"},
		{"whitelist in any case", "whitelist", `{"addresses":["` + strings.ToUpper(alice[2:]) +
			`","0X1111111111111111111111111111111111111111"]}`, "0", 1, "1"},
		{"not in the whitelist", "whitelist", `{"addresses":["` + bob + `"]}`, "0", 0, "0"},
		{"whitelist weight", "whitelist-weighted", `{"addresses":{"` + alice + `":2.5,"` + bob + `":9}}`, "0", 2.5, "5/2"},
		{"call", "contract-call", `{` + address + `,"decimals":0,` + abiOne + `}`, "9", 9, "9"},
		{"call decimals missing are 18", "contract-call", `{` + address + `,` + abiOne + `}`, "9", 9e-18,
			"9/1000000000000000000"},
		{"weighted", "weighted", `{"weight":2,"strategy":{"name":"erc20-balance-of","network":"999","params":{` + address +
			`,"decimals":0}}}`, "3", 6, "6"},
		{"weighted without weight", "weighted", `{"strategy":{"name":"ticket","params":{}}}`, "3", 1, "1"},
		{"weight null is 1", "weighted", `{"weight":null,"strategy":{"name":"ticket","params":{}}}`, "3", 1, "1"},
		{"start gate", "erc20-balance-of", `{` + address + `,"decimals":0,"start":4}`, "3", 0, "0"},
		{"start at the block", "erc20-balance-of", `{` + address + `,"decimals":0,"start":3}`, "3", 3, "3"},
		{"end gate", "erc20-balance-of", `{` + address + `,"decimals":0,"end":2}`, "3", 0, "0"},
		{"end at the block", "erc20-balance-of", `{` + address + `,"decimals":0,"end":3}`, "3", 3, "3"},
		{"end 0 is none", "erc20-balance-of", `{` + address + `,"decimals":0,"end":0}`, "3", 3, "3"},
		{"square root", "math",
			operands("square-root",
				`{"type":"strategy","strategy":{"name":"erc20-balance-of","params":{`+address+`,"decimals":0}}}`), "9", 3, ""},
		{"cube root", "math", operands("cube-root", constant("27")), "0", 3, ""},
		{"older form with one strategy", "math",
			`{"operation":"square-root","strategy":{"name":"ticket","params":{"value":16}}}`, "0", 4, ""},
		{"min", "math", operands("min", constant("2"), constant("3")), "0", 2, "2"},
		{"max", "math", operands("max", constant("2"), constant("3")), "0", 3, "3"},
		{"multiply", "math", operands("multiply", constant("2.5"), constant("3")), "0", 7.5, "15/2"},
		{"minus", "math", operands("minus", constant("2.5"), constant("1")), "0", 1.5, "3/2"},
		{"minus stops at 0", "math", operands("minus", constant("1"), constant("2.5")), "0", 0, "0"},
		{"divide", "math", operands("divide", constant("1"), constant("4")), "0", 0.25, "1/4"},
		{"a-if-lt-b holds", "math", operands("a-if-lt-b", constant("1"), constant("7"), constant("2")), "0", 7, "7"},
		{"a-if-lt-b fails at equality", "math", operands("a-if-lt-b", constant("2"), constant("7"), constant("2")), "0", 2,
			"2"},
		{"a-if-lte-b", "math", operands("a-if-lte-b", constant("2"), constant("7"), constant("2")), "0", 7, "7"},
		{"a-if-gt-b", "math", operands("a-if-gt-b", constant("3"), constant("7"), constant("2")), "0", 7, "7"},
		{"a-if-gte-b", "math", operands("a-if-gte-b", constant("2"), constant("7"), constant("2")), "0", 7, "7"},
		{"max with a voter who has no entry", "math",
			operands("max", constant("2"), `{"type":"strategy","strategy":{"name":"multichain","params":{"strategies":[]}}}`),
			"0", 0, "0"},
		{"minus a voter who has no entry", "math",
			operands("minus", constant("2"), `{"type":"strategy","strategy":{"name":"multichain","params":{"strategies":[]}}}`),
			"0", 0, "0"},
		{"sum on one chain", "multichain",
			`{"strategies":[{"name":"ticket","network":"1","params":{"value":2}},` +
				`{"name":"erc20-balance-of","network":1,"params":{` + address + `,"decimals":0}}]}`, "3", 5, "5"},
		{"skipped before its start block", "multichain",
			`{"startBlocks":{"1":4},"strategies":[{"name":"ticket","network":"1","params":{"value":2}}]}`, "3", 0, "0"},
		{"counted from its start block", "multichain",
			`{"startBlocks":{"1":3},"strategies":[{"name":"ticket","network":"1","params":{"value":2}}]}`, "3", 2, "2"},
		{"inner gates have no effect", "multichain",
			`{"strategies":[{"name":"ticket","network":"1","params":{"value":2,"start":99}}]}`, "3", 2, "2"},
		{"negative inside a sum subtracts", "multichain",
			`{"strategies":[{"name":"ticket","network":"1","params":{"value":5}},` +
				`{"name":"ticket","network":"1","params":{"value":-2}}]}`, "3", 3, "3"},
		{"negative at the top is 0", "ticket", `{"value":-2}`, "3", 0, "0"},
		{"what is not a number is forgotten by the next", "multichain",
			`{"strategies":[{"name":"erc20-balance-of-weighted","network":"1","params":{` + address +
				`,"decimals":0}},{"name":"ticket","network":"1","params":{"value":5}}]}`, "3", 5, "5"},
		{"what is not a number spoils the sum at the end", "multichain",
			`{"strategies":[{"name":"ticket","network":"1","params":{"value":5}},` +
				`{"name":"erc20-balance-of-weighted","network":"1","params":{` + address + `,"decimals":0}}]}`, "3", 0, "0"},
		{"two outputs, named", "contract-call", `{` + address + `,"decimals":0,"output":"amount",` + abiTwo + `}`, "two", 5,
			"5"},
		{"two outputs, by index", "contract-call", `{` + address + `,"decimals":0,"output":"1",` + abiTwo + `}`, "two", 8,
			"8"},
		{"negative integer", "contract-call", `{` + address + `,"decimals":0,"output":"amount",` + abiTwo + `}`, "minus", 0,
			"0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := ethereum(func(_ uint64, c chains.Call) ([]byte, error) {
				switch test.answer {
				case "two":
					return append(word(decimal("5")), word(decimal("8"))...), nil
				case "minus":
					return append(word(decimal("-5")), word(decimal("8"))...), nil
				}
				return word(decimal(test.answer)), nil
			})
			got := run(t, nodes, one(test.strategy, test.params))
			if got.Unverifiable[0] != "" {
				t.Fatalf("unverifiable: %s", got.Unverifiable[0])
			}
			score := got.Powers[0].Scores[0][0]
			if score.Value != test.value {
				t.Errorf("value %v, want %v", score.Value, test.value)
			}
			if exact := text(score); exact != test.exact {
				t.Errorf("exact %q, want %q", exact, test.exact)
			}
		})
	}
}

func text(s strategy.Score) string {
	if s.Exact == nil {
		return ""
	}
	return s.Exact.RatString()
}

func constant(value string) string { return `{"type":"constant","value":` + value + `}` }

func operands(operation string, list ...string) string {
	return `{"operation":"` + operation + `","operands":[` + strings.Join(list, ",") + `]}`
}

// method is the methodABI parameter of a function that takes one input; each output
// is a name, which may be empty, and a type.
func method(input string, outputs ...string) string {
	list := make([]string, len(outputs))
	for i, output := range outputs {
		name, kind, _ := strings.Cut(output, " ")
		list[i] = `{"name":"` + name + `","type":"` + kind + `"}`
	}
	return `"methodABI":{"type":"function","name":"f","stateMutability":"view",` +
		`"inputs":[{"name":"a","type":"` + input + `"}],"outputs":[` + strings.Join(list, ",") + `]}`
}

// TestNames: the documents name the number of strategies that are recomputed.
func TestNames(t *testing.T) {
	t.Parallel()
	names := strategy.Names()
	if !slices.IsSorted(names) || !slices.Contains(names, "erc20-balance-of") {
		t.Errorf("found %v", names)
	}
	for path, want := range map[string]string{
		"../../README.md": "- %d strategies are recomputed", "strategy.go": "Of Snapshot's strategies %d are recomputed",
	} {
		text, err := os.ReadFile(path)
		if want := fmt.Sprintf(want, len(names)); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q: %v", path, want, err)
		}
	}
}

// TestUnverifiable names what cannot be recomputed and why; nothing of it is read.
func TestUnverifiable(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, strategy, params, reason string }{
		{"unknown", "my-strategy", `{}`, "not known"},
		{"web service", "api-v2", `{"url":"https://example.com"}`, "web service"},
		{"delegation", "split-delegation", `{}`, "delegations"},
		{"override", "sonic-staked-balance", `{}`, "who else voted"},
		{"subgraph", "gno", `{}`, "subgraph"},
		{"whitelist behind a url", "whitelist", `{"url":"https://example.com/list.json"}`, "can change"},
		{"no address", "erc20-balance-of", `{}`, "params.address"},
		{"negative decimals", "erc20-balance-of", `{"address":"` + token + `","decimals":-1}`, "decimals"},
		{"fractional decimals", "erc20-balance-of", `{"address":"` + token + `","decimals":1.5}`, "decimals"},
		{"params of the wrong type", "erc20-balance-of", `[]`, "params"},
		{"ticket joined as text", "ticket", `{"value":"2"}`, "want a number"},
		{"uni elsewhere", "multichain", `{"strategies":[{"name":"uni","network":"10"}]}`, "Uniswap's token on Ethereum"},
		{"an override by other functions", "erc20-votes-with-override", `{"address":"` + token +
			`","getVotesName":"votes"}`, "another function than getVotes"},
		{"call without output name", "contract-call", `{"address":"` + token +
			`",` + method("address", "x uint256", "y uint256") + `}`, "names none"},
		{"call returning bool", "contract-call", `{"address":"` + token +
			`",` + method("address", " bool") + `}`, "want an integer"},
		{"call with too many arguments", "contract-call", `{"address":"` + token +
			`","args":[1,2],` + method("address", " uint256") + `}`, "found 2"},
		{"call with an argument out of range", "contract-call", `{"address":"` + token +
			`","args":[300],` + method("uint8", " uint256") + `}`, "not a uint8"},
		{"call without method", "contract-call", `{"address":"` + token + `"}`, "methodABI"},
		{"math across chains", "math",
			operands("min", constant("1"), `{"type":"strategy","strategy":{"name":"ticket","network":"10","params":{}}}`),
			"another network"},
		{"math operand count", "math", operands("min", constant("1")), "want 2"},
		{"math operation", "math", operands("power", constant("1")), "not known"},
		{"multichain without network", "multichain", `{"strategies":[{"name":"ticket","params":{}}]}`, "names no network"},
		{"network in another spelling", "multichain", `{"strategies":[{"name":"ticket","network":"01","params":{}}]}`,
			`network "01" is not an EIP-155 chain id`},
		{"multichain of the unknown", "multichain", `{"strategies":[{"name":"api","network":"1","params":{}}]}`,
			"strategies[0] (\"api\"): it asks a web service"},
		{"weighted of the unknown", "weighted", `{"strategy":{"name":"api","params":{}}}`, "web service"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) {
				t.Error("an unverifiable strategy was read")
				return nil, nil
			})
			got := run(t, nodes, one(test.strategy, test.params))
			if !strings.Contains(got.Unverifiable[0], test.reason) {
				t.Errorf("reason %q, want it to contain %q", got.Unverifiable[0], test.reason)
			}
			if s := got.Powers[0].Scores[0][0]; s.Value != 0 || s.Exact != nil {
				t.Errorf("it was scored: %v", s)
			}
		})
	}
}
