package proof_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common/hexutil"
)

// between is an http.RoundTripper that counts what passes and may change it.
type between struct {
	// ask may change a request before it is sent.
	ask func(*request)
	// answer may change the result of a request, or put an error in its place.
	answer func(request, *response)

	mu       sync.Mutex
	calls    map[string]int // by method
	posts    int
	received int // bytes of replies, as they are compressed
	raw      int // and as they are not
}

// roundTripper makes a function an http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

type request struct {
	Version string            `json:"jsonrpc"`
	ID      json.RawMessage   `json:"id"`
	Method  string            `json:"method"`
	Params  []json.RawMessage `json:"params"`
}

type response struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   json.RawMessage `json:"error,omitempty"`
}

func (b *between) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	asked, single, err := decode[request](body)
	if err != nil {
		return nil, err
	}
	byID := map[string]request{}
	for i := range asked {
		if b.ask != nil {
			b.ask(&asked[i])
		}
		byID[string(asked[i].ID)] = asked[i]
	}
	body = encode(asked, single)
	out := req.Clone(req.Context())
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	out.Header.Set("Accept-Encoding", "gzip") // now the transport leaves the body as it is
	resp, err := http.DefaultTransport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	received := len(body)
	if body, err = plain(resp, body); err != nil {
		return nil, err
	}
	b.count(asked, received, len(body))
	if b.answer != nil && resp.StatusCode == http.StatusOK {
		answers, single, err := decode[response](body)
		if err != nil {
			return nil, err
		}
		for i := range answers {
			b.answer(byID[string(answers[i].ID)], &answers[i])
		}
		body = encode(answers, single)
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return resp, nil
}

func plain(resp *http.Response, body []byte) ([]byte, error) {
	if resp.Header.Get("Content-Encoding") != "gzip" {
		return body, nil
	}
	resp.Header.Del("Content-Encoding")
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (b *between) count(asked []request, received, raw int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = map[string]int{}
	}
	for _, r := range asked {
		b.calls[r.Method]++
	}
	b.posts++
	b.received += received
	b.raw += raw
}

func decode[T any](body []byte) (list []T, single bool, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		err = json.Unmarshal(body, &list)
		return list, false, err
	}
	list = make([]T, 1)
	err = json.Unmarshal(body, &list[0])
	return list, true, err
}

func encode[T any](list []T, single bool) []byte {
	var v any = list
	if single {
		v = list[0]
	}
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was decoded just now
	}
	return body
}

// refuse puts an error in the place of a result.
func (r *response) refuse(code int, message string) {
	r.Result = nil
	r.Error, _ = json.Marshal(map[string]any{"code": code, "message": message})
}

// accountProof is what eth_getProof answers, as far as it matters.
type accountProof struct {
	AccountProof []hexutil.Bytes `json:"accountProof"`
	StorageProof []storageProof  `json:"storageProof"`
}

type storageProof struct {
	Key   string          `json:"key"`
	Value string          `json:"value"`
	Proof []hexutil.Bytes `json:"proof"`
}

// forge lets a test change each proof on its way.
func forge(t *testing.T, change func(*accountProof)) *between {
	return &between{answer: func(req request, resp *response) {
		if req.Method != "eth_getProof" || resp.Result == nil {
			return
		}
		var p accountProof
		if err := json.Unmarshal(resp.Result, &p); err != nil {
			t.Error(err)
		}
		change(&p)
		resp.Result, _ = json.Marshal(p)
	}}
}
