package chains

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
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
	a, err := readAsked(body)
	if err != nil {
		panic(err)
	}
	if !a.batch {
		return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":0}`, a.ids[0])
	}
	var parts []string
	for i, id := range a.ids {
		parts = append(parts, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%d}`, id, i))
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// TestTruncatedOnTheWire cuts a right reply at every byte, with and without a
// Content-Length that tells: never a value.
func TestTruncatedOnTheWire(t *testing.T) {
	const longest = 100 // more than the longest of the replies
	for calls := 1; calls <= 2; calls++ {
		for _, sized := range []bool{true, false} {
			var missing atomic.Int64 // bytes cut off
			url := raw(t, func(conn net.Conn, _ *http.Request, body []byte) {
				reply, header := right(body), "Connection: close"
				if sized { // with nothing cut off, the body is still one byte short
					header = fmt.Sprintf("Content-Length: %d", len(reply)+1)
				}
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\n%s\r\n\r\n%s", header, reply[:max(0, len(reply)-int(missing.Load()))])
			})
			e := connect(t, Dialer{}, url)
			for cut := range int64(longest) {
				if cut == 0 && !sized {
					continue // that reply is whole
				}
				missing.Store(cut)
				chunk := make([]*call, calls)
				for i, req := range numbered(calls) {
					chunk[i] = &call{request: req}
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

func zipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	w.Close()
	return b.Bytes()
}

func TestCompression(t *testing.T) {
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
			e := connect(t, Dialer{}, server.URL)
			if name == "whole" {
				mustAnswer(t, e, 2)
				return
			}
			if replies, err := e.do(context.Background(), numbered(2)); err == nil {
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
		failure := mustFail(t, connect(t, Dialer{}, url), 1, classSize)
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
	var visits atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		n := serve(t, body(status, "", "Location", other.URL+"/secret/path?key=1"))
		failure := mustFail(t, connect(t, Dialer{}, n.URL+"/KEYKEYKEYKEYKEY"), 3, classRedirect)
		if n.count() != 1 || visits.Load() != 0 {
			t.Errorf("HTTP %d: %d requests, %d visits to the other host", status, n.count(), visits.Load())
		}
		if text := failure.Error(); !strings.Contains(text, "to 127.0.0.1") || strings.Contains(text, "secret") || strings.Contains(text, "key=") {
			t.Errorf("HTTP %d: %s", status, text)
		}
	}
}

func TestTLSFailuresAreFatal(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	server.Config.ErrorLog = quiet
	server.StartTLS()
	defer server.Close()
	clock := newFakeClock()
	selfSigned := mustFail(t, connect(t, Dialer{Clock: clock}, server.URL+"/v3/SENTINELKEY0123456789"), 3, classTLS)
	if requests.Load() != 0 || clock.slept != 0 || strings.Contains(selfSigned.Error(), "SENTINEL") || !errors.Is(selfSigned, ErrTLS) {
		t.Errorf("%d requests, slept %v: %v", requests.Load(), clock.slept, selfSigned)
	}
	wrongHost := server.Client().Transport.(*http.Transport).Clone()
	defer wrongHost.CloseIdleConnections()
	wrongHost.TLSClientConfig.ServerName = "elsewhere.example.net"
	mustFail(t, connect(t, Dialer{Transport: wrongHost}, server.URL), 3, classTLS)

	plain := serve(t, nil)
	mustFail(t, connect(t, Dialer{}, strings.Replace(plain.URL, "http:", "https:", 1)), 3, classTLS)
}

func TestUnreachable(t *testing.T) {
	n := serve(t, nil)
	n.Close()
	failure := mustFail(t, connect(t, Dialer{}, n.URL+"/v3/SENTINELKEY0123456789"), 3, classTransport)
	if text := failure.Error(); !strings.Contains(text, "refused") || strings.Contains(text, "SENTINEL") || !errors.Is(failure, ErrUnavailable) {
		t.Error(text)
	}
}

// TestStaleConnections: a server that closes idle connections without a word
// costs no wait.
func TestStaleConnections(t *testing.T) {
	url := raw(t, func(conn net.Conn, r *http.Request, body []byte) {
		if _, sent := r.Header["Idempotency-Key"]; sent {
			t.Error("the mark for net/http was sent")
		}
		reply := right(body)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(reply), reply)
	})
	clock := newFakeClock()
	e := connect(t, Dialer{Clock: clock}, url)
	for range 50 {
		mustAnswer(t, e, 2)
	}
	if clock.slept != 0 {
		t.Errorf("slept %v", clock.slept)
	}
}

// carrier is an http.RoundTripper made of a function.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// TestSilentEndpointTimesOut: in the bubble's fake time, each attempt takes its
// full minute.
func TestSilentEndpointTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		hang := carrier(func(r *http.Request) (*http.Response, error) {
			attempts++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		start := time.Now()
		e := connect(t, Dialer{Transport: hang, Clock: realClock{}}, "http://node.example")
		failure := mustFail(t, e, 1, classTimeout)
		if took := time.Since(start); attempts != 3 || took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("%d attempts in %v: %v", attempts, took, failure)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start = time.Now()
		_, err := e.do(ctx, numbered(1))
		if took := time.Since(start); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrTimeout) {
			t.Errorf("run of 5 s ended after %v: %v", took, err)
		}
	})
}

// TestSlowBodyTimesOut: one byte a second keeps no attempt beyond its minute.
func TestSlowBodyTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		drip := carrier(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(dripping{r.Context()})}, nil
		})
		start := time.Now()
		mustFail(t, connect(t, Dialer{Transport: drip, Clock: realClock{}}, "http://node.example"), 1, classTimeout)
		if took := time.Since(start); took > 4*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}

type dripping struct{ ctx context.Context }

func (d dripping) Read(p []byte) (int, error) {
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-time.After(time.Second):
		p[0] = ' '
		return 1, nil
	}
}

func TestRequestsLookRight(t *testing.T) {
	n := serve(t, nil)
	target := parse(t, n.URL)
	target.User, target.Path, target.RawQuery = url.UserPassword("user", "pass word"), "/v3/key", "dkey=1"
	requests := 0
	spy := carrier(func(r *http.Request) (*http.Response, error) {
		requests++
		user, password, _ := r.BasicAuth()
		if user != "user" || password != "pass word" || r.URL.User != nil {
			t.Errorf("basic auth %q %q, URL user %v", user, password, r.URL.User)
		}
		if r.URL.Path != "/v3/key" || r.URL.RawQuery != "dkey=1" || r.Host != target.Host || r.Method != http.MethodPost {
			t.Errorf("%s %s %s", r.Method, r.Host, r.URL)
		}
		for key, want := range map[string]string{"User-Agent": "perpquorum/1.0", "Content-Type": "application/json", "Accept": "application/json", "Referer": "", "Cookie": ""} {
			if got := r.Header.Get(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	mustAnswer(t, connect(t, Dialer{Transport: spy, UserAgent: "perpquorum/1.0"}, target.String()), 3)
	if requests != 1 {
		t.Errorf("the injected transport saw %d requests", requests)
	}
}

// TestProxyFromEnvironment asks, in a process of its own (net/http reads the
// environment once), for a host that only the proxy knows.
func TestProxyFromEnvironment(t *testing.T) {
	if os.Getenv("PERPQUORUM_TEST_PROXY") == "child" {
		mustAnswer(t, connect(t, Dialer{}, "http://node.invalid/v3/key"), 2)
		_, err := connect(t, Dialer{}, "https://node.invalid/v3/key").do(t.Context(), numbered(1))
		fmt.Println("CONNECT:", err)
		return
	}
	var posts, connects atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := basicAuth(r.Header.Get("Proxy-Authorization")); user != "proxyUser" || password != "proxyPassword" {
			t.Errorf("proxy was given %q %q", user, password)
		}
		if r.Method == http.MethodConnect {
			connects.Add(1)
			w.WriteHeader(http.StatusForbidden)
			return
		}
		posts.Add(1)
		if r.URL.Host != "node.invalid" {
			t.Errorf("proxy was asked for %s", r.URL)
		}
		body, _ := io.ReadAll(r.Body)
		io.WriteString(w, right(body))
	}))
	defer proxy.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestProxyFromEnvironment$", "-test.v")
	address := strings.Replace(proxy.URL, "://", "://proxyUser:proxyPassword@", 1)
	child.Env = append(os.Environ(), "PERPQUORUM_TEST_PROXY=child", "HTTP_PROXY="+address, "HTTPS_PROXY="+address, "NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=")
	out, err := child.CombinedOutput()
	if err != nil || posts.Load() != 1 || connects.Load() == 0 {
		t.Errorf("%d posts, %d connects, %v\n%s", posts.Load(), connects.Load(), err, out)
	}
	if piece := leaks(string(out), "proxyUser", "proxyPassword"); piece != "" {
		t.Errorf("shows %q: %s", piece, out)
	}
}

func basicAuth(header string) (user, password string, ok bool) {
	return (&http.Request{Header: http.Header{"Authorization": {header}}}).BasicAuth()
}

func TestProxySecrets(t *testing.T) {
	for value, want := range map[string]string{
		"": "", "http://proxy.example:3128": "", "http://u:p%40ss@proxy.example": "u:p%40ss u u p%40ss p@ss", "u:p@proxy.example": "u:p u u p p",
	} {
		got := proxySecrets(func(name string) string { return map[string]string{"HTTPS_PROXY": value}[name] })
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}

func TestEndpointURLs(t *testing.T) {
	for raw, reason := range map[string]string{
		"":                                    "empty",
		"ws://h.example/SENTINELKEY":          "WebSocket",
		"wss://h.example/SENTINELKEY":         "WebSocket",
		"ftp://h.example/SENTINELKEY":         "does not start with",
		"h.example/SENTINELKEY":               "does not start with",
		"SENTINELKEY":                         "does not start with",
		"http://":                             "host is missing",
		"https:///SENTINELKEY":                "host is missing",
		"https://:8545/SENTINELKEY":           "host is missing",
		"https://h.example/%zzSENTINELKEY":    "cannot be parsed",
		"https://h.example:SENTINELKEY/":      "cannot be parsed",
		"https://h.example/SENTINELKEY\x7f\n": "cannot be parsed",
	} {
		e, err := newEndpoint(raw, Dialer{})
		if e != nil || !errors.Is(err, ErrEndpointURL) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: got %v, want %q", raw, err, reason)
		} else if strings.Contains(err.Error(), "SENTINEL") || strings.Contains(err.Error(), "h.example") {
			t.Errorf("%v shows the URL", err)
		}
	}
}

// TestNoSecretInAnyError plants secrets in user, password, path and query, lets
// the endpoint echo them in every way it can, and looks at the errors.
func TestNoSecretInAnyError(t *testing.T) {
	const key, query = "sentinelPathKey0123456789", "sentinelQueryKey/987"
	u := func(base string) string {
		return strings.Replace(base, "http://", "http://sentinelUser:sentinelPass@", 1) + "/v3/" + key + "?dkey=" + url.QueryEscape(query)
	}
	echo := "bad request to https://sentinelUser:sentinelPass@h/v3/" + key + "?dkey=" + query + " or " + url.QueryEscape(query) + "\x1b[31m" + strings.Repeat("A", 1<<20)
	quoted := strings.NewReplacer("\x1b", `\u001b`).Replace(echo)
	handlers := map[string]handler{
		"text 400":   body(400, echo),
		"text 200":   body(200, echo),
		"error 200":  body(200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"`+quoted+`"}}`),
		"error 401":  body(401, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"`+quoted+`"}}`),
		"error data": body(200, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"x","data":"`+quoted+`"}}`),
		"HTML":       body(403, "<title>"+echo+"</title>"),
		"id":         body(200, `{"jsonrpc":"2.0","id":"`+key+`","result":"0x1"}`),
		"key":        body(200, `{"jsonrpc":"2.0","id":1,"`+key+`":1,"result":"0x1"}`),
		"twice":      body(200, `{"`+key+`":1,"`+key+`":1}`),
		"version":    body(200, `{"jsonrpc":"`+key+`","id":1,"result":"0x1"}`),
		"encoding":   body(200, "", "Content-Encoding", key),
		"redirect":   body(302, "", "Location", "https://sentinelUser:sentinelPass@h.example/v3/"+key),
		"host":       body(302, "", "Location", "https://"+key+".h.example/v3/"+key),
		"close":      func(*node, http.ResponseWriter, []message, bool) bool { panic(http.ErrAbortHandler) },
		"revert":     body(200, `{"jsonrpc":"2.0","id":null,"error":{"code":3,"message":"execution reverted: `+key+`"}}`),
	}
	check := func(name string, err error) {
		if err == nil {
			t.Errorf("%s: no error", name)
			return
		}
		for e := err; e != nil; e = errors.Unwrap(e) {
			text := fmt.Sprintf("%v %+v %#v", e, e, e)
			if piece := leaks(text, "sentinelUser", "sentinelPass", key, query, url.QueryEscape(query)); piece != "" {
				t.Errorf("%s shows %q: %s", name, piece, text)
			}
			if strings.ContainsAny(e.Error(), "\x1b\n\x00") || len(e.Error()) > 600 {
				t.Errorf("%s: %q", name, e.Error())
			}
		}
	}
	for name, h := range handlers {
		for _, calls := range []int{1, 3} {
			n := serve(t, h)
			replies, err := connect(t, Dialer{}, u(n.URL)).do(context.Background(), numbered(calls))
			if err == nil {
				err = replies[0].err
			}
			check(name, err)
		}
	}
	dead := serve(t, nil)
	dead.Close()
	_, err := connect(t, Dialer{}, u(dead.URL)).do(context.Background(), numbered(1))
	check("refused", err)
	_, err = connect(t, Dialer{}, u("http://"+key+".invalid.localhost:1")).do(context.Background(), numbered(1))
	check("lookup", err)
	_, err = connect(t, Dialer{}, u(dead.URL)).do(context.Background(), []request{{method: "x", params: []any{make(chan int)}}})
	check("own request", err)
}
