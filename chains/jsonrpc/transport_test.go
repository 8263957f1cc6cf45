package jsonrpc

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// raw serves one connection after the other with bytes of its own making.
func raw(t *testing.T, reply func(conn net.Conn, r *http.Request, body []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		reply(conn, r, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// right is the right reply to a request body of numbered(1) or numbered(2), by
// its ids.
func right(body []byte) string {
	var calls []message
	if json.Unmarshal(body, &calls) != nil {
		calls = make([]message, 1)
		if err := json.Unmarshal(body, &calls[0]); err != nil {
			panic(err)
		}
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":0}`, calls[0].ID)
	}
	var parts []string
	for i, c := range calls {
		parts = append(parts, fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"result":%d}`, c.ID, i))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// TestTruncatedOnTheWire cuts a right reply at every byte, with and without a
// Content-Length that tells: never a value.
func TestTruncatedOnTheWire(t *testing.T) {
	t.Parallel()
	const longest = 100 // more than the longest of the replies
	for calls := 1; calls <= 2; calls++ {
		for _, sized := range []bool{true, false} {
			var missing atomic.Int64 // bytes cut off
			url := raw(t, func(conn net.Conn, _ *http.Request, body []byte) {
				reply, header := right(body), "Connection: close"
				if sized { // with nothing cut off, the body is still one byte short
					header = fmt.Sprintf("Content-Length: %d", len(reply)+1)
				}
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s\r\n\r\n%s", header,
					reply[:max(0, len(reply)-int(missing.Load()))])
			})
			e := connect(t, Options{}, url)
			for cut := range int64(longest) {
				if cut == 0 && !sized {
					continue // that reply is whole
				}
				missing.Store(cut)
				chunk, err := encode(numbered(calls))
				if err != nil {
					t.Fatal(err)
				}
				for i, o := range e.exchange(context.Background(), chunk) {
					if o.fault == nil {
						t.Fatalf("%d calls, %d bytes cut off: call %d gave %s", calls, cut, i, o.raw)
					}
				}
			}
		}
	}
}

// TestStatusOfSuccess: the body of each of these is the whole answer. That of 206 is a part of one.
func TestStatusOfSuccess(t *testing.T) {
	t.Parallel()
	for status := 200; status < 210; status++ {
		n := serve(t, func(_ *node, w http.ResponseWriter, msgs []message, batch bool) bool {
			w.WriteHeader(status)
			echo(w, msgs, batch)
			return true
		})
		replies, err := connect(t, Options{}, n.URL).Send(t.Context(), numbered(2))
		if accepted := err == nil && string(replies[1].Raw) == "1"; accepted != (status <= 203) {
			t.Errorf("status %d: got %v, %v", status, replies, err)
		}
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func TestCompression(t *testing.T) {
	t.Parallel()
	damage := map[string]func([]byte) []byte{
		"whole":         func(b []byte) []byte { return b },
		"bad checksum":  func(b []byte) []byte { b[len(b)-6] ^= 1; return b },
		"bad length":    func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"no footer":     func(b []byte) []byte { return b[:len(b)-8] },
		"trailing data": func(b []byte) []byte { return append(b, "x"...) },
		"second stream": func(b []byte) []byte { return append(b, zipped("{}")...) },
	}
	for name, change := range damage {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				w.Header().Set("Content-Encoding", "gzip")
				w.Write(change(zipped(right(body))))
			}))
			defer server.Close()
			e := connect(t, Options{}, server.URL)
			if name == "whole" {
				mustAnswer(t, e, 2)
				return
			}
			if replies, err := e.Send(context.Background(), numbered(2)); err == nil {
				t.Errorf("got %v", replies)
			}
		})
	}
}

// TestBombsStaySmall: a compressed gigabyte and an endless body are refused at
// the limit; memory stays below 100 MB.
func TestBombsStaySmall(t *testing.T) {
	zeros := make([]byte, 1<<20)
	bomb := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 1024 {
			if _, err := z.Write(zeros); err != nil {
				return
			}
		}
	}))
	defer bomb.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(zeros); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	for name, url := range map[string]string{"bomb": bomb.URL, "endless": endless.URL} {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		failure := mustFail(t, connect(t, Options{}, url), 1, ClassSize)
		runtime.ReadMemStats(&after)
		if total := after.TotalAlloc - before.TotalAlloc; total > 100<<20 {
			t.Errorf("%s: %d MB allocated in all", name, total>>20)
		}
		if !strings.Contains(failure.Error(), "reply of more than") {
			t.Error(failure)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var visits atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		n := serve(t, body(status, "", "Location", other.URL+"/secret/path?key=1"))
		failure := mustFail(t, connect(t, Options{}, n.URL+"/KEYKEYKEYKEYKEY"), 3, ClassRedirect)
		if n.count() != 1 || visits.Load() != 0 {
			t.Errorf("HTTP %d: %d requests, %d visits to the other host", status, n.count(), visits.Load())
		}
		if text := failure.Error(); !strings.Contains(text, "to 127.0.0.1") || strings.Contains(text, "secret") ||
			strings.Contains(text, "key=") {
			t.Errorf("HTTP %d: %s", status, text)
		}
	}
}

func TestTLSFailuresAreFatal(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter,
		*http.Request) {
		requests.Add(1)
	}))
	server.Config.ErrorLog = quiet
	server.StartTLS()
	defer server.Close()
	clock := faultrpc.NewClock()
	selfSigned := mustFail(t, connect(t, Options{Clock: clock}, server.URL+"/v3/SENTINELKEY0123456789"), 3, ClassTLS)
	if requests.Load() != 0 || clock.Slept() != 0 || strings.Contains(selfSigned.Error(), "SENTINEL") ||
		!errors.Is(selfSigned, ErrTLS) {
		t.Errorf("%d requests, slept %v: %v", requests.Load(), clock.Slept(), selfSigned)
	}
	wrongHost := server.Client().Transport.(*http.Transport).Clone()
	defer wrongHost.CloseIdleConnections()
	wrongHost.TLSClientConfig.ServerName = "elsewhere.example.net"
	mustFail(t, connect(t, Options{Transport: wrongHost}, server.URL), 3, ClassTLS)

	plain := serve(t, nil)
	mustFail(t, connect(t, Options{}, strings.Replace(plain.URL, "http:", "https:", 1)), 3, ClassTLS)
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	n := serve(t, nil)
	n.Close()
	failure := mustFail(t, connect(t, Options{}, n.URL+"/v3/SENTINELKEY0123456789"), 3, ClassTransport)
	if text := failure.Error(); !strings.Contains(text, "refused") || strings.Contains(text, "SENTINEL") ||
		!errors.Is(failure, ErrUnavailable) {
		t.Error(text)
	}
}

// TestStaleConnections: a server that closes idle connections without a word
// costs no wait.
func TestStaleConnections(t *testing.T) {
	t.Parallel()
	url := raw(t, func(conn net.Conn, r *http.Request, body []byte) {
		reply := right(body)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(reply), reply)
	})
	clock := faultrpc.NewClock()
	e := connect(t, Options{Clock: clock}, url)
	for range 50 {
		mustAnswer(t, e, 2)
	}
	if clock.Slept() != 0 {
		t.Errorf("slept %v", clock.Slept())
	}
}
