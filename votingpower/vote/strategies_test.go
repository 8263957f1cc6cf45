package vote_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/strategy"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

const (
	vePERP   = "0xD360B73b19Fb20aC874633553Fb1007e9FcB2b78"
	stranger = "0x6666666666666666666666666666666666666666" // a contract that the model does not have
)

// holdings is a chain where each of the voters has so many tokens, 18 decimals, by the contract that is asked.
type holdings struct {
	chains.Node // panics: nothing else is asked

	t      testing.TB
	block  chains.Block
	tokens map[string]string
}

func (h holdings) Chain() (chains.ID, bool) { return 0, false }

func (h holdings) BlockByNumber(context.Context, uint64) (chains.Block, error) {
	b := h.block
	b.Pinned = true
	return b, nil
}

func (h holdings) BlockAt(context.Context, time.Time) (chains.Block, error) { return h.block, nil }

func (h holdings) Faults() []chains.Fault { return nil }

func (h holdings) BulkCallAt(
	_ context.Context, _ chains.Block, calls []chains.Call,
) (answers []chains.Answer, _ error) {
	for _, c := range calls {
		wei := baseUnits(h.t, cmp.Or(h.tokens[c.To.Hex()], "0"), 18)
		answers = append(answers, chains.Answer{Data: common.LeftPadBytes(wei.Bytes(), 32)})
	}
	return answers, nil
}

// named is a strategy on Ethereum, if the name does not say "NAME@CHAIN".
func named(name, params string) snapshot.Strategy {
	name, network, ok := strings.Cut(name, "@")
	if !ok {
		network = "1"
	}
	return snapshot.Strategy{Name: name, Network: network, Params: json.RawMessage(params)}
}

// voted is evidence of a vote by some strategies in which everybody is honest. The hub's
// figures of the strategies that are not recomputed are given for each voter.
func voted(t testing.TB, voters int, tokens map[string]string, hub []float64, by ...snapshot.Strategy) *vote.Evidence {
	t.Helper()
	e := poll(t, slices.Repeat([]ballot{votesFor("0")}, voters)...)
	e.Proposal.Strategies = by
	askAgain(t, e)
	polygon := blockAt(77, snapshotTime-2, snapshotTime+1)
	nodes := map[chains.ID]chains.Node{137: holdings{t: t, block: polygon, tokens: tokens}}
	for id, c := range e.Circulating.Chains {
		nodes[id] = holdings{t: t, block: c.Block, tokens: tokens}
	}
	var err error
	if e.Power, err = strategy.Collect(t.Context(), nodes, e.Power.Query); err != nil {
		t.Fatal(err)
	}
	result, err := strategy.Compute(e.Power)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.Votes {
		v := &e.Votes[i]
		v.VP, v.VPByStrategy = 0, nil
		for k, score := range result.Powers[0].Scores[i] {
			if score.Value == 0 && result.Unverifiable[k] != "" {
				score.Value = hub[i]
			}
			v.VP, v.VPByStrategy = v.VP+score.Value, append(v.VPByStrategy, score.Value)
		}
	}
	recount(t, e)
	return e
}

// of are the parameters of a strategy on a contract.
func of(contract, more string) string { return `{"address":"` + contract + `"` + more + `}` }

// calls are the parameters of a contract-call without arguments but those given.
func calls(contract, function, inputs, more string) string {
	var types []string
	for t := range strings.SplitSeq(inputs, ",") {
		types = append(types, `{"type":"`+t+`"}`)
	}
	return of(contract, `,"methodABI":{"type":"function","name":"`+function+`","stateMutability":"view","inputs":[`+
		strings.Join(types, ",")+`],"outputs":[{"type":"uint256"}]}`+more)
}

// standings lists what the outcome says of each strategy.
func standings(o *vote.Outcome) string {
	var list []string
	for _, s := range o.Strategies.Shares {
		list = append(list, fmt.Sprintf("%s %s %s", s.Standing, s.Source, votingpower.Decimal(s.Power)))
	}
	return strings.Join(list, "; ")
}

// TestEstablished: a vote reaches the quorum of 14,639,538.5 by what the model's contracts
// give, and by nothing that a hub can name beside them.
func TestEstablished(t *testing.T) {
	nested := func(network, name, params string) string {
		return `{"name":"` + name + `","network":"` + network + `","params":` + params + `}`
	}
	several := func(list ...string) string { return `{"strategies":[` + strings.Join(list, ",") + `]}` }
	perp, ticket := of(perpOnL1, ""), named("ticket", `{"value":9000000}`)
	tests := map[string]struct {
		perp    string // of the voter, on Ethereum
		by      []snapshot.Strategy
		verdict vote.Verdict
		want    string
	}{
		"a contract of the model": {quorumTokens, []snapshot.Strategy{named("erc20-balance-of", perp)}, vote.Reached,
			"of-the-model chains 14639538.5"},
		"a ticket": {"6000000", []snapshot.Strategy{named("erc20-balance-of", perp), ticket}, vote.NotEstablished,
			"of-the-model chains 6000000; nothing-read proposal 9000000"},
		"a ticket before": {"6000000", []snapshot.Strategy{ticket, named("erc20-balance-of", perp)}, vote.NotEstablished,
			"nothing-read proposal 9000000; of-the-model chains 6000000"},
		"a ticket that is not needed": {quorumTokens, []snapshot.Strategy{named("erc20-balance-of", perp), ticket},
			vote.Reached, "of-the-model chains 14639538.5; nothing-read proposal 9000000"},
		"a ticket, one wei short without it": {"14639538.499999999999999999",
			[]snapshot.Strategy{named("erc20-balance-of", perp), ticket}, vote.NotEstablished,
			"of-the-model chains 14639538.499999999999999999; nothing-read proposal 9000000"},
		"a ticket that is not enough": {"5639538.499999999999999999",
			[]snapshot.Strategy{named("erc20-balance-of", perp), ticket}, vote.NotReached,
			"of-the-model chains 5639538.499999999999999999; nothing-read proposal 9000000"},
		"a ticket that is just enough": {"5639538.5", []snapshot.Strategy{named("erc20-balance-of", perp), ticket},
			vote.NotEstablished, "of-the-model chains 5639538.5; nothing-read proposal 9000000"},
		"nothing but a ticket": {"0", []snapshot.Strategy{named("ticket", `{"value":15000000}`)}, vote.NotEstablished,
			"nothing-read proposal 15000000"},
		"a list": {"6000000", []snapshot.Strategy{named("erc20-balance-of", perp),
			named("whitelist-weighted", `{"addresses":{"`+voter(0)+`":9000000}}`)}, vote.NotEstablished,
			"of-the-model chains 6000000; nothing-read proposal 9000000"},
		"a ticket among several": {"6000000", []snapshot.Strategy{named("multichain",
			several(nested("1", "erc20-balance-of", perp), nested("1", "ticket", `{"value":9000000}`)))},
			vote.NotEstablished, "combined recomputed 15000000"},
		"another token": {"6000000", []snapshot.Strategy{named("erc20-balance-of", perp),
			named("erc20-balance-of", of(stranger, ""))}, vote.NotEstablished,
			"of-the-model chains 6000000; unknown-contract chains 9000000"},
		"another token among several": {"6000000", []snapshot.Strategy{named("multichain",
			several(nested("1", "erc20-balance-of", perp), nested("1", "erc20-balance-of", of(stranger, ""))))},
			vote.NotEstablished, "unknown-contract chains 15000000"},
		"the address of another chain": {"0", []snapshot.Strategy{named("erc20-balance-of@137", of(perpOnL2, ""))},
			vote.NotReached, "unknown-contract chains 1000000"},
		"the currency": {"6000000", []snapshot.Strategy{named("erc20-balance-of", perp), named("eth-balance", "{}")},
			vote.NotReached, "of-the-model chains 6000000; unknown-contract chains 0"},
		"the model's token twice": {"8000000",
			[]snapshot.Strategy{named("erc20-balance-of", perp), named("erc20-votes", perp)}, vote.NotEstablished,
			"of-the-model chains 8000000; counted-before chains 8000000"},
		"twice in one": {"8000000", []snapshot.Strategy{named("multichain",
			several(nested("1", "erc20-balance-of", perp), nested("1", "erc20-votes", perp)))}, vote.NotEstablished,
			"counted-before chains 16000000"},
		"once alone and once among others": {"8000000", []snapshot.Strategy{named("erc20-balance-of", perp),
			named("multichain", several(nested("10", "erc20-balance-of", of(perpOnL2, "")),
				nested("1", "erc20-balance-of", perp)))}, vote.NotEstablished,
			"of-the-model chains 8000000; counted-before chains 9000000"},
		"what does not count uses up nothing": {quorumTokens, []snapshot.Strategy{
			named("erc20-balance-of-coeff", of(perpOnL1, `,"coeff":0`)), named("erc20-balance-of", perp)}, vote.Reached,
			"combined recomputed 0; of-the-model chains 14639538.5"},
		"a coefficient": {"8000000", []snapshot.Strategy{named("erc20-balance-of-coeff", of(perpOnL1, `,"coeff":2`))},
			vote.NotEstablished, "combined recomputed 16000000"},
		"a weight": {"8000000", []snapshot.Strategy{named("erc20-balance-of-weighted", of(perpOnL1, `,"weight":2`))},
			vote.NotEstablished, "combined recomputed 16000000"},
		"a weight outside": {"8000000", []snapshot.Strategy{named("weighted",
			`{"weight":2,"strategy":`+nested("1", "erc20-balance-of", perp)+`}`)}, vote.NotEstablished,
			"combined recomputed 16000000"},
		"a greatest of two": {"1", []snapshot.Strategy{named("math", `{"operation":"max","operands":[`+
			`{"type":"strategy","strategy":`+nested("1", "erc20-balance-of", perp)+`},{"type":"constant","value":15000000}]}`)},
			vote.NotEstablished, "combined recomputed 15000000"},
		"other decimals": {"1500000", []snapshot.Strategy{named("erc20-balance-of", of(perpOnL1, `,"decimals":17`))},
			vote.NotEstablished, "other-decimals chains 15000000"},
		"an allowance": {"15000000", []snapshot.Strategy{named("contract-call",
			calls(perpOnL1, "allowance", "address,address", `,"args":["%{address}","`+stranger+`"]`))},
			vote.NotEstablished, "other-function chains 15000000"},
		"a function of one argument": {"15000000", []snapshot.Strategy{named("contract-call",
			calls(perpOnL1, "nonces", "address", ""))}, vote.NotEstablished, "other-function chains 15000000"},
		"the balance of another": {"15000000", []snapshot.Strategy{named("contract-call",
			calls(perpOnL1, "balanceOf", "address", `,"args":["`+stranger+`"]`))}, vote.NotEstablished,
			"other-function chains 15000000"},
		"one token of several": {"15000000", []snapshot.Strategy{named("erc1155-balance-of", of(perpOnL1, `,"tokenId":1`))},
			vote.NotEstablished, "other-function chains 15000000"},
		"a call of the balance": {quorumTokens, []snapshot.Strategy{named("contract-call",
			calls(perpOnL1, "balanceOf", "address", ""))}, vote.Reached, "of-the-model chains 14639538.5"},
		"the weight in an escrow": {"14000000", []snapshot.Strategy{named("erc20-balance-of", perp),
			named("contract-call@10", calls(vePERP, "balanceOfWeighted", "address", ""))}, vote.Reached,
			"of-the-model chains 14000000; of-the-model chains 2000000"},
		"the balance of an escrow": {"14000000", []snapshot.Strategy{named("erc20-balance-of", perp),
			named("erc20-balance-of@10", of(vePERP, ""))}, vote.Reached,
			"of-the-model chains 14000000; of-the-model chains 2000000"},
		"an escrow's function on a token": {"15000000", []snapshot.Strategy{named("contract-call",
			calls(perpOnL1, "balanceOfWeighted", "address", ""))}, vote.NotEstablished, "other-function chains 15000000"},
		"another block": {"13000000", []snapshot.Strategy{named("erc20-balance-of", perp),
			named("multichain@137", several(nested("10", "contract-call", calls(vePERP, "balanceOfWeighted", "address", ""))))},
			vote.NotEstablished, "of-the-model chains 13000000; other-block chains 2000000"},
		"before its start": {"15000000", []snapshot.Strategy{named("erc20-balance-of", of(perpOnL1, `,"start":99999999`))},
			vote.NotReached, "of-the-model chains 0"},
		"a service": {"6000000", []snapshot.Strategy{named("erc20-balance-of", perp), named("api", "{}")},
			vote.NotEstablished, "of-the-model chains 6000000; not-recomputed hub votes 9000000"},
		"a service that is not needed": {"14640000", []snapshot.Strategy{named("erc20-balance-of", perp), named("api", "{}")},
			vote.Reached, "of-the-model chains 14640000; not-recomputed hub votes 9000000"},
		"a service that is not enough": {"5000000", []snapshot.Strategy{named("erc20-balance-of", perp), named("api", "{}")},
			vote.NotReached, "of-the-model chains 5000000; not-recomputed hub votes 9000000"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tokens := map[string]string{
				perpOnL1: test.perp, stranger: "9000000", perpOnL2: "1000000", vePERP: "2000000",
			}
			o := check(t, voted(t, 1, tokens, []float64{9000000}, test.by...))
			if got := standings(o); got != test.want {
				t.Errorf("found %s, want %s", got, test.want)
			}
			if o.Verdict != test.verdict {
				t.Errorf("verdict %q, want %q; %v", o.Verdict, test.verdict, noticed(o))
			}
			if found := has(o, vote.QuorumNotEstablished); found != (o.Verdict == vote.NotEstablished) {
				t.Errorf("verdict %q, and %s is found: %t", o.Verdict, vote.QuorumNotEstablished, found)
			}
			for _, f := range o.Findings {
				if f.Level == vote.Failure {
					t.Errorf("an honest hub is accused: %s: %s", f.Code, f.Detail)
				}
			}
		})
	}
}

// TestCustomTerms: a contract of which the model adds no total, or not at that time, establishes nothing.
func TestCustomTerms(t *testing.T) {
	total := votingpower.CustomTerm{Sign: "+", Label: "other", ContractRead: votingpower.ContractRead{
		Chain: chains.Ethereum, Contract: common.HexToAddress(stranger), Call: "totalSupply()", Decimals: new(uint8)}}
	subtracted, over, account := total, total, total
	subtracted.Sign = "-"
	over.Until = time.Unix(snapshotTime-1, 0)
	account.Call, account.Args = "balanceOf(address)", []string{common.HexToAddress(voter(7)).Hex()}
	for name, test := range map[string]struct {
		term votingpower.CustomTerm
		want string
	}{
		"a total":                    {total, "of-the-model chains 9000000"},
		"a total that is subtracted": {subtracted, "unknown-contract chains 9000000"},
		"a total that is over":       {over, "unknown-contract chains 9000000"},
		"the balance of one account": {account, "unknown-contract chains 9000000"},
	} {
		e := voted(t, 1, map[string]string{stranger: "9000000"}, nil, named("erc20-balance-of", of(stranger, "")))
		m := e.Circulating.Model
		m.Format, m.Custom = votingpower.ModelFormat, []votingpower.CustomTerm{test.term}
		terms, err := m.Terms(e.Circulating.At)
		if err != nil {
			t.Fatal(err)
		}
		custom := func(term votingpower.Term) bool { return term.Group == votingpower.GroupTerm }
		if i := slices.IndexFunc(terms, custom); i >= 0 {
			e.Circulating.Reads = slices.Insert(e.Circulating.Reads, i, votingpower.Read{Chain: chains.Ethereum,
				To: terms[i].Call.To.Hex(), Data: terms[i].Call.Data, Result: make([]byte, 32)})
		}
		if got := standings(check(t, e)); got != test.want {
			t.Errorf("%s: found %s, want %s", name, got, test.want)
		}
	}
}

// TestHubFigures: a strategy that is not recomputed, where the hub's figures are odd.
func TestHubFigures(t *testing.T) {
	service := named("api", "{}")
	tests := map[string]struct {
		perp    string // of each of two voters
		change  func(e *vote.Evidence)
		verdict vote.Verdict
		want    string
		unsplit string
	}{
		"none of one voter": {"6000000", func(e *vote.Evidence) { e.Votes[1].VPByStrategy = nil }, vote.NotEstablished,
			"of-the-model chains 12000000; not-recomputed hub votes 3000000", "0"},
		"none of one voter, with two services": {"6000000", func(e *vote.Evidence) {
			e.Proposal.Strategies = append(e.Proposal.Strategies, service)
			e.Votes[0].VPByStrategy = append(e.Votes[0].VPByStrategy, 0)
			e.Votes[1].VPByStrategy = nil
		}, vote.NotEstablished,
			"of-the-model chains 12000000; not-recomputed hub votes 1500000; not-recomputed hub votes 0", "1500000"},
		"none at all": {"7500000", func(e *vote.Evidence) {
			e.Votes[0].VPByStrategy, e.Votes[1].VPByStrategy = nil, nil
		}, vote.Reached, "of-the-model chains 15000000; not-recomputed hub votes 3000000", "0"},
		"less than what is recomputed, and not split": {"7500000", func(e *vote.Evidence) {
			e.Votes[0].VPByStrategy, e.Votes[0].VP = nil, 7000000
		}, vote.NotEstablished, "of-the-model chains 15000000; not-recomputed hub votes 1500000", "0"},
		"within rounding": {"5819769.25", func(*vote.Evidence) {}, vote.NotEstablished,
			"of-the-model chains 11639538.5; not-recomputed hub votes 3000000", "0"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tokens := map[string]string{perpOnL1: test.perp}
			e := voted(t, 2, tokens, []float64{1500000, 1500000}, named("erc20-balance-of", of(perpOnL1, "")), service)
			test.change(e)
			askAgain(t, e)
			recount(t, e)
			o := check(t, e)
			if got := standings(o); got != test.want || votingpower.Decimal(o.Turnout.Unsplit) != test.unsplit {
				t.Errorf("found %s, not split %s, want %s, %s",
					got, votingpower.Decimal(o.Turnout.Unsplit), test.want, test.unsplit)
			}
			if o.Verdict != test.verdict {
				t.Errorf("verdict %q, want %q; %v", o.Verdict, test.verdict, noticed(o))
			}
		})
	}
}

// pin makes the model pin strategies.
func pin(e *vote.Evidence, pinned ...snapshot.Strategy) {
	m := e.Circulating.Model
	m.Format = votingpower.ModelFormat
	for _, s := range pinned {
		m.Strategies = append(m.Strategies, votingpower.Strategy(s))
	}
}

// TestPinned: what a model pins, or its hash for one run, establishes what is recomputed, and
// any difference is a disagreement.
func TestPinned(t *testing.T) {
	perp, ticket := named("erc20-balance-of", of(perpOnL1, `,"symbol":"PERP"`)), named("ticket", `{"value":9000000}`)
	root := named("math", `{"operation":"square-root","operands":[{"type":"constant","value":64000000000000}]}`)
	list, service := named("whitelist", `{"addresses":["`+voter(0)+`"]}`), named("api", "{}")
	differs := func(detail string) []string { return []string{"failure strategies-differ: " + detail} }
	tests := map[string]struct {
		by      []snapshot.Strategy
		pinned  []snapshot.Strategy
		verdict vote.Verdict
		want    []string // of what is noticed
	}{
		"as they are": {[]snapshot.Strategy{perp, ticket}, []snapshot.Strategy{perp, ticket}, vote.Reached, nil},
		"another order of keys": {[]snapshot.Strategy{perp, ticket}, []snapshot.Strategy{
			named("erc20-balance-of", `{"symbol":"PERP", "address":"`+perpOnL1+`"}`), ticket}, vote.Reached, nil},
		"no network of their own": {[]snapshot.Strategy{{Name: perp.Name, Params: perp.Params}, ticket},
			[]snapshot.Strategy{perp, ticket}, vote.Reached, nil},
		"another order": {[]snapshot.Strategy{ticket, perp}, []snapshot.Strategy{perp, ticket}, vote.Disagrees, []string{
			"failure strategies-differ: strategy 1 is \"ticket\", the model pins \"erc20-balance-of\"",
			"failure strategies-differ: strategy 2 is \"erc20-balance-of\", the model pins \"ticket\"",
			"failure strategies-differ: they are the pinned ones in another order",
			"strategy-not-established"}},
		"another value": {[]snapshot.Strategy{perp, ticket}, []snapshot.Strategy{perp, named("ticket", `{"value":1}`)},
			vote.Disagrees, append(differs("strategy 2 (\"ticket\") has other parameters than the model pins"),
				"strategy-not-established")},
		"a value as text": {[]snapshot.Strategy{perp}, []snapshot.Strategy{
			named("erc20-balance-of", `{"symbol":"PERP","address":"`+strings.ToLower(perpOnL1)+`"}`)}, vote.Disagrees,
			differs("strategy 1 (\"erc20-balance-of\") has other parameters than the model pins")},
		"another network": {[]snapshot.Strategy{perp, ticket},
			[]snapshot.Strategy{perp, named("ticket@10", `{"value":9000000}`)}, vote.Disagrees,
			append(differs("strategy 2 (\"ticket\") is on network \"1\", the model pins network \"10\""),
				"strategy-not-established")},
		"one more": {[]snapshot.Strategy{perp, ticket}, []snapshot.Strategy{perp}, vote.Disagrees,
			append(differs("the proposal has 2, the model pins 1"), "strategy-not-established")},
		"one less": {[]snapshot.Strategy{perp}, []snapshot.Strategy{perp, ticket}, vote.Disagrees,
			differs("the proposal has 1, the model pins 2")},
		"a pinned service is still the hub's word": {[]snapshot.Strategy{perp, service}, []snapshot.Strategy{perp, service},
			vote.NotEstablished, []string{"warning strategy-unverifiable: strategy 2 (\"api\")", "quorum-not-established"}},
		"a list":             {[]snapshot.Strategy{perp, list}, []snapshot.Strategy{perp, list}, vote.NotReached, nil},
		"no rational number": {[]snapshot.Strategy{perp, root}, []snapshot.Strategy{perp, root}, vote.NotReached, nil},
		"no rational number, within rounding": {[]snapshot.Strategy{named("math",
			`{"operation":"square-root","operands":[{"type":"constant","value":214316087452982.25}]}`)}, nil,
			vote.NotEstablished, []string{"turnout-within-rounding", "quorum-not-established"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			tokens := map[string]string{perpOnL1: "6000000"}
			for _, by := range []string{"model", "hash"} {
				e := voted(t, 1, tokens, []float64{9000000}, test.by...)
				pinned := test.pinned
				if pinned == nil {
					pinned = test.by
				}
				if by == "model" {
					pin(e, pinned...)
				} else if e.Strategies = hashOf(t, pinned); test.verdict == vote.Disagrees {
					continue
				}
				o := check(t, e)
				wants(t, noticed(o), test.want...)
				if o.Verdict != test.verdict {
					t.Errorf("by %s: verdict %q, want %q; %s", by, o.Verdict, test.verdict, standings(o))
				}
				if has(o, vote.StrategiesPinned) != (test.verdict != vote.Disagrees) {
					t.Errorf("by %s: %v", by, o.Findings)
				}
			}
		})
	}
}

func hashOf(t testing.TB, strategies []snapshot.Strategy) string {
	t.Helper()
	var specs []strategy.Spec
	for _, s := range strategies {
		specs = append(specs, strategy.Spec(s))
	}
	hash, err := strategy.Hash(chains.Ethereum, specs)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// TestPinnedHash: a vote by strategies of another hash than the one asked for disagrees.
func TestPinnedHash(t *testing.T) {
	e := reached(t)
	e.Strategies = hashOf(t, nil)
	o := check(t, e)
	wants(t, noticed(o), "failure strategies-differ: they have the SHA-256 "+o.Strategies.SHA256+", and \""+
		e.Strategies+"\" was asked for")
	if o.Verdict != vote.Disagrees || o.Strategies.SHA256 != hashOf(t, e.Proposal.Strategies) {
		t.Errorf("verdict %q, hash %s", o.Verdict, o.Strategies.SHA256)
	}
}

// TestStrictlyEstablished: who wants everything checked gets no verdict by a strategy that
// nothing binds, even where the quorum is reached or missed without it.
func TestStrictlyEstablished(t *testing.T) {
	for _, perp := range []string{"15000000", "1"} {
		e := voted(t, 1, map[string]string{perpOnL1: perp}, nil,
			named("erc20-balance-of", of(perpOnL1, "")), named("ticket", ""))
		e.Strict = true
		o := check(t, e)
		wants(t, noticed(o), "warning strategy-not-established: strategy 2 (\"ticket\") gives 1 of the turnout: "+
			"it reads no chain, its figures are in the proposal", // the other one is the proposal's id
			"warning quorum-not-established: everything was to be checked, and could not be: see 2 findings above")
		if o.Verdict != vote.NotEstablished {
			t.Errorf("verdict %q", o.Verdict)
		}
	}
}

// TestUnestablishedAbovePower: power that nothing binds to the model may be more than circulates.
func TestUnestablishedAbovePower(t *testing.T) {
	o := check(t, voted(t, 1, nil, nil, named("ticket", `{"value":1e9}`)))
	wants(t, noticed(o), "strategy-not-established", "warning turnout-above-the-circulating-voting-power",
		"quorum-not-established")
	if o.Verdict != vote.NotEstablished {
		t.Errorf("verdict %q", o.Verdict)
	}
}

// TestEstablishedAtEveryBlock: of blocks that fit a vote alike, the one that gives the least counts.
func TestEstablishedAtEveryBlock(t *testing.T) {
	e := ambiguousPoll(t, []int{0}, [2]string{"14639537.5", "14639537.499999999999999999"})
	e.Proposal.Strategies = append(e.Proposal.Strategies, named("ticket", ""))
	e.Votes[0].VP, e.Votes[0].VPByStrategy = e.Votes[0].VP+1, append(e.Votes[0].VPByStrategy, 1)
	askAgain(t, e)
	recount(t, e)
	o := check(t, e)
	turnout(t, o, vote.NotEstablished, "14639539.5", vote.Recomputed)
	if got := votingpower.Decimal(o.Turnout.Established); got != "14639538.499999999999999999" {
		t.Errorf("established %s", got)
	}
}
