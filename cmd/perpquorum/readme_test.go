package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

const readmePath = "../../README.md"

// TestReadme runs the README, block by block, in one directory: what it prints
// after a command must be what the command prints. A line of "…" stands for any
// lines, and "…" at the end of a line for the rest of it. With -update, blocks
// that have no "…" are rewritten.
//
// The endpoints in it become two local chains, the blocks of the public chains
// those of the same times there, and PROPOSAL a made-up vote on a fake hub.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	r := newReader(t)
	out := fenced.ReplaceAllStringFunc(string(text), func(block string) string {
		parts := fenced.FindStringSubmatch(block)
		language, body := parts[1], parts[2]
		switch language {
		case "console":
			body = r.transcript(body)
		case "sh":
			r.script(body)
		case "go":
			r.program(body)
		default:
			t.Errorf("a block of %q is not tested", language)
		}
		return "```" + language + "\n" + body + "```\n"
	})
	if *update {
		if err := os.WriteFile(readmePath, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

var fenced = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```\n")

// reader is somebody who tries out what a page says.
type reader struct {
	*testing.T
	dir   string
	env   []string
	local *strings.Replacer
}

func newReader(t *testing.T) *reader {
	w, vote := atSnapshotTallied(t, "basic")
	_, endpoint := vote.start(t, hub.H2)
	ethereum, optimism := w.Ethereum.URL, w.Optimism.URL
	r := &reader{T: t, dir: t.TempDir(), local: strings.NewReplacer(
		"https://mainnet.example/KEY", ethereum, "https://other-mainnet.example/KEY", mirror(t, ethereum),
		"https://optimism.example/KEY", optimism, "https://other-optimism.example/KEY", mirror(t, optimism),
		"ethereum=17293885", fmt.Sprint("ethereum=", w.Ethereum.At(testchain.Snapshot).Number()),
		"optimism=99757040", fmt.Sprint("optimism=", w.Optimism.At(testchain.Snapshot).Number()),
		"PROPOSAL", vote.proposal.ID,
		"go run ./cmd/perpquorum", "perpquorum",
		"chains.Dial(", "chains.Dialer{AllowDev: true}.Dial(",
	)}
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "PERPQUORUM_") && !strings.HasPrefix(setting, "SNAPSHOT_") {
			r.env = append(r.env, setting)
		}
	}
	r.env = append(r.env, "PERPQUORUM_ALLOW_DEV_CHAIN=1", "SNAPSHOT_HUB_URL="+endpoint,
		"PERPQUORUM_RPC_ETHEREUM="+ethereum, "PERPQUORUM_RPC_OPTIMISM="+optimism)
	return r
}

// run executes a shell command and returns what it prints on both streams.
func (r *reader) run(command string) (string, error) {
	cmd := exec.CommandContext(r.Context(), "bash", "-euc", r.local.Replace(command))
	cmd.Dir, cmd.Env = r.dir, r.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// transcript runs each line that begins with "$ " and compares the lines after it
// with what is printed. It returns the transcript as it should be.
func (r *reader) transcript(body string) string {
	var should strings.Builder
	for _, part := range strings.Split(strings.TrimPrefix(body, "$ "), "\n$ ") {
		command, want, _ := strings.Cut(strings.TrimSuffix(part, "\n")+"\n", "\n")
		got, _ := r.run(command) // what it prints shows an error
		if strings.Contains(want, "…") {
			if !elided(want).MatchString(got) {
				r.Errorf("README: %s\nprints\n%s\nand not\n%s", command, got, want)
			}
			got = want
		} else if got != want && !*update {
			r.Errorf("README: %s\n%s", command, firstDifference(got, want))
		}
		fmt.Fprintf(&should, "$ %s\n%s", command, got)
	}
	return should.String()
}

// firstDifference shows where an output stops being the expected one.
func firstDifference(got, want string) string {
	found, expected := strings.Split(got, "\n"), strings.Split(want, "\n")
	i := 0
	for i < min(len(found), len(expected))-1 && found[i] == expected[i] {
		i++
	}
	return fmt.Sprintf("line %d: found %q, the README has %q; rewrite it with -update", i+1, found[i], expected[i])
}

// elided matches what an expected output with "…" in it stands for.
func elided(want string) *regexp.Regexp {
	var pattern strings.Builder
	for line := range strings.Lines(want) {
		if line == "…\n" {
			pattern.WriteString(`(?:.*\n)+`)
		} else if start, cut := strings.CutSuffix(line, "…\n"); cut {
			pattern.WriteString(regexp.QuoteMeta(start) + `.*\n`)
		} else {
			pattern.WriteString(regexp.QuoteMeta(line))
		}
	}
	return regexp.MustCompile("^" + pattern.String() + "$")
}

// script runs a block of commands, which must succeed. Commands that set up the
// repository itself are looked at only: that their script is there.
func (r *reader) script(body string) {
	var commands []string
	for line := range strings.Lines(body) {
		switch script, isScript := strings.CutPrefix(line, "bash .ci/"); {
		case isScript:
			if _, err := os.Stat("../../.ci/" + strings.TrimSpace(script)); err != nil {
				r.Errorf("README: %s", err)
			}
		case !strings.HasPrefix(line, "go install ") && !strings.HasPrefix(line, "go build "):
			commands = append(commands, line)
		}
	}
	if len(commands) == 0 {
		return
	}
	if out, err := r.run(strings.Join(commands, "")); err != nil {
		r.Errorf("README: %v\n%s%s", err, body, out)
	}
}

func (r *reader) save(name, body string) {
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(body), 0o644); err != nil {
		r.Fatal(err)
	}
}

// program compares a program with the example of votingpower.Collect, builds it
// and runs it: its figure is that of the built-in example.
func (r *reader) program(source string) {
	example, err := os.ReadFile("../../votingpower/example_collect_test.go")
	if err != nil {
		r.Fatal(err)
	}
	_, body, found := strings.Cut(source, "func main() {\n")
	if !found || !bytes.HasSuffix(example, []byte("func ExampleCollect() {\n"+body)) {
		r.Errorf("README: the program is not ExampleCollect of votingpower")
	}
	r.save("main.go", r.local.Replace(source))
	cmd := exec.CommandContext(r.Context(), "go", "run", filepath.Join(r.dir, "main.go"))
	cmd.Env = r.env
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "79920844410227887027914309") {
		r.Errorf("README: the program prints\n%s%v", out, err)
	}
}

// TestReadmeIsWhole looks for what must not be missing in the README: exit
// codes, formats, names in the environment, and the levels of trust as posts say them.
func TestReadmeIsWhole(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, code := range []int{exitDone, exitTrouble, exitUsage, exitNotReached, exitDisagree, exitNotFinal,
		exitNotEstablished} {
		want = append(want, fmt.Sprintf("\n| %d | ", code))
	}
	for _, id := range votingpower.PERP().Chains() {
		want = append(want, environmentNames(id)...)
	}
	for _, format := range report.Formats() {
		want = append(want, fmt.Sprintf("`--format %s`", format))
	}
	for _, command := range newApp(newProgress(io.Discard)).Commands {
		want = append(want, command.HelpName)
	}
	post := program(t, "report", "--bundle", "example", "--format", "markdown").stdout
	_, trust, _ := strings.Cut(post, "The figures of a chain are ")
	trust, _, _ = strings.Cut(trust, ".")
	want = append(want, "The figures of a chain are "+trust,
		report.DocumentFormat, report.BundleFormat, votingpower.ModelFormat)
	flat := strings.Join(strings.Fields(string(text)), " ")
	for _, s := range want {
		if !strings.Contains(string(text), s) && !strings.Contains(flat, s) {
			t.Errorf("README does not say %q", s)
		}
	}
}
