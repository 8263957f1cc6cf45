package report_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
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

func written(t testing.TB, b *report.Bundle, compress bool) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out, compress); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestBundleRoundTrip(t *testing.T) {
	for _, compress := range []bool{false, true} {
		for _, bundle := range everyBundle(t) {
			data := written(t, sealed(t, bundle), compress)
			b, err := report.ReadBundle(strings.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if again := written(t, b, compress); again != data {
				t.Error("written again, the bundle has other bytes")
			}
			if _, different, err := report.Verify(b, time.Now()); err != nil || len(different) > 0 {
				t.Errorf("verify: %v %v", different, err)
			}
		}
	}
}

func TestReadBundleRefuses(t *testing.T) {
	good := written(t, sealed(t, load(t, "post")), false)
	vote := written(t, sealed(t, load(t, "reached")), false)
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
		"empty":            {"", report.ErrBundle, "unexpected EOF"},
		"truncated":        {good[:len(good)/2], report.ErrBundle, "unexpected EOF"},
		"trailing data":    {good + "{}", report.ErrBundle, "behind the end"},
		"not an object":    {"[]", report.ErrBundle, ""},
		"another format":   {replaced("bundle/2", "bundle/3"), report.ErrBundle, `bundle/2" or "perpquorum-bundle/1"`},
		"keys of format 1": {strings.Replace(vote, `"vote":`, `"ballot":`, 1), votingpower.ErrEvidence, "/ballot"},
		"keys of format 2": {strings.Replace(vote, "bundle/2", "bundle/1", 1), votingpower.ErrEvidence, "/vote"},
		"deep nesting":     {strings.Repeat("[", 100000), report.ErrBundle, "deep"},
		"duplicate key":    {replaced(`"synthetic":`, `"synthetic":"x","synthetic":`), report.ErrBundle, `name "synthetic"`},
		"unknown key":      {replaced(`"synthetic":`, `"more":1,"synthetic":`), votingpower.ErrEvidence, "more"},
		"key in capitals":  {replaced(`"synthetic":`, `"Synthetic":`), votingpower.ErrEvidence, "ynthetic"},
		"no evidence":      {`{"format":"perpquorum-bundle/2","claim":{}}`, votingpower.ErrEvidence, "is missing"},
		"no claim":         {good[:strings.Index(good, `,"claim"`)] + "}", votingpower.ErrEvidence, "is missing"},
		"changed header":   {replaced(`"header":"0xf901`, `"header":"0xf902`), votingpower.ErrEvidence, ""},
		"too large":        {`{"x":"` + strings.Repeat("x", report.MaxBundleSize) + `"}`, report.ErrBundle, "larger than"},
		"a long text":      {replaced(`"result":"0x`, `"result":"0x`+strings.Repeat("00", 5<<20)), report.ErrBundle, "8 MiB"},
		"not UTF-8":        {replaced(`"synthetic":"`, "\"synthetic\":\"\xff"), report.ErrBundle, "invalid UTF-8"},
		"false gzip":       {"\x1f\x8b" + good, report.ErrBundle, "gzip"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, err := report.ReadBundle(strings.NewReader(test.data))
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
	spaces := bytes.Repeat([]byte(" "), 1<<20)
	for range report.MaxBundleSize>>20 + 1 {
		gz.Write(spaces)
	}
	gz.Close()
	if _, err := report.ReadBundle(&bomb); !errors.Is(err, report.ErrBundle) {
		t.Errorf("found %v, want %v", err, report.ErrBundle)
	}
}

// TestWriteRefuses writes nothing that ReadBundle would not take.
func TestWriteRefuses(t *testing.T) {
	whole := sealed(t, load(t, "post"))
	tests := map[string]report.Bundle{
		"nothing":     {},
		"no format":   {Evidence: whole.Evidence, Claim: whole.Claim},
		"no evidence": {Format: whole.Format, Claim: whole.Claim},
		"no claim":    {Format: whole.Format, Evidence: whole.Evidence},
	}
	for name, b := range tests {
		var out bytes.Buffer
		if err := b.Write(&out, false); err == nil || out.Len() > 0 {
			t.Errorf("%s: wrote %q, %v", name, out.String(), err)
		}
	}
}

// TestNil gives New and Verify no bundle.
func TestNil(t *testing.T) {
	if _, err := report.New(nil); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("New: found %v, want %v", err, votingpower.ErrEvidence)
	}
	if _, _, err := report.Verify(nil, time.Now()); !errors.Is(err, votingpower.ErrEvidence) {
		t.Errorf("Verify: found %v, want %v", err, votingpower.ErrEvidence)
	}
}

// TestBundleOfOddThings: neither a deep choice nor rows that are no votes keep others from the evidence,
// and who verifies it finds the same.
func TestBundleOfOddThings(t *testing.T) {
	tests := map[string]func(e *vote.Evidence){
		"a deep choice": func(e *vote.Evidence) {
			e.Votes[1].Choice = []byte(strings.Repeat("[", 100) + strings.Repeat("]", 100))
		},
		"odd rows": func(e *vote.Evidence) {
			e.Odd = []string{"null", `{"id":"0x12","id":"\u202e"}`, "{\"vp\":\"\nVerdict: reached\u2028\"}"}
			e.Proposal.Votes += len(e.Odd)
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			b := load(t, "reached")
			change(b.Vote)
			var file bytes.Buffer
			if err := sealed(t, b).Write(&file, false); err != nil {
				t.Fatal(err)
			}
			b, err := report.ReadBundle(&file)
			if err != nil {
				t.Fatal(err)
			}
			r, different, err := report.Verify(b, time.Now())
			if err != nil || len(different) > 0 {
				t.Fatalf("%v %v", err, different)
			}
			unreadable := 0
			for _, f := range r.Document().Findings {
				if f.Code == vote.VoteUnreadable {
					unreadable++
				}
			}
			if unreadable != len(b.Vote.Odd) {
				t.Errorf("found %d unreadable rows, want %d", unreadable, len(b.Vote.Odd))
			}
		})
	}
}

func FuzzReadBundle(f *testing.F) {
	for _, name := range []string{"post", "marked", "ambiguous"} {
		f.Add([]byte(written(f, sealed(f, load(f, name)), false)))
	}
	f.Add([]byte(`{"format":"perpquorum-bundle/2","evidence":{},"claim":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := report.ReadBundle(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := report.ReadBundle(strings.NewReader(written(t, b, false)))
		if err != nil {
			t.Fatalf("what was written is not read again: %v", err)
		}
		if written(t, again, false) != written(t, b, false) {
			t.Fatal("writing is not stable")
		}
		report.Verify(b, time.Now())
	})
}
