package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures"
	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// browserPage is what testdata/browser.cjs is asked.
type browserPage struct {
	File     string   `json:"file"`
	Text     []string `json:"text"` // that is copied with the whole page, and printed
	Mark     string   `json:"mark"` // at the top of each printed page, without spaces
	Pictures string   `json:"pictures,omitempty"`
	// Width asks only what does not fit there, and for a picture of the beginning of the page in a file.
	Width   int    `json:"width,omitempty"`
	Height  int    `json:"height,omitempty"`
	Picture string `json:"picture,omitempty"`
}

// Pages are looked at in Chromium: no message and no request, nothing that axe-core finds, nothing beyond
// the screen or over its neighbor from 360 to 1200 pixels, in light and dark; hashes are copied whole, the
// keyboard opens what is folded, and each printed page has the marks. BROWSER_PAGES=all looks at every
// page, and keeps pictures with the flag -artifacts.
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
		pages = append(pages, browserPage{File: file, Text: []string{d.Bundle, d.Chains[0].Hash},
			Mark: "SYNTHETICFIGURES", Pictures: pictures})
	}
	index := browserPage{File: filepath.Join(dir, "index.html"), Text: []string{bundles["open"].Vote.Proposal.ID},
		Mark: "SYNTHETICFIGURES", Pictures: pictures}
	if err := os.WriteFile(index.File, historyPage(t, bundles), 0o644); err != nil {
		t.Fatal(err)
	}
	pages = append(pages, index)
	for i, problems := range testenv.Ask[browserPage, []string](t, "testdata/browser.cjs", pages) {
		for _, problem := range problems {
			t.Errorf("%s: %s", filepath.Base(pages[i].File), problem)
		}
	}
}

// historyPage is the index of some votes, and of one that could not be read.
func historyPage(t *testing.T, bundles map[string]*report.Bundle) []byte {
	h, err := report.NewHistory("example.eth", votingpower.PERP(), true)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range bundles {
		r, err := report.New(b)
		if err != nil {
			t.Fatal(err)
		}
		if b.Vote != nil {
			h.Votes = append(h.Votes, report.HistoryVote{Page: name + ".html"})
			h.Votes[len(h.Votes)-1].Fill(r, h)
		}
	}
	h.Votes = append(h.Votes, h.Votes[0])
	h.Votes[len(h.Votes)-1].Fail(report.HistoryUnread, errors.New("no endpoint answered"))
	h.Sort()
	var out bytes.Buffer
	if err := h.Render(&out, report.HTML); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Posts fit the column of a forum, with what is folded away open, whatever strangers write.
func TestPostFits(t *testing.T) {
	t.Setenv("CHROMIUM", testenv.Chromium(t))
	bundles := map[string]*report.Bundle{"hostile": hostileVote(t), "custom": custom(t, nil), "post": load(t, "post"),
		"strange": strange(t, strings.Repeat("Wide", 30)+" 9@"+strings.Repeat("x", 100))}
	var names []string
	var pages []browserPage
	for name, b := range bundles {
		for k, post := range show(t, b)[0] {
			page := strings.ReplaceAll(forumPage(post.HTML), "<details>", "<details open>")
			pages = append(pages, browserPage{File: saved(t, page), Width: forumWidth, Height: 1000})
			names = append(names, fmt.Sprintf("%s, post %d", name, k))
		}
	}
	for i, problems := range testenv.Ask[browserPage, []string](t, "testdata/browser.cjs", pages) {
		if len(problems) > 0 {
			t.Errorf("%s: %q", names[i], problems)
		}
	}
}

// forumWidth is that of a post, in pixels.
const forumWidth = 690

// forumPage shows a post with styles like those of a forum.
func forumPage(post string) string {
	post = strings.ReplaceAll(post, "<pre>", `<pre class="scroll">`)
	return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Post</title><style>
body { margin: 0; font: 16px/1.4 Arial, "Liberation Sans", "DejaVu Sans", sans-serif; color: #222 }
article { width: ` + fmt.Sprint(forumWidth) + `px; overflow-wrap: break-word }
blockquote { margin: 0 0 1em; padding: 12px; border-left: 5px solid #e9e9e9; background: #f8f8f8 }
blockquote p { margin: 0 0 12px }
table { border-collapse: collapse; margin: 12px 0; font-variant-numeric: tabular-nums }
th, td { padding: 3px 3px 3px 8px; border: 1px solid #e9e9e9 }
thead th { border-bottom: 2px solid #e9e9e9; text-align: left }
code { font: .875em Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; padding: 2px 4px; background: #f8f8f8 }
pre { overflow: auto } pre code { display: block; white-space: pre } a { color: #08c; text-decoration: none }
</style><article>` + post + `</article></html>`
}

// saved is a file with a page.
func saved(t *testing.T, page string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// README shows pictures of the example, which -update takes anew.
func TestPictures(t *testing.T) {
	pictures := map[string]browserPage{
		"page.png": {Width: 960, Height: 840}, "post.png": {Width: forumWidth, Height: 900},
	}
	if *update {
		t.Setenv("CHROMIUM", testenv.Chromium(t))
		b, err := report.ReadBundle(bytes.NewReader(fixtures.ExampleVote))
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]string{"page.png": render(t, b, report.HTML), "post.png": forumPage(show(t, b)[0][0].HTML)}
		for name, p := range pictures {
			p.File = saved(t, pages[name])
			if p.Picture, err = filepath.Abs("../../fixtures/pictures/" + name); err != nil {
				t.Fatal(err)
			}
			testenv.Ask[browserPage, []string](t, "testdata/browser.cjs", []browserPage{p})
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range pictures {
		data, err := os.ReadFile("../../fixtures/pictures/" + name)
		if err != nil {
			t.Fatal(err)
		}
		size, err := png.DecodeConfig(bytes.NewReader(data))
		if err != nil || len(data) > 150_000 || size.Width != p.Width {
			t.Errorf("%s: %d bytes, %v, %v", name, len(data), size, err)
		}
		if !bytes.Contains(readme, []byte("fixtures/pictures/"+name)) {
			t.Errorf("README does not show %s", name)
		}
	}
}
