package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/fixtures/hub"
)

// process is the program as a process of its own: this test binary, which
// TestMain turns into the program when it is called by that name.
func process(t testing.TB, args ...string) (cmd *exec.Cmd, stdout, stderr *bytes.Buffer) {
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
	t.Parallel()
	hang, asked := hanging(t)
	dir := t.TempDir()
	cmd, stdout, stderr := process(t, "report", "--rpc", "ethereum="+hang, "--rpc", "optimism="+hang,
		"--evidence", filepath.Join(dir, "bundle.json"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if out := (outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}); !out.interrupted() {
		t.Errorf("found %+v", out)
	}
	if files, _ := os.ReadDir(dir); len(files) > 0 {
		t.Errorf("%v was left behind", files)
	}
}

// TestInterruptedRead sends SIGINT while the program reads a bundle from a pipe
// that brings nothing.
func TestInterruptedRead(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	cmd, stdout, stderr := process(t, "verify", "/dev/stdin")
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
	if out := (outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}); !out.interrupted() {
		t.Errorf("found %+v", out)
	}
}

// TestTimeout bounds a run against an endpoint that never answers.
func TestTimeout(t *testing.T) {
	t.Parallel()
	hang, _ := hanging(t)
	out := program(t, "block", "--at", "0", "--timeout", "50ms", "--rpc", "ethereum="+hang, "--chain", "ethereum")
	if out.code != exitTrouble || out.stdout != "" || !strings.Contains(out.stderr, "--timeout") {
		t.Errorf("found %+v", out)
	}
}

// TestClosedOutput writes to a pipe that nobody reads, and to a full disk.
func TestClosedOutput(t *testing.T) {
	t.Parallel()
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
			cmd, _, stderr := process(t, "report", "--bundle", "example")
			cmd.Stdout = w
			cmd.Run()
			said := strings.HasPrefix(stderr.String(), "perpquorum: error: standard output: ")
			if code := cmd.ProcessState.ExitCode(); code != exitTrouble || !said {
				t.Errorf("found exit code %d, %q", code, stderr)
			}
		})
	}
}

// TestServersWriteNothing checks a vote by way of servers that repeat each request, with
// the keys in it, behind its answer. The program's standard error stays empty.
func TestServersWriteNothing(t *testing.T) {
	t.Parallel()
	w, vote := atSnapshotTallied(t, "basic")
	_, hub := vote.start(t, hub.H2)
	cmd, stdout, stderr := process(t, "check", vote.proposal.ID, "--allow-dev-chain", "--hub", parrot(t, hub),
		"--rpc", "ethereum="+parrot(t, w.Ethereum.URL), "--rpc", "optimism="+parrot(t, w.Optimism.URL))
	cmd.Env = append(os.Environ(), "SNAPSHOT_API_KEY=SENTINEL-HUB-KEY")
	if err := cmd.Run(); err != nil || stdout.Len() == 0 || stderr.Len() > 0 {
		t.Errorf("%v, %d bytes on standard output, on standard error:\n%s", err, stdout.Len(), stderr)
	}
}

// parrot serves what another server answers, and returns a URL with a key.
func parrot(t *testing.T, target string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		echo, err := httputil.DumpRequest(r, true)
		if err != nil {
			t.Error(err)
		}
		resp, err := http.Post(target, "application/json", r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		answer, _ := io.ReadAll(resp.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s%s", len(answer), answer, echo)
		io.Copy(io.Discard, conn)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/SENTINEL-PATH-KEY"
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
