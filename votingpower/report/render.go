package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/votingpower"
)

// Format is an output format of Render.
type Format string

// The output formats.
const (
	Text       Format = "text"       // the lines of the forum's posts, or of a vote the verdict first
	Markdown   Format = "markdown"   // a post for Discourse
	CommonMark Format = "commonmark" // a post without tables and HTML
	JSON       Format = "json"       // the Document
	CSV        Format = "csv"        // a row for each voter, or for each term
	HTML       Format = "html"       // a page in one file
	SVG        Format = "svg"        // a chart
	PNG        Format = "png"        // a chart
)

// Formats lists the formats that say all of a report; CSV has its rows, SVG and PNG a chart.
func Formats() []Format { return []Format{Text, Markdown, CommonMark, HTML, JSON} }

//go:embed text.tmpl
var textTemplate string

//go:embed vote.tmpl
var voteTemplate string

//go:embed consistent.tmpl
var consistentTemplate string

// Render writes the report in the given format, in one Write. The figures of
// Text are rounded to three decimals; a post has the exact sum as well, and JSON is exact.
func (r *Report) Render(w io.Writer, format Format) error {
	var out []byte
	var err error
	switch format {
	case Text:
		return r.RenderText(w, Style{})
	case Markdown:
		out, err = post{r, true}.write()
	case CommonMark:
		out, err = post{r, false}.write()
	case HTML:
		return r.writeHTML(w)
	case CSV:
		return r.writeCSV(w)
	case JSON:
		return WriteJSON(w, r.document)
	default:
		err = fmt.Errorf("unknown format %q, want one of %q", format, Formats())
	}
	if err != nil {
		return err
	}
	_, err = w.Write(out)
	return err
}

// RenderConsistent writes what is worth saying of a bundle in which Verify found no difference:
// first what it does not bind. Where the verdict of an older program stands, it names both.
func (r *Report) RenderConsistent(w io.Writer) error {
	out, err := r.text(consistentTemplate, Style{})
	if err == nil {
		_, err = w.Write(out)
	}
	return err
}

func (r *Report) text(text string, s Style) ([]byte, error) {
	out, err := r.execute(text, inText(), r.voteFuncs(s))
	return []byte(s.paint(layOut(string(out)))), err
}

// execute fills a template, with the functions by which its format writes foreign text, and others of it.
func (r *Report) execute(text string, foreign, more template.FuncMap) ([]byte, error) {
	tmpl, err := template.New("report").Funcs(r.functions()).Funcs(foreign).Funcs(more).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := tmpl.Execute(&b, r.document); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// functions are those of every template.
func (r *Report) functions() template.FuncMap {
	return template.FuncMap{
		"round": roundDecimal,
		"group": grouped,
		"basis": basis,
		"name": func(chain string) (string, error) {
			id, err := chains.ParseID(chain)
			return chainName(id), err
		},
		"rerun":     r.Rerun,
		"older":     r.older,
		"sources":   r.sources,
		"public":    r.public,
		"proven":    r.document.proven,
		"verified":  r.verified,
		"confirmed": func(chain string) string { return r.confirmed[chain] },
		"standing":  func(a Assurance, hash string, development bool) string { return a.words(hash, development) },
		"bundleURL": func() (string, error) {
			if r.BundleURL == "" || plainFile.MatchString(r.BundleURL) {
				return r.BundleURL, nil
			}
			return r.BundleURL, CheckURL(r.BundleURL)
		},

		"magnitude":     func(number string) string { return strings.TrimPrefix(number, "-") },
		"visible":       visible,
		"counts":        counts,
		"votes":         votes,
		"signatures":    signatures,
		"sample":        sample,
		"turnoutSource": turnoutSource,
		"reading":       reading,
		"established":   established,
	}
}

// older is the verdict that the bundle claims, if it is another one, with who came to it.
func (r *Report) older() string {
	if r.claimed == "" || r.claimed == r.document.Verdict {
		return ""
	}
	return fmt.Sprintf("%s, as %s judged it", r.claimed, quoted(cmp.Or(r.bundle.Generator, "an older program"), maxName))
}

// public reports whether anyone can read the same figures from public chains.
func (r *Report) public() bool {
	return !r.synthetic() && !slices.ContainsFunc(r.document.Chains, func(c Chain) bool { return c.Development })
}

// Rerun returns the command that reads the same again: the vote, the blocks that were
// pinned, or else the query time. Naming all blocks would change the query time, on which
// the wallets of a model can depend. It is part of what is printed, for a reader to copy.
func (r *Report) Rerun() string {
	command := "perpquorum report"
	if v := r.document.Vote; v != nil {
		command = "perpquorum check " + v.ID
	}
	pinned := false
	for _, c := range r.document.Chains {
		if c.Pinned && (r.outcome == nil || c.ID != uint64(r.outcome.Network)) {
			command += fmt.Sprintf(" --block %s=%d", c.Chain, c.Number)
		}
		pinned = pinned || c.Pinned
	}
	if !pinned {
		command += " --at " + r.bundle.Evidence.At.UTC().Format(time.RFC3339Nano)
	}
	if !r.document.Model.BuiltIn {
		command += " --model FILE"
	}
	if r.outcome != nil && r.outcome.Strategies.ByHash {
		command += " --strategies " + r.outcome.Strategies.SHA256
	}
	return command
}

// sources lists the sources of the model and then, once each, those of its
// excluded wallets: they tell how old the list of them is.
func (r *Report) sources() []string {
	m := r.bundle.Evidence.Model
	list := slices.Clone(m.Sources)
	for _, w := range m.Excluded {
		if w.Source != "" && !slices.Contains(list, w.Source) {
			list = append(list, w.Source)
		}
	}
	return list
}

// builtIn reports whether a hash is that of the model that comes with the program.
func builtIn(hash string) bool {
	perp, err := digest(votingpower.PERP())
	return err == nil && perp == hash
}
