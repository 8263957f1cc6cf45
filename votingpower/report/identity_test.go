package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// TestProposalOtherThanSigned: a hub, or the author of a bundle, shows a proposal otherwise
// than it was signed, or with an odd snapshot. Every format says so, and Verify finds it
// behind the claim of an honest report.
func TestProposalOtherThanSigned(t *testing.T) {
	const differs = "may not be what its author signed"
	type P = *snapshot.Proposal
	tests := map[string]struct {
		lie     func(p P)
		verdict vote.Verdict
		says    string
	}{
		"type":     {func(p P) { p.Type = "single-choice" }, vote.Disagrees, `with the type "basic"`},
		"choices":  {func(p P) { slices.Reverse(p.Choices) }, vote.Disagrees, `with the choices "For, Against, Abstain"`},
		"title":    {func(p P) { p.Title += "." }, vote.Disagrees, differs},
		"body":     {func(p P) { p.Body = "" }, vote.Disagrees, differs},
		"start":    {func(p P) { p.Start-- }, vote.Disagrees, differs},
		"end":      {func(p P) { p.End++ }, vote.Disagrees, differs},
		"edited":   {func(p P) { p.Title, p.Updated = "SYNTHETIC", p.Created+1 }, vote.Reached, "an edit keeps the id"},
		"too late": {func(p P) { p.Start -= 3600; sign(p) }, vote.Disagrees, "58 minutes after voting began"},
		"late":     {func(p P) { p.Created -= 3600; sign(p) }, vote.Reached, "60 minutes after the proposal was made"},
		"early":    {func(p P) { p.Created += 3 * 86400; sign(p) }, vote.Reached, "3 days before the proposal was made"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := load(t, "reached")
			sign(b.Vote.Proposal)
			b = sealed(t, b)
			test.lie(b.Vote.Proposal)
			for _, format := range []report.Format{report.Text, report.Markdown, report.JSON} {
				if got := strings.ReplaceAll(flat(t, b, format), `\"`, `"`); !strings.Contains(got, test.says) {
					t.Errorf("%s: %q is missing", format, test.says)
				}
			}
			r, different, err := report.Verify(b, time.Now())
			seen := slices.ContainsFunc(different, func(d report.Difference) bool {
				return strings.HasPrefix(d.Path, "/findings/") && strings.HasSuffix(d.Path, "/code")
			})
			if err != nil || !seen || r.Document().Verdict != test.verdict {
				t.Errorf("verdict %s, want %s; %v, %v", r.Document().Verdict, test.verdict, err, different)
			}
		})
	}
}

// TestClaimOfFormat1: a claim need not have the findings that are newer than its format,
// unless they are failures.
func TestClaimOfFormat1(t *testing.T) {
	for name, test := range map[string]struct {
		change func(p *snapshot.Proposal)
		right  bool
	}{
		"unedited": {func(*snapshot.Proposal) {}, true},
		"edited":   {func(p *snapshot.Proposal) { p.Title, p.Updated = "SYNTHETIC", p.Created+1 }, true},
		"false":    {func(p *snapshot.Proposal) { p.Title = "SYNTHETIC" }, false},
	} {
		b := load(t, "reached")
		b.Format = report.BundleFormat1
		sign(b.Vote.Proposal)
		test.change(b.Vote.Proposal)
		r, err := report.New(b)
		if err != nil {
			t.Fatal(err)
		}
		d := r.Document()
		d.Verdict = vote.Reached
		d.Findings = slices.DeleteFunc(d.Findings, func(f vote.Finding) bool {
			return strings.HasPrefix(string(f.Code), "proposal-")
		})
		if b.Claim, err = json.Marshal(d); err != nil {
			t.Fatal(err)
		}
		if _, different, err := report.Verify(b, time.Now()); err != nil || test.right != (len(different) == 0) {
			t.Errorf("%s: %v, %v", name, err, different)
		}
	}
}
