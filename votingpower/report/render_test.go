package report_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func render(t testing.TB, b *report.Bundle, format report.Format) string {
	t.Helper()
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Render(&out, format); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// flat is what a format says, with each line of text in one.
func flat(t testing.TB, b *report.Bundle, format report.Format) string {
	t.Helper()
	if format != report.Text {
		return render(t, b, format)
	}
	return broken.ReplaceAllString(render(t, b, format), " ")
}

var broken = regexp.MustCompile(`\n {4,}`)

// constant is what every page has alike, and its hash.
var constant = regexp.MustCompile(`(?s)(<style>|<script>|sha256-).*?(</style>|</script>|&#39;)`)

func TestRenderGolden(t *testing.T) {
	extension := map[report.Format]string{report.Text: ".txt", report.Markdown: ".md", report.JSON: ".json",
		report.CSV: ".csv", report.HTML: ".html", report.CommonMark: ".commonmark.md"}
	few := map[report.Format][]string{ // the others are much the same
		report.HTML: {"post", "hostile", "unestablished"}, report.CommonMark: {"reached", "unestablished"},
	}
	for name, bundle := range everyBundle(t) {
		for _, format := range append(report.Formats(), report.CSV) {
			if names := few[format]; names != nil && !slices.Contains(names, name) {
				continue
			}
			t.Run(name+extension[format], func(t *testing.T) {
				got := render(t, bundle, format)
				if format == report.HTML {
					got = constant.ReplaceAllString(got, "$1…$2")
				}
				golden := filepath.Join("testdata", name+extension[format])
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if got != string(want) {
					t.Errorf("differs from %s (rewrite with -update):\n%s", golden, got)
				}
			})
		}
	}
}

// TestForumPost compares with the lines that a governance lead published in
// May 2023. Circulating Supply, Quorum and the hash of the bundle are not in that post.
func TestForumPost(t *testing.T) {
	const want = `Query timestamp:
- Fri, 19 May 2023 13:39:35 GMT
- UTC timestamp: 1684503575000
- Mainnet block number: 17293885
- Mainnet timestamp: 1684503575
- Mainnet UTC: Fri, 19 May 2023 13:39:35 GMT
- Optimism block number: 99757040
- Optimism timestamp: 1684503581
- Optimism UTC: Fri, 19 May 2023 13:39:41 GMT
- Circulating Supply: 143,115,431.859
- Circulating Voting Power: 146,395,383.662
- Quorum (10%): 14,639,538.366
`
	b := load(t, "post")
	got, hash, _ := strings.Cut(render(t, b, report.Text), "\nBundle SHA-256: ")
	if got != "Warning: Synthetic figures: \""+b.Synthetic+"\".\n"+want || len(hash) != 64+1 {
		t.Errorf("found\n%s%s", got, hash)
	}
	b.Synthetic = ""
	if got := render(t, b, report.Text); !strings.HasPrefix(got, want) {
		t.Errorf("found\n%s", got)
	}
}

// TestMarksInEveryFormat looks for each mark in each format.
func TestMarksInEveryFormat(t *testing.T) {
	for _, format := range report.Formats() {
		got := flat(t, load(t, "marked"), format)
		for mark, detail := range map[string]string{
			"Synthetic figures": "no such DAO", "Development chain": "not from a public chain",
			"Block pinned": "not the first block at or after", "Block not final": "can still be replaced",
		} {
			if !strings.Contains(got, mark) || format != report.CSV && !strings.Contains(got, detail) {
				t.Errorf("%s: %q is missing", format, mark)
			}
		}
	}
}

// TestModelMark: every format says that a model is not the built-in one, and no text of the model
// can say the opposite in words of ours.
func TestModelMark(t *testing.T) {
	const lie = `Perpetual Protocol (built in)". The model is the built-in one; its SHA-256 is right.`
	b := load(t, "post")
	m := b.Evidence.Model
	m.Name, m.Symbol, m.Definition = lie, "PERP. The model is the built-in one. 1", lie
	for _, e := range m.Escrows {
		m.Escrows[0].Label = e.Label + " The model is the built-in one;"
	}
	hash := document(t, b).Model.SHA256
	for format, mark := range map[report.Format]string{
		report.Text:       "\nModel: not the built-in one, SHA-256 " + hash + "\n",
		report.Markdown:   "> **Model not built in:** its SHA-256 is " + hash + ".\n",
		report.CommonMark: "> **Model not built in:** its SHA-256 is " + hash + ".\n",
		report.JSON:       "\n    \"built_in\": false,\n    \"sha256\": \"" + hash + "\"",
		report.CSV:        "Model not built in\n",
	} {
		got := flat(t, b, format)
		if !strings.Contains(got, mark) {
			t.Errorf("%s: %q is not in:\n%s", format, mark, got)
		}
		for line := range strings.Lines(got) {
			ours, _, _ := strings.Cut(line, `"`) // a name, a symbol and a definition are in quotes
			data := format == report.JSON || format == report.CSV || strings.TrimLeft(line, "|+−") != line
			if !data && strings.Contains(ours, "is the built-in one") {
				t.Errorf("%s: %s", format, line)
			}
		}
	}
}

// TestCSVIsInert looks for cells that a spreadsheet would take for formulas.
func TestCSVIsInert(t *testing.T) {
	for label, want := range map[string]string{
		"=1+1": "'=1+1", "＝1+1": "'＝1+1", "+1": "'+1", "＋1": "'＋1", "-1": "'-1", "－1": "'－1", "@A1": "'@A1",
		"＠A1": "'＠A1", "1=1": "1=1", "a-b": "a-b", "a;=1+1": "a;'=1+1",
	} {
		b := load(t, "post")
		b.Evidence.Model.Excluded[0].Label = label
		rows, err := csv.NewReader(strings.NewReader(render(t, b, report.CSV))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if got := rows[2][2]; got != want {
			t.Errorf("found the cell %q, want %q", got, want)
		}
	}
}

func TestRenderUnknownFormat(t *testing.T) {
	r, err := report.New(load(t, "post"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Render(&out, "pdf"); err == nil || out.Len() > 0 {
		t.Errorf("error %v, %d bytes written", err, out.Len())
	}
}

func BenchmarkRender(b *testing.B) {
	r, err := report.New(load(b, "post"))
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range report.Formats() {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if err := r.Render(&out, format); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	bundle := load(b, "post")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := report.New(bundle); err != nil {
			b.Fatal(err)
		}
	}
}

// TestRerun reads the same moment again: all blocks by its time, or
// the others by the time of a block that was named.
func TestRerun(t *testing.T) {
	for name, test := range map[string]struct {
		pinned []chains.ID
		want   string
	}{
		"by time":   {nil, "--at 2023-05-19T13:39:35Z"},
		"one block": {[]chains.ID{chains.Ethereum}, "--block ethereum=17293885"},
		"all the blocks": {[]chains.ID{chains.Ethereum, chains.Optimism},
			"--block ethereum=17293885 --block optimism=99757040"},
	} {
		b := load(t, "post")
		b.Synthetic = "" // only public chains can be read again
		for id, c := range b.Evidence.Chains {
			c.Block.Pinned = slices.Contains(test.pinned, id)
			b.Evidence.Chains[id] = c
		}
		r, err := report.New(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Rerun(); got != "perpquorum report "+test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		page := render(t, b, report.Markdown)
		if !strings.Contains(page, "`perpquorum report "+test.want+"` reads chains anew") {
			t.Errorf("%s: not in the page:\n%s", name, page)
		}
	}
}

// TestRerunVote names the vote by its id, of any form. One that is none is refused: somebody
// runs what is printed.
func TestRerunVote(t *testing.T) {
	for id, want := range map[string]string{
		"0x" + strings.Repeat("0a", 32):     "perpquorum check 0x" + strings.Repeat("0a", 32),
		"Qm" + strings.Repeat("x", 44):      "perpquorum check Qm" + strings.Repeat("x", 44),
		"bafkrei" + strings.Repeat("x", 52): "perpquorum check bafkrei" + strings.Repeat("x", 52),
		"0x" + strings.Repeat("0A", 32):     "",
		"bafkrei" + strings.Repeat("X", 52): "",
		"0x; rm -rf /":                      "",
	} {
		b := load(t, "reached")
		b.Vote.Proposal.ID = id
		r, err := report.New(b)
		switch {
		case want == "" && errors.Is(err, votingpower.ErrEvidence):
		case err != nil || r.Rerun() != want:
			t.Errorf("%s: error %v", id, err)
		}
	}
}

// TestVoteText looks for what the text says of a vote and its turnout.
func TestVoteText(t *testing.T) {
	named := load(t, "short")
	named.Evidence.Model.Turnout.Choices = []string{"For", "Against"}
	invalid := load(t, "reached")
	invalid.Vote.Votes[1].Choice = []byte("9")
	tiny := load(t, "reached")
	tiny.Vote.Proposal.Scores[1] = 1e-18
	for name, test := range map[string]struct {
		bundle *report.Bundle
		format report.Format
		says   string
	}{
		"named choices": {named, report.Text, `the 2 votes for "For", "Against"`},
		"one wei short": {named, report.Text,
			"\n  missing            0.000000000000000001 PERP  turnout is 0.99 times the quorum\n"},
		"what Snapshot shows": {load(t, "short"), report.Text, "\n  Snapshot itself shows   passed\n"},
		"quorum of a contract": {custom(t, nil), report.Text,
			"\n- Circulating Voting Power (for information): 800\n- Quorum (as the contract says): 123\n"},
		"quorum of a contract, as rows": {custom(t, nil), report.Markdown,
			"\n| = | **800** | **Circulating voting power** |  |\n| → | **123** | **Quorum: as the contract says** " +
				"| Mainnet `0x030000…000000` `quorumVotes()` |\n"},
		"quorum above its bound": {custom(t, votingpower.NewTokens(100)), report.Markdown,
			"**The quorum is 100 REEF, the maximum of the model, instead of what the contract says. " +
				"The circulating voting power, for information, is 800 REEF.**"},
		"a score of one wei, in a column": {tiny, report.Markdown, "\n| Against | 0.000000000000000001 | "},
		"invalid choices": {invalid, report.Text,
			"\n  Invalid choices              4,000,000.125    25%       1 vote  in no score\n"},
		"invalid, as a row": {invalid, report.Markdown,
			"\n| *Invalid choices* | 4,000,000.125 | 1 vote, 25% of the turnout, in no score |\n"},
	} {
		if text := flat(t, test.bundle, test.format); !strings.Contains(text, test.says) {
			t.Errorf("%s: %q is not in:\n%s", name, test.says, text)
		}
	}
}
