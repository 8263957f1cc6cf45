package main

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// command is the program as a process of its own: this test binary, which
// TestMain turns into the program when it is called by that name.
func command(t testing.TB, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), self, args...)
	cmd.Args[0] = "perpquorum"
	stdout, stderr = new(bytes.Buffer), new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	return cmd, stdout, stderr
}

// TestInterruptedProcess sends SIGINT while an endpoint keeps the program
// waiting.
func TestInterruptedProcess(t *testing.T) {
	asked := make(chan struct{}, 100)
	released := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		asked <- struct{}{}
		<-released
	}))
	defer hang.Close()
	defer close(released)
	dir := t.TempDir()
	cmd, stdout, stderr := command(t, "report", "--rpc", "ethereum="+hang.URL, "--rpc", "optimism="+hang.URL,
		"--evidence", filepath.Join(dir, "bundle.json"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitTrouble || stdout.Len() > 0 || stderr.String() != "perpquorum: error: interrupted\n" {
		t.Errorf("found exit code %d, %q, %q", code, stdout, stderr)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("%v was left behind", files)
	}
}

// TestInterruptedRead sends SIGINT while the program reads a bundle from a pipe
// that brings nothing.
func TestInterruptedRead(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd, stdout, stderr := command(t, "verify", "/dev/stdin")
	cmd.Stdin = r
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.Close()
	// The program's own end is the only reader that is left, and takes the first
	// bytes when it has come to reading.
	if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitTrouble || stdout.Len() > 0 || stderr.String() != "perpquorum: error: interrupted\n" {
		t.Errorf("found exit code %d, %q, %q", code, stdout, stderr)
	}
}

// TestTimeout bounds a run against an endpoint that never answers.
func TestTimeout(t *testing.T) {
	released := make(chan struct{})
	hang := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-released }))
	defer hang.Close()
	defer close(released)
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"perpquorum", "block", "--at", "0", "--timeout", "50ms", "--rpc", "ethereum=" + hang.URL, "--chain", "ethereum"},
		strings.NewReader(""), &stdout, &stderr)
	if code != exitTrouble || stdout.Len() > 0 || !strings.Contains(stderr.String(), "--timeout") {
		t.Errorf("found exit code %d, %q, %q", code, stdout.String(), stderr.String())
	}
}

// TestClosedOutput writes to a pipe that nobody reads, and to a full disk.
func TestClosedOutput(t *testing.T) {
	outputs := map[string]func() (*os.File, error){
		"closed pipe": func() (*os.File, error) {
			r, w, err := os.Pipe()
			r.Close()
			return w, err
		},
		"full disk": func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) },
	}
	for name, open := range outputs {
		t.Run(name, func(t *testing.T) {
			w, err := open()
			if errors.Is(err, os.ErrNotExist) {
				t.Skip("no such device here")
			} else if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			cmd, _, stderr := command(t, "report", "--bundle", "example")
			cmd.Stdout = w
			cmd.Run()
			if code := cmd.ProcessState.ExitCode(); code != exitTrouble || !strings.HasPrefix(stderr.String(), "perpquorum: error: standard output: ") {
				t.Errorf("found exit code %d, %q", code, stderr)
			}
		})
	}
}

// TestBashCompletion runs the completion script in bash.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	cmd, script, _ := command(t, "completion", "bash")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{ // words up to the one to complete: some of its completions
		"re":                  `^report$`,
		"model ":              `check schema`,
		"report --form":       `^--format$`,
		"report --format ":    `text markdown json`,
		"report --bundle ":    `example`,
		"block --format ":     `^text json$`,
		"report --evidence x": `^$`,
	}
	for line, want := range tests {
		words := strings.Split("perpquorum "+line, " ")
		quoted := `"` + strings.Join(words, `" "`) + `"`
		out, err := exec.Command(bash, "-c", script.String()+
			"\nCOMP_WORDS=("+quoted+"); COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _perpquorum; echo \"${COMPREPLY[*]}\"").CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("perpquorum %s: found %q, %v; want %q", line, got, err, want)
		}
	}
}

// TestManualPage lets groff read the manual page, if it is here.
func TestManualPage(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	page, roff, _ := command(t, "man")
	if err := page.Run(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(groff, "-ww", "-man", "-Tascii")
	cmd.Stdin = roff
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 || !bytes.Contains(out, []byte("perpquorum verify example")) {
		t.Errorf("%v: %s", err, complaints.String())
	}
}

// BenchmarkProgram measures the built program: its size, and the time from
// start to end of a command that reads nothing and of one that verifies the
// example. Run it with
//
//	go test ./cmd/perpquorum -run '^$' -bench Program
func BenchmarkProgram(b *testing.B) {
	name := filepath.Join(b.TempDir(), "perpquorum")
	if out, err := exec.Command("go", "build", "-o", name, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	for _, args := range [][]string{{"version"}, {"verify", "example"}} {
		b.Run(strings.Join(args, "_"), func(b *testing.B) {
			start := time.Now()
			for b.Loop() {
				if err := exec.Command(name, args...).Run(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(time.Since(start).Microseconds())/1000/float64(b.N), "ms/run")
			b.ReportMetric(float64(info.Size())/1e6, "MB")
		})
	}
}
