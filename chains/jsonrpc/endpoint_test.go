package jsonrpc

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// message is one JSON-RPC request as a test server sees it.
type message struct {
	ID     int               `json:"id"`
	Method string            `json:"method"`
	Params []json.RawMessage `json:"params"`
}

// node is a test server that answers with the n-th of its parameters, or as its
// handler says.
type node struct {
	*httptest.Server
	mu       sync.Mutex
	requests int
	sizes    []int // calls per request; 0: a plain object
}

// serve starts a node. The handler gets the decoded request; a nil handler, or
// one that returns false, leaves the reply to echo.
func serve(t *testing.T, handler func(n *node, w http.ResponseWriter, msgs []message, batch bool) bool) *node {
	t.Helper()
	n := &node{}
	n.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		batch := strings.HasPrefix(string(body), "[")
		msgs := make([]message, 1)
		if batch {
			json.Unmarshal(body, &msgs)
		} else {
			json.Unmarshal(body, &msgs[0])
		}
		n.mu.Lock()
		n.requests++
		size := 0
		if batch {
			size = len(msgs)
		}
		n.sizes = append(n.sizes, size)
		n.mu.Unlock()
		if handler == nil || !handler(n, w, msgs, batch) {
			echo(w, msgs, batch)
		}
	}))
	n.Config.ErrorLog = quiet
	n.Start()
	t.Cleanup(n.Close)
	return n
}

func (n *node) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.requests
}

// result gives each message its first parameter back.
func result(m message) map[string]any {
	return map[string]any{"jsonrpc": "2.0", "id": m.ID, "result": m.Params[0]}
}

func failed(m message, code int, text string) map[string]any {
	return map[string]any{"jsonrpc": "2.0", "id": m.ID, "error": map[string]any{"code": code, "message": text}}
}

func echo(w io.Writer, msgs []message, batch bool) {
	var out []any
	for _, m := range msgs {
		out = append(out, result(m))
	}
	if batch {
		json.NewEncoder(w).Encode(out)
	} else {
		json.NewEncoder(w).Encode(out[0])
	}
}

func connect(t *testing.T, o Options, url string) *Endpoint {
	t.Helper()
	if o.Clock == nil {
		o.Clock = faultrpc.NewClock()
	}
	e, err := New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// numbered makes n requests whose right answers are 0, 1, 2 …
func numbered(n int) []Request {
	reqs := make([]Request, n)
	for i := range reqs {
		reqs[i] = Request{Method: "test_echo", Params: []any{i}}
	}
	return reqs
}

// mustAnswer demands all right answers, in order.
func mustAnswer(t *testing.T, e *Endpoint, n int) {
	t.Helper()
	replies, err := e.Send(context.Background(), numbered(n))
	if err != nil {
		t.Fatal(err)
	}
	if len(replies) != n {
		t.Fatalf("got %d replies, want %d", len(replies), n)
	}
	for i, r := range replies {
		var got int
		if r.Err != nil || json.Unmarshal(r.Raw, &got) != nil || got != i {
			t.Fatalf("reply %d: got %s, %v", i, r.Raw, r.Err)
		}
	}
}

// mustFail demands an *EndpointError of the class.
func mustFail(t *testing.T, e *Endpoint, n int, class Class) *EndpointError {
	t.Helper()
	replies, err := e.Send(context.Background(), numbered(n))
	var failure *EndpointError
	if !errors.As(err, &failure) {
		t.Fatalf("got %v, %v; want an endpoint error of class %v", replies, err, class)
	}
	if failure.Class != class {
		t.Fatalf("got class %v (%v), want %v", failure.Class, err, class)
	}
	return failure
}

// quiet drops what test servers log of the failures that tests provoke.
var quiet = log.New(io.Discard, "", 0)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func TestSendAnswersInOrder(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 99, 100, 101, 950} {
		node := serve(t, nil)
		mustAnswer(t, connect(t, Options{}, node.URL), n)
		if want := (n + 99) / 100; node.count() != want {
			t.Errorf("%d calls took %d requests, want %d", n, node.count(), want)
		}
		if n == 1 && node.sizes[0] != 0 {
			t.Error("a single call went out as a batch")
		}
	}
}
