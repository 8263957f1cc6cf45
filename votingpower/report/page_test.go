package report_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower/report"
	"github.com/perpdao/perpquorum/votingpower/vote"
)

// The policy of a page allows its one style and its one script, and nothing else.
func TestPagePolicy(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := report.Page{Title: "a < b", Marks: []vote.Finding{
		{Title: "Synthetic figures", Detail: "</style>"}, {Title: `"}</style>`}, {Title: "Synthetic figures"}}}
	if err := p.Write(&out, `<p title="{{.}}">{{.}}</p>`, `"><script>`); err != nil {
		t.Fatal(err)
	}
	page := out.String()
	policy := html.UnescapeString(regexp.MustCompile(`Policy" content="([^"]*)"`).FindStringSubmatch(page)[1])
	for _, tag := range []string{"style", "script"} {
		found := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(found) != 1 {
			t.Fatalf("found %d elements %s, want 1", len(found), tag)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("found %s, want %s", policy, want)
		}
	}
	for _, want := range []string{"default-src 'none'; ", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("found %s, want %s", policy, want)
		}
	}
	if !strings.Contains(page, "<title>[SYNTHETIC FIGURES · STYLE] a &lt; b</title>") {
		t.Error("the marks are not in the title")
	}
}
