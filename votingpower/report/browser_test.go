package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// browserPage is what testdata/browser.cjs is asked.
type browserPage struct {
	File     string   `json:"file"`
	Text     []string `json:"text"` // that is copied with the whole page
	Pictures string   `json:"pictures,omitempty"`
}

// Pages are looked at in Chromium: no message and no request, nothing that axe-core finds, nothing beyond
// the screen or over its neighbor from 360 to 1200 pixels, in light and dark; hashes are copied whole, the
// keyboard opens what is folded, and the page prints. BROWSER_PAGES=all looks at every page, and keeps
// pictures with the flag -artifacts.
func TestPageInBrowser(t *testing.T) {
	t.Setenv("CHROMIUM", testenv.Chromium(t))
	long := hostileVote(t)
	long.Vote.Proposal.Title = strings.Repeat("verylong", 500) + "\u202e\u2066<b>\u200b" + strings.Repeat("選", 10_000)
	bundles := map[string]*report.Bundle{"long": long, "open": open(t), "post": load(t, "post")}
	pictures := ""
	if os.Getenv("BROWSER_PAGES") == "all" {
		bundles, pictures = everyBundle(t), t.ArtifactDir()
		bundles["long"], bundles["custom"] = long, custom(t, votingpower.NewTokens(100))
	}
	var pages []browserPage
	dir := t.TempDir()
	for name, b := range bundles {
		file, d := filepath.Join(dir, name+".html"), document(t, b)
		if err := os.WriteFile(file, []byte(render(t, b, report.HTML)), 0o644); err != nil {
			t.Fatal(err)
		}
		pages = append(pages, browserPage{File: file, Text: []string{d.Bundle, d.Chains[0].Hash}, Pictures: pictures})
	}
	for i, problems := range testenv.Ask[browserPage, []string](t, "testdata/browser.cjs", pages) {
		for _, problem := range problems {
			t.Errorf("%s: %s", filepath.Base(pages[i].File), problem)
		}
	}
}
