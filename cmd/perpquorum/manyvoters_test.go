package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/snapshot"
	"github.com/perpdao/perpquorum/snapshot/tally"
)

// crowd is a synthetic vote of many voters with three reads each: a token on
// the chain with id 1, and two on the chain with id 10.
type crowd struct {
	voters    int
	addresses []common.Address // of the voters
	args      []string
	hub       *hub.Hub
	requests  atomic.Int64 // to the chains
	received  atomic.Int64 // bytes from the chains, as they are compressed
	cpu       time.Duration
}

// secondToken is another token on the chain with id 10.
var secondToken = common.HexToAddress("0xE8a0000000000000000000000000000000000003")

const crowdModel = `{"format":"perpquorum-model/1","name":"Crowd","symbol":"SYN","decimals":18,
	"definition":"All tokens of a test.","synthetic":"made up for a test",
	"network":"ethereum","space":"vote-perp.eth","quorum":"1/10",
	"tokens":[{"chain":"ethereum","address":"%s","label":"SYN","supply":true}],"excluded":[],"escrows":[],"sources":[]}`

// latency is how long each request takes on its way, besides what the servers here do.
type latency struct{ hub, rpc time.Duration }

// newCrowd makes a vote between two choices, or a ranking of more.
func newCrowd(tb testing.TB, n, choices int, far latency) *crowd {
	tb.Helper()
	c := &crowd{voters: n}
	balances := make([]map[common.Address]*big.Int, 3)
	for k := range balances {
		balances[k] = map[common.Address]*big.Int{}
	}
	p := hub.NewProposal(voteSpace, "a vote of many")
	p.Type, p.Choices, p.Strategies = "single-choice", nil, perpStrategies()
	for i := range choices {
		p.Choices = append(p.Choices, fmt.Sprint("choice ", i+1))
	}
	if choices > 2 {
		p.Type = "ranked-choice"
	}
	p.Strategies[1].Params = json.RawMessage(fmt.Sprintf(`{"strategies":[
		{"name":"erc20-balance-of","network":"10","params":{"address":"%s"}},
		{"name":"contract-call","network":"10","params":{"address":"%s","methodABI":{"name":"balanceOf","type":"function",
			"inputs":[{"name":"a","type":"address"}],"outputs":[{"name":"","type":"uint256"}]}}}]}`,
		testchain.OptimismPERP, secondToken))
	p.Snapshot, p.Votes = 25, n
	p.Sign()
	var votes []hub.Vote
	rnd := rand.New(rand.NewPCG(3, 4))
	bridge := new(big.Int) // holds on one chain what circulates on the other
	balances[0][testchain.Bridge] = bridge
	for i := range n {
		a := common.BytesToAddress(crypto.Keccak256([]byte(fmt.Sprint("voter of a crowd ", i))))
		c.addresses = append(c.addresses, a)
		var parts [3]float64
		for k := range balances {
			wei := new(big.Int).Mul(big.NewInt(int64(i+k+1)), big.NewInt(1_234_567_890_123_456_789))
			balances[k][a] = wei
			if k > 0 {
				bridge.Add(bridge, wei)
			}
			parts[k], _ = new(big.Rat).SetFrac(wei, big.NewInt(1e18)).Float64()
		}
		first, second := parts[0], parts[1]+parts[2]
		var choice any = 1 + i%2
		if choices > 2 {
			choice = ranking(rnd, choices)
		}
		v := hub.NewVote(p, fmt.Sprint(i), p.Start+int64(i), choice, first+second)
		v.Voter, v.VPByStrategy = a.Hex(), []float64{first, second}
		v.Sign()
		votes = append(votes, v)
	}
	countCrowd(tb, &p, votes)
	var times []uint64
	for i := range 60 {
		times = append(times, uint64(p.Created)+uint64(12*i))
	}
	multicall := testchain.Multicall3Account(tb)
	ethereum := testchain.New(tb, testchain.Options{ID: 1, Times: times, Alloc: types.GenesisAlloc{
		testchain.Multicall3: multicall, testchain.PERP: testchain.TokenAccount(tb, 18, balances[0])}})
	optimism := testchain.New(tb, testchain.Options{ID: 10, Times: times, Alloc: types.GenesisAlloc{
		testchain.Multicall3: multicall, testchain.OptimismPERP: testchain.TokenAccount(tb, 18, balances[1]),
		secondToken: testchain.TokenAccount(tb, 18, balances[2])}})
	c.hub = hub.New(hub.Options{Generation: hub.H2, Proposals: []hub.Proposal{p}, Votes: votes})
	endpoint, stop := c.hub.Start()
	tb.Cleanup(stop)
	model := filepath.Join(tb.TempDir(), "model.json")
	if err := os.WriteFile(model, []byte(fmt.Sprintf(crowdModel, testchain.PERP)), 0o600); err != nil {
		tb.Fatal(err)
	}
	c.args = []string{p.ID, "--hub", relay(tb, endpoint, far.hub, nil), "--model", model, "--allow-dev-chain",
		"--rpc", "ethereum=" + relay(tb, ethereum.URL, far.rpc, c),
		"--rpc", "optimism=" + relay(tb, optimism.URL, far.rpc, c)}
	return c
}

// ranking is a random order of choices.
func ranking(rnd *rand.Rand, choices int) []int {
	order := rnd.Perm(choices)
	for i := range order {
		order[i]++
	}
	return order
}

// countCrowd enters the result of the votes.
func countCrowd(tb testing.TB, p *hub.Proposal, votes []hub.Vote) {
	tb.Helper()
	of := &snapshot.Proposal{Type: p.Type, Choices: p.Choices, Strategies: make([]snapshot.Strategy, len(p.Strategies)),
		ScoresState: "final", ScoresUpdated: p.ScoresUpdated}
	list := make([]snapshot.Vote, len(votes))
	for i, v := range votes {
		choice, err := json.Marshal(v.Choice)
		if err != nil {
			tb.Fatal(err)
		}
		list[i] = snapshot.Vote{ID: v.ID, Voter: v.Voter, Choice: choice, VP: v.VP, VPByStrategy: v.VPByStrategy}
	}
	counted, err := tally.Recount(of, list)
	if err != nil {
		tb.Fatal(err)
	}
	p.Scores, p.ScoresByStrategy, p.ScoresTotal = counted.Scores, counted.ScoresByStrategy, counted.ScoresTotal
}

// relay puts a server in front of an endpoint that delays its requests. If c is not nil, it counts
// there the requests and the bytes of the answers.
func relay(tb testing.TB, endpoint string, delay time.Duration, c *crowd) string {
	tb.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		tb.Fatal(err)
	}
	path := target.Path
	target.Path = ""
	proxy := httputil.NewSingleHostReverseProxy(target)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(delay)
		if c != nil {
			c.requests.Add(1)
			w = countingWriter{w, &c.received}
		}
		proxy.ServeHTTP(w, r)
	}))
	tb.Cleanup(s.Close)
	return s.URL + path
}

// countingWriter adds up the bytes of a body.
type countingWriter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	w.n.Add(int64(len(p)))
	return w.ResponseWriter.Write(p)
}

// check runs the program as a process of its own, and returns the most memory
// it held, in bytes.
func (c *crowd) check(tb testing.TB, args ...string) int64 {
	tb.Helper()
	cmd, memory, out := measure(tb, append(append([]string{"check"}, args...), c.args...)...)
	if !cmd.ProcessState.Success() {
		tb.Fatalf("%v: %.3000s", cmd.ProcessState, out)
	}
	c.cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return memory
}

// measure runs the program as a process of its own. It returns the most memory it held, in
// bytes, and what it printed.
func measure(tb testing.TB, args ...string) (cmd *exec.Cmd, memory int64, out string) {
	tb.Helper()
	report := filepath.Join(tb.TempDir(), "memory")
	cmd, stdout, stderr := process(tb, args...)
	cmd.Args[0] = "measured"
	cmd.Env = append(os.Environ(), "MEMORY_REPORT="+report)
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		tb.Fatal(err)
	}
	status, err := os.ReadFile(report)
	if err != nil {
		tb.Skip("this system does not tell how much memory a process held")
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(peak, &memory); err != nil {
		tb.Fatalf("%v in %s", err, status)
	}
	return cmd, memory * 1024, stderr.String() + stdout.String()
}

// measured is the program, which leaves behind what the system says of its
// memory. The kernel's account for whoever waits for a process would not do: it
// begins with the memory of the process that started it.
func measured() {
	ballast := saveMemory()
	code := run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr)
	runtime.KeepAlive(ballast)
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if err := os.WriteFile(os.Getenv("MEMORY_REPORT"), status, 0o600); err != nil {
			panic(err)
		}
	}
	os.Exit(code)
}

// Most that a vote of 10,000 voters with three reads each may cost.
const (
	mostRequests = 150
	mostMemory   = 200 << 20 // bytes
)

// TestManyVoters checks a vote of 10,000, looks at what it costs, and verifies
// the bundle.
func TestManyVoters(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes some seconds")
	}
	c := newCrowd(t, 10_000, 2, latency{})
	name := filepath.Join(t.TempDir(), "vote.json.gz")
	memory := c.check(t, "--evidence", name)
	if n := c.requests.Load(); n >= mostRequests || memory >= mostMemory {
		t.Errorf("%d requests and %d MB, want under %d and %d MB", n, memory>>20, mostRequests, mostMemory>>20)
	}
	if out := program(t, "verify", name); out.code != exitDone || !strings.Contains(out.stdout, "verdict: reached") {
		t.Errorf("exit code %d: %s%s", out.code, out.stdout, out.stderr)
	}
}

// TestLargestVote checks a vote of 100,000 who rank 60 choices, and verifies its bundle.
func TestLargestVote(t *testing.T) {
	if os.Getenv("LARGEST_VOTE") == "" {
		t.Skip("it takes minutes; LARGEST_VOTE=1 runs it")
	}
	const most = 600 << 20 // bytes
	c := newCrowd(t, 100_000, 60, latency{})
	name := filepath.Join(t.TempDir(), "vote.json.gz")
	checking := c.check(t, "--evidence", name, "--timeout", "30m")
	cmd, verifying, out := measure(t, "verify", name, "--timeout", "30m")
	t.Logf("%d MB to check, %d MB to verify", checking>>20, verifying>>20)
	if max(checking, verifying) > most || !cmd.ProcessState.Success() || !strings.Contains(out, "verdict: reached") {
		t.Errorf("%d MB to check, %d MB to verify, want under %d; %v: %.3000s",
			checking>>20, verifying>>20, most>>20, cmd.ProcessState, out)
	}
}

// BenchmarkManyVoters checks votes of 1,000 and of 10,000 voters, in a process
// of its own each: the time for a voter stays the same.
func BenchmarkManyVoters(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newCrowd(b, n, 2, latency{})
			var memory int64
			start := time.Now()
			b.ResetTimer()
			for b.Loop() {
				memory = max(memory, c.check(b))
			}
			b.ReportMetric(float64(c.requests.Load())/float64(b.N), "requests/op")
			b.ReportMetric(float64(memory)/(1<<20), "MB-peak")
			b.ReportMetric(time.Since(start).Seconds()*1e6/float64(b.N*n), "µs/voter")
		})
	}
}

// BenchmarkProveVoters checks votes whose voters are all proven, and verifies the bundles, in
// processes of their own.
func BenchmarkProveVoters(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		c := newCrowd(b, n, 2, latency{})
		name := filepath.Join(b.TempDir(), "vote.json.gz")
		b.Run(fmt.Sprint("check ", n), func(b *testing.B) {
			c.requests.Store(0)
			c.received.Store(0)
			var memory int64
			for b.Loop() {
				memory = max(memory, c.check(b, "--prove", "voters", "--evidence", name))
			}
			b.ReportMetric(float64(c.requests.Load())/float64(b.N), "requests/op")
			b.ReportMetric(float64(c.received.Load())/float64(b.N), "received-B/op")
			b.ReportMetric(float64(memory)/(1<<20), "MB-peak")
			if info, err := os.Stat(name); err == nil {
				b.ReportMetric(float64(info.Size()), "bundle-B")
			}
		})
		b.Run(fmt.Sprint("verify ", n), func(b *testing.B) {
			var memory int64
			for b.Loop() {
				cmd, peak, out := measure(b, "verify", name, "--require", "proven")
				if memory = max(memory, peak); !cmd.ProcessState.Success() {
					b.Fatalf("%v: %.3000s", cmd.ProcessState, out)
				}
			}
			b.ReportMetric(float64(memory)/(1<<20), "MB-peak")
		})
	}
}

// onePageBefore is what a check of BenchmarkFarAway's vote took, in seconds, when the pages of votes
// came one after the other and the chains were read behind them: commit 70bfa03 on two idle cores, an
// AMD EPYC.
const onePageBefore = 11.2

// BenchmarkFarAway checks a vote of 12,000 with a hub and endpoints that take long to answer. The
// pages of votes come side by side, and, from a hub that refuses that, one after the other. The hub
// and the chains take about as much of the processor as the program, and share it.
func BenchmarkFarAway(b *testing.B) {
	c := newCrowd(b, 12_000, 2, latency{hub: 500 * time.Millisecond, rpc: 80 * time.Millisecond})
	for name, fault := range map[string]*hub.Fault{
		"side-by-side": nil, "page-by-page": {Message: "one list at a time"},
	} {
		c.hub.Update(func(o *hub.Options) {
			o.Fault = func(r hub.Request) *hub.Fault {
				if strings.Contains(r.Query, "votes1") {
					return fault
				}
				return nil
			}
		})
		b.Run(name, func(b *testing.B) {
			c.requests.Store(0)
			c.cpu = 0
			before := len(c.hub.Requests())
			for b.Loop() {
				c.check(b)
			}
			b.ReportMetric(float64(c.requests.Load())/float64(b.N), "requests/op")
			b.ReportMetric(float64(len(c.hub.Requests())-before)/float64(b.N), "hub-requests/op")
			b.ReportMetric(c.cpu.Seconds()/float64(b.N), "cpu-s/op")
			b.ReportMetric(onePageBefore, "s-before")
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/onePageBefore, "of-before")
		})
	}
}
