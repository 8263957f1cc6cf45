package chains_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// asked is how many state reads a server was asked for.
func asked(s *faultrpc.Server) int {
	log := s.Log()
	return log.Calls["eth_call"] + log.Calls["eth_getBalance"]
}

// claiming is a good server with a reply to eth_capabilities.
func claiming(claims string) *faultrpc.Server {
	s := good()
	s.Nodes[0].Claims = claims
	return s
}

// TestClaimsOrderEndpoints: who says that it has no state of the block is asked last, and only
// the order depends on it.
func TestClaimsOrderEndpoints(t *testing.T) {
	t.Parallel()
	lacks, has := faultrpc.Capable(target+1, target+1), faultrpc.Capable(target, target+1)
	disabled := strings.Replace(has, `"state":{"disabled":false`, `"state":{"disabled":true`, 1)
	pruned := func(claims string) *faultrpc.Server {
		s := claiming(claims)
		s.Nodes[0].Oldest = target + 1
		return s
	}
	tests := []struct {
		name          string
		first, second *faultrpc.Server
		used          [2]bool
		want          error
	}{
		{"the first lacks it", pruned(lacks), good(), [2]bool{false, true}, nil},
		{"the first has state disabled", claiming(disabled), good(), [2]bool{false, true}, nil},
		{"both have it", claiming(has), claiming(has), [2]bool{true, false}, nil},
		{"the first says nothing", good(), claiming(has), [2]bool{true, false}, nil},
		{"the first says falsely that it has it", pruned(has), good(), [2]bool{true, true}, nil},
		{"the first says falsely that it lacks it", claiming(lacks), pruned(has), [2]bool{true, true}, nil},
		{"both say falsely that they lack it", claiming(lacks), claiming(lacks), [2]bool{false, true}, nil},
		{"both lack it", pruned(lacks), pruned(lacks), [2]bool{true, true}, chains.ErrArchive},
		{"an older draft", claiming(`{"head":{"blockNumber":"0x1"},"state":{"disabled":true},` +
			`"stateproofs":{"disabled":true}}`), good(), [2]bool{true, false}, nil},
		{"null", claiming("null"), good(), [2]bool{true, false}, nil},
		{"a text", claiming(`"0x1"`), good(), [2]bool{true, false}, nil},
		{"decimal numbers", claiming(strings.ReplaceAll(lacks, `"0xed`, `"1`)), good(), [2]bool{true, false}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAttempt(t, 1, tt.first, tt.second)
			err := a.read(t)
			if tt.want == nil && err != nil || tt.want != nil && err == nil {
				t.Errorf("found %v, want %v", err, tt.want)
			}
			if used := [2]bool{asked(tt.first) > 0, asked(tt.second) > 0}; used != tt.used {
				t.Errorf("state was read from the first and the second: %v, want %v", used, tt.used)
			}
		})
	}
}

// TestClaimsCostNoRequest: they are asked for in the batch that proves the chain, where there is
// a choice between endpoints, and a gateway that refuses the batch for it is asked without.
func TestClaimsCostNoRequest(t *testing.T) {
	t.Parallel()
	alone, together := good(), good()
	for _, a := range []*attempt{newAttempt(t, 1, alone), newAttempt(t, 1, together, good())} {
		if err := a.read(t); err != nil {
			t.Fatal(err)
		}
	}
	if n, m := alone.Log().Requests, together.Log().Requests; n != m {
		t.Errorf("found %d requests to an endpoint that is alone, %d to one of two", n, m)
	}
	if n, m := alone.Log().Calls["eth_capabilities"], together.Log().Calls["eth_capabilities"]; n != 0 || m != 1 {
		t.Errorf("found eth_capabilities asked %d and %d times, want 0 and 1", n, m)
	}
	for name, refusal := range map[string]faultrpc.Fault{
		"403": faultrpc.Status(http.StatusForbidden, ""), "405": faultrpc.Status(http.StatusMethodNotAllowed, ""),
		"401 of one call": faultrpc.Fail(-32000, "unauthorized method"),
		"words":           faultrpc.Status(http.StatusForbidden, `{"error":{"code":-32601,"message":"not whitelisted"}}`),
		"internal":        faultrpc.Fail(-32603, "Internal error"), "reverted": faultrpc.Fail(3, "execution reverted"),
	} {
		first, second := good(), good()
		first.Rules = []*faultrpc.Rule{{Method: "eth_capabilities", Fault: refusal}}
		if err := newAttempt(t, 1, first, second).read(t); err != nil || asked(first) == 0 || asked(second) > 0 {
			t.Errorf("%s: found %v, %d reads of the first, %d of the second", name, err, asked(first), asked(second))
		}
	}
}

// TestProbeClaims: a probe says what the endpoint claims, and no verdict depends on it.
func TestProbeClaims(t *testing.T) {
	t.Parallel()
	from := func(n uint64) chains.Claim { return chains.Claim{Served: true, From: &n} }
	for claims, want := range map[string]*chains.Claims{
		faultrpc.Capable(target+1, target+2): {State: from(target + 1), Proofs: from(target + 2)},
		`{"head":{"number":"0x1"},"state":{"disabled":false},"stateproofs":{"disabled":true}}`: {
			State: chains.Claim{Served: true}},
		"": nil, "null": nil, "{}": nil, "[]": nil,
		`{"head":{"number":"0x1"},"state":{"disabled":false,"oldestBlock":7},"stateproofs":{"disabled":true}}`: nil,
	} {
		p := probeOne(t, claiming(claims))
		if p.Verdict != chains.GoodForJob || (p.Claims == nil) != (want == nil) {
			t.Errorf("%s: found %v, %v", claims, p.Verdict, p.Claims)
			continue
		}
		if want != nil && (p.Claims.State.String() != want.State.String() ||
			p.Claims.Proofs.String() != want.Proofs.String()) {
			t.Errorf("%s: found %v, want %v", claims, p.Claims, want)
		}
	}
}

// probeOne probes a server for its block number target.
func probeOne(t *testing.T, s *faultrpc.Server) chains.Probe {
	url, stop := s.Start()
	t.Cleanup(stop)
	at := time.Unix(int64(s.Nodes[0].Chain.Header(target).Time), 0)
	return probe(t, chains.Dialer{Clock: s.Clock}, at, chains.Target{Chain: 1, URL: url})[0]
}

// TestProbeProofHistory: an op-reth does not know eth_capabilities, and says of its proofs alone since
// when it keeps them.
func TestProbeProofHistory(t *testing.T) {
	t.Parallel()
	for reply, want := range map[string]string{
		`{"earliest":105300000,"latest":105400000}`: "block 105300000",
		`{"earliest":null,"latest":null}`:           "",
		`{"earliest":"0x1"}`:                        "",
	} {
		s := good()
		s.Rules = []*faultrpc.Rule{{Method: "debug_proofsSyncStatus", Fault: faultrpc.Fault{
			Object: func(r faultrpc.Request, _ faultrpc.Object) faultrpc.Object {
				return faultrpc.Object{ID: r.ID, Result: json.RawMessage(reply)}
			}}}}
		p := probeOne(t, s)
		got := ""
		if p.Claims != nil {
			got = p.Claims.Proofs.String()
		}
		if got != want || p.Verdict != chains.GoodForJob {
			t.Errorf("%s: found %q and %v, want %q", reply, got, p.Verdict, want)
		}
	}
}
