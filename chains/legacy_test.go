package chains_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

const legacyBlock = faultrpc.Bedrock - 5

// legacyAttempt reads before Bedrock, in each way.
func legacyAttempt(t *testing.T, name string, set func(*faultrpc.Server), check func(*testing.T, *attempt, error)) {
	t.Helper()
	for _, p := range everyPath {
		t.Run(fmt.Sprintf("%s (%s)", name, p), func(t *testing.T) {
			s := faultrpc.NewServer(faultrpc.Public(10, 300))
			s.Clock = faultrpc.NewClock()
			set(s)
			a := newAttempt(t, 10, s)
			a.at, a.path = legacyBlock, p
			check(t, a, a.read(t))
		})
	}
}

func wantBound(t *testing.T, a *attempt, err error) {
	t.Helper()
	if err != nil || a.level != chains.Bound {
		t.Errorf("found %q, %v, want the right figures, bound", a.level, err)
	}
}

func front(f func(faultrpc.Request) (bool, *faultrpc.Error)) func(*faultrpc.Server) {
	return backend(func(n *faultrpc.Node) { n.Front = f })
}

// Before Bedrock each figure comes from inside an eth_call that l2geth alone can answer.
func TestLegacyFiguresProveThemselves(t *testing.T) {
	t.Parallel()
	noTo := &faultrpc.Error{Code: -32602, Message: "missing value for required argument: to"}
	for name, set := range map[string]func(*faultrpc.Server){
		"op-geth":                  func(*faultrpc.Server) {},
		"without deployless calls": backend(func(n *faultrpc.Node) { n.NoDeploy = noTo }),
		"by number":                backend(func(n *faultrpc.Node) { n.NoHash = noObject }),
		"by number, Multicall3":    backend(func(n *faultrpc.Node) { n.NoHash, n.NoDeploy = noObject, noTo }),
		"op-reth that forwards no batches": front(func(r faultrpc.Request) (bool, *faultrpc.Error) {
			return r.Batched(), nil
		}),
	} {
		legacyAttempt(t, name, set, func(t *testing.T, a *attempt, err error) {
			if a.servers[0].Nodes[0].NoDeploy == nil {
				wantBound(t, a, err)
			} else if err != nil || !strings.Contains(a.unbound, `takes no eth_call without "to"`) {
				t.Errorf("found %q, %v, want the right figures, trusted: Multicall3 sees no nonces", a.unbound, err)
			}
			if n := a.servers[0].Log().Calls["eth_getBalance"]; n > 0 {
				t.Errorf("found %d eth_getBalance, which nothing proves", n)
			}
		})
	}
}

// What l2geth, or something in front of it, fails to answer is asked again.
func TestLegacyFailuresPass(t *testing.T) {
	t.Parallel()
	for _, words := range []string{
		"500 Internal Server Error: oops", "502 Bad Gateway: <html>", "503 Service Unavailable: ", "429 Too Many Requests: ",
		`Post "http://SENTINEL.internal:8545": dial tcp 10.0.0.7:8545: connect: connection refused`,
		"json: cannot unmarshal non-string into Go value of type hexutil.Bytes",
	} {
		legacyAttempt(t, "op-geth: "+words, front(faultrpc.OpGeth(1./7, 3, words)), wantBound)
		legacyAttempt(t, "op-geth, always: "+words, front(faultrpc.OpGeth(1, 3, words)),
			func(t *testing.T, _ *attempt, err error) {
				if err == nil || strings.Contains(err.Error(), "SENTINEL") || strings.Contains(err.Error(), "10.0.0.7") {
					t.Errorf("found %v", err)
				}
			})
	}
}

// op-reth answers from an empty state when its l2geth fails: never a figure.
func TestLegacyEmptyStateIsNoFigure(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		for _, prob := range []float64{0.05, 0.3} {
			legacyAttempt(t, fmt.Sprint("op-reth, ", prob, ", seed ", seed), front(faultrpc.OpReth(prob, seed)),
				func(t *testing.T, _ *attempt, err error) {
					if prob < 0.1 && err != nil {
						t.Errorf("found %v, want the right figures", err)
					}
				})
		}
	}
	legacyAttempt(t, "op-reth, always", front(faultrpc.OpReth(1, 0)), func(t *testing.T, _ *attempt, err error) {
		if !errors.Is(err, chains.ErrArchive) {
			t.Fatalf("found %v, want ErrArchive", err)
		}
		wantText(t, err, "the legacy node behind it did not answer")
	})
}

// A zero in place of the parent's hash is no proof: l2geth knows it always.
func TestLegacyWithoutParentHash(t *testing.T) {
	t.Parallel()
	blank := faultrpc.Fault{Value: func(_ faultrpc.Request, result json.RawMessage) json.RawMessage {
		text := string(result)
		if len(text) < 3+3*64 {
			return result
		}
		return json.RawMessage(text[:3+128] + strings.Repeat("0", 64) + text[3+192:])
	}}
	legacyAttempt(t, "no parent", with(&faultrpc.Rule{Method: "eth_call", Fault: blank}),
		func(t *testing.T, _ *attempt, err error) {
			if !errors.Is(err, chains.ErrProtocol) {
				t.Errorf("found %v, want ErrProtocol", err)
			}
		})
}

// What a call that gives nothing means is asked of l2geth too.
func TestLegacyFailingCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		to   common.Address
		want error
		text string
	}{
		{faultrpc.Nobody, chains.ErrNoContract, "no contract at"},
		{faultrpc.Sink, errAny, "empty answer"},
		{faultrpc.Reverter, chains.ErrReverted, "failed or ran out of gas"},
	} {
		n := optimism()
		c := dial(t, chains.Dialer{}, 10, n.serve(t))
		_, err := c.CallAt(t.Context(), pinned(t, c, legacyBlock),
			append(usual(t, 6), chains.Call{To: tt.to, Data: []byte{1, 2, 3, 4}}))
		if err == nil || tt.want != errAny && !errors.Is(err, tt.want) {
			t.Fatalf("%v: found %v, want %v", tt.to, err, tt.want)
		}
		wantText(t, err, tt.text)
	}
}

// Where calls need so much gas that one of them could want for it, each is made alone.
func TestLegacyCallsThatNeedGas(t *testing.T) {
	t.Parallel()
	n := optimism()
	c := dial(t, chains.Dialer{}, 10, n.serve(t))
	b := pinned(t, c, legacyBlock)
	calls := many(faultrpc.Heavy, 20)
	n.forget()
	answers, err := c.CallAt(t.Context(), b, calls)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, n.chain, legacyBlock, calls, answers)
	made := 0
	for _, method := range n.methods() {
		if method == "eth_call" {
			made++
		}
	}
	if made != 2*(1+20) {
		t.Errorf("found %d eth_call, want two for all and then two for each", made)
	}
}
