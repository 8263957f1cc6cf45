package strategy_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// TestBases says what each kind of strategy reads, and whether its score is the plain amount.
func TestBases(t *testing.T) {
	t.Parallel()
	const address = `"address":"` + token + `"`
	const balance = `{"name":"erc20-balance-of","network":"10","params":{` + address + `}}`
	plain := "plain [ethereum via ethereum " + token + " balanceOf(address) 18]"
	combined := strings.TrimPrefix(plain, "plain ")
	for _, test := range []struct{ name, strategy, params, want string }{
		{"balance", "erc20-balance-of", `{` + address + `}`, plain},
		{"decimals", "erc20-balance-of", `{` + address + `,"decimals":"gwei"}`,
			"plain [ethereum via ethereum " + token + " balanceOf(address) 9]"},
		{"between blocks", "erc20-balance-of", `{` + address + `,"start":5,"end":9}`, plain},
		{"votes", "erc20-votes", `{` + address + `}`, strings.Replace(plain, "balanceOf", "getVotes", 1)},
		{"above a balance", "erc20-with-balance", `{` + address + `,"minBalance":1}`, combined},
		{"times a weight", "erc20-balance-of-weighted", `{` + address + `,"weight":2}`, combined},
		{"times a coefficient", "erc20-balance-of-coeff", `{` + address + `,"coeff":2}`, combined},
		{"times a weight that is 1", "erc20-balance-of-weighted", `{` + address + `,"weight":1}`, combined},
		{"currency", "eth-balance", `{}`, "plain [ethereum via ethereum the currency eth_getBalance 18]"},
		{"collection", "erc721", `{` + address + `}`, "plain [ethereum via ethereum " + token + " balanceOf(address) 0]"},
		{"one token of several", "erc1155-balance-of", `{` + address + `,"tokenId":5,"decimals":0}`,
			"plain [ethereum via ethereum " + token + " balanceOf(address,uint256) of another 0]"},
		{"call", "contract-call", `{` + address + `,` + method("address", "v uint256") + `}`,
			"plain [ethereum via ethereum " + token + " f(address) 18]"},
		{"call for somebody else", "contract-call",
			`{` + address + `,"args":["` + bob + `"],` + method("address", "v uint256") + `}`,
			"plain [ethereum via ethereum " + token + " f(address) of another 18]"},
		{"call with two results", "contract-call",
			`{` + address + `,"output":"1",` + method("address", "v uint256", "w uint256") + `}`,
			"plain [ethereum via ethereum " + token + " f(address) of another 18]"},
		{"ticket", "ticket", `{}`, "[]"},
		{"whitelist", "whitelist", `{"addresses":["` + alice + `"]}`, "[]"},
		{"weights", "whitelist-weighted", `{"addresses":{"` + alice + `":9000000}}`, "[]"},
		{"weighted", "weighted", `{"weight":2,"strategy":` + balance + `}`, combined},
		{"weighted by nothing", "weighted", `{"strategy":` + balance + `}`, plain},
		{"math", "math", operands("max", constant("2"),
			`{"type":"strategy","strategy":{"name":"erc20-balance-of","params":{`+address+`}}}`), combined},
		{"several chains", "multichain", `{"startBlocks":{"10":5},"strategies":[` + balance + `,` +
			strings.Replace(balance, `"10"`, "1", 1) + `]}`,
			"plain [optimism via ethereum " + token + " balanceOf(address) 18; " + combined[1:]},
		{"several, one of them a list", "multichain",
			`{"strategies":[` + balance + `,{"name":"ticket","network":"1"}]}`,
			"[optimism via ethereum " + token + " balanceOf(address) 18]"},
		{"several of none", "multichain", `{"strategies":[]}`, "plain []"},
		{"not known", "split-delegation", `{}`,
			"unverifiable: it depends on delegations that are not recomputed here"},
		{"several, one of them not known", "multichain", `{"strategies":[` + balance + `,{"name":"gno","network":"1"}]}`,
			"unverifiable: strategies[1] (\"gno\"): it asks a subgraph"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := strategy.Query{Network: chains.Ethereum, Strategies: one(test.strategy, test.params).Strategies}
			if got := describe(strategy.Bases(q)[0]); got != test.want {
				t.Errorf("found %s, want %s", got, test.want)
			}
		})
	}
}

func describe(b strategy.Basis) string {
	if b.Unverifiable != "" {
		return "unverifiable: " + b.Unverifiable
	}
	var sources []string
	for _, s := range b.Sources {
		contract, of := s.Contract.Hex(), ""
		if strings.Trim(contract, "0x") == "" {
			contract = "the currency"
		}
		if !s.Own {
			of = " of another"
		}
		sources = append(sources, fmt.Sprintf("%v %s %s%s %d", s.Place, contract, s.Function, of, s.Decimals))
	}
	text := "[" + strings.Join(sources, "; ") + "]"
	if b.Plain {
		text = "plain " + text
	}
	return text
}

// TestHash: the same data has the same hash, in whatever form it comes.
func TestHash(t *testing.T) {
	t.Parallel()
	spec := func(name, network, params string) strategy.Spec {
		return strategy.Spec{Name: name, Network: network, Params: json.RawMessage(params)}
	}
	hash := func(specs ...strategy.Spec) string {
		text, err := strategy.Hash(chains.Optimism, specs)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	balance := spec("erc20-balance-of", "10", `{"address":"0x1","decimals":18}`)
	// printf '[{"name":"erc20-balance-of","network":"10","params":{"address":"0x1","decimals":18}}]' | sha256sum
	const known = "f16a0cfe4af0f709583bef47e88d67a680c7f23ec852a133479dc08032b6d626"
	if got := hash(balance); got != known {
		t.Errorf("found %s, want %s", got, known)
	}
	for name, same := range map[string]strategy.Spec{
		"another order of keys": spec("erc20-balance-of", "10", `{"decimals":18,"address":"0x1"}`),
		"spaces and escapes":    spec("erc20-balance-of", "10", ` { "address" : "\u0030x1", "decimals" : 18 } `),
		"a number spelled long": spec("erc20-balance-of", "10", `{"address":"0x1","decimals":18.0}`),
		"no network":            spec("erc20-balance-of", "", `{"address":"0x1","decimals":18}`),
	} {
		if hash(same) != hash(balance) {
			t.Errorf("%s: another hash", name)
		}
	}
	for name, other := range map[string][]strategy.Spec{
		"none":              nil,
		"twice":             {balance, balance},
		"another name":      {spec("erc20-votes", "10", string(balance.Params))},
		"another network":   {spec("erc20-balance-of", "1", string(balance.Params))},
		"another value":     {spec("erc20-balance-of", "10", `{"address":"0x1","decimals":17}`)},
		"a number as text":  {spec("erc20-balance-of", "10", `{"address":"0x1","decimals":"18"}`)},
		"a key more":        {spec("erc20-balance-of", "10", `{"address":"0x1","decimals":18,"symbol":"A"}`)},
		"a key twice":       {spec("erc20-balance-of", "10", `{"address":"0x1","address":"0x1","decimals":18}`)},
		"a key of no name":  {spec("erc20-balance-of", "10", `{"address":"0x1","decimals":18,"":null}`)},
		"an item elsewhere": {spec("erc20-balance-of", "10", `{"address":"0x1"}`), spec("", "10", `{"decimals":18}`)},
	} {
		if hash(other...) == hash(balance) {
			t.Errorf("%s: the same hash", name)
		}
	}
	if ticket := spec("ticket", "10", "{}"); hash(balance, ticket) == hash(ticket, balance) {
		t.Error("another order of strategies: the same hash")
	}
	if hash(spec("ticket", "", "null")) != hash(spec("ticket", "10", "{}")) {
		t.Error("no params are not an empty object")
	}
	if _, err := strategy.Hash(chains.Optimism, []strategy.Spec{spec("ticket", "", "{")}); err == nil {
		t.Error("broken JSON has a hash")
	}
}
