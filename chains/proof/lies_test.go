package proof_test

import (
	"bytes"
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

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// snapshot is the block of the scenario's snapshot and the sum's calls there.
func snapshot(t testing.TB, transport http.RoundTripper, more ...string) (proof.Node, chains.Block, []chains.Call) {
	w := testchain.Start(t)
	n := dial(t, chains.Optimism, transport, append([]string{w.Optimism.URL}, more...)...)
	return n, blockOf(t, n, w.Optimism.At(testchain.SnapshotRun).NumberU64()), terms(t)
}

// honest is what the calls of snapshot give.
func honest(t testing.TB) []proof.Result {
	n, b, calls := snapshot(t, nil)
	_, results := prove(t, n, b, calls)
	for i, r := range results {
		if r.Err != nil {
			t.Fatalf("%s: %v", calls[i].Signature, r.Err)
		}
	}
	return results
}

// flip changes one bit in the middle.
func flip(data []byte) { data[len(data)/2] ^= 1 }

// An endpoint whose proofs do not lead from the state root to what was asked for
// is found out and not used any more.
func TestWrongProofs(t *testing.T) {
	newest := func(r *request) {
		if r.Method != "eth_call" && r.Method != "eth_getBlockByNumber" && r.Method != "eth_chainId" {
			r.Params[len(r.Params)-1] = json.RawMessage(`"latest"`)
		}
	}
	answer := func(method string, change func(json.RawMessage) string) *between {
		return &between{answer: func(req request, resp *response) {
			if req.Method == method {
				resp.Result = json.RawMessage(change(resp.Result))
			}
		}}
	}
	for name, transport := range map[string]*between{
		"the proofs of its newest block": {ask: newest},
		"a state root that is altered":   forge(t, func(p *accountProof) { flip(p.AccountProof[0]) }),
		"a leaf of an account forged":    forge(t, func(p *accountProof) { flip(p.AccountProof[len(p.AccountProof)-1]) }),
		"no leaf of an account": forge(t, func(p *accountProof) {
			p.AccountProof = p.AccountProof[:len(p.AccountProof)-1]
		}),
		"a leaf of storage forged": forge(t, func(p *accountProof) {
			for _, s := range p.StorageProof {
				flip(s.Proof[len(s.Proof)-1])
			}
		}),
		"no node of storage": forge(t, func(p *accountProof) {
			for i := range p.StorageProof {
				p.StorageProof[i].Proof = nil
			}
		}),
		"a storage slot left out": forge(t, func(p *accountProof) {
			p.StorageProof = p.StorageProof[:len(p.StorageProof)/2]
		}),
		"the proof of another account": {ask: func(r *request) {
			if r.Method == "eth_getProof" {
				r.Params[0], _ = json.Marshal(testchain.Bridge)
			}
		}},
		"code that is altered": answer("eth_getCode", func(code json.RawMessage) string {
			return strings.Replace(string(code), "60", "61", 1)
		}),
		"no code":                  answer("eth_getCode", func(json.RawMessage) string { return `"0x"` }),
		"code that is no hex":      answer("eth_getCode", func(json.RawMessage) string { return `"code"` }),
		"a proof that is a string": answer("eth_getProof", func(json.RawMessage) string { return `"0x"` }),
	} {
		t.Run(name, func(t *testing.T) {
			n, b, calls := snapshot(t, transport)
			if _, _, err := n.Prove(t.Context(), b, calls); !errors.Is(err, chains.ErrWrongProof) {
				t.Fatalf("found error %v, want %v", err, chains.ErrWrongProof)
			}
			if _, err := n.CallAt(t.Context(), b, calls); !errors.Is(err, chains.ErrWrongProof) {
				t.Errorf("the endpoint is used still: found error %v", err)
			}
			if f := n.Faults(); len(f) != 1 || f[0].Code != chains.WrongProof || f[0].Detail == "" {
				t.Errorf("found the faults %q, want one with code %s", f, chains.WrongProof)
			}
		})
	}
}

// What an endpoint makes up besides the proofs changes nothing that is proven.
func TestOtherLies(t *testing.T) {
	want := honest(t)
	answer := func(method, result string) *between {
		return &between{answer: func(req request, resp *response) {
			if req.Method == method {
				resp.Result, resp.Error = json.RawMessage(result), nil
			}
		}}
	}
	for name, transport := range map[string]*between{
		"answers": answer("eth_call", `"0x`+strings.Repeat("07", 32)+`"`),
		"values beside proofs": forge(t, func(p *accountProof) {
			for i := range p.StorageProof {
				p.StorageProof[i].Value = "0x7"
			}
		}),
		"nodes too many": forge(t, func(p *accountProof) {
			p.AccountProof = append(p.AccountProof, hexutil.Bytes{1, 2, 3}, hexutil.Bytes{}, make(hexutil.Bytes, 5000))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			n, b, calls := snapshot(t, transport)
			_, got := prove(t, n, b, calls)
			for i := range want {
				if string(got[i].Data) != string(want[i].Data) {
					t.Errorf("%s: proven 0x%x, want 0x%x", calls[i].Signature, got[i].Data, want[i].Data)
				}
			}
		})
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

// Another endpoint proves what the first one lies about.
func TestNextEndpoint(t *testing.T) {
	good, err := url.Parse(testchain.Start(t).Optimism.URL)
	if err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(httputil.NewSingleHostReverseProxy(good))
	defer other.Close()
	liar := forge(t, func(p *accountProof) { flip(p.AccountProof[0]) })
	n, b, calls := snapshot(t, roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.URL.Host == good.Host {
			return liar.RoundTrip(req)
		}
		return http.DefaultTransport.RoundTrip(req)
	}), other.URL)
	for range 2 {
		if _, _, err := n.Prove(t.Context(), b, calls); err != nil {
			t.Fatal(err)
		}
	}
	if n := liar.calls["eth_getProof"]; n != 4 { // of two contracts, twice
		t.Errorf("the endpoint that gave wrong proofs was asked for %d, want 4", n)
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

// A hole in a node's trie, which eth_call answers with zero, is found.
func TestHole(t *testing.T) {
	hole := forge(t, func(p *accountProof) {
		for i, s := range p.StorageProof {
			p.StorageProof[i].Proof = s.Proof[:min(1, len(s.Proof))]
		}
	})
	n, b, calls := snapshot(t, hole)
	if _, _, err := n.Prove(t.Context(), b, calls); !errors.Is(err, chains.ErrWrongProof) {
		t.Errorf("found error %v, want %v", err, chains.ErrWrongProof)
	}
}

// The proofs of a report cost at most two more rounds, 20 requests and 40 kB for
// both chains, where the endpoint has access lists.
func TestCost(t *testing.T) {
	w := testchain.Start(t)
	var calls, posts, received int
	for _, c := range []struct {
		id    chains.ID
		chain *testchain.Chain
		calls []chains.Call
	}{{chains.Ethereum, w.Ethereum, ethereumTerms(t)}, {chains.Optimism, w.Optimism, terms(t)}} {
		counter := &between{}
		n := dial(t, c.id, counter, c.chain.URL)
		b := blockOf(t, n, c.chain.At(testchain.LocksExpired).NumberU64())
		counter.calls, counter.posts, counter.received = nil, 0, 0
		prove(t, n, b, c.calls)
		for _, n := range counter.calls {
			calls += n
		}
		posts += counter.posts
		received += counter.received
	}
	t.Logf("%d terms: %d requests, %d bytes", len(ethereumTerms(t))+len(terms(t)), calls, received)
	if calls > 20 || posts > 4 || received > 40_000 {
		t.Errorf("%d requests in %d posts bring %d bytes, want at most 20, 4 and 40,000", calls, posts, received)
	}
}

// An access list only saves rounds: whatever an endpoint says of it, the proven figures are the same.
func TestAccessListLies(t *testing.T) {
	w := testchain.Start(t)
	number := w.Ethereum.At(testchain.SnapshotRun).NumberU64()
	proven := func(t *testing.T, transport *between) []proof.Result {
		n := dial(t, chains.Ethereum, transport, w.Ethereum.URL)
		_, results := prove(t, n, blockOf(t, n, number), ethereumTerms(t))
		if transport.calls["eth_createAccessList"] == 0 {
			t.Error("no access list was asked for")
		}
		return results
	}
	want := proven(t, &between{})
	other := fmt.Sprintf(`{"accessList":[{"address":"0x%040x","storageKeys":["0x%064x"]}]}`, 7, 7)
	for name, result := range map[string]string{
		"none": `{"accessList":[],"gasUsed":"0x1"}`, "others": other, "text": `"none"`, "not known": "",
	} {
		t.Run(name, func(t *testing.T) {
			got := proven(t, &between{answer: func(req request, resp *response) {
				switch {
				case req.Method != "eth_createAccessList":
				case result == "":
					resp.refuse(-32601, "the method eth_createAccessList does not exist/is not available")
				default:
					resp.Result, resp.Error = json.RawMessage(result), nil
				}
			}})
			for i := range want {
				if want[i].Err != nil || got[i].Err != nil || string(got[i].Data) != string(want[i].Data) {
					t.Errorf("proven 0x%x and %v, want 0x%x", got[i].Data, got[i].Err, want[i].Data)
				}
			}
		})
	}
}

// A server that fails whenever an access list is asked for can prove without them.
func TestAccessListFails(t *testing.T) {
	w := testchain.Start(t)
	n := dial(t, chains.Ethereum, roundTripper(func(req *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(body), "eth_createAccessList") {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Request: req, Header: http.Header{},
				Body: io.NopCloser(strings.NewReader("no backend is currently healthy"))}, nil
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultTransport.RoundTrip(req)
	}), w.Ethereum.URL)
	b := blockOf(t, n, w.Ethereum.At(testchain.SnapshotRun).NumberU64())
	if _, results := prove(t, n, b, ethereumTerms(t)); results[0].Err != nil {
		t.Error(results[0].Err)
	}
}
