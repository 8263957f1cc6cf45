package votingpower_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

func TestPERP(t *testing.T) {
	t.Parallel()
	m := votingpower.PERP()
	if m.Symbol != "PERP" || m.Decimals != 18 || m.Network != chains.Ethereum || m.Space != "vote-perp.eth" ||
		m.Synthetic != "" ||
		m.Quorum.Fraction.RatString() != "1/10" || m.Turnout.Choices != nil || len(m.Sources) == 0 {
		t.Errorf("found %+v", m)
	}
	if strings.Count(m.Definition, ".") != 1 || !strings.HasSuffix(m.Definition, ".") {
		t.Errorf("definition %q is not one sentence", m.Definition)
	}
	for _, w := range m.Excluded {
		if !w.From.IsZero() || !w.Until.IsZero() || w.Source == "" {
			t.Errorf("excluded wallet %+v: want open dates and a source", w)
		}
	}
	m.Excluded[0].Label = "changed"
	if votingpower.PERP().Excluded[0].Label == "changed" {
		t.Error("two calls share one model")
	}
}

// modelFile is a valid file on lines that the tests below count.
const modelFile = `{
  "format": "perpquorum-model/1",
  "name": "n", "symbol": "S", "decimals": 6, "definition": "d",
  "synthetic": "made up",
  "network": "ethereum",
  "quorum": "10%",
  "turnout": ["For"],
  "tokens": [
    {"chain": "ethereum", "address": "0x1111111111111111111111111111111111111111", "label": "t", "supply": true}
  ],
  "excluded": [
    {"chain": "1", "address": "0xbC396689893D065F41bc2C6EcbeE5e0085233447", ` +
	`"label": "w", "from": "2023-01-01", "until": "2023-02-01T00:00:00Z"},
    {"chain": "1", "address": "0xbC396689893D065F41bc2C6EcbeE5e0085233447", "label": "w", "from": "2023-02-01"}
  ],
  "escrows": [
    {"chain": "ethereum", "address": "0x4444444444444444444444444444444444444444", ` +
	`"label": "e", "weight": "weight()", "locked": "locked()"}
  ]
}`

// modelFile2 is a valid file of format 2.
var modelFile2 = strings.NewReplacer("perpquorum-model/1", "perpquorum-model/2", `"escrows"`, `"strategies": [
    {"name": "erc20-balance-of", "network": "1", "params": {"a": [1.50, {"b": "c"}]}},
    {"name": "ticket", "network": "10", "params": {}}
  ],
  "escrows"`).Replace(modelFile)

func TestParseModel(t *testing.T) {
	t.Parallel()
	m, err := votingpower.ParseModel(strings.NewReader(modelFile))
	if err != nil {
		t.Fatal(err)
	}
	perp := common.HexToAddress("0xbC396689893D065F41bc2C6EcbeE5e0085233447")
	february := time.Date(2023, 2, 1, 0, 0, 0, 0, time.UTC)
	want := &votingpower.Model{
		Format: votingpower.ModelFormat1, Name: "n", Symbol: "S", Decimals: 6, Definition: "d", Synthetic: "made up",
		Network: chains.Ethereum, Quorum: votingpower.FractionOf(1, 10),
		Turnout: votingpower.Turnout{Choices: []string{"For"}},
		Tokens: []votingpower.Token{{Chain: 1, Address: common.HexToAddress("0x1111111111111111111111111111111111111111"),
			Label: "t", Supply: true}},
		Excluded: []votingpower.Wallet{
			{Chain: 1, Address: perp, Label: "w", From: time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), Until: february},
			{Chain: 1, Address: perp, Label: "w", From: february},
		},
		Escrows: []votingpower.Escrow{{Chain: 1, Address: common.HexToAddress("0x4444444444444444444444444444444444444444"),
			Label: "e", Weight: "weight()", Locked: "locked()"}},
	}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("found %+v\nwant %+v", m, want)
	}
}

func TestParseModelRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", `"name": "n"`, `"name": "n", "note": 1`,
			`line 3: note: unknown key, want one of format, name, symbol`},
		{"unknown key in a row", `"label": "e"`, `"label": "e", "lock": ""`,
			`line 16: escrows[0].lock: unknown key, want one of chain, address, label, weight, locked, source`},
		{"key in another case", `"name"`, `"Name"`, `line 3: Name: unknown key`},
		{"key twice", `"name": "n"`, `"name": "n", "name": "n"`, `line 3: name: this key is there twice`},
		{"key twice in a row", `"label": "t"`, `"label": "t", "label": "t"`,
			`line 9: tokens[0].label: this key is there twice`},
		{"key twice by escape", `"name": "n"`, `"name": "n", "n\u0061me": "n"`, `line 3: name: this key is there twice`},
		{"trailing data", "]\n}", "]\n} {}", `line 18: not valid JSON: invalid character '{' after top-level value`},
		{"cut off", "]\n}", "]\n", `line 18: not valid JSON: unexpected EOF`},
		{"comma too many", `["For"]`, `["For",]`, `line 7: turnout: not valid JSON`},
		{"comment", `["For"]`, `["For"] // why`, `line 7: not valid JSON`},
		{"not UTF-8", `"d"`, "\"\xff\"", `line 3: definition: not valid JSON: invalid UTF-8`},
		{"nested too deeply", `["For"]`, strings.Repeat("[", 20) + strings.Repeat("]", 20),
			`line 7: turnout[0]: found an array, want a string`},
		{"array as document", modelFile, `[]`, `line 1: found an array, want an object`},
		{"null as document", modelFile, ` null`, `line 1: found null, want an object`},
		{"empty", modelFile, ``, `line 1: not valid JSON: unexpected EOF`},

		{"format missing", `"format": "perpquorum-model/1",`, ``, `line 1: the key "format" is missing`},
		{"format of the future", `perpquorum-model/1`, `perpquorum-model/3`, `line 2: format: found the string ` +
			`"perpquorum-model/3", and this program reads "perpquorum-model/1" and "perpquorum-model/2"`},
		{"format of the future with new keys", `/1",`, `/3", "title": "n",`,
			`line 2: format: found the string "perpquorum-model/3"`},
		{"a key of format 2", `"turnout": ["For"],`,
			`"turnout": ["For"], "strategies": [{"name": "ticket", "network": "1", "params": {}}],`,
			`line 7: strategies: needs the format "perpquorum-model/2"`},
		{"unknown key that would break the line", `"name": "n"`, `"name": "n", "a\nb": 1`, `line 3: "a\nb": unknown key`},
		{"format as number", `"perpquorum-model/1"`, `1`, `line 2: format: found the number 1`},
		{"format null", `"perpquorum-model/1"`, `null`, `line 2: format: found null`},

		{"name empty", `"name": "n"`, `"name": ""`, `line 3: name: is empty`},
		{"name as number", `"name": "n"`, `"name": 1`, `line 3: name: found the number 1, want a string`},
		{"name null", `"name": "n"`, `"name": null`, `line 3: name: found null, want a string`},
		{"name missing", `"name": "n",`, ``, `line 1: the key "name" is missing`},
		{"symbol with a line break", `"S"`, `"S\nT"`, `line 3: symbol: "S\nT" holds the character U+000A`},
		{"symbol that turns text around", `"S"`, `"S\u202eT"`, `symbol: "S\u202eT" holds the character U+202E`},
		{"half a surrogate pair", `"S"`, `"S\ud800"`, `line 3: symbol: not valid JSON: invalid surrogate pair`},
		{"space at the end", `"S"`, `"S "`, `line 3: symbol: "S " starts or ends with a space`},
		{"text too long", `"d"`, `"` + strings.Repeat("d", 1001) + `"`,
			`line 3: definition: has 1001 bytes, want at most 1000`},
		{"definition missing", `, "definition": "d"`, ``, `the key "definition" is missing`},
		{"synthetic empty", `"made up"`, `""`, `line 4: synthetic: is empty: leave the key out`},

		{"decimals negative", `"decimals": 6`, `"decimals": -6`,
			`line 3: decimals: found -6, want a whole number from 0 to 255`},
		{"decimals with a point", `"decimals": 6`, `"decimals": 6.0`, `line 3: decimals: found 6.0, want a whole number`},
		{"decimals as text", `"decimals": 6`, `"decimals": "6"`, `line 3: decimals: found the string "6", want a number`},
		{"decimals too large", `"decimals": 6`, `"decimals": 37`, `line 3: decimals: found 37, want 0 to 36`},
		{"decimals missing", `"decimals": 6,`, ``, `the key "decimals" is missing`},

		{"network unknown", `"network": "ethereum"`, `"network": "mainnet"`,
			`line 5: network: chain "mainnet": want ethereum, optimism, arbitrum, base, bnb, gnosis, polygon or a chain id`},
		{"network as number", `"network": "ethereum"`, `"network": 1`, `line 5: network: found the number 1, want a string`},
		{"network missing", `"network": "ethereum",`, ``, `the key "network" is missing`},
		{"network zero", `"network": "ethereum"`, `"network": "0"`, `line 5: network: chain "0"`},

		{"quorum negative", `"10%"`, `"-1/10"`, `line 6: quorum: found -1/10, want 0 or more`},
		{"quorum negative percent", `"10%"`, `"-10%"`, `line 6: quorum: found -1/10, want 0 or more`},
		{"quorum above 1", `"10%"`, `"10"`, `line 6: quorum: found 10, want at most 1, which is 100%`},
		{"quorum above 100%", `"10%"`, `"100.000001%"`, `line 6: quorum: found`},
		{"quorum as number", `"10%"`, `0.1`,
			`line 6: quorum: found the number 0.1, want a fraction such as "10%", or an object`},
		{"quorum with exponent", `"10%"`, `"1e-999999999"`,
			`line 6: quorum: found "1e-999999999", want a fraction such as "1/10", "0.1" or "10%"`},
		{"quorum in hex", `"10%"`, `"0x1p-2"`, `line 6: quorum: found "0x1p-2"`},
		{"quorum over zero", `"10%"`, `"1/0"`, `line 6: quorum: found "1/0"`},
		{"quorum ratio in percent", `"10%"`, `"1/10%"`, `line 6: quorum: found "1/10%"`},
		{"quorum empty", `"10%"`, `""`, `line 6: quorum: found ""`},
		{"quorum missing", `"quorum": "10%",`, ``, `the key "quorum" is missing`},

		{"choice empty", `["For"]`, `["For", ""]`, `line 7: turnout[1]: found ""`},
		{"choice twice", `["For"]`, `["For", "For"]`, `line 7: turnout[1]: found "For"`},
		{"turnout as text", `["For"]`, `"For"`,
			`line 7: turnout: found the string "For", want "all", "winner" or a list of choices`},

		{"token twice", `"supply": true}`, `"supply": true},
			{"chain": "1", "address": "0x5555555555555555555555555555555555555555", "label": "t", "supply": false}`,
			`line 10: tokens[1].chain: ethereum has a token already, tokens[0]: want one per chain`},
		{"no supply", `"supply": true`, `"supply": false`, `line 8: tokens: no token has "supply": true`},
		{"supply missing", `, "supply": true`, ``, `line 9: tokens[0]: the key "supply" is missing`},
		{"supply as text", `"supply": true`, `"supply": "true"`,
			`line 9: tokens[0].supply: found the string "true", want a boolean`},
		{"no token at all",
			`{"chain": "ethereum", "address": "0x1111111111111111111111111111111111111111", "label": "t", "supply": true}`, ``,
			`line 8: tokens: no token has "supply": true`},
		{"token as text",
			`{"chain": "ethereum", "address": "0x1111111111111111111111111111111111111111", "label": "t", "supply": true}`,
			`"t"`, `line 9: tokens[0]: found the string "t", want an object`},

		{"checksum", `0xbC396689893D065F41bc2C6EcbeE5e0085233447", "label": "w", "from": "2023-02`,
			`0xBC396689893D065F41bc2C6EcbeE5e0085233447", "label": "w", "from": "2023-02`,
			`line 13: excluded[1].address: address 0xBC396689893D065F41bc2C6EcbeE5e0085233447 ` +
				`does not carry its EIP-55 checksum: if no digit is wrong, write 0xbC396689893D065F41bc2C6EcbeE5e0085233447`},
		{"lower case", `0xbC396689893D065F41bc2C6EcbeE5e0085233447`, `0xbc396689893d065f41bc2c6ecbee5e0085233447`,
			`line 12: excluded[0].address: address 0xbc396689893d065f41bc2c6ecbee5e0085233447 ` +
				`does not carry its EIP-55 checksum`},
		{"one digit wrong", `0xbC396689893D065F41bc2C6EcbeE5e0085233447`, `0xbC396689893D065F41bc2C6EcbeE5e0085233448`,
			`line 12: excluded[0].address: address`},
		{"address without 0x", `0x4444444444444444444444444444444444444444`, `4444444444444444444444444444444444444444`,
			`line 16: escrows[0].address: found "4444444444444444444444444444444444444444", want an address`},
		{"address with 0X", `0x4444444444444444444444444444444444444444`, `0X4444444444444444444444444444444444444444`,
			`line 16: escrows[0].address`},
		{"address too short", `0x4444444444444444444444444444444444444444`, `0x44`,
			`line 16: escrows[0].address: found "0x44", want an address: 0x and 40 hex digits`},
		{"name for an address", `0x4444444444444444444444444444444444444444`, `perp.eth`,
			`line 16: escrows[0].address: found "perp.eth"`},
		{"zero address", `0x1111111111111111111111111111111111111111`, `0x0000000000000000000000000000000000000000`,
			`line 9: tokens[0].address: is the zero address`},

		{"wallet twice", `"from": "2023-02-01"`, `"from": "2023-01-31T23:59:59.999999999Z"`,
			`line 13: excluded[1].address: 0xbC396689893D065F41bc2C6EcbeE5e0085233447 on ethereum ` +
				`is excluded by excluded[0] already, at times that overlap`},
		{"wallet twice, open dates", `, "from": "2023-02-01"`, ``, `line 13: excluded[1].address`},
		{"from after until", `"until": "2023-02-01T00:00:00Z"`, `"until": "2023-01-01T00:00:00Z"`,
			`line 12: excluded[0].until: found 2023-01-01T00:00:00Z, want a time after from`},
		{"date with offset", `2023-02-01T00:00:00Z`, `2023-02-01T00:00:00+01:00`,
			`line 12: excluded[0].until: found "2023-02-01T00:00:00+01:00", ` +
				`want a time in UTC such as 2022-09-14T12:30:00Z, or a day such as 2022-09-14`},
		{"date with idle digits", `2023-02-01T00:00:00Z`, `2023-02-01T00:00:00.10Z`, `excluded[0].until`},
		{"date with comma", `2023-02-01T00:00:00Z`, `2023-02-01T00:00:00,1Z`, `excluded[0].until`},
		{"no such day", `"from": "2023-01-01"`, `"from": "2023-02-30"`, `line 12: excluded[0].from: found "2023-02-30"`},
		{"date empty", `"from": "2023-01-01"`, `"from": ""`, `line 12: excluded[0].from: found "", want a time in UTC`},
		{"date before chains", `"from": "2023-01-01"`, `"from": "0001-01-01"`,
			`line 12: excluded[0].from: found year 1, want 1970 to 9999`},
		{"chain without token", `{"chain": "1", "address"`, `{"chain": "optimism", "address"`,
			`line 12: excluded[0].chain: the model has no token on optimism: add one to tokens`},
		{"label missing", `"label": "w", "from": "2023-01-01"`, `"from": "2023-01-01"`,
			`line 12: excluded[0]: the key "label" is missing`},

		{"escrow without token", `{"chain": "ethereum", "address": "0x44`, `{"chain": "8453", "address": "0x44`,
			`line 16: escrows[0].chain: the model has no token on 8453`},
		{"escrow twice", `"locked": "locked()"}`, `"locked": "locked()"},
			{"chain": "1", "address": "0x4444444444444444444444444444444444444444", ` +
			`"label": "e", "weight": "weight()", "locked": "locked()"}`,
			`line 17: escrows[1].address: 0x4444444444444444444444444444444444444444 on ethereum is escrows[0] already`},
		{"escrow is excluded", `0xbC396689893D065F41bc2C6EcbeE5e0085233447`, `0x4444444444444444444444444444444444444444`,
			`line 12: excluded[0].address: 0x4444444444444444444444444444444444444444 is escrows[0]: ` +
				`what is locked in it would be subtracted twice`},
		{"escrow is a token", `0x4444444444444444444444444444444444444444`, `0x1111111111111111111111111111111111111111`,
			`line 16: escrows[0].address: 0x1111111111111111111111111111111111111111 is tokens[0]: ` +
				`its supply would be counted twice`},
		{"signature with arguments", `"weight()"`, `"weight(uint256)"`,
			`line 16: escrows[0].weight: found "weight(uint256)", want a function without arguments such as "totalSupply()"`},
		{"signature without parentheses", `"weight()"`, `"weight"`, `line 16: escrows[0].weight: found "weight"`},
		{"signature with a space", `"locked()"`, `"locked ()"`, `line 16: escrows[0].locked: function signature "locked ()"`},
		{"signature empty", `"locked()"`, `""`, `line 16: escrows[0].locked: found ""`},
		{"locked is the weight", `"locked()"`, `"weight()"`, `line 16: escrows[0].locked: "weight()" is the weight too`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(modelFile, c.old) {
				t.Fatalf("the file does not hold %q", c.old)
			}
			m, err := votingpower.ParseModel(strings.NewReader(strings.Replace(modelFile, c.old, c.new, 1)))
			if err == nil {
				t.Fatalf("found no error but %+v", m)
			}
			if !strings.HasPrefix(err.Error(), "model file, line ") || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(err.Error(), "\n") {
				t.Errorf("found %q\nwant  %q", err, c.want)
			}
		})
	}
}

// TestParseModel2 reads a file of format 2, and refuses what only this format refuses.
func TestParseModel2(t *testing.T) {
	t.Parallel()
	m, err := votingpower.ParseModel(strings.NewReader(modelFile2))
	if err != nil {
		t.Fatal(err)
	}
	want := []votingpower.Strategy{
		{Name: "erc20-balance-of", Network: "1", Params: json.RawMessage(`{"a":[1.5,{"b":"c"}]}`)},
		{Name: "ticket", Network: "10", Params: json.RawMessage(`{}`)},
	}
	if m.Format != votingpower.ModelFormat || !reflect.DeepEqual(m.Strategies, want) {
		t.Errorf("found %q, %s", m.Format, m.Strategies)
	}
	roundTrip(t, m)
	long := strings.Repeat("é", 81) // two bytes each
	for _, c := range []struct{ old, new, want string }{
		{`"S"`, `"PERP (built in)"`, `line 3: symbol: found "PERP (built in)", want at most 12 letters`},
		{`"S"`, `"ABCDEFGHIJKLM"`, `line 3: symbol: found "ABCDEFGHIJKLM"`},
		{`"S"`, `"PЕRP"`, `line 3: symbol: found "PЕRP"`}, // the second letter is Cyrillic
		{`"name": "n"`, `"name": "` + long + `"`, `line 3: name: has 81 characters, want at most 80`},
		{`"label": "e"`, `"label": "` + long + `"`, `escrows[0].label: has 81 characters, want at most 80`},
		{`"d"`, `"` + strings.Repeat("d", 501) + `"`, `line 3: definition: has 501 characters, want at most 500`},
		{`"made up"`, `"` + strings.Repeat("m", 301) + `"`, `line 4: synthetic: has 301 characters, want at most 300`},
		{`"ticket"`, `" "`, `strategies[1].name: " " starts or ends with a space`},
		{`"10", "params"`, `"optimism", "params"`,
			`strategies[1].network: found "optimism", want a chain id in decimal digits such as "1"`},
		{`{}}`, `null}`, `strategies[1].params: found null, want an object`},
		{`, "params": {}`, ``, `strategies[1]: the key "params" is missing`},
		{`{"b": "c"}`, `{"b": "c", "b": "d"}`, `strategies[0].params.a[1].b: this key is there twice`},
		{`{}}`, `{}, "id": 1}`, `strategies[1].id: unknown key, want one of name, network, params`},
	} {
		if _, err := votingpower.ParseModel(strings.NewReader(strings.Replace(modelFile2, c.old, c.new, 1))); err == nil ||
			!strings.Contains(err.Error(), c.want) {
			t.Errorf("found %v\nwant  %s", err, c.want)
		}
	}
	for _, good := range []string{"USD.e", "stkAAVE-v2", "1INCH"} {
		file := strings.Replace(modelFile2, `"S"`, `"`+good+`"`, 1)
		if _, err := votingpower.ParseModel(strings.NewReader(file)); err != nil {
			t.Error(err)
		}
	}
}

func TestParseModelReader(t *testing.T) {
	t.Parallel()
	if _, err := votingpower.ParseModel(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("found %v, want the reader's error", err)
	}
	large := modelFile + strings.Repeat(" ", 1<<20)
	if _, err := votingpower.ParseModel(strings.NewReader(large)); err == nil ||
		!strings.Contains(err.Error(), "larger than 1048576 bytes") {
		t.Errorf("found %v for a file that is too large", err)
	}
}

func TestQuorumTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1/10": "1/10", "0.1": "1/10", "10%": "1/10", "2/20": "1/10", "0.10": "1/10", "0": "0", "0%": "0", "1": "1",
		"100%": "1",
		"4.5%": "9/200", "1/3": "1/3", "0.000000000000000000000000000001%": "1/100000000000000000000000000000000",
	} {
		m, err := votingpower.ParseModel(strings.NewReader(strings.Replace(modelFile, "10%", text, 1)))
		if err != nil {
			t.Errorf("quorum %q: %v", text, err)
		} else if m.Quorum.Fraction.RatString() != want {
			t.Errorf("quorum %q is %s, want %s", text, m.Quorum.Fraction.RatString(), want)
		}
	}
}

// A model that is built in Go follows the same rules.
func TestModelCheck(t *testing.T) {
	t.Parallel()
	if err := (&votingpower.Model{}).Check(); err == nil || err.Error() != "name: is empty" {
		t.Errorf("zero model: %v", err)
	}
	if _, err := (*votingpower.Model)(nil).Terms(queryTime); err == nil {
		t.Error("terms of no model")
	}
	for _, test := range []struct {
		want   string
		change func(*votingpower.Model)
	}{
		{"network: is missing, want a chain such as ethereum", func(m *votingpower.Model) { m.Network = 0 }},
		{"quorum: is missing", func(m *votingpower.Model) { m.Quorum = votingpower.Quorum{} }},
		{"quorum: numerator and denominator have 1 and 130 bits, want at most 128", func(m *votingpower.Model) {
			m.Quorum.Fraction.SetFrac(big.NewInt(1), new(big.Int).Lsh(big.NewInt(1), 129))
		}},
		{"tokens[1].chain: is missing, want a chain such as ethereum", func(m *votingpower.Model) {
			m.Tokens[1].Chain = 0
		}},
		{"excluded[4].label: is empty", func(m *votingpower.Model) { m.Excluded[4].Label = "" }},
		{"excluded[2].from: found year 12000, want 1970 to 9999", func(m *votingpower.Model) {
			m.Excluded[2].From = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
		}},
		{`turnout[0]: found "\xff", want a choice that is not empty and not listed twice`, func(m *votingpower.Model) {
			m.Turnout.Choices = []string{"\xff"}
		}},
		{"sources[0]: is empty", func(m *votingpower.Model) { m.Sources[0] = "" }},
		{`format: found "perpquorum-model/0", want "perpquorum-model/2" or "perpquorum-model/1"`,
			func(m *votingpower.Model) { m.Format = "perpquorum-model/0" }},
		{"strategies[0].params: found an array, want an object", func(m *votingpower.Model) {
			m.Format = ""
			m.Strategies = []votingpower.Strategy{{Name: "ticket", Network: "1", Params: json.RawMessage("[]")}}
		}},
		{"strategies[0].params: not valid JSON: unexpected EOF", func(m *votingpower.Model) {
			m.Format, m.Strategies = "", []votingpower.Strategy{{Name: "ticket", Network: "1"}}
		}},
		{"strategies: has 21 strategies, want at most 20", func(m *votingpower.Model) {
			m.Format, m.Strategies = "", make([]votingpower.Strategy, 21)
		}},
	} {
		m := votingpower.PERP()
		test.change(m)
		if err := m.Check(); err == nil || err.Error() != test.want {
			t.Errorf("found %v, want %s", err, test.want)
		}
		if _, err := m.Terms(queryTime); err == nil {
			t.Errorf("terms of a model with %s", test.want)
		}
		if _, err := json.Marshal(m); err == nil {
			t.Errorf("JSON of a model with %s", test.want)
		}
	}
}

func roundTrip(t *testing.T, m *votingpower.Model) {
	t.Helper()
	written, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := votingpower.ParseModel(bytes.NewReader(written))
	if err != nil {
		t.Fatalf("%v in %s", err, written)
	}
	if !reflect.DeepEqual(m, again) {
		t.Errorf("found %+v\nwant %+v", again, m)
	}
	var third votingpower.Model
	if err := json.Unmarshal(written, &third); err != nil || !reflect.DeepEqual(m, &third) {
		t.Errorf("UnmarshalJSON: %v, found %+v", err, third)
	}
}

func TestModelRoundTrip(t *testing.T) {
	t.Parallel()
	roundTrip(t, votingpower.PERP())
	roundTrip(t, madeUp(t))
	m := votingpower.PERP()
	m.Format = "" // as a model that is built in Go
	if !bytes.Contains(marshal(t, m), []byte(`{"format":"perpquorum-model/2",`)) {
		t.Errorf("found %s", marshal(t, m))
	}
}

// Printed without escapes for HTML, a model is fit for reading and editing.
func TestModelReadable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(votingpower.PERP()); err != nil {
		t.Fatal(err)
	}
	if want := `"label": "Ecosystem & Rewards, Investor, Team (DAO locked wallet)",`; !strings.Contains(out.String(),
		want) {
		t.Errorf("%s\ndoes not hold %s", &out, want)
	}
	file, err := os.ReadFile("perp.json")
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(file) {
		t.Errorf("the embedded file is not in the form that a model is written in:\n%s", &out)
	}
}

func TestModelUnmarshalRefuses(t *testing.T) {
	t.Parallel()
	var m votingpower.Model
	err := json.Unmarshal([]byte(strings.Replace(modelFile, `"S"`, `""`, 1)), &m)
	if err == nil || err.Error() != "model: symbol: is empty" {
		t.Errorf("found %v", err)
	}
}

func FuzzParseModel(f *testing.F) {
	f.Add([]byte(modelFile))
	f.Add([]byte(modelFile2))
	f.Add([]byte(`{"format":"perpquorum-model/1","tokens":[{"chain":"1"}]}`))
	made, err := os.ReadFile("testdata/madeup.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(made)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := votingpower.ParseModel(bytes.NewReader(data))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			return
		}
		roundTrip(t, m)
		if _, err := m.Terms(queryTime); err != nil {
			t.Errorf("a model that parses has no terms: %v", err)
		}
	})
}
