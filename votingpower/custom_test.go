package votingpower_test

import (
	"bytes"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// customFile is a made-up model of nothing but custom terms: two tokens on one chain, one of
// them with fewer decimals, a delegation that is taken away, and one word of several.
const customFile = `{
  "format": "perpquorum-model/2",
  "name": "Reef", "symbol": "REEF", "decimals": 18, "definition": "d", "synthetic": "made up",
  "network": "ethereum",
  "quorum": {"fraction": "1/2", "min": "150", "max": "400.5"},
  "turnout": "winner",
  "terms": [
    {"sign": "+", "chain": "ethereum", "contract": "0x1111111111111111111111111111111111111111",
     "call": "totalSupply()", "label": "REEF"},
    {"sign": "+", "chain": "ethereum", "contract": "0x2222222222222222222222222222222222222222",
     "call": "totalSupply()", "label": "old REEF", "decimals": 6},
    {"sign": "-", "chain": "ethereum", "contract": "0x1111111111111111111111111111111111111111",
     "call": "getVotes(address)", "args": ["0x3333333333333333333333333333333333333333"],
     "label": "delegated to nobody", "from": "2023-01-01"},
    {"sign": "-", "chain": "ethereum", "contract": "0x4444444444444444444444444444444444444444",
     "call": "locked(uint8)(bool open,uint256 amount)", "args": ["7"], "word": "amount",
     "label": "locked", "decimals": 18, "until": "2024-01-01"}
  ]
}`

// readQuorum is a quorum that a contract says.
const readQuorum = `{"chain": "1", "contract": "0x5555555555555555555555555555555555555555",
	"call": "quorumVotes()", "decimals": 18}`

func parseCustom(t *testing.T, old, new string) (*votingpower.Model, error) {
	t.Helper()
	if !strings.Contains(customFile, old) {
		t.Fatalf("the file does not hold %q", old)
	}
	return votingpower.ParseModel(strings.NewReader(strings.Replace(customFile, old, new, 1)))
}

// reefState gives 1000 + 5 − 200 − 5 = 800 tokens in 2023.
func reefState() state {
	token, old := common.HexToAddress("0x1111111111111111111111111111111111111111"),
		common.HexToAddress("0x2222222222222222222222222222222222222222")
	s := state{}
	s.set(chains.Ethereum, token, "totalSupply()", "1000000000000000000000")
	s.set(chains.Ethereum, token, "decimals()", "18")
	s.set(chains.Ethereum, token, "getVotes(address)", "200000000000000000000",
		common.HexToAddress("0x3333333333333333333333333333333333333333"))
	s.set(chains.Ethereum, old, "totalSupply()", "5000000")
	s.set(chains.Ethereum, common.HexToAddress("0x4444444444444444444444444444444444444444"), "locked(uint8)",
		"0", uint8(7))
	s.set(chains.Ethereum, common.HexToAddress("0x5555555555555555555555555555555555555555"), "quorumVotes()",
		"123000000000000000000")
	return s
}

// reefEvidence gives the function with two results both of its words.
func reefEvidence(t *testing.T, m *votingpower.Model) *votingpower.Evidence {
	t.Helper()
	e := evidence(t, m, queryTime, reefState())
	for i := range e.Reads {
		if e.Reads[i].To == "0x4444444444444444444444444444444444444444" {
			e.Reads[i].Result = append(word(big.NewInt(1)), word(units("5000000000000000000"))...)
		}
	}
	return e
}

// Each rule of a quorum decides in its turn; the sum is 800 tokens.
func TestComputeQuorumRules(t *testing.T) {
	t.Parallel()
	const rule = `{"fraction": "1/2", "min": "150", "max": "400.5"}`
	const read = `"read": ` + readQuorum
	for _, c := range []struct{ quorum, rule, want string }{
		{rule, votingpower.RuleFraction, "400"},
		{`"50%"`, votingpower.RuleFraction, "400"},
		{`{"fraction": "1/2"}`, votingpower.RuleFraction, "400"},
		{`{"fraction": "1/2", "max": "399.999"}`, votingpower.RuleMax, "399.999"},
		{`{"fraction": "1/2", "min": "400.000000000000000001"}`, votingpower.RuleMin, "400.000000000000000001"},
		{`{"fraction": "1/2", "min": "400", "max": "400"}`, votingpower.RuleFraction, "400"},
		{`{"fixed": "75000"}`, votingpower.RuleFixed, "75000"},
		{`{` + read + `}`, votingpower.RuleRead, "123"},
		{`{` + read + `, "min": "124"}`, votingpower.RuleMin, "124"},
		{`{` + read + `, "max": "122.5"}`, votingpower.RuleMax, "122.5"},
	} {
		m, err := parseCustom(t, rule, c.quorum)
		if err != nil {
			t.Fatalf("%s: %v", c.quorum, err)
		}
		roundTrip(t, m)
		r, err := votingpower.Compute(reefEvidence(t, m))
		if err != nil {
			t.Fatalf("%s: %v", c.quorum, err)
		}
		if got := votingpower.Decimal(m.InTokens(r.Quorum)); got != c.want || r.QuorumRule != c.rule {
			t.Errorf("%s: quorum %s by %s, want %s by %s", c.quorum, got, r.QuorumRule, c.want, c.rule)
		}
		if got := votingpower.Decimal(m.InTokens(new(big.Rat).SetInt(r.VotingPower))); got != "800" {
			t.Errorf("%s: voting power %s, want 800", c.quorum, got)
		}
	}
}

// A term counts from From until before Until.
func TestCustomTermsInTime(t *testing.T) {
	t.Parallel()
	m, err := parseCustom(t, "made up", "made up")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"2022-12-31": 3, "2023-01-01": 4, "2023-12-31": 4, "2024-01-01": 3} {
		terms, err := m.Terms(day(t, name))
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, term := range terms {
			if term.Group == votingpower.GroupTerm {
				found++
			}
		}
		if found != want {
			t.Errorf("%s: %d terms, want %d", name, found, want)
		}
	}
}

// A result of another length, a quorum of zero and a token with other decimals give no figure.
func TestComputeRefusesCustom(t *testing.T) {
	t.Parallel()
	m, err := parseCustom(t, `{"fraction": "1/2", "min": "150", "max": "400.5"}`, `{"read": `+readQuorum+`}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		signature string
		result    []byte
		want      string
	}{
		"one word of two":  {"locked(uint8)", word(big.NewInt(1)), "found 32 bytes, want 2 words of 32"},
		"three words":      {"locked(uint8)", bytes.Repeat(word(big.NewInt(1)), 3), "found 96 bytes, want 2 words of 32"},
		"a quorum of zero": {"quorumVotes()", word(new(big.Int)), "the quorum that quorumVotes() of 0x5555555"},
		"other decimals":   {"decimals()", word(big.NewInt(6)), "decimals() of 0x11111111"},
	} {
		e := reefEvidence(t, m)
		terms, err := m.Terms(queryTime)
		if err != nil {
			t.Fatal(err)
		}
		for i, term := range terms {
			if term.Call.Signature == c.signature {
				e.Reads[i].Result = c.result
			}
		}
		_, err = votingpower.Compute(e)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: found %v, want %q", name, err, c.want)
		}
	}
}

// Each mistake has a line of its own, with its path.
func TestParseModelRefusesCustom(t *testing.T) {
	t.Parallel()
	const rule = `{"fraction": "1/2", "min": "150", "max": "400.5"}`
	for _, c := range []struct{ old, new, want string }{
		{`model/2`, `model/1`, `needs the format "perpquorum-model/2"`},
		{`"winner"`, `"loser"`, `turnout: found the string "loser", want "all", "winner" or a list of choices`},
		{`"winner"`, `3`, `turnout: found the number 3, want an array`},
		{rule, `{}`, `quorum: is missing`},
		{rule, `{"fraction": "1/2", "fixed": "5"}`, `quorum: has 2 rules, want one of fraction, fixed and read`},
		{rule, `{"fixed": "5", "min": "1"}`, `quorum: is fixed: min and max would say nothing`},
		{rule, `{"fixed": "0"}`, `quorum.fixed: is 0`},
		{rule, `{"fixed": "1/3"}`, `quorum.fixed: found "1/3", want an amount of tokens`},
		{rule, `{"fixed": "05"}`, `quorum.fixed: found "05", want an amount of tokens`},
		{rule, `{"fixed": 5}`, `quorum.fixed: found the number 5, want a string`},
		{rule, `{"fraction": "1/2", "min": "3", "max": "2.5"}`, `quorum.max: is 2.5, less than min, 3`},
		{rule, `{"fraction": "3/2"}`, `quorum.fraction: found 3/2, want at most 1`},
		{rule, `{"share": "1/2"}`, `quorum.share: unknown key, want one of fraction, fixed, read, min, max`},
		{rule, `{"read": {"chain": "1", "call": "f()"}}`, `quorum.read: the key "contract" is missing`},
		{rule, `{"read": {"chain": "1", "contract": "0x5555555555555555555555555555555555555555", "call": "f"}}`,
			`quorum.read: function signature "f"`},
		{`"sign": "+"`, `"sign": "plus"`, `terms[0].sign: found "plus", want "+" or "-"`},
		{`"label": "REEF"`, `"label": ""`, `terms[0].label: is empty`},
		{`"decimals": 6`, `"decimals": 19`, `terms[1]: has 19 decimals, want at most the model's 18`},
		{`"totalSupply()", "label": "REEF"`, `"totalSupply(address)", "label": "REEF"`,
			`terms[0]: "totalSupply(address)" has 1 parameters, and args has 0`},
		{`["0x3333333333333333333333333333333333333333"]`, `["0xbc396689893d065f41bc2c6ecbee5e0085233447"]`,
			`terms[2]: args[0]: address 0xbc396689893d065f41bc2c6ecbee5e0085233447 does not carry its EIP-55 checksum`},
		{`["7"]`, `["256"]`, `terms[3]: args[0]: 256 is out of the range of uint8`},
		{`["7"]`, `["-1"]`, `terms[3]: args[0]: found "-1", want a constant of type uint8`},
		{`["7"]`, `["07"]`, `terms[3]: args[0]: found "07"`},
		{`"word": "amount"`, `"word": "open"`,
			`terms[3]: result "bool open": want a type of one word, and uintN for the amount`},
		{`"word": "amount"`, `"word": "sum"`, `terms[3]: word is "sum", want one of ["open" "amount"]`},
		{`,uint256 amount)`, `,string amount)`, `terms[3]: result "string amount": want a type of one word`},
		{`,uint256 amount)`, `,uint256 open)`, `terms[3]: result "uint256 open": want a type and a name of its own`},
		{`locked(uint8)(bool open,uint256 amount)`, `locked(uint8)`,
			`terms[3]: word is "amount", and call does not name its results`},
		{`0x2222222222222222222222222222222222222222`, `0x1111111111111111111111111111111111111111`,
			`terms[1]: is terms[0] again, at times that overlap`},
		{`"0x2222222222222222222222222222222222222222",
     "call": "totalSupply()"`, `"0x1111111111111111111111111111111111111111",
     "call": "totalSupply()(uint256 all)", "word": "all"`, `terms[1]: is terms[0] again, at times that overlap`},
		{`"terms"`, `"tokens": [{"chain": "1", "address": "0x2222222222222222222222222222222222222222", "label": "a",
     "supply": true}], "terms"`, `terms[1]: reads the supply or a balance of tokens[0]`},
		{`"terms"`, `"tokens": [{"chain": "1", "address": "0x6666666666666666666666666666666666666666", "label": "a",
     "supply": true}], "escrows": [{"chain": "1", "address": "0x1111111111111111111111111111111111111111",
     "label": "b", "weight": "totalSupply()", "locked": "locked()"}], "terms"`,
			`terms[0]: reads totalSupply(), which escrows[0] does already`},
		{`locked(uint8)(bool open,`, `locked(uint8)(bool open,` + strings.Repeat("bool a,", 200),
			`terms[3].call: has 1439 bytes, want at most 1000`},
		{`0x4444444444444444444444444444444444444444`, `0x0000000000000000000000000000000000000000`,
			`terms[3].contract: is the zero address`},
		{`"until": "2024-01-01"`, `"from": "2024-01-01", "until": "2023-01-01"`,
			`terms[3].until: found 2023-01-01T00:00:00Z, want a time after from`},
	} {
		_, err := parseCustom(t, c.old, c.new)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s for %s: found %v\nwant %s", c.new, c.old, err, c.want)
		}
	}
}

// Constants of every kind are encoded as the ABI says.
func TestCustomArguments(t *testing.T) {
	t.Parallel()
	m, err := parseCustom(t, `"totalSupply()", "label": "REEF"`,
		`"f(bool,int16,uint256,bytes3)", "args": ["true", "-2", "5", "0xabcdef"], "label": "REEF"`)
	if err != nil {
		t.Fatal(err)
	}
	terms, err := m.Terms(queryTime)
	if err != nil {
		t.Fatal(err)
	}
	want := common.FromHex("0000000000000000000000000000000000000000000000000000000000000001" +
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe" +
		"0000000000000000000000000000000000000000000000000000000000000005" +
		"abcdef0000000000000000000000000000000000000000000000000000000000")
	if got := terms[0].Call.Data[4:]; !bytes.Equal(got, want) {
		t.Errorf("found %x\nwant  %x", got, want)
	}
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
