package signature_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/signature"
)

// order and signed are the lines of testdata/oracle.cjs.
type order struct {
	Key     string                     `json:"key"`
	Domain  map[string]any             `json:"domain"`
	Primary string                     `json:"primary"`
	Types   []typedField               `json:"types"`
	Message map[string]any             `json:"message"`
	Texts   map[string]json.RawMessage `json:"texts"`
}

type typedField struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type signed struct {
	ID, Address, Sig, Trusted, Error string
	Verified                         bool
}

// newOrder asks for a message whose fields are written like "string from,uint64 timestamp".
func newOrder(key, primary, fields string, chainID uint64, values map[string]any) order {
	o := order{
		Key: key, Primary: primary, Domain: map[string]any{"name": "snapshot", "version": "0.1.4"},
		Message: map[string]any{}, Texts: map[string]json.RawMessage{},
	}
	if chainID != 0 {
		o.Domain["chainId"] = chainID
	}
	for declaration := range strings.SplitSeq(fields, ",") {
		kind, name, _ := strings.Cut(declaration, " ")
		o.Types = append(o.Types, typedField{name, kind})
		raw, isJSON := values[name].(json.RawMessage)
		if isJSON && kind == "string" {
			o.Texts[name] = raw
		} else {
			o.Message[name] = values[name]
		}
	}
	return o
}

// askOracle signs with Snapshot's own code.
func askOracle(t *testing.T, orders []order) []signed {
	t.Helper()
	answers := testenv.Ask[order, signed](t, "testdata/oracle.cjs", orders)
	for i, s := range answers {
		if s.Error != "" || !s.Verified {
			t.Fatalf("the oracle refused order %d, %+v: %+v", i, orders[i], s)
		}
	}
	return answers
}

// someone returns a made-up key and its address.
func someone(rnd *rand.Rand) (key, address string) {
	k := keyOf(strconv.FormatUint(rnd.Uint64(), 16))
	return hexOf(crypto.FromECDSA(k)), crypto.PubkeyToAddress(k.PublicKey).Hex()
}

// randomText has all that JSON or HTML escapes, and what does not fit 16 bits.
func randomText(rnd *rand.Rand) string {
	const runes = "aZ09 \"'\\/\b\t\n\f\r\x00\x1f\x7f<>&\u00e9\u2028\u2029\ufeff\ufffd漢😀"
	all := []rune(runes)
	text := make([]rune, rnd.IntN(12))
	for i := range text {
		text[i] = all[rnd.IntN(len(all))]
	}
	return string(text)
}

// TestOracleVotes signs votes of every type that Snapshot's server
// trusts: each row is rebuilt, and proves who signed it.
func TestOracleVotes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2026, 8))
	var orders []order
	var rows []snapshot.Vote
	for _, fields := range voteTypes() {
		for range testenv.Runs(t, 4) {
			o, v := randomVote(rnd, fields)
			orders, rows = append(orders, o), append(rows, v)
		}
	}
	p := &snapshot.Proposal{ID: proposalID, Space: "made-up.eth", Choices: []string{"A", "B"}}
	for i, answer := range askOracle(t, orders) {
		v := &rows[i]
		v.ID = answer.ID
		s := signature.CheckSigner(p, v, snapshot.Message{ID: v.ID, Address: answer.Address, Sig: answer.Sig})
		want := signature.Verified
		if len(v.Voter) == 66 {
			want = signature.Alias
		}
		if !strings.HasPrefix(answer.Trusted, "vote") || s.Content.Verdict != signature.Matches || s.Content.Field != "" ||
			s.Class != want || s.Address != answer.Address {
			t.Errorf("%+v: %s, %+v", orders[i], answer.Trusted, s)
		}
		v.Created++
		if c := signature.CheckVote(p, v); c.Verdict == signature.Matches {
			t.Errorf("%+v matches a second later: %+v", orders[i], c)
		}
	}
}

// voteTypes are the fields of the 36 types of vote.
func voteTypes() (types []string) {
	const full = ",string reason,string app,string metadata"
	tails := map[string][]string{
		"address from": {"", ",string metadata", ",string app", ",string reason,string app", full},
		"string from":  {full},
	}
	for _, from := range []string{"address from", "string from"} {
		for _, proposal := range []string{"string", "bytes32"} {
			for _, choice := range []string{"uint32", "uint32[]", "string"} {
				for _, tail := range tails[from] {
					types = append(types, fmt.Sprintf("%s,string space,uint64 timestamp,%s proposal,%s choice%s",
						from, proposal, choice, tail))
				}
			}
		}
	}
	return types
}

// randomVote returns a message of a type, and its row without the id.
func randomVote(rnd *rand.Rand, fields string) (order, snapshot.Vote) {
	key, voter := someone(rnd)
	chainID := uint64(0)
	if strings.HasPrefix(fields, "string from") && rnd.IntN(4) == 0 {
		voter = fmt.Sprintf("0x%064x", rnd.Uint64()) // on Starknet
	} else if rnd.IntN(4) == 0 {
		chainID = []uint64{1, 137, 42161, 1666600000}[rnd.IntN(4)]
	}
	v := snapshot.Vote{Voter: voter, Created: 1750000000 + rnd.Int64N(1e7), Metadata: json.RawMessage(`{}`)}
	v.Choice = json.RawMessage(randomChoice(rnd, fields))
	if strings.Contains(fields, "string reason") {
		v.Reason = randomText(rnd)
	}
	if strings.Contains(fields, "string app") {
		v.App = randomText(rnd)
	}
	metadata := []string{"", "{}"}[rnd.IntN(2)]
	return newOrder(key, "Vote", fields, chainID, map[string]any{
		"from": voter, "space": "made-up.eth", "timestamp": v.Created, "proposal": proposalID, "choice": v.Choice,
		"reason": v.Reason, "app": v.App, "metadata": metadata,
	}), v
}

// randomChoice is the JSON of a choice of the kind that a type has. As text,
// anything may be signed.
func randomChoice(rnd *rand.Rand, fields string) string {
	kind := 2
	switch {
	case strings.Contains(fields, "uint32 choice"):
		kind = 0
	case strings.Contains(fields, "uint32[] choice"):
		kind = 1
	default:
		kind = rnd.IntN(3)
	}
	switch kind {
	case 0:
		return strconv.FormatUint(uint64(rnd.Uint32()>>rnd.IntN(32)), 10)
	case 1:
		list := make([]uint32, rnd.IntN(6))
		for i := range list {
			list[i] = rnd.Uint32() >> rnd.IntN(32)
		}
		return strings.ReplaceAll(fmt.Sprint(list), " ", ",")
	}
	return randomWeights(rnd)
}

// randomWeights has keys as JavaScript orders them, and numbers of any size.
func randomWeights(rnd *rand.Rand) string {
	var weights []string
	for choice := 1; choice < 30; choice += 1 + rnd.IntN(10) {
		weight := strconv.FormatFloat(rnd.Float64(), 'g', 1+rnd.IntN(17), 64) + fmt.Sprintf("e%d", rnd.IntN(60)-30)
		if strings.Count(weight, "e") > 1 || rnd.IntN(2) == 0 {
			weight = strconv.Itoa(rnd.IntN(100))
		}
		weights = append(weights, fmt.Sprintf("%q: %s", strconv.Itoa(choice), weight))
	}
	return "{ " + strings.Join(weights, " , ") + " }"
}

// TestOracleProposals does the same for every type of proposal that
// Snapshot's server trusts.
func TestOracleProposals(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2026, 9))
	var orders []order
	var rows []snapshot.Proposal
	types := readVectors(t, "testdata/eip712-proposals.json")[1:9] // the first type had no from, and is trusted no more
	runs := testenv.Runs(t, 8)
	for _, v := range types {
		for range runs {
			o, p := randomProposal(rnd, v.fields(t))
			orders, rows = append(orders, o), append(rows, p)
		}
	}
	for i, answer := range askOracle(t, orders) {
		p := &rows[i]
		p.ID = answer.ID
		c := signature.CheckProposal(p)
		if answer.Trusted != "proposal" || c.Verdict != signature.Matches || c.Field != "" ||
			c.Type != "Proposal("+types[i/runs].fields(t)+")" {
			t.Errorf("%+v: %s, %+v", orders[i], answer.Trusted, c)
		}
		p.Title += "!"
		if c := signature.CheckProposal(p); c.Verdict == signature.Matches {
			t.Errorf("%+v matches with another title: %+v", orders[i], c)
		}
	}
}

// fields writes the type of a vector like "string from,uint64 timestamp".
func (v vector) fields(t testing.TB) string {
	t.Helper()
	var types []typedField
	if err := json.Unmarshal(v.Types, &types); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range types {
		list = append(list, f.Type+" "+f.Name)
	}
	return strings.Join(list, ",")
}

func randomProposal(rnd *rand.Rand, fields string) (order, snapshot.Proposal) {
	key, author := someone(rnd)
	p := snapshot.Proposal{
		Author: author, Space: "made-up.eth", Network: "1", Type: []string{"basic", "single-choice", "weighted"}[rnd.IntN(3)],
		Title: randomText(rnd), Body: randomText(rnd), Choices: []string{randomText(rnd), randomText(rnd)},
		Created: 1750000000 + rnd.Int64N(1e7), Start: rnd.Int64N(1e10), End: rnd.Int64N(1e10), Snapshot: rnd.Uint64() >> 11,
		Plugins: json.RawMessage(`{}`),
	}
	if strings.Contains(fields, "discussion") {
		p.Discussion = randomText(rnd)
	}
	if strings.Contains(fields, "labels") {
		p.Labels = []string{randomText(rnd)}
	}
	if strings.Contains(fields, "privacy") {
		p.Privacy = []string{"", "shutter", "any"}[rnd.IntN(3)]
	}
	if strings.Contains(fields, "app") {
		p.App = randomText(rnd)
	}
	var strategies json.RawMessage
	strategies, p.Strategies = randomStrategies(rnd)
	return newOrder(key, "Proposal", fields, 0, map[string]any{
		"from": author, "space": p.Space, "timestamp": p.Created, "type": p.Type, "title": p.Title, "body": p.Body,
		"discussion": p.Discussion, "choices": p.Choices, "labels": p.Labels, "start": p.Start, "end": p.End,
		"snapshot": p.Snapshot, "network": p.Network, "strategies": strategies, "plugins": json.RawMessage(p.Plugins),
		"metadata": "{}", "privacy": p.Privacy, "app": p.App,
	}), p
}

// randomStrategies are strategies as a client signs them, and as the hub shows
// them: it fills in the network. Clients put the network last, second, or
// nowhere if it is the proposal's.
func randomStrategies(rnd *rand.Rand) (json.RawMessage, []snapshot.Strategy) {
	var texts []string
	var rows []snapshot.Strategy
	where := rnd.IntN(4)
	for range 1 + rnd.IntN(3) {
		s := snapshot.Strategy{Name: "ticket", Network: []string{"1", "10"}[rnd.IntN(2)]}
		s.Params, _ = json.Marshal(map[string]any{"symbol": randomText(rnd), "value": rnd.Float64()})
		network := `,"network":"` + s.Network + `"`
		if where >= 2 && s.Network == "1" {
			network = ""
		}
		text := `{"name":"ticket"` + network + `,"params":` + string(s.Params) + `}`
		if where%2 == 0 {
			text = `{"name":"ticket","params":` + string(s.Params) + network + `}`
		}
		texts, rows = append(texts, text), append(rows, s)
	}
	return json.RawMessage("[" + strings.Join(texts, ",") + "]"), rows
}
