package proof_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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
