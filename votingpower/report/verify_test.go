package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// TestFormat1 verifies bundles that were published in format 1, as they are and with one
// text of the claim replaced. Words are not compared; figures, hashes, marks and verdicts are.
func TestFormat1(t *testing.T) {
	tests := map[string]struct {
		old, new string
		want     string // path of the difference; "" for none
	}{
		"as it is":          {},
		"a title":           {"Development chain", "Private chain", ""},
		"a detail":          {"block hashes follow from", "hashes were recomputed from", ""},
		"a name of a chain": {`"name":"Mainnet"`, `"name":"Ethereum"`, ""},
		"an endpoint":       {`"served_by":["local test chain"]`, `"served_by":["elsewhere"]`, ""},
		"a level":           {`"level":"warning"`, `"level":"info"`, "/findings/0/level"},
		"a false code":      {`"title":"Synthetic figures"`, `"title":"","code":"votes-complete"`, "/findings/0/code"},
		"the right code":    {`"title":"Synthetic figures"`, `"title":"","code":"synthetic-figures"`, ""},
		"a figure": {`"79920844410227887027914309"`, `"79920844410227887027914308"`,
			"/circulating_voting_power/base_units"},
		"the quorum":        {`"7992084.4410227887027914309"`, `"7992084.4410227887027914308"`, "/quorum/tokens"},
		"a hash of a block": {`"block_hash":"0x`, `"block_hash":"0X`, "/chains/0/block_hash"},
		"a mark":            {`"development":true`, `"development":false`, "/chains/0/development"},
		"the definition":    {`"definition":"`, `"definition":"Not `, "/model/definition"},
		"the evidence":      {`"evidence_sha256":"`, `"evidence_sha256":"0`, "/evidence_sha256"},
		"the verdict":       {`"verdict":"measured"`, `"verdict":"reached"`, "/verdict"},
		"a field more":      {`"verdict":"`, `"sure":true,"verdict":"`, "/sure"},
		"a field less":      {`"decimals":18,`, ``, "/model/decimals"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { format1(t, "example", test.old, test.new, test.want) })
	}
	votes := map[string]struct{ old, new, want string }{
		"as it is":            {},
		"a rule":              {"reached when turnout", "met where turnout", ""},
		"the rule of a block": {"snapshot block\",\"unfinalized", "the block\",\"unfinalized", ""},
		"the recount":         {`"recount":"agrees"`, `"recount":"is the same"`, ""},
		"an endpoint":         {`"served_by":"local test chain"`, `"served_by":"elsewhere"`, ""},
		"a score":             {`"choice":"Yes","hub":"2`, `"choice":"Yes","hub":"3`, "/vote/scores/0/hub"},
		"the turnout":         {`"margin":"54677120`, `"margin":"54677121`, "/vote/turnout/margin"},
		"its source":          {`"source":"chains"`, `"source":"hub votes"`, "/vote/turnout/source"},
		"the votes":           {`"recomputed":24`, `"recomputed":23`, "/vote/voting_power/recomputed"},
		"the ballot":          {`"ballot_sha256":"`, `"ballot_sha256":"0`, "/vote/ballot_sha256"},
		"the verdict":         {`"verdict":"reached"`, `"verdict":"not reached"`, "/verdict"},
	}
	for name, test := range votes {
		t.Run("vote: "+name, func(t *testing.T) { format1(t, "examplevote", test.old, test.new, test.want) })
	}
	// These claims were honest when nobody judged strategies: one says that a quorum is reached,
	// which it is with a ticket, one that an unknown strategy is a disagreement.
	t.Run("a ticket", func(t *testing.T) { format1(t, "ticket", "", "", "") })
	t.Run("a ticket, missed", func(t *testing.T) {
		format1(t, "ticket", `"verdict":"reached"`, `"verdict":"not reached"`, "/verdict")
	})
	t.Run("strictness", func(t *testing.T) { format1(t, "strict", "", "", "") })
	t.Run("strictness, reached", func(t *testing.T) {
		format1(t, "strict", `"verdict":"disagrees"`, `"verdict":"reached"`, "/verdict")
	})
}

// TestOlderVerdict: a program that knows fewer rules came to another verdict, by findings that it
// names. That stands beside today's, as long as no figure, hash or failure of today differs.
func TestOlderVerdict(t *testing.T) {
	type d = *report.Document
	find := func(d d, code vote.Code) *vote.Finding {
		i := slices.IndexFunc(d.Findings, func(f vote.Finding) bool { return f.Code == code })
		return &d.Findings[i]
	}
	disagreed := func(d d) {
		d.Verdict, d.Vote.Scores[0].Recount, d.Vote.Scores[0].Agrees = vote.Disagrees, "7", false
		*find(d, vote.ScoresAgree) = vote.Finding{Level: vote.Failure, Code: vote.ScoresDiffer}
	}
	for name, test := range map[string]struct {
		change func(d)
		want   string // path of the first difference; "" for none
	}{
		"by other rules":       {disagreed, ""},
		"another verdict only": {func(d d) { d.Verdict = vote.Disagrees }, "/verdict"},
		"another verdict too":  {func(d d) { disagreed(d); d.Verdict = vote.NotReached }, "/verdict"},
		"a recount only":       {func(d d) { d.Vote.Scores[0].Recount = "7" }, "/vote/scores/0/recount"},
		"a hub's score":        {func(d d) { disagreed(d); d.Vote.Scores[0].Hub = "7" }, "/vote/scores/0/hub"},
		"the turnout":          {func(d d) { disagreed(d); d.Vote.Turnout.Margin = "7" }, "/vote/turnout/margin"},
		"the hash":             {func(d d) { disagreed(d); d.Bundle = "7" }, "/bundle_sha256"},
		"a level that is none": {func(d d) { disagreed(d); find(d, vote.ScoresDiffer).Level = "bad" }, "/verdict"},
		"another failure": {func(d d) {
			disagreed(d)
			*find(d, vote.VotingPowerAgrees) = vote.Finding{Level: vote.Failure, Code: vote.VotingPowerDiffers}
		}, "/findings/8/level"},
	} {
		b, d := sealed(t, load(t, "reached")), report.Document{}
		if err := json.Unmarshal(b.Claim, &d); err != nil {
			t.Fatal(err)
		}
		test.change(&d)
		b.Claim, b.Generator = encode(t, d), "perpquorum 0.1"
		r, different, err := report.Verify(b, time.Now())
		var got string
		if len(different) > 0 {
			got = different[0].Path
		}
		if err != nil || got != test.want {
			t.Errorf("%s: found %v, %v; want %q", name, different, err, test.want)
			continue
		}
		var text bytes.Buffer
		if err := r.RenderConsistent(&text); err != nil || test.want == "" &&
			!strings.Contains(text.String(), `verdict of the bundle: disagrees, as "perpquorum 0.1" judged it; this`) {
			t.Errorf("%s: %v, %s", name, err, &text)
		}
	}
	lenient := sealed(t, disagreeing(t)) // a failure of today cannot be left out
	lenient.Claim = json.RawMessage(strings.ReplaceAll(strings.ReplaceAll(string(lenient.Claim),
		`"failure"`, `"warning"`), `"disagrees"`, `"reached"`))
	if _, different, err := report.Verify(lenient, time.Now()); err != nil || len(different) == 0 {
		t.Errorf("a failure is none: %v, %v", different, err)
	}
}

// TestVerdictWithoutIDs: a program that compared no votes' ids says nothing of them. One that did cannot
// leave out that one differs.
func TestVerdictWithoutIDs(t *testing.T) {
	for id, verdict := range map[string]vote.Verdict{
		"0x" + strings.Repeat("5c", 32): vote.Disagrees, "Qm" + strings.Repeat("x", 44): vote.NotEstablished,
	} {
		b := load(t, "reached")
		sign(b.Vote.Proposal)
		b.Vote.Strict = true
		b.Vote.Proposal.Privacy = ""
		b.Vote.Proposal.ID = hub.SignedID(hub.ProposalForm, b.Vote.Proposal)
		for i := range b.Vote.Votes {
			v := &b.Vote.Votes[i]
			v.ID, v.Metadata = id[:len(id)-1]+"1234"[i:i+1], json.RawMessage(`{}`)
		}
		b.Vote.Votes[0].ID = "Qm" + strings.Repeat("y", 44)
		b, d := sealed(t, b), report.Document{}
		if err := json.Unmarshal(b.Claim, &d); err != nil || d.Verdict != verdict {
			t.Fatalf("verdict %s, want %s: %v %v", d.Verdict, verdict, err, d.Findings)
		}
		without := func(codes ...vote.Code) []byte {
			old := d
			old.Verdict = vote.Reached
			old.Findings = slices.DeleteFunc(slices.Clone(d.Findings), func(f vote.Finding) bool {
				return slices.Contains(codes, f.Code)
			})
			return encode(t, old)
		}
		b.Claim = without(vote.VoteIDsMatch, vote.VoteIDsNotChecked, vote.VoteIDDiffers, vote.QuorumNotEstablished)
		if _, different, err := report.Verify(b, time.Now()); err != nil || len(different) > 0 {
			t.Errorf("%s: %v, %v", verdict, err, different)
		}
		b.Claim = without(vote.VoteIDDiffers, vote.QuorumNotEstablished)
		if _, different, err := report.Verify(b, time.Now()); err != nil || len(different) == 0 {
			t.Errorf("%s, left out: %v", verdict, err)
		}
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var text bytes.Buffer
	if err := report.WriteJSON(&text, v); err != nil {
		t.Fatal(err)
	}
	return text.Bytes()
}

// format1 verifies a published bundle with one text of its claim replaced.
func format1(t *testing.T, name, old, new, want string) {
	data, err := os.ReadFile("testdata/format1/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := report.ReadBundle(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var claim bytes.Buffer
	if err := json.Compact(&claim, b.Claim); err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(claim.String(), old, new, 1)
	if old != "" && changed == claim.String() {
		t.Fatalf("the claim does not say %s", old)
	}
	b.Claim = json.RawMessage(changed)
	_, different, err := report.Verify(b, time.Now())
	var got string
	if len(different) > 0 {
		got = different[0].Path
	}
	if err != nil || got != want || len(different) > 1 {
		t.Errorf("found %v, %v; want a difference of %q", different, err, want)
	}
}

func TestVerifyNamesEachDifference(t *testing.T) {
	b := sealed(t, load(t, "post"))
	claim := string(b.Claim)
	claim = strings.Replace(claim, `"tokens":"14639538.3662400000000000001"`, `"tokens":"14639538"`, 1)
	claim = strings.Replace(claim, `"verdict":"measured",`, ``, 1)
	claim = strings.Replace(claim, `"format":`, `"a.b":[],"format":`, 1)
	b.Claim = json.RawMessage(claim)
	_, found, err := report.Verify(b, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := []report.Difference{
		{Path: "/verdict", Claimed: "(absent)", Recomputed: `"measured"`},
		{Path: "/quorum/tokens", Claimed: `"14639538"`, Recomputed: `"14639538.3662400000000000001"`},
		{Path: "/a.b", Claimed: "[", Recomputed: "(absent)"},
	}
	if len(found) != len(want) {
		t.Fatalf("found %v", found)
	}
	for i := range want {
		if found[i] != want[i] {
			t.Errorf("found %v, want %v", found[i], want[i])
		}
	}
}

// TestVerifyPathsAreUnique hides a false figure behind a key that looks like
// the path of the true one.
func TestVerifyPathsAreUnique(t *testing.T) {
	b := sealed(t, load(t, "post"))
	claim := strings.Replace(string(b.Claim), `"fraction":"1/10"`, `"fraction":"1/20"`, 1)
	b.Claim = json.RawMessage(strings.Replace(claim, `{"format"`, `{"quorum.fraction":"1/10","format"`, 1))
	if _, found, err := report.Verify(b, time.Now()); err != nil || len(found) != 2 {
		t.Errorf("found %v, %v; want two differences", found, err)
	}
}

func TestVerifyUnsoundEvidence(t *testing.T) {
	b := sealed(t, load(t, "post"))
	b.Evidence.Reads[0].Result = b.Evidence.Reads[0].Result[1:]
	if _, _, err := report.Verify(b, time.Now()); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("found %v, want %v", err, votingpower.ErrEvidence)
	}
}

// TestVerifyClock: evidence cannot be of a time that has not come yet. Clocks may be five
// minutes apart.
func TestVerifyClock(t *testing.T) {
	const slack = 5 * time.Minute
	tests := map[string]struct {
		bundle string
		latest int64 // of the times in the evidence
		says   string
	}{
		"figures": {"post", 1684503581, "optimism block 99757040 has the Unix time 1684503581, " +
			"and the clock here only 1684503280 (Fri, 19 May 2023 13:34:40 GMT): one of the two is wrong"},
		"a vote": {"ambiguous", 1684505575, "the reading of the vote has the Unix time 1684505575"},
	}
	for name, test := range tests {
		b := sealed(t, load(t, test.bundle))
		latest := time.Unix(test.latest, 0)
		if _, different, err := report.Verify(b, latest.Add(-slack)); err != nil || len(different) > 0 {
			t.Errorf("%s: %v, %v", name, err, different)
		}
		_, _, err := report.Verify(b, latest.Add(-slack-time.Second))
		if !errors.Is(err, votingpower.ErrEvidence) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: found %v, want %s", name, err, test.says)
		}
	}
	b := load(t, "reached")
	b.Vote.ReadAt = math.MaxInt64
	if _, _, err := report.Verify(sealed(t, b), time.Now()); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("found %v", err)
	}
}
