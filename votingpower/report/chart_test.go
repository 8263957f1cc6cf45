package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

func draw(t testing.TB, b *report.Bundle, format report.Format, chart report.Chart) []byte {
	t.Helper()
	r, err := report.New(b)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.RenderChart(&out, format, chart); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestChartGolden(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*report.Bundle{
		"turnout-reached": load(t, "reached"), "turnout-unestablished": unestablished(t), "turnout-open": open(t),
		"turnout-hostile": hostileVote(t), "turnout-disagrees": disagreeing(t), "waterfall-post": load(t, "post"),
		"waterfall-custom": custom(t, votingpower.NewTokens(100)),
	} {
		kind, _, _ := strings.Cut(name, "-")
		got := draw(t, b, report.SVG, report.Chart(kind))
		golden := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from its golden file (rewrite with -update)", name)
		}
	}
}

// A picture stands alone: it is well-formed, asks for nothing and runs nothing, whatever foreign
// text is in it, and it names its marks and the bundle.
func TestChartStandsAlone(t *testing.T) {
	t.Parallel()
	for name, b := range everyBundle(t) {
		for _, chart := range report.Charts() {
			if chart == report.TurnoutChart && b.Vote == nil {
				continue
			}
			svg := draw(t, b, report.SVG, chart)
			tags := map[string]bool{}
			for dec := xml.NewDecoder(bytes.NewReader(svg)); ; {
				token, err := dec.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s, %s: %v", name, chart, err)
				}
				start, ok := token.(xml.StartElement)
				if !ok {
					continue
				}
				tags[start.Name.Local] = true
				for _, a := range start.Attr {
					if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" {
						t.Errorf("%s, %s: attribute %s=%q", name, chart, a.Name.Local, a.Value)
					}
				}
			}
			for _, tag := range []string{"svg", "title", "desc", "defs", "pattern", "path", "rect", "polyline", "text"} {
				delete(tags, tag)
			}
			if len(tags) > 0 {
				t.Errorf("%s, %s: elements %v", name, chart, tags)
			}
			if marked := bytes.Contains(svg, []byte("SYNTHETIC FIGURES")); marked != (b.Synthetic != "" ||
				b.Evidence.Model.Synthetic != "") {
				t.Errorf("%s, %s: marked as synthetic: %t", name, chart, marked)
			}
		}
	}
}

// A PNG has the same bytes in every run, and twice the pixels of the SVG.
func TestChartPNG(t *testing.T) {
	t.Parallel()
	b := hostileVote(t)
	b.Vote.Proposal.Title = strings.Repeat("選", 10_000)
	first, again := draw(t, b, report.PNG, report.TurnoutChart), draw(t, b, report.PNG, "")
	picture, err := png.Decode(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) || picture.Bounds().Dx() != 2*690 {
		t.Errorf("%d and %d bytes, %v", len(first), len(again), picture.Bounds())
	}
}

func TestChartOfNoVote(t *testing.T) {
	t.Parallel()
	r, err := report.New(load(t, "post"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.RenderChart(&out, report.SVG, report.TurnoutChart); !errors.Is(err, report.ErrNoVote) || out.Len() > 0 {
		t.Errorf("found %v, and %d bytes", err, out.Len())
	}
}

// A turnout that is not known yet is not drawn as nothing.
func TestChartOfUnknownTurnout(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.Evidence.Model.Turnout.Choices = []string{"For"}
	b.Vote.Votes[0].Choice, b.Vote.Proposal.ScoresState = []byte(`"0xabcd"`), "pending"
	svg := string(draw(t, b, report.SVG, report.TurnoutChart))
	if !strings.Contains(svg, "The turnout is not known yet.") || strings.Contains(svg, "of the voting power") {
		t.Errorf("found %s", svg)
	}
}
