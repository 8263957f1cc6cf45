package report_test

import (
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/perpdao/perpquorum/fixtures/testenv"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// asked is a post, cooked is what a forum makes of it.
type (
	asked struct {
		Markdown   string `json:"markdown"`
		CommonMark bool   `json:"commonmark"` // not Discourse
	}
	cooked struct {
		HTML   string   `json:"html"`
		Text   string   `json:"text"`
		Tags   []string `json:"tags"`
		Links  []string `json:"links"`
		Lively []string `json:"lively"` // texts with mentions, hashtags or emoji
	}
)

// show shows each bundle on Discourse, and its other post there and elsewhere.
func show(t testing.TB, bundles ...*report.Bundle) (posts [][3]cooked) {
	t.Helper()
	var questions []asked
	for _, b := range bundles {
		other := render(t, b, report.CommonMark)
		questions = append(questions, asked{render(t, b, report.Markdown), false}, asked{other, false}, asked{other, true})
	}
	for three := range slices.Chunk(testenv.Ask[asked, cooked](t, "testdata/discourse.cjs", questions), 3) {
		posts = append(posts, [3]cooked(three))
	}
	return posts
}

// TestPostOfForeignText: of random punctuation in every text of a stranger a forum shows just that. It
// makes no link, mention, hashtag, emoji or markup of it, and our own words stay the same.
func TestPostOfForeignText(t *testing.T) {
	texts := append([]string{"x"}, slices.Sorted(maps.Values(forgeries))...)
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{":smile:", "@all", "#tag", "www.", "https://", ".fi", "(c)", "--", "...", "[details", "<b>", "&lt;"}
	for range testenv.Runs(t, 20) {
		var s strings.Builder
		for range 1 + random.IntN(12) {
			if random.IntN(4) == 0 {
				s.WriteString(parts[random.IntN(len(parts))])
			} else {
				s.WriteByte(byte(' ' + random.IntN('~'-' '+1)))
			}
		}
		texts = append(texts, s.String())
	}
	var bundles []*report.Bundle
	for _, s := range texts {
		bundles = append(bundles, strange(t, s))
	}
	posts := show(t, bundles...)
	for i, s := range texts {
		for k, post := range posts[i] {
			name := fmt.Sprintf("post %d of %.200q", k, s)
			checkInert(t, name, post, posts[0][k])
			if clean := strings.Join(strings.Fields(s), " "); ascii(s) && len(clean) < 55 {
				checkSaid(t, name, post, clean)
			}
		}
	}
}

func checkInert(t *testing.T, name string, post, plain cooked) {
	t.Helper()
	notCode := func(tag string) bool { return tag == "code" }
	got, want := slices.DeleteFunc(slices.Clone(post.Tags), notCode), slices.DeleteFunc(slices.Clone(plain.Tags), notCode)
	if !slices.Equal(got, want) {
		t.Errorf("%s: found tags %q, want %q", name, got, want)
	}
	if got, want := ownWords(post.HTML), ownWords(plain.HTML); got != want && !slices.Contains(post.Tags, "table") {
		t.Errorf("%s: found our words %s, want %s", name, got, want)
	}
	if len(post.Links)+len(post.Lively) > 0 {
		t.Errorf("%s: links %q, lively %q", name, post.Links, post.Lively)
	}
	for _, r := range post.HTML {
		if r != '\n' && !unicode.IsGraphic(r) {
			t.Errorf("%s: %U came through", name, r)
		}
	}
}

// checkSaid looks for the title of a vote and, in a table, for the last of its choices.
func checkSaid(t *testing.T, name string, post cooked, s string) {
	t.Helper()
	_, text, _ := strings.Cut(post.Text, "no verdict to rely on: ")
	title, text, _ := strings.Cut(text, "\n")
	if title != s && title != `"`+s+`"` {
		t.Errorf("%s: found title %q", name, title)
	}
	isLong := func(word string) bool { return len(word) > 22 } // which a table cuts
	for _, choice := range []string{"y" + s, "y " + s} {
		if !slices.Contains(post.Tags, "table") || slices.ContainsFunc(strings.Fields(s), isLong) ||
			strings.Contains(text, "\n"+choice+"\n") {
			return
		}
	}
	t.Errorf("%s: the choice is not in %.900q", name, text)
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

var blockOrSpan = regexp.MustCompile(`(?s)<pre>.*</pre>|<code>[^<]*</code>`)

// ownWords is what a post says outside quotes and code.
func ownWords(page string) string {
	page = hashes.ReplaceAllString(blockOrSpan.ReplaceAllString(page, "…"), "#")
	return inQuotes.ReplaceAllString(html.UnescapeString(page), "…")
}

// TestPost: a post of every kind of model and vote has only tags that a forum lets through, and no link
// but those to the same thing elsewhere.
func TestPost(t *testing.T) {
	names, bundles := []string{"contract's quorum", "bounded quorum", "public"},
		[]*report.Bundle{custom(t, nil), custom(t, votingpower.NewTokens(100)), public(t)}
	for name, b := range everyBundle(t) {
		names, bundles = append(names, name), append(bundles, b)
	}
	names, bundles = append(names, "swapped choices"), append(bundles, swappedChoices(t))
	old, err := filepath.Glob("testdata/format1/*.json")
	if err != nil || len(old) == 0 {
		t.Fatalf("no bundles of format 1: %v", err)
	}
	for _, file := range old {
		names, bundles = append(names, file), append(bundles, open1(t, file))
	}
	linked := map[string][]string{"public": {
		"https://etherscan.io/block/17293885", "https://optimistic.etherscan.io/block/99757040",
		"https://snapshot.box/#/s:vote-perp.eth/proposal/0x" + strings.Repeat("0", 63) + "1",
	}, "marked": {"https://forum.example/t/1?a=b"}} // a source of the model
	for i, posts := range show(t, bundles...) {
		for k, post := range posts {
			for _, tag := range post.Tags {
				if !strings.Contains(" blockquote p strong em ul li code br a hr pre h1 ", " "+tag+" ") &&
					!(k == 0 && strings.Contains(" table thead tbody tr th td details summary ", " "+tag+" ")) {
					t.Errorf("%s, post %d: tag %s", names[i], k, tag)
				}
			}
			var links []string
			for _, link := range post.Links {
				if !strings.Contains(link, "/address/") && !slices.Contains(links, link) {
					links = append(links, link)
				}
			}
			if !slices.Equal(links, linked[names[i]]) || len(post.Lively) > 0 {
				t.Errorf("%s, post %d: links %q, lively %q", names[i], k, links, post.Lively)
			}
		}
	}
}

// public is a vote of which everybody can look up proposal and blocks.
func public(t testing.TB) *report.Bundle {
	b := load(t, "reached")
	b.Synthetic, b.Vote.Hub = "", "hub.snapshot.org"
	return b
}

// open1 reads a bundle from a file.
func open1(t testing.TB, name string) *report.Bundle {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := report.ReadBundle(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
