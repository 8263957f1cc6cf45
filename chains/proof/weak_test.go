package proof_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// two is snapshot with another endpoint, which is a good one, after the first.
func two(t *testing.T, first http.RoundTripper) (proof.Node, chains.Block, []chains.Call) {
	good, err := url.Parse(testchain.Start(t).Optimism.URL)
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(httputil.NewSingleHostReverseProxy(good))
	t.Cleanup(other.Close)
	return snapshot(t, roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host == good.Host {
			return first.RoundTrip(req)
		}
		return http.DefaultTransport.RoundTrip(req)
	}), other.URL)
}

// instead answers requests with a method in another way than the endpoint.
func instead(method string, answer roundTripper) roundTripper {
	return func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(body), method) {
			return answer(req)
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultTransport.RoundTrip(req)
	}
}

// Another endpoint proves what the first one lies about.
func TestNextEndpoint(t *testing.T) {
	liar := forge(t, func(p *accountProof) { flip(p.AccountProof[0]) })
	n, b, calls := two(t, liar)
	for range 2 {
		if _, _, err := n.Prove(t.Context(), b, calls); err != nil {
			t.Fatal(err)
		}
	}
	if n := liar.calls["eth_getProof"]; n != 4 { // of two contracts, twice
		t.Errorf("the endpoint that gave wrong proofs was asked for %d, want 4", n)
	}
}

// An endpoint that works on proofs for ever leaves time for another one.
func TestSlowEndpoint(t *testing.T) {
	n, b, calls := two(t, instead("eth_getProof", func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, _, err := n.Prove(ctx, b, calls); err != nil || len(n.Faults()) > 0 {
		t.Errorf("found error %v and the faults %v", err, n.Faults())
	}
}

// An endpoint that gives no proofs is not blamed for it, and is used on.
func TestNoProofs(t *testing.T) {
	refuse := func(code int, words string) *between {
		return &between{answer: func(req request, resp *response) {
			if req.Method == "eth_getProof" {
				resp.refuse(code, words)
			}
		}}
	}
	result := func(json string) *between {
		return &between{answer: func(req request, resp *response) {
			if req.Method == "eth_getProof" {
				resp.Result = []byte(json)
			}
		}}
	}
	for name, transport := range map[string]*between{
		"go-ethereum, pruned": refuse(-32000, "historical state 0x1234 is not available"),
		"go-ethereum, older":  refuse(-32000, "missing trie node 0x1234 (path )"),
		"Reth":                refuse(-32602, "distance to target block exceeds maximum proof window"),
		"op-reth":             refuse(-32000, "no state found for block 1"),
		"Erigon":              refuse(-32000, "not supported by Erigon3"),
		"Nethermind":          refuse(-32002, "No state available for block 1"),
		"a method unknown":    refuse(-32601, "Method not found"),
		"Besu":                result("null"),
		"op-geth alone":       result(`{"accountProof":null,"balance":"0x0","nonce":"0x0","storageProof":null}`),
	} {
		t.Run(name, func(t *testing.T) {
			n, b, calls := snapshot(t, transport)
			_, _, err := n.Prove(t.Context(), b, calls)
			if !errors.Is(err, chains.ErrNoProofs) || errors.Is(err, chains.ErrWrongProof) {
				t.Fatalf("found error %v, want %v", err, chains.ErrNoProofs)
			}
			t.Log(err)
			if _, err := n.CallAt(t.Context(), b, calls); err != nil {
				t.Errorf("the endpoint is not used any more: %v", err)
			}
		})
	}
}

// Behind one address, one node may keep proofs that another does not have. A refusal that does not
// come again is none, and nobody is blamed where all that is asked for is refused from some time on.
func TestSeveralNodes(t *testing.T) {
	for name, tt := range map[string]struct {
		refuses func(n int) bool // the n-th request for proofs, from 1 on
		err     error
	}{
		"once":               {func(n int) bool { return n == 2 }, nil},
		"from the second on": {func(n int) bool { return n >= 2 }, chains.ErrNoProofs},
		"from the fourth on": {func(n int) bool { return n >= 4 }, chains.ErrNoProofs},
		"every other time":   {func(n int) bool { return n%2 == 0 }, chains.ErrNoProofs},
		"two of three times": {func(n int) bool { return n%3 != 1 }, chains.ErrNoProofs},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			n, b, calls := snapshot(t, &between{answer: func(req request, resp *response) {
				switch req.Method {
				case "eth_createAccessList":
					resp.refuse(-32601, "Method not found")
				case "eth_getProof":
					if asked++; tt.refuses(asked) {
						resp.refuse(-32000, "historical state 0x1234 is not available")
					}
				}
			}})
			if _, _, err := n.Prove(t.Context(), b, calls); !errors.Is(err, tt.err) {
				t.Errorf("found error %v, want %v", err, tt.err)
			}
			if f := n.Faults(); len(f) > 0 {
				t.Errorf("found the faults %q, want none", f)
			}
		})
	}
}

// A node that fails where much is asked for, in whatever words of another one in front of it, is asked for less.
func TestFewKeys(t *testing.T) {
	n, b, calls := snapshot(t, &between{answer: func(req request, resp *response) {
		var keys []json.RawMessage
		if req.Method == "eth_getProof" && json.Unmarshal(req.Params[1], &keys) == nil && len(keys) > 1 {
			resp.refuse(-32602, "distance to target block exceeds maximum proof window")
		}
	}})
	if _, results := prove(t, n, b, calls); results[0].Err != nil || len(n.Faults()) > 0 {
		t.Errorf("found %v and the faults %v", results[0].Err, n.Faults())
	}
}

// An answer that is odd once is asked for again, and nobody is blamed.
func TestOddOnce(t *testing.T) {
	for method, result := range map[string]string{
		"eth_getCode":  `"0x"`,
		"eth_getProof": `{"accountProof":["0x80"],"storageProof":[]}`,
	} {
		odd := false
		n, b, calls := snapshot(t, &between{answer: func(req request, resp *response) {
			if req.Method == method && !odd {
				odd, resp.Result = true, json.RawMessage(result)
			}
		}})
		if _, results := prove(t, n, b, calls); results[0].Err != nil || len(n.Faults()) > 0 {
			t.Errorf("%s: found %v and the faults %v", method, results[0].Err, n.Faults())
		}
	}
}

// Made-up access lists of 20,000 slots do not make the client ask for all of them.
func TestLongAccessList(t *testing.T) {
	var slots []string
	for i := range 20_000 {
		slots = append(slots, fmt.Sprintf(`"0x%064x"`, i))
	}
	list := fmt.Sprintf(`{"accessList":[{"address":%q,"storageKeys":[%s]}]}`, testchain.Treasury, strings.Join(slots, ","))
	transport := &between{
		ask: func(r *request) {
			var keys []json.RawMessage
			if r.Method == "eth_getProof" && json.Unmarshal(r.Params[1], &keys) == nil && len(keys) > 400 {
				r.Params[1] = json.RawMessage("[]") // the node need not prove them
			}
		},
		answer: func(req request, resp *response) {
			if req.Method == "eth_createAccessList" {
				resp.Result, resp.Error = json.RawMessage(list), nil
			}
		},
	}
	w := testchain.Start(t)
	n := dial(t, chains.Ethereum, transport, w.Ethereum.URL)
	b := blockOf(t, n, w.Ethereum.At(testchain.SnapshotRun).NumberU64())
	if _, results := prove(t, n, b, ethereumTerms(t)); results[0].Err != nil {
		t.Error(results[0].Err)
	}
	if asked := transport.calls["eth_getProof"]; asked < 20 || asked > 30 {
		t.Errorf("found %d requests for proofs, want one for each 500 of 10,000 slots, and few more", asked)
	}
}

// A server that fails whenever an access list is asked for can prove without them.
func TestAccessListFails(t *testing.T) {
	w := testchain.Start(t)
	n := dial(t, chains.Ethereum, instead("eth_createAccessList", func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusServiceUnavailable, Request: req, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader("no backend is currently healthy"))}, nil
	}), w.Ethereum.URL)
	b := blockOf(t, n, w.Ethereum.At(testchain.SnapshotRun).NumberU64())
	if _, results := prove(t, n, b, ethereumTerms(t)); results[0].Err != nil {
		t.Error(results[0].Err)
	}
}

// An anvil on a fork of a chain mines blocks without a state root. It is not blamed for its proofs.
func TestNoStateRoot(t *testing.T) {
	n, b, calls := snapshot(t, nil)
	b.Header = types.CopyHeader(b.Header)
	b.Header.Root = common.Hash{}
	b.Hash = b.Header.Hash()
	if _, _, err := n.Prove(t.Context(), b, calls); !errors.Is(err, chains.ErrNoProofs) || len(n.Faults()) > 0 {
		t.Errorf("found error %v and the faults %v, want %v", err, n.Faults(), chains.ErrNoProofs)
	}
}
