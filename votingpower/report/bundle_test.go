package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// sealed is a bundle with its claim, as it is written to a file.
func sealed(t testing.TB, b *report.Bundle) *report.Bundle {
	t.Helper()
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = r.Bundle(); err != nil {
		t.Fatal(err)
	}
	return b
}

func written(t testing.TB, b *report.Bundle, name string) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out, name); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBundleRoundTrip(t *testing.T) {
	for _, name := range []string{"b.json", "b.json.gz"} {
		for _, bundle := range []*report.Bundle{forumPost(t), marked(t), reached(t), disagreeing(t), hostileVote(t), open(t)} {
			data := written(t, sealed(t, bundle), name)
			b, err := report.ReadBundle(strings.NewReader(data), name)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if again := written(t, b, name); again != data {
				t.Errorf("%s: written again, the bundle has other bytes", name)
			}
			if _, different, err := report.Verify(b); err != nil || len(different) > 0 {
				t.Errorf("%s: verify: %v %v", name, different, err)
			}
		}
	}
}

func TestReadBundleRefuses(t *testing.T) {
	good := written(t, sealed(t, forumPost(t)), "b.json")
	replaced := func(old, new string) string {
		if strings.Count(good, old) == 0 {
			t.Fatalf("%q is not in the bundle", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	tests := map[string]struct {
		data string
		want error
		says string
	}{
		"empty":           {"", report.ErrBundle, "unexpected EOF"},
		"truncated":       {good[:len(good)/2], report.ErrBundle, "unexpected EOF"},
		"trailing data":   {good + "{}", report.ErrBundle, "behind the end"},
		"not an object":   {"[]", report.ErrBundle, ""},
		"another format":  {replaced("perpquorum-bundle/1", "perpquorum-bundle/2"), report.ErrBundle, `"perpquorum-bundle/2"`},
		"deep nesting":    {strings.Repeat("[", 100000), report.ErrBundle, "deep"},
		"duplicate key":   {replaced(`"generator":`, `"generator": "x", "generator":`), report.ErrBundle, "generator stands twice"},
		"unknown key":     {replaced(`"generator":`, `"more": 1, "generator":`), votingpower.ErrEvidence, "more"},
		"key in capitals": {replaced(`"generator":`, `"Generator":`), votingpower.ErrEvidence, "enerator"},
		"no evidence":     {`{"format":"perpquorum-bundle/1","claim":{}}`, votingpower.ErrEvidence, "evidence is missing"},
		"no claim":        {good[:strings.Index(good, `,`+"\n  \"claim\"")] + "}", votingpower.ErrEvidence, "claim is missing"},
		"changed header":  {replaced(`"header": "0xf901`, `"header": "0xf902`), votingpower.ErrEvidence, ""},
		"too large":       {`{"format":"` + strings.Repeat("x", report.MaxBundleSize) + `"}`, report.ErrBundle, "larger than"},
		"too many values": {`{"claim":[0` + strings.Repeat(",0", 4<<20) + `]}`, report.ErrBundle, "more than 4194304 values"},
		"not UTF-8":       {replaced(`"generator": "`, "\"generator\": \"\xff"), report.ErrBundle, "not UTF-8"},
		"false gzip":      {"gz" + good, report.ErrBundle, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			file := "b.json"
			if strings.HasPrefix(test.data, "gz") {
				file = "b.json.gz"
			}
			b, err := report.ReadBundle(strings.NewReader(test.data), file)
			if b != nil || !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("found %v, want %v saying %q", err, test.want, test.says)
			}
		})
	}
}

// TestReadBundleBomb reads a small file that decompresses to far too much.
func TestReadBundleBomb(t *testing.T) {
	var bomb bytes.Buffer
	gz := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 80 {
		gz.Write(zeros)
	}
	gz.Close()
	if _, err := report.ReadBundle(&bomb, "bomb.gz"); !errors.Is(err, report.ErrBundle) {
		t.Errorf("found %v, want %v", err, report.ErrBundle)
	}
}

// TestWriteRefuses writes nothing that ReadBundle would not take.
func TestWriteRefuses(t *testing.T) {
	whole := sealed(t, forumPost(t))
	tests := map[string]report.Bundle{
		"nothing":     {},
		"no format":   {Evidence: whole.Evidence, Claim: whole.Claim},
		"no evidence": {Format: whole.Format, Claim: whole.Claim},
		"no claim":    {Format: whole.Format, Evidence: whole.Evidence},
	}
	for name, b := range tests {
		var out bytes.Buffer
		if err := b.Write(&out, "b.json"); err == nil || out.Len() > 0 {
			t.Errorf("%s: wrote %q, %v", name, out.String(), err)
		}
	}
}

// TestNil gives New and Verify no bundle.
func TestNil(t *testing.T) {
	if _, err := report.New(nil); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("New: found %v, want %v", err, votingpower.ErrEvidence)
	}
	if _, _, err := report.Verify(nil); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("Verify: found %v, want %v", err, votingpower.ErrEvidence)
	}
}

// TestBundleOfADeepChoice: a voter cannot keep others from the evidence.
func TestBundleOfADeepChoice(t *testing.T) {
	b := poll(t, votesFor("1"), ballot{strings.Repeat("[", 100) + strings.Repeat("]", 100), "2"})
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = r.Bundle(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.Write(&file, "vote.json"); err != nil {
		t.Fatal(err)
	}
	if b, err = report.ReadBundle(&file, "vote.json"); err != nil {
		t.Fatal(err)
	}
	if _, different, err := report.Verify(b); err != nil || len(different) > 0 {
		t.Errorf("%v %v", err, different)
	}
}

func TestVerifyNamesEachDifference(t *testing.T) {
	b := sealed(t, forumPost(t))
	claim := string(b.Claim)
	claim = strings.Replace(claim, `"tokens":"14639538.3662400000000000001"`, `"tokens":"14639538"`, 1)
	claim = strings.Replace(claim, `"verdict":"measured",`, ``, 1)
	claim = strings.Replace(claim, `"format":`, `"a.b":[],"format":`, 1)
	b.Claim = json.RawMessage(claim)
	_, found, err := report.Verify(b)
	if err != nil {
		t.Fatal(err)
	}
	want := []report.Difference{
		{Path: "verdict", Claimed: "(absent)", Recomputed: `"measured"`},
		{Path: "quorum.tokens", Claimed: `"14639538"`, Recomputed: `"14639538.3662400000000000001"`},
		{Path: `["a.b"]`, Claimed: "[]", Recomputed: "(absent)"},
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
	b := sealed(t, forumPost(t))
	claim := strings.Replace(string(b.Claim), `"fraction":"1/10"`, `"fraction":"1/20"`, 1)
	b.Claim = json.RawMessage(strings.Replace(claim, `{"format"`, `{"quorum.fraction":"1/10","format"`, 1))
	if _, found, err := report.Verify(b); err != nil || len(found) != 2 {
		t.Errorf("found %v, %v; want two differences", found, err)
	}
}

func TestVerifyUnsoundEvidence(t *testing.T) {
	b := sealed(t, forumPost(t))
	b.Evidence.Reads[0].Result = b.Evidence.Reads[0].Result[1:]
	if _, _, err := report.Verify(b); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("found %v, want %v", err, votingpower.ErrEvidence)
	}
}

func FuzzReadBundle(f *testing.F) {
	f.Add([]byte(written(f, sealed(f, forumPost(f)), "b.json")))
	f.Add([]byte(written(f, sealed(f, marked(f)), "b.json")))
	f.Add([]byte(written(f, sealed(f, ambiguousPoll(f, []int{0, 1}, [2]string{"5", "15"}, [2]string{"0", "7.5"})), "b.json")))
	f.Add([]byte(`{"format":"perpquorum-bundle/1","evidence":{},"claim":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := report.ReadBundle(bytes.NewReader(data), "b.json")
		if err != nil {
			return
		}
		again, err := report.ReadBundle(strings.NewReader(written(t, b, "b.json")), "b.json")
		if err != nil {
			t.Fatalf("what was written is not read again: %v", err)
		}
		if written(t, again, "b.json") != written(t, b, "b.json") {
			t.Fatal("writing is not stable")
		}
		report.Verify(b)
	})
}
