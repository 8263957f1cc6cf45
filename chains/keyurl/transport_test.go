package keyurl_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

// chatty is a server that sends more than the answer to a request.
type chatty struct {
	early  string // sent as soon as there is a connection
	answer string
	pause  time.Duration // between the answer and the echo of the request behind it
}

var chatties = map[string]chatty{
	"behind-a-length":  {answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"},
	"behind-chunks":    {answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
	"behind-no-body":   {answer: "HTTP/1.1 204 No Content\r\n\r\n"},
	"behind-a-refusal": {answer: "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}"},
	"later":            {answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", pause: 20 * time.Millisecond},
	"before":           {early: "HTTP/1.1 200 OK\r\nX-Echo: SENTINEL\r\nContent-Length: 2\r\n\r\n{}"},
}

func (c chatty) serve(conn net.Conn) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if tlsConn, ok := conn.(*tls.Conn); ok && tlsConn.Handshake() != nil {
		return
	}
	io.WriteString(conn, c.early)
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	echo, _ := httputil.DumpRequest(req, true)
	if c.pause == 0 {
		io.WriteString(conn, c.answer+string(echo))
	} else {
		io.WriteString(conn, c.answer)
		time.Sleep(c.pause)
		conn.Write(echo)
	}
	io.Copy(io.Discard, conn) // until the client closes
}

// heldBack sends what is written in one piece with the next, until it must read.
type heldBack struct {
	net.Conn
	held []byte
}

func (h *heldBack) Write(p []byte) (int, error) {
	h.held = append(h.held, p...)
	return len(p), nil
}

func (h *heldBack) Read(p []byte) (int, error) {
	if _, err := h.Conn.Write(h.held); err != nil {
		return 0, err
	}
	h.held = nil
	return h.Conn.Read(p)
}

// start returns the port of the server.
func (c chatty) start(t *testing.T, certificates []tls.Certificate) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if certificates != nil { // of TLS 1.2, where the server ends the handshake
				conn = tls.Server(&heldBack{Conn: conn}, &tls.Config{Certificates: certificates, MaxVersion: tls.VersionTLS12})
			}
			go c.serve(conn)
		}
	}()
	return port
}

// TestNothingIsLogged sends requests with a key from a process of its own, which trusts the
// servers' certificate and finds a proxy in its environment, and reads its standard error.
func TestNothingIsLogged(t *testing.T) {
	if kind := os.Getenv("KEYURL_TEST_TRANSPORT"); kind != "" {
		sendAll(t, kind, strings.Fields(os.Getenv("KEYURL_TEST_URLS")))
		return
	}
	t.Parallel()
	shared, connections := startHTTP2(t)
	var late, early []string
	for name, c := range chatties {
		port := c.start(t, shared.TLS.Certificates)
		urls := []string{
			"http://127.0.0.1:" + c.start(t, nil) + "/SENTINEL/" + name,
			"https://127.0.0.1:" + port + "/SENTINEL/TLS/" + name,
			"https://example.com:" + port + "/SENTINEL/proxy/" + name,
		}
		if c.early != "" {
			early = append(early, urls...)
		} else {
			late = append(late, urls...)
		}
	}
	t.Run("net/http", func(t *testing.T) {
		t.Parallel()
		out := child(t, shared, "net/http", late)
		for _, u := range late {
			if path := u[strings.Index(u, "/SENTINEL"):]; !strings.Contains(out, path+" HTTP/1.1") {
				t.Errorf("%s is not logged, so that this test shows nothing:\n%s", path, out)
			}
		}
	})
	t.Run("given", func(t *testing.T) {
		t.Parallel()
		if out := child(t, shared, "given", late); out != "" {
			t.Errorf("standard error has %s", out)
		}
	})
	t.Run("own", func(t *testing.T) {
		t.Parallel()
		if out := child(t, shared, "own", append(append(late, early...), shared.URL)); out != "" {
			t.Errorf("standard error has %s", out)
		}
		if n := connections.Load(); n != 1 {
			t.Errorf("%d HTTP/2 connections, want 1", n)
		}
	})
}

// startHTTP2 starts a server that speaks HTTP/2, and counts its connections.
func startHTTP2(t *testing.T) (*httptest.Server, *atomic.Int64) {
	var connections atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("found %s, want HTTP/2", r.Proto)
		}
	}))
	s.EnableHTTP2 = true
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, &connections
}

// startProxy starts a proxy for TLS to any host, which it finds here.
func startProxy(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, port, _ := net.SplitHostPort(r.Host)
		server, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Error(err)
			return
		}
		defer server.Close()
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer client.Close()
		io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(server, client)
			server.Close()
		}()
		io.Copy(client, server)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// child runs this test in a process that sends requests, and returns its standard error.
func child(t *testing.T, trusted *httptest.Server, kind string, urls []string) string {
	file := filepath.Join(t.TempDir(), "certificate.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: trusted.Certificate().Raw})
	if err := os.WriteFile(file, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNothingIsLogged$")
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+file, "HTTPS_PROXY="+startProxy(t), "NO_PROXY=",
		"KEYURL_TEST_TRANSPORT="+kind, "KEYURL_TEST_URLS="+strings.Join(urls, " "))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if out, err := cmd.Output(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	return stderr.String()
}

// sendAll sends requests with a key in their headers to each URL by a kind of transport.
func sendAll(t *testing.T, kind string, urls []string) {
	inner := &http.Transport{Proxy: http.ProxyFromEnvironment}
	transports := map[string]http.RoundTripper{
		"net/http": inner, "given": keyurl.NewTransport(inner, 0), "own": keyurl.NewTransport(nil, time.Second),
	}
	for _, u := range urls {
		requests := 5
		if strings.HasSuffix(u, "/before") { // some of a thousand arrive before net/http expects an answer
			requests = 500
		}
		for range requests {
			req := httptest.NewRequest(http.MethodPost, u, strings.NewReader("[]"))
			req.RequestURI = ""
			req.SetBasicAuth("SENTINEL", "SENTINEL")
			resp, err := transports[kind].RoundTrip(req)
			if err != nil && kind != "net/http" {
				t.Errorf("%s: %v", u, err)
			}
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}
	}
	time.Sleep(200 * time.Millisecond) // for what comes later
}
