package jsonrpc

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// carrier is an http.RoundTripper made of a function.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

func TestRequestsLookRight(t *testing.T) {
	t.Parallel()
	n := serve(t, nil)
	target, err := url.Parse(n.URL)
	if err != nil {
		t.Fatal(err)
	}
	target.User, target.Path, target.RawQuery = url.UserPassword("user", "pass word"), "/v3/key", "dkey=1"
	requests := 0
	spy := carrier(func(r *http.Request) (*http.Response, error) {
		requests++
		user, password, _ := r.BasicAuth()
		if user != "user" || password != "pass word" || r.URL.User != nil {
			t.Errorf("basic auth %q %q, URL user %v", user, password, r.URL.User)
		}
		if r.URL.Path != "/v3/key" || r.URL.RawQuery != "dkey=1" || r.Host != target.Host ||
			r.Method != http.MethodPost {
			t.Errorf("%s %s %s", r.Method, r.Host, r.URL)
		}
		for key, want := range map[string]string{"User-Agent": "perpquorum/1.0", "Content-Type": "application/json",
			"Accept": "application/json", "Referer": "", "Cookie": ""} {
			if got := r.Header.Get(key); got != want {
				t.Errorf("%s is %q, want %q", key, got, want)
			}
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	mustAnswer(t, connect(t, Options{Transport: spy, UserAgent: "perpquorum/1.0"}, target.String()), 3)
	if requests != 1 {
		t.Errorf("the injected transport saw %d requests", requests)
	}
}

// TestProxyFromEnvironment asks, in a process of its own (net/http reads the
// environment once), for a host that only the proxy knows.
func TestProxyFromEnvironment(t *testing.T) {
	if os.Getenv("PERPQUORUM_TEST_PROXY") == "child" {
		mustAnswer(t, connect(t, Options{}, "http://node.invalid/v3/key"), 2)
		_, err := connect(t, Options{}, "https://node.invalid/v3/key").Send(t.Context(), numbered(1))
		fmt.Println("CONNECT:", err)
		return
	}
	var posts, connects atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := basicAuth(r.Header.Get("Proxy-Authorization")); user != "proxyUser" ||
			password != "proxyPassword" {
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
	child.Env = append(os.Environ(), "PERPQUORUM_TEST_PROXY=child", "HTTP_PROXY="+address, "HTTPS_PROXY="+address,
		"NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=")
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

func TestEndpointURLs(t *testing.T) {
	t.Parallel()
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
		e, err := New(raw, Options{})
		if e != nil || !errors.Is(err, ErrEndpointURL) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: got %v, want %q", raw, err, reason)
		} else if strings.Contains(err.Error(), "SENTINEL") || strings.Contains(err.Error(), "h.example") {
			t.Errorf("%v shows the URL", err)
		}
	}
}
