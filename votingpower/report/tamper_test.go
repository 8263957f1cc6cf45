package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/votingpower"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// notCompared are the leaves whose change goes unnoticed: the name of the program that wrote
// the bundle, and in the claim the words that another version may change.
var notCompared = []*regexp.Regexp{
	regexp.MustCompile(`^/generator$`),
	regexp.MustCompile(`^/claim/findings/\d+/title$`),
	regexp.MustCompile(`^/claim/findings/\d+/detail$`),
	regexp.MustCompile(`^/claim/chains/\d+/name$`),
	regexp.MustCompile(`^/claim/chains/\d+/served_by/\d+$`),
}

// unhashedSynthetic says why the author calls a bundle synthetic; no hash of format 1 covers it.
var unhashedSynthetic = regexp.MustCompile(`^/synthetic$`)

// notComparedOfModels is what another version says otherwise of the model that it comes with.
var notComparedOfModels = []*regexp.Regexp{regexp.MustCompile(`^/claim/model/built_in$`)}

// notComparedOfVotes are further words of a claim about a vote.
var notComparedOfVotes = []*regexp.Regexp{
	regexp.MustCompile(`^/claim/vote/recount$`),
	regexp.MustCompile(`^/claim/vote/turnout/rule$`),
	regexp.MustCompile(`^/claim/vote/strategies/\d+/reason$`),
	regexp.MustCompile(`^/claim/vote/signatures/not_checkable/\d+/why$`),
	regexp.MustCompile(`^/claim/vote/voting_power/agreement/\d+$`),
	regexp.MustCompile(`^/claim/vote/voting_power/blocks/\d+/rule$`),
	regexp.MustCompile(`^/claim/vote/voting_power/blocks/\d+/served_by(/\d+)?$`),
}

// hashOnly are the leaves whose change may be seen in a hash and in no figure of the report,
// because the report does not show them, or not as a figure.
var hashOnly = regexp.MustCompile(`^/(` +
	`synthetic|` + // why the author calls the bundle so
	`evidence/model/format|` + // another format of the same model
	`evidence/model/(tokens|excluded|escrows)/\d+/source|` + // where the model's author found an address
	`evidence/model/tokens/1/label|` + // the bridged token, whose supply is not summed
	`evidence/reads/\d+/from|` + // a label
	`evidence/reads/10/result|` + // the bridged token's supply, read to see that it is not zero
	`evidence/chains/ethereum/(unproven|faults/0/(endpoint|detail))|` + // words
	`claim/.*sha256` +
	`)$`)

var unprovenWords = regexp.MustCompile(`^/claim/chains/\d+/unproven$`)

// customHashOnly are those of a model of custom terms: decimals that are the same when they are
// not scaled, and a bound that does not decide.
var customHashOnly = regexp.MustCompile(hashOnly.String() + `|^/evidence/model/quorum/max$`)

// voteHashOnly are further leaves of a vote, for the same reason as hashOnly.
var voteHashOnly = regexp.MustCompile(hashOnly.String() + `|^/(ballot|vote)/(` +
	`proposal/(ipfs|updated|state|link|flagged|scores_updated|votes|quorumType)|` + // nobody signs these
	`proposal/(author|app)|` + // in capitals, and left out as the hub did once: named in words
	`proposal/scores_by_strategy.*|` + // agree within the hub's rounding, and are not printed
	`superseded/\d+/voter|` + // is named in words
	`signatures/(aliases/\d+/.*|messages/\d+/(address|version))|` + // in capitals, later, of one kind
	// These agree within the hub's rounding, or are not printed.
	`(votes|superseded)/\d+/(id|ipfs|created|choice|vp|vp_by_strategy.*|vp_state)|` +
	`power/.*/from|` + // a label
	`power/.*/results/\d+` + // a choice of blocks that no voter agrees with
	`)`)

// TestTamper changes every leaf of a bundle, one at a time and in several ways. Each change
// must be refused, or found in the claim, unless the leaf is one that is not compared. In
// format 2 every change but one of the generator or the claim changes the hash of the bundle,
// so that two bundles never share one.
func TestTamper(t *testing.T) {
	t.Parallel()
	b := load(t, "post")
	assure(b)
	tamper(t, []byte(written(t, sealed(t, b), false)), hashOnly,
		slices.Concat(notCompared, notComparedOfModels, []*regexp.Regexp{unprovenWords}))
}

// assure says of a bundle what speaks for its figures, and of an endpoint what it did.
func assure(b *report.Bundle) {
	c := b.Evidence.Chains[chains.Ethereum]
	c.Assurance = chains.Assurance{Level: chains.Bound, Agreed: 2, Unproven: "no proofs of this block: none give any",
		Faults: []chains.Fault{{Endpoint: "one.example#00000", Code: chains.WrongState, Detail: "of block 1"}}}
	b.Evidence.Chains[chains.Ethereum] = c
}

// TestTamperProven changes the bundle whose reads are proven.
func TestTamperProven(t *testing.T) {
	t.Parallel()
	tamper(t, fixtures.Example, hashOnly, slices.Concat(notCompared, notComparedOfModels))
}

// TestProofRemoved: whoever takes a witness out of a bundle, or exchanges two, cannot claim a proof.
func TestProofRemoved(t *testing.T) {
	t.Parallel()
	open := func() *report.Bundle {
		b, err := report.ReadBundle(bytes.NewReader(fixtures.Example))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	set := func(b *report.Bundle, id chains.ID, w chains.Witness) {
		c := b.Evidence.Chains[id]
		c.Witness = w
		b.Evidence.Chains[id] = c
	}
	b := open()
	set(b, chains.Optimism, nil)
	r, different, err := report.Verify(b, time.Now())
	level := func(d report.Difference) bool { return d.Path == "/chains/1/level" }
	if err != nil || !slices.ContainsFunc(different, level) {
		t.Errorf("without a witness: found the differences %v and error %v", different, err)
	}
	if err := r.Require(chains.Proven, false); err == nil {
		t.Error("without a witness: the chain passes for proven")
	}
	b = open()
	set(b, chains.Ethereum, b.Evidence.Chains[chains.Optimism].Witness)
	if _, _, err := report.Verify(b, time.Now()); !errors.Is(err, proof.ErrWitness) {
		t.Errorf("with the witness of another chain: found error %v, want %v", err, proof.ErrWitness)
	}
	b = open()
	b.Evidence.Reads[0].Result[31]++
	if _, _, err := report.Verify(b, time.Now()); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("with another result than the proven one: found error %v, want %v", err, votingpower.ErrEvidence)
	}
	b = open()
	c := b.Evidence.Chains[chains.Ethereum]
	c.Witness, c.Level = nil, chains.Proven
	b.Evidence.Chains[chains.Ethereum] = c
	if _, _, err := report.Verify(b, time.Now()); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("with a level without proof: found error %v, want %v", err, votingpower.ErrEvidence)
	}
}

// A model of custom terms, with a bound that a change of the quorum would pass.
func TestTamperCustom(t *testing.T) {
	t.Parallel()
	tamper(t, []byte(written(t, sealed(t, custom(t, votingpower.NewTokens(200))), false)), customHashOnly,
		slices.Concat(notCompared, notComparedOfModels))
}

func TestTamperFormat1(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/format1/example.json")
	if err != nil {
		t.Fatal(err)
	}
	tamper(t, data, hashOnly, slices.Concat(notCompared, []*regexp.Regexp{unhashedSynthetic}))
}

// TestTamperVote does the same with the bundle of a vote whose voters agree with different
// blocks.
func TestTamperVote(t *testing.T) {
	t.Parallel()
	b := load(t, "ambiguous")
	p := b.Vote.Proposal
	sign(p)
	p.IPFS, p.Link, p.Updated = "bafkreisynthetic", "https://snapshot.example/", p.Created+1
	again := b.Vote.Votes[2]
	again.ID, again.Created = "0x"+strings.Repeat("b", 64), again.Created-1
	b.Vote.Superseded, p.Votes = append(b.Vote.Superseded, again), 4
	signByAlias(t, b.Vote)
	b.Vote.Strategies = document(t, b).Vote.StrategiesSHA256
	data := []byte(written(t, sealed(t, b), false))
	tamper(t, data, voteHashOnly, slices.Concat(notCompared, notComparedOfModels, notComparedOfVotes))
}

// signByAlias signs the first vote with a key that is an alias of its voter.
func signByAlias(t *testing.T, e *vote.Evidence) {
	t.Helper()
	v, p := &e.Votes[0], e.Proposal
	v.Metadata = json.RawMessage(`{}`)
	v.ID = hub.SignedID(fmt.Sprintf(hub.VoteForm, "uint32"), map[string]any{
		"voter": v.Voter, "space": p.Space, "created": v.Created, "proposal": p.ID, "choice": v.Choice, "metadata": "",
	})
	key, err := crypto.ToECDSA(crypto.Keccak256([]byte("SYNTHETIC")))
	if err != nil {
		t.Fatal(err)
	}
	m := snapshot.Message((&hub.Vote{ID: v.ID}).SignedBy(key))
	e.Signatures = &vote.Signatures{Messages: []snapshot.Message{m},
		Aliases: []snapshot.Alias{{Address: v.Voter, Alias: m.Address, Created: v.Created}}}
}

func tamper(t *testing.T, data []byte, hashOnly *regexp.Regexp, notCompared []*regexp.Regexp) {
	t.Helper()
	var bundle any
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	if fault, _ := verdictOn(t, bundle); fault != "" {
		t.Fatalf("the bundle itself: %s", fault)
	}
	format1 := bundle.(map[string]any)["format"] == report.BundleFormat1
	leaves, unnoticed := 0, map[*regexp.Regexp]bool{}
	walk(bundle, "", func(path string, value any, set func(any)) {
		leaves++
		word := slices.IndexFunc(notCompared, func(r *regexp.Regexp) bool { return r.MatchString(path) })
		all := changes(value)
		if strings.HasPrefix(path, "/claim/") || strings.Contains(path, "/witness/") {
			all = all[:1] // is compared as it is, or hashed: one change shows as much as six
		}
		for _, changed := range all {
			set(changed)
			fault, hashes := verdictOn(t, bundle)
			said := !strings.HasPrefix(path, "/claim/") && path != "/generator"
			switch {
			case said && !format1 && !hashes:
				t.Errorf("%s changed from %v to %v is not in the hash of the bundle: %s", path, value, changed, fault)
			case fault == "" && word < 0:
				t.Errorf("%s changed from %v to %v went unnoticed", path, value, changed)
			case fault == "":
				unnoticed[notCompared[word]] = true
			case word >= 0 && strings.HasPrefix(path, "/claim/"):
				t.Errorf("%s changed from %v to %v is compared: %s", path, value, changed, fault)
			case fault == "hash" && !hashOnly.MatchString(path):
				t.Errorf("%s changed from %v to %v is seen in a hash only", path, value, changed)
			}
		}
		set(value)
	})
	if leaves < 120 {
		t.Errorf("only %d leaves changed", leaves)
	}
	for _, r := range notCompared {
		if !unnoticed[r] {
			t.Errorf("%v is listed as not compared, but no change of it passes", r)
		}
	}
}

// verdictOn reads and verifies a bundle: "" if its claim is right, "hash" if the only
// differences are in hashes, else why not. It reports as well whether the bundle was refused,
// or has another hash than it claims.
func verdictOn(t *testing.T, bundle any) (fault string, hashes bool) {
	t.Helper()
	data, err := json.Marshal(bundle)
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.ReadBundle(bytes.NewReader(data))
	if err != nil {
		return err.Error(), true
	}
	_, different, err := report.Verify(b, time.Now())
	if err != nil {
		return err.Error(), true
	}
	hashes = slices.ContainsFunc(different, func(d report.Difference) bool { return d.Path == "/bundle_sha256" })
	for _, d := range different {
		if fault = "hash"; !strings.HasSuffix(d.Path, "sha256") {
			return d.String(), hashes
		}
	}
	return fault, hashes
}

// absent marks a leaf that is taken out.
type absent struct{}

// walk visits every leaf of a JSON tree; set replaces it, or takes it out of
// its object.
func walk(node any, path string, visit func(path string, value any, set func(any))) {
	step := func(key string, value any, set func(any)) {
		switch value.(type) {
		case map[string]any, []any:
			walk(value, key, visit)
		default:
			visit(key, value, set)
		}
	}
	switch node := node.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(node)) {
			step(path+"/"+key, node[key], func(v any) {
				if _, gone := v.(absent); gone {
					delete(node, key)
					return
				}
				node[key] = v
			})
		}
	case []any:
		for i := range node {
			step(fmt.Sprintf("%s/%d", path, i), node[i], func(v any) {
				if _, gone := v.(absent); gone {
					v = nil
				}
				node[i] = v
			})
		}
	}
}

// changes returns other values for a leaf: close to it, empty, of another
// type, and none at all.
func changes(value any) []any {
	switch value := value.(type) {
	case string:
		changed := []any{value + " ", strings.ToUpper(value), "", nil, absent{}}
		if n := len(value); n > 0 {
			last := "1"
			if value[n-1] == '1' {
				last = "2"
			}
			changed = append(changed, value[:n-1]+last)
		}
		return slices.DeleteFunc(changed, func(v any) bool { return v == any(value) })
	case json.Number:
		if strings.Contains(value.String(), ".") || value == "0" {
			return []any{json.Number("1"), json.Number("0.25"), json.Number("-1"), value.String(), nil, absent{}}
		}
		more, other := json.Number(value.String()+"1"), json.Number(value.String()+".0")
		return []any{more, other, json.Number("-1"), value.String(), nil, absent{}}
	case bool:
		return []any{!value, nil, absent{}}
	}
	return []any{"x", absent{}}
}
