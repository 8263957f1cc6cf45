package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/votingpower"
	"github.com/perpdao/perpquorum/votingpower/report"
)

// TestCompletion runs the completion scripts in the shells that are here. Zsh filters by the word
// itself, which its own functions do, and they need a terminal.
func TestCompletion(t *testing.T) {
	t.Parallel()
	shells := map[string]string{ // how a line is completed, in %q, given the script in $0
		"bash": `compopt() { echo "$2"; }; source "$0"; COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _perpquorum; ` +
			`printf '%%s\n' "${COMPREPLY[@]}"`,
		"fish": `source $argv[1]; complete -C (string join ' ' -- %s)`,
		"zsh": `compdef() {}; compset() {}; _describe() { print -l -- ${(P)2} }; _files() { print -l -- * }; ` +
			`compadd() { while [[ $1 != -- ]]; do [[ $1 = -S ]] && print nospace; shift; done; shift; print -l -- $@ }; ` +
			`source "$0"; words=(%s); CURRENT=${#words}; _perpquorum`,
	}
	tests := map[string]string{ // words up to the one to complete: its completions begin with these
		"re":                  "report",
		"model ":              "check schema",
		"report --form":       "--format",
		"report --format ":    "text markdown commonmark json",
		"report --bundle ":    "example example-vote",
		"block --format ":     "text json",
		"report --evidence x": "",
		"report --format=m":   "markdown",
		"report -o b":         "bundle.json.gz",
		"report --rpc opt":    "optimism= nospace",
		"report --rpc=opt":    "optimism= nospace",
		"report --rpc op=":    "",
		"verify ":             "example example-vote bundle.json.gz",
		"verify b":            "bundle.json.gz",
		"completion ":         "bash zsh fish",
		"completion f":        "fish",
		"model show ":         "gallery:cow",
	}
	for shell, command := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no %s here", shell)
			}
			cmd, script, _ := process(t, "completion", shell)
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "bundle.json.gz"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "completion")
			if err := os.WriteFile(file, script.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			for line, want := range tests {
				typed := "perpquorum " + line
				if shell == "bash" { // splits them before it calls the script
					typed = strings.ReplaceAll(typed, "=", " = ")
				}
				words := `"` + strings.ReplaceAll(typed, " ", `" "`) + `"`
				cmd := exec.Command(path, "-c", fmt.Sprintf(command, words), file)
				cmd.Dir = dir
				out, err := cmd.CombinedOutput()
				if shell == "fish" { // repeats the flag, and adds no space behind an equals sign by itself
					out = regexp.MustCompile(`(?m)^--\w+=`).ReplaceAll(out, nil)
					want = strings.TrimSuffix(want, " nospace")
				}
				for _, word := range strings.Fields(want) {
					if err != nil || !regexp.MustCompile(`(?m)^`+word+`([:\t]|$)`).Match(out) {
						t.Errorf("%s: found %q, %v; want %q", line, out, err, word)
					}
				}
				if want == "" && strings.Contains(string(out), "report") {
					t.Errorf("%s: found %q", line, out)
				}
			}
		})
	}
}

// TestHelpWidth: the help of every command fits a terminal of 80 columns.
func TestHelpWidth(t *testing.T) {
	t.Parallel()
	for _, c := range tree(root(newApp(newProgress(io.Discard)))) {
		words := append(strings.Fields(c.HelpName)[1:], "--help")
		for _, line := range strings.Split(program(t, words...).stdout, "\n") {
			if len([]rune(line)) > 80 {
				t.Errorf("%s: %q", c.HelpName, line)
			}
		}
	}
}

// TestManualPage lets groff read the manual page, if it is here, for a terminal of 80 columns.
func TestManualPage(t *testing.T) {
	t.Parallel()
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	page, roff, _ := process(t, "man")
	if err := page.Run(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(groff, "-ww", "-man", "-Tascii", "-P-cbou", "-rLL=80n")
	cmd.Stdin = roff
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 || !bytes.Contains(out, []byte("perpquorum verify example")) {
		t.Errorf("%v: %s", err, complaints.String())
	}
	for line := range strings.Lines(string(out)) {
		if len(line) > 80+len("\n") {
			t.Errorf("the page has a line of more than 80 columns: %s", line)
		}
	}
}

// TestHelpIsWhole reads every command's help to its last line. The library that
// prints it does not report a template that fails halfway.
func TestHelpIsWhole(t *testing.T) {
	t.Parallel()
	for _, c := range tree(root(newApp(newProgress(io.Discard)))) {
		last := []string{"Exit", "codes:", "see", "perpquorum", "--help"}
		if c.HelpName == "perpquorum" {
			last = strings.Fields(exitMeanings[len(exitMeanings)-1].Meaning)
		}
		out := program(t, append(strings.Fields(c.HelpName)[1:], "--help")...)
		if words := strings.Fields(out.stdout); !strings.HasSuffix(strings.Join(words, " "), strings.Join(last, " ")) {
			t.Errorf("%s: the help ends with %q", c.HelpName, words[max(0, len(words)-8):])
		}
	}
}

// TestManualIsWhole looks in the manual for every command, flag, exit code,
// format, variable and field of the command's own JSON. Exit codes and shared flags stand there once.
func TestManualIsWhole(t *testing.T) {
	t.Parallel()
	page := strings.ReplaceAll(program(t, "man").stdout, `\-`, "-")
	want := []string{report.DocumentFormat, report.BundleFormat, votingpower.ModelFormat, "SNAPSHOT_API_KEY", "LC_CTYPE"}
	once := []string{".SH ENDPOINTS\n", "--rps N\n", "1684503575000 "}
	for _, m := range exitMeanings {
		want = append(want, fmt.Sprintf(".B %d\n", m.Code))
		once = append(once, "\n"+m.Meaning+"\n")
	}
	for _, c := range tree(root(newApp(newProgress(io.Discard))))[1:] {
		want = append(want, ".SS "+c.HelpName+"\n")
		for _, f := range c.Flags {
			want = append(want, ".B "+flagLabel(f)+"\n"+flagText(f)+"\n")
		}
	}
	for _, id := range votingpower.PERP().Chains() {
		want = append(want, environmentNames(id)...)
	}
	for _, v := range []any{
		blockRow{}, blockTable{}, triedModel{}, triedRead{}, galleryRow{}, build{}, report.Verification{},
		report.VerifiedChain{}, report.Difference{},
		powerTable{}, powerStrategy{}, powerRow{}, diagnosis{}, chainDiagnosis{}, hubDiagnosis{},
	} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(v)) {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			want = append(want, name)
		}
	}
	for _, text := range append(want, once...) {
		if !strings.Contains(page, text) {
			t.Errorf("the manual does not have %q", text)
		}
	}
	for _, text := range once {
		if n := strings.Count(page, text); n > 1 {
			t.Errorf("the manual has %q %d times", text, n)
		}
	}
}
