package report

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// Difference is a value of a claim that is not what the evidence gives. Values are JSON, with
// "{" for any object and "[" for any list; "(absent)" for a value that one side lacks.
type Difference struct {
	Path       string `json:"path"` // a JSON Pointer, such as /quorum/tokens or /terms/2/amount/base_units
	Claimed    string `json:"claimed"`
	Recomputed string `json:"recomputed"`
}

// String says it in one line.
func (d Difference) String() string {
	path := d.Path
	if !plainPath.MatchString(path) { // its keys are what somebody wrote
		path = quoted(path, maxDetail)
	}
	return fmt.Sprintf("%s: claimed %s, recomputed %s",
		path, clean(d.Claimed, maxDetail), clean(d.Recomputed, maxDetail))
}

var plainPath = regexp.MustCompile(`^[a-z0-9_/]{1,100}$`)

// words are the values of a claim that are not compared: wording, which another version of
// the program may change without changing what it says, and the labels of endpoints, which
// nothing depends on.
var words = regexp.MustCompile(`^/(` +
	`findings/\d+/(title|detail)|` +
	`model/built_in|` + // another version can have another built-in model
	`chains/\d+/(name|explorer|unproven|served_by(/\d+)?)|` +
	`vote/(recount|turnout/rule|voting_power/agreement/\d+)|` +
	`vote/strategies/\d+/reason|` +
	`vote/signatures/not_checkable/\d+/why|` +
	`vote/voting_power/(blocks/\d+/(rule|unproven|served_by(/\d+)?)|unverifiable/\d+/reason)` +
	`)$`)

// Verify recomputes the report from the bundle's evidence, and compares it with the bundle's
// claim: every figure, hash, level, code, mark and verdict, but not the wording. The claim is
// right if there is no difference and no error. An older program may have come to another verdict
// by the rules that it knew. That is no difference if all figures and hashes are the same, the
// findings that it names lead to its verdict, and no failure that such a program could find is
// missing; RenderConsistent then names both verdicts. An error wraps votingpower.ErrEvidence: the
// evidence contradicts itself, or is later than now by more than [vote.ClockSlack], whatever is
// claimed.
func Verify(b *Bundle, now time.Time) (*Report, []Difference, error) {
	r, err := New(b)
	if err != nil {
		return nil, nil, err
	}
	if err := checkClock(&r.bundle, now); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", votingpower.ErrEvidence, err)
	}
	recomputed, err := r.document.values()
	if err != nil {
		return nil, nil, err
	}
	// A claim may be of another version of the program, but not of another size.
	claimed, err := values(b.Claim, 4*len(recomputed)+1000)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: claim: %w", votingpower.ErrEvidence, err)
	}
	older := r.document.inWordsOf(b.Claim)
	if recomputed, err = older.values(); err != nil {
		return nil, nil, err
	}
	r.claimed = older.Verdict
	different := slices.DeleteFunc(differences(claimed, recomputed), func(d Difference) bool {
		return words.MatchString(d.Path) || r.document.Format == DocumentFormat1 && differsByAge(d)
	})
	return r, different, nil
}

// VerificationFormat names the version of a Verification's JSON.
const VerificationFormat = "perpquorum-verification/1"

// Verification is what Verify and Report.Confirm found, as data.
type Verification struct {
	Format string `json:"format"`
	// Outcome is "different", "consistent", or "verified" where the quorum needs no trust in any endpoint.
	Outcome     string       `json:"outcome"`
	Differences []Difference `json:"differences"`
	Verdict     vote.Verdict `json:"verdict"` // of the report that the evidence gives
	// Claimed is the verdict of an older program, where it is another one.
	Claimed vote.Verdict    `json:"claimed_verdict,omitempty"`
	Marks   string          `json:"marks"` // what takes weight from every figure; "" for nothing
	Chains  []VerifiedChain `json:"chains"`
	Bundle  string          `json:"bundle_sha256,omitempty"`
	// Evidence is the hash of the evidence alone, in BundleFormat1.
	Evidence string `json:"evidence_sha256,omitempty"`
}

// VerifiedChain says how far the reads of a chain are proven.
type VerifiedChain struct {
	Chain  string       `json:"chain"`
	Number uint64       `json:"block_number"`
	Hash   string       `json:"block_hash"`
	Level  chains.Level `json:"level"`
	// Confirmed says why the hash is right: "as given" or "which is known"; "" where nothing confirms it.
	Confirmed string `json:"confirmed"`
}

// Verification puts together what was found.
func (r *Report) Verification(different []Difference) *Verification {
	d := r.document
	v := &Verification{
		Format: VerificationFormat, Outcome: "consistent", Differences: append([]Difference{}, different...),
		Verdict: d.Verdict, Marks: r.marks(), Bundle: d.Bundle, Evidence: d.Evidence,
	}
	switch {
	case len(different) > 0:
		v.Outcome = "different"
	case r.verified():
		v.Outcome = "verified"
	}
	if r.older() != "" {
		v.Claimed = r.claimed
	}
	for _, c := range d.Chains {
		v.Chains = append(v.Chains, VerifiedChain{c.Chain, c.Number, c.Hash, c.Level, r.confirmed[c.Chain]})
	}
	return v
}

func (d *Document) values() ([]value, error) {
	var text bytes.Buffer
	if err := writeJSON(&text, d); err != nil {
		return nil, err
	}
	return values(text.Bytes(), math.MaxInt)
}

// checkClock refuses evidence of a time that has not come yet.
func checkClock(b *Bundle, now time.Time) error {
	type moment struct {
		what string
		unix uint64
	}
	var all []moment
	add := func(id chains.ID, block chains.Block) {
		all = append(all, moment{fmt.Sprintf("%v block %d", id, block.Number()), block.Header.Time})
	}
	for _, id := range b.Evidence.Model.Chains() {
		add(id, b.Evidence.Chains[id].Block)
	}
	if v := b.Vote; v != nil {
		for _, place := range v.Places() {
			for _, s := range v.Power.Places[place].Sampled {
				add(place.Chain, s.Block)
			}
		}
		if v.Signatures != nil && v.Signatures.Contracts != nil {
			blocks := []chains.Block{v.Signatures.Contracts.Block}
			for _, a := range v.Signatures.Contracts.Answers {
				if a.AtVote != nil {
					blocks = append(blocks, *a.AtVote)
				}
			}
			for _, block := range blocks {
				all = append(all, moment{fmt.Sprintf("block %d of a signature", block.Number()), block.Header.Time})
			}
		}
		all = append(all, moment{"the reading of the vote", uint64(max(0, v.ReadAt))})
	}
	for _, m := range all {
		if m.unix > uint64(now.Add(vote.ClockSlack).Unix()) {
			return fmt.Errorf("%s has the Unix time %d, and the clock here only %d (%s): one of the two is wrong",
				m.what, m.unix, now.Unix(), now.UTC().Format(http.TimeFormat))
		}
	}
	return nil
}

const absent = "(absent)"

// differences compares two lists of values by path: first what the second list has, in its
// order, then what only the first has.
func differences(claimed, recomputed []value) (found []Difference) {
	rest := make(map[jsontext.Pointer]string, len(claimed))
	for _, v := range claimed {
		rest[v.path] = v.json
	}
	for _, v := range recomputed {
		claim, ok := rest[v.path]
		if !ok {
			claim = absent
		}
		if claim != v.json {
			found = append(found, Difference{string(v.path), claim, v.json})
		}
		delete(rest, v.path)
	}
	for _, v := range claimed {
		if _, ok := rest[v.path]; ok {
			found = append(found, Difference{string(v.path), v.json, absent})
		}
	}
	return found
}
