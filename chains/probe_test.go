package chains_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// timed returns a node and the time of its block number first + 100.
func timed(n *node, first uint64) (*node, time.Time) {
	return n, time.Unix(int64(n.chain.Header(first+100).Time), 0).UTC()
}

// tick is a clock on which each look takes ten milliseconds.
type tick struct{ *faultrpc.Clock }

func (c tick) Now() time.Time {
	_ = c.Sleep(context.Background(), 10*time.Millisecond)
	return c.Clock.Now()
}

func probe(t *testing.T, d chains.Dialer, at time.Time, targets ...chains.Target) []chains.Probe {
	t.Helper()
	if d.Clock == nil {
		d.Clock = tick{faultrpc.NewClock()}
	}
	probes, err := d.Probe(t.Context(), at, targets...)
	if err != nil {
		t.Fatal(err)
	}
	if len(probes) != len(targets) {
		t.Fatalf("found %d probes of %d targets", len(probes), len(targets))
	}
	return probes
}

// works lists the checks that were tried, with those that failed in parentheses.
func works(p chains.Probe) string {
	var out []string
	for _, c := range []struct {
		name string
		chains.Check
	}{
		{"state", p.State}, {"recent", p.Recent}, {"legacy", p.Legacy}, {"hash", p.BlockHash},
		{"multicall", p.Multicall3}, {"proof", p.Proof}, {"list", p.AccessList},
	} {
		switch {
		case c.Works:
			out = append(out, c.name)
		case c.Tried:
			out = append(out, "("+c.name+")")
		}
	}
	return strings.Join(out, " ")
}

func TestProbeOneEndpoint(t *testing.T) {
	t.Parallel()
	const all = "state hash multicall proof list"
	rules := func(rules ...*faultrpc.Rule) func(*node) { return func(n *node) { n.Rules = rules } }
	backend := func(change func(*faultrpc.Node)) func(*node) { return func(n *node) { n.set(change) } }
	noTrie := func(from uint64) func(*node) {
		return backend(pruned(from, -32000, "missing trie node abcdef (path )"))
	}
	noMulticall := func(n *node) { n.chain.Deploy(faultrpc.Multicall3, n.head()+1) }
	noFinal := backend(func(b *faultrpc.Node) { b.NoFinal = &faultrpc.Error{Code: -39001, Message: "Unknown block"} })
	tests := []struct {
		name    string
		fault   func(*node)
		dialer  chains.Dialer
		chain   chains.ID
		at      func(at time.Time) time.Time
		works   string
		verdict chains.Verdict
		reason  string // of the verdict
		cause   error
		batch   int
		why     func(p chains.Probe) error // gives an error that has to hold text
		text    string
	}{
		{name: "archive", works: all, verdict: chains.GoodForJob, batch: 1000},
		{name: "full node", fault: noTrie(merge + 180), works: "(state) recent", verdict: chains.GoodForRecent,
			batch:  1000,
			reason: "has no state for block 15537494 (ethereum, 2022-09-15)", cause: chains.ErrArchive},
		{name: "no state at all", fault: noTrie(merge + 201), works: "(state) (recent)", verdict: chains.NotUsable,
			batch:  1000,
			reason: "has no state for block 15537584", cause: chains.ErrArchive},
		{name: "zero for an account that holds ether", fault: rules(poor()...), works: "(state) (recent)",
			verdict: chains.NotUsable, batch: 1000,
			reason: "is known to hold ether, holds none", cause: chains.ErrArchive},
		{name: "null state", fault: rules(replace("eth_getBalance", "", "null")), works: "(state) (recent)",
			verdict: chains.NotUsable, batch: 1000,
			reason: "answered null", cause: chains.ErrArchive},
		{name: "batches of three", fault: func(n *node) { n.Persona = faultrpc.Geth(3) }, works: all,
			verdict: chains.GoodForJob, batch: 3,
			why: func(p chains.Probe) error { return p.BatchReason.Err }, text: "batch too large"},
		{name: "batches of a hundred", fault: func(n *node) { n.Persona = faultrpc.Geth(100) }, works: all,
			verdict: chains.GoodForJob, batch: 100,
			why:  func(p chains.Probe) error { return p.BatchReason.Err },
			text: "refuses a request or reply of this size"},
		{name: "largest batch of the user", dialer: chains.Dialer{MaxBatch: 10}, works: all,
			verdict: chains.GoodForJob, batch: 10},
		{name: "slowest pace of the user", dialer: chains.Dialer{RPS: 12}, works: all, verdict: chains.GoodForJob,
			batch: 10},
		{name: "EIP-1898 refused", fault: backend(func(b *faultrpc.Node) { b.NoHash = noObject }),
			works: "state (hash) multicall proof list", verdict: chains.GoodForJob, batch: 1000,
			why: func(p chains.Probe) error { return p.BlockHash.Reason.Err }, text: "cannot unmarshal object"},
		{name: "EIP-1898 ignored", fault: backend(func(b *faultrpc.Node) { b.Deaf = true }),
			works: "state (hash) multicall proof list", verdict: chains.GoodForJob, batch: 1000,
			why: func(p chains.Probe) error { return p.BlockHash.Reason.Err },
			text: "accepts a block hash and ignores it: asked at block 15537494 (timestamp 1663225379), it " +
				"answered as of block 15537594"},
		{name: "no block canary", fault: func(n *node) {
			n.Nodes[0].NoDeploy = &faultrpc.Error{Code: -32602, Message: "missing to"}
			noMulticall(n)
		}, works: "state (hash) (multicall) proof list", verdict: chains.GoodForJob, batch: 1000,
			why:  func(p chains.Probe) error { return p.BlockHash.Reason.Err },
			text: "cannot show that it reads at the block"},
		{name: "Multicall3 not deployed", fault: noMulticall, works: "state hash (multicall) proof list",
			verdict: chains.GoodForJob, batch: 1000,
			why:  func(p chains.Probe) error { return p.Multicall3.Reason.Err },
			text: "no contract at 0xcA11bde05977b3631167028862bE2a173976CA11 at block 15537494"},
		{name: "reads elsewhere", fault: backend(func(b *faultrpc.Node) { b.Shift = 20 }), works: "(state) (recent)",
			verdict: chains.NotUsable, batch: 1000,
			reason: "did not read at the block it was asked about"},
		{name: "after the head", at: func(at time.Time) time.Time { return at.Add(24 * time.Hour) }, works: "recent",
			verdict: chains.GoodForRecent, batch: 1000,
			reason: "does not exist yet, head is", cause: chains.ErrNoBlockYet},
		{name: "not final", at: func(at time.Time) time.Time { return at.Add(95 * 12 * time.Second) },
			works: "recent", verdict: chains.GoodForRecent, batch: 1000,
			reason: "is newer than the finalized block", cause: chains.ErrNotFinalized},
		{name: "not final and allowed", at: func(at time.Time) time.Time { return at.Add(95 * 12 * time.Second) },
			dialer: chains.Dialer{AllowUnfinalized: true},
			works:  all, verdict: chains.GoodForJob, batch: 1000},
		{name: "a proof for another block", fault: rules(replace("eth_getProof", "", `{"accountProof":["0x81"]}`)),
			works:   "state hash multicall (proof) list",
			verdict: chains.GoodForJob, batch: 1000, why: func(p chains.Probe) error { return p.Proof.Reason.Err },
			text: "the proof starts at"},
		{name: "no finalized block", fault: noFinal, works: "", verdict: chains.NotUsable, batch: 1000,
			reason: "does not say which block is finalized", cause: chains.ErrNotFinalized},
		{name: "no time and no finalized block", fault: noFinal, at: func(time.Time) time.Time { return time.Time{} },
			dialer: chains.Dialer{AllowUnfinalized: true}, works: "recent", verdict: chains.GoodForRecent,
			batch: 1000, reason: "does not say which block is finalized", cause: chains.ErrNotFinalized},
		{name: "no time", at: func(time.Time) time.Time { return time.Time{} }, works: all,
			verdict: chains.GoodForJob, batch: 1000},
		{name: "wrong chain", chain: chains.Optimism, works: "", verdict: chains.NotUsable,
			reason: "chain id is ethereum, want optimism", cause: chains.ErrWrongChain},
		{name: "down", fault: (*node).down, works: "", verdict: chains.NotUsable, reason: "HTTP 503",
			cause: chains.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, at := timed(ethereum(), merge)
			if tt.fault != nil {
				tt.fault(n)
			}
			if tt.at != nil {
				at = tt.at(at)
			}
			chain := chains.Ethereum
			if tt.chain != 0 {
				chain = tt.chain
			}
			url := n.serve(t) + "/v2/SENTINEL-KEY-12345678?apikey=SENTINEL-QUERY-12345678"
			p := probe(t, tt.dialer, at, chains.Target{Chain: chain, URL: url})[0]
			verdict, reason := p.Verdict, p.Reason.Err
			if got := works(p); verdict != tt.verdict || got != tt.works || p.Batch != tt.batch {
				t.Errorf("found %q, checks %q, batch %d (%v); want %q, %q, %d", verdict, got, p.Batch,
					p.BatchReason.Err, tt.verdict, tt.works, tt.batch)
			}
			if (reason == nil) != (tt.verdict == chains.GoodForJob) || tt.cause != nil && !errors.Is(reason, tt.cause) {
				t.Errorf("found reason %v, want %v", reason, tt.cause)
			}
			if tt.reason != "" {
				wantText(t, reason, tt.reason)
			}
			if tt.text != "" {
				wantText(t, tt.why(p), tt.text)
			}
			if (p.Head != nil) != (p.Latency > 0) {
				t.Errorf("found head %v and latency %v", p.Head, p.Latency)
			}
			noSentinel(t, p)
		})
	}
}

// noSentinel looks for a secret in every field of a probe.
func noSentinel(t *testing.T, p chains.Probe) {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	reasons := []error{p.Reason.Err, p.State.Reason.Err, p.Recent.Reason.Err, p.BatchReason.Err, p.Stopped.Err,
		p.BlockReason.Err}
	for _, text := range []string{string(data), fmt.Sprintf("%+v", p), fmt.Sprint(reasons)} {
		if strings.Contains(strings.ToUpper(text), "SENTINEL") {
			t.Errorf("a secret is in %s", text)
		}
	}
}

// TestProbeBeforeBedrock probes an Optimism with and without older state.
func TestProbeBeforeBedrock(t *testing.T) {
	t.Parallel()
	for _, legacy := range []bool{true, false} {
		n, at := timed(optimism(), bedrock)
		if !legacy {
			const words = "no historical RPC is available for this historical (pre-bedrock) execution request"
			pruned(bedrock, -32801, words)(n.Nodes[0])
		}
		p := probe(t, chains.Dialer{}, at, chains.Target{Chain: chains.Optimism, URL: n.serve(t)})[0]
		if verdict, reason := p.Verdict, p.Reason.Err; verdict != chains.GoodForJob || !p.Legacy.Tried ||
			p.Legacy.Works != legacy {
			t.Errorf("found %q (%v), before Bedrock %+v, want it to work: %v", verdict, reason, p.Legacy, legacy)
		}
		if !legacy {
			wantText(t, p.Legacy.Reason.Err,
				"cannot serve Optimism state of block 105235062 (optimism, 2023-06-06), before block 105235063 "+
					"(Bedrock, 2023-06-06)")
		}
	}
}

func TestProbeDevelopmentChain(t *testing.T) {
	t.Parallel()
	n := dev(10)
	target := chains.Target{Chain: chains.Optimism, URL: n.serve(t)}
	p := probe(t, chains.Dialer{}, time.Time{}, target)[0]
	if verdict, reason := p.Verdict, p.Reason.Err; verdict != chains.NotUsable ||
		!errors.Is(reason, chains.ErrWrongChain) {
		t.Errorf("found %q, %v", verdict, reason)
	}
	p = probe(t, chains.Dialer{AllowDev: true}, time.Time{}, target)[0]
	if verdict, reason := p.Verdict, p.Reason.Err; verdict != chains.GoodForJob || !p.Development || p.Anchored ||
		p.Legacy.Tried {
		t.Errorf("found %q, %v, %+v", verdict, reason, p)
	}
}

// TestProbeRateLimit puts a limit of so many requests in front of a good node.
func TestProbeRateLimit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		requests int // that pass
		verdict  chains.Verdict
		batch    int
	}{
		{0, chains.NotUsable, 0},
		{1, chains.NotUsable, 0},   // the chain is proven, the block is not found
		{10, chains.GoodForJob, 0}, // latency is being measured
		{16, chains.GoodForJob, 3},
	}
	for _, tt := range tests {
		n, at := timed(ethereum(), merge)
		refusal := faultrpc.Status(http.StatusTooManyRequests, "slow down, SENTINEL-KEY-12345678",
			"X-RateLimit-Limit", "12",
			"Retry-After", "30", "X-Ratelimit-User", "SENTINEL-KEY-12345678")
		limit := faultrpc.Fault{Wire: func(w http.ResponseWriter, body []byte) {
			w.Header().Set("X-RateLimit-Limit", "12")
			w.Header().Set("X-Unrelated", "nothing")
			_, _ = w.Write(body)
		}}
		n.Rules = []*faultrpc.Rule{{From: tt.requests + 1, Fault: refusal}, {Fault: limit}}
		c := faultrpc.NewClock()
		p := probe(t, chains.Dialer{Clock: c}, at,
			chains.Target{Chain: chains.Ethereum, URL: n.serve(t) + "/SENTINEL-KEY-12345678"})[0]
		verdict, reason := p.Verdict, p.Reason.Err
		if verdict != tt.verdict || p.Batch != tt.batch || !errors.Is(p.Stopped.Err, chains.ErrRateLimit) {
			t.Errorf("%d requests: found %q (%v), batch %d, stopped by %v; want %q, batch %d", tt.requests, verdict,
				reason, p.Batch, p.Stopped.Err, tt.verdict, tt.batch)
		}
		if verdict == chains.NotUsable && !errors.Is(reason, chains.ErrRateLimit) {
			t.Errorf("%d requests: found reason %v", tt.requests, reason)
		}
		if n.rounds() != tt.requests+1 || c.Slept() > 2*time.Second {
			t.Errorf("%d requests passed, then %d were refused, in %v", tt.requests, n.rounds()-tt.requests, c.Slept())
		}
		if len(p.Limits) != 3 || p.Limits[0] != "retry-after: 30" || p.Limits[1] != "x-ratelimit-limit: 12" {
			t.Errorf("found headers %q", p.Limits)
		}
		noSentinel(t, p)
	}
}

func TestProbeSideBySide(t *testing.T) {
	t.Parallel()
	first, _ := timed(ethereum(), merge)
	second := dev(10)
	stopped, stop := dev(1).Start()
	stop()
	targets := []chains.Target{{Chain: chains.Ethereum, URL: stopped}, {Chain: chains.Ethereum, URL: first.serve(t)},
		{Chain: chains.Optimism, URL: second.serve(t)}}
	probes := probe(t, chains.Dialer{AllowDev: true}, time.Time{}, targets...)
	if !errors.Is(probes[0].Reason.Err, chains.ErrUnavailable) || probes[1].Reason.Err != nil ||
		probes[2].Reason.Err != nil {
		t.Fatalf("found %v, %v, %v", probes[0].Reason.Err, probes[1].Reason.Err, probes[2].Reason.Err)
	}
	// The earlier of the two finalized blocks is Ethereum's.
	final := time.Unix(int64(first.chain.Header(first.final()).Time), 0)
	for _, p := range probes {
		if !p.At.Equal(final) {
			t.Errorf("%s was asked for %v, want %v", p.Endpoint, p.At, final)
		}
	}
	if b := probes[1].Block; b == nil || b.Number != first.final() {
		t.Errorf("found block %v", b)
	}
	if b := probes[2].Block; b == nil || b.Number != 0 {
		t.Errorf("found block %v", b)
	}
	for _, id := range []chains.ID{chains.Ethereum, chains.Optimism} {
		if err := chains.Ready(probes, id, 1); err != nil {
			t.Error(err)
		}
	}
	wantText(t, chains.Ready(probes, chains.Ethereum, 2), "2 endpoints must agree, found 1 that are good for this job")
}

func TestProbeWrongUse(t *testing.T) {
	t.Parallel()
	n := ethereum()
	url := n.serve(t)
	for name, targets := range map[string][]chains.Target{
		"twice":  {{Chain: 1, URL: url}, {Chain: 1, URL: url + "/?"}},
		"scheme": {{Chain: 1, URL: url}, {Chain: 1, URL: "ws://127.0.0.1/SENTINEL"}},
	} {
		probes, err := chains.Dialer{}.Probe(t.Context(), time.Time{}, targets...)
		if probes != nil || !errors.Is(err, chains.ErrEndpointURL) || strings.Contains(fmt.Sprint(err), "SENTINEL") {
			t.Errorf("%s: found %v", name, err)
		}
	}
	if n.rounds() > 0 {
		t.Errorf("found %d requests, want none", n.rounds())
	}
}

func TestProbeEndOfTime(t *testing.T) {
	t.Parallel()
	n, at := timed(ethereum(), merge)
	target := chains.Target{Chain: 1, URL: n.serve(t)}
	over, stop := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer stop()
	probes, err := chains.Dialer{}.Probe(over, at, target)
	if err != nil || !errors.Is(probes[0].Reason.Err, context.DeadlineExceeded) {
		t.Errorf("found %v, %v", probes, err)
	}
	// The time ends after the chain is proven.
	ctx, cancel := context.WithCancel(t.Context())
	n.SetRules(&faultrpc.Rule{From: 2,
		Fault: faultrpc.Fault{HTTP: func(http.ResponseWriter, *http.Request) { cancel() }}})
	if probes, err := (chains.Dialer{}).Probe(ctx, at, target); probes != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("found %v, %v", probes, err)
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	block := func(salt byte) *chains.ProbeBlock {
		return &chains.ProbeBlock{Number: 15537394, Hash: common.Hash{salt}}
	}
	good := chains.Probe{Chain: 1, Endpoint: "good", Verdict: chains.GoodForJob, Block: block(1)}
	twin := chains.Probe{Chain: 1, Endpoint: "twin", Verdict: chains.GoodForJob, Block: block(1)}
	other := chains.Probe{Chain: 1, Endpoint: "other", Verdict: chains.GoodForJob, Block: block(2)}
	local := chains.Probe{Chain: 1, Endpoint: "local", Verdict: chains.GoodForJob, Block: block(1), Development: true}
	pruned := chains.Probe{Chain: 1, Endpoint: "pruned", Verdict: chains.GoodForRecent,
		Reason: chains.Reason{Err: chains.ErrArchive}}
	dead := chains.Probe{Chain: 1, Endpoint: "dead", Reason: chains.Reason{Err: chains.ErrUnavailable}}
	wrong := chains.Probe{Chain: 1, Endpoint: "wrong", Reason: chains.Reason{Err: chains.ErrWrongChain}}
	tooNew := &chains.TooNewError{Number: 5, Newest: faultrpc.Public(1, 0).Header(merge), Err: chains.ErrNoBlockYet}
	behind := chains.Probe{Chain: 1, Endpoint: "behind", Verdict: chains.GoodForRecent,
		Reason: chains.Reason{Err: tooNew}}
	tests := []struct {
		name   string
		probes []chains.Probe
		agree  int
		want   string // "" for ready
	}{
		{"good", []chains.Probe{good}, 0, ""},
		{"none", nil, 1, "ethereum: no endpoint is good for this job"},
		{"of another chain", []chains.Probe{{Chain: 10, Verdict: chains.GoodForJob, Block: block(1)}}, 1,
			"ethereum: no endpoint is good"},
		{"passed over", []chains.Probe{dead, pruned, good}, 1, ""},
		{"pruned", []chains.Probe{pruned}, 1, "no endpoint is good for this job"},
		{"a client stops at the wrong chain", []chains.Probe{wrong, good}, 1,
			"ethereum: wrong chain; the endpoints after it are not asked then"},
		{"a client does not get there", []chains.Probe{good, wrong}, 1, ""},
		{"a client passes over a node that lags", []chains.Probe{behind, good}, 1, ""},
		{"all lag", []chains.Probe{behind, behind}, 1,
			"ethereum: block 5 does not exist yet, head is 15537394 (2022-09-15T06:42:59Z): no block yet"},
		{"two", []chains.Probe{good, dead, twin}, 2, ""},
		{"one of two", []chains.Probe{good, dead}, 2, "2 endpoints must agree, found 1"},
		{"two blocks", []chains.Probe{good, other}, 2, "the block asked for is 15537394 (0x0100"},
		{"two kinds", []chains.Probe{good, local}, 2, "not of one kind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := chains.Ready(tt.probes, chains.Ethereum, tt.agree)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantText(t, err, tt.want)
		})
	}
}
