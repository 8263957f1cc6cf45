//go:build !nogeth

package strategy_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// These tests read real nodes by chains.Client.BulkCallAt, the way of strategies. They
// are not with package chains, whose tests demand that no goroutine is left, as those
// of the nodes are.

// meddler is a transport in front of a real node that counts requests and can
// change the answers to multicalls.
type meddler struct {
	// change gets the number of inner calls and the return data of a multicall;
	// it returns other data, or an error message in place of a result.
	change func(inners int, data []byte) ([]byte, string)

	mu         sync.Mutex
	requests   int
	multicalls int
	largest    int // inner calls
}

func (m *meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	// Without transactions there are no nonces, which multicalls cannot ask for.
	body = bytes.ReplaceAll(body, []byte("eth_getTransactionByBlockHashAndIndex"), []byte("eth_none"))
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests++
	sizes := m.sizes(body)
	if len(sizes) == 0 || m.change == nil {
		return resp, nil
	}
	reply, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	reply = m.meddle(reply, sizes)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(reply)), int64(len(reply))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// sizes returns the number of inner calls of each multicall in a request, by id.
func (m *meddler) sizes(body []byte) map[string]int {
	type call struct {
		ID     json.RawMessage
		Params []json.RawMessage
	}
	var calls []call
	if json.Unmarshal(body, &calls) != nil {
		calls = make([]call, 1)
		if json.Unmarshal(body, &calls[0]) != nil {
			return nil
		}
	}
	sizes := map[string]int{}
	for _, c := range calls {
		var args struct{ Data string }
		if len(c.Params) == 0 || json.Unmarshal(c.Params[0], &args) != nil || !strings.HasPrefix(args.Data, "0x82ad56cb") {
			continue
		}
		data, _ := hex.DecodeString(args.Data[10:])
		n := int(binary.BigEndian.Uint64(data[56:64]))
		sizes[string(c.ID)] = n
		m.multicalls++
		m.largest = max(m.largest, n)
	}
	return sizes
}

func (m *meddler) meddle(reply []byte, sizes map[string]int) []byte {
	var replies []map[string]json.RawMessage
	batch := json.Unmarshal(reply, &replies) == nil
	if !batch {
		replies = make([]map[string]json.RawMessage, 1)
		if json.Unmarshal(reply, &replies[0]) != nil {
			return reply
		}
	}
	for _, r := range replies {
		n, ok := sizes[string(r["id"])]
		if !ok || r["result"] == nil {
			continue
		}
		data, _ := hex.DecodeString(strings.Trim(string(r["result"]), `"`)[2:])
		data, message := m.change(n, data)
		if message == "" {
			r["result"], _ = json.Marshal("0x" + hex.EncodeToString(data))
			continue
		}
		delete(r, "result")
		r["error"], _ = json.Marshal(map[string]any{"code": -32000, "message": message})
	}
	if batch {
		reply, _ = json.Marshal(replies)
	} else {
		reply, _ = json.Marshal(replies[0])
	}
	return reply
}

// bulkCalls are many different reads of the test chain, native balances and zeros among them.
func bulkCalls(t testing.TB, w *testchain.World, n int) []chains.Call {
	t.Helper()
	var calls []chains.Call
	for i := range n {
		holder := w.Voters[i%len(w.Voters)].Address
		if i >= 3*len(w.Voters) {
			holder = common.BigToAddress(big.NewInt(int64(i)))
		}
		switch i % 3 {
		case 0:
			calls = append(calls, mustCall(t, testchain.VePERP, "balanceOfWeighted(address)", holder))
		case 1:
			calls = append(calls, mustCall(t, testchain.OptimismPERP, "balanceOf(address)", holder))
		default:
			calls = append(calls, chains.NativeBalance(holder))
		}
	}
	return calls
}

func mustCall(t testing.TB, to common.Address, signature string, args ...any) chains.Call {
	t.Helper()
	call, err := chains.NewCall(to, signature, args...)
	if err != nil {
		t.Fatal(err)
	}
	return call
}

// restless is a clock that never waits, so that retries take no time.
type restless struct{}

func (restless) Now() time.Time                                   { return time.Now() }
func (restless) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// optimismAt dials the test chain and finds the block at a time.
func optimismAt(t testing.TB, w *testchain.World, transport http.RoundTripper, maxBatch int, at uint64) (*chains.Client,
	chains.Block) {
	t.Helper()
	d := chains.Dialer{AllowDev: true, Transport: transport, MaxBatch: maxBatch, Clock: restless{}}
	c, err := d.Dial(context.Background(), chains.Optimism, w.Optimism.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	b, err := c.BlockByNumber(context.Background(), w.Optimism.At(at).NumberU64())
	if err != nil {
		t.Fatal(err)
	}
	return c, b
}

func answers(t testing.TB, got []chains.Answer, err error) [][]byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]byte, len(got))
	for i, a := range got {
		out[i] = a.Data
	}
	return out
}

func sameAnswers(t *testing.T, got, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d answers, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Fatalf("answer %d: %x, want %x", i, got[i], want[i])
		}
	}
}

// TestBulkPathsAgree reads the same calls by single requests, by batches and by
// multicall, at a block with Multicall3 and at one before it was deployed.
func TestBulkPathsAgree(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	for _, test := range []struct {
		name string
		at   uint64
		call func(common.Address) chains.Call
		more int // multicalls at least
	}{
		{"with Multicall3", testchain.Snapshot, nil, 2},
		{"before Multicall3", testchain.OptimismToken + 86400, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := bulkCalls(t, w, 700)
			if test.more == 0 { // vePERP does not exist yet either
				for i := range calls {
					if calls[i].To == testchain.VePERP {
						calls[i] = chains.NativeBalance(w.Voters[i%len(w.Voters)].Address)
					}
				}
			}
			c, b := optimismAt(t, w, nil, 1, test.at)
			single, err := c.CallAt(context.Background(), b, calls)
			want := answers(t, single, err)
			c, b = optimismAt(t, w, nil, 0, test.at)
			batched, err := c.CallAt(context.Background(), b, calls)
			sameAnswers(t, answers(t, batched, err), want)
			spy := &meddler{change: func(_ int, data []byte) ([]byte, string) { return data, "" }}
			c, b = optimismAt(t, w, spy, 0, test.at)
			bulk, err := c.BulkCallAt(context.Background(), b, calls)
			sameAnswers(t, answers(t, bulk, err), want)
			if spy.multicalls < test.more || test.more == 0 && spy.multicalls > 0 {
				t.Errorf("%d multicalls, want at least %d", spy.multicalls, test.more)
			}
		})
	}
}

// TestBulkFaults changes multicalls on their way; the answers stay those of single reads.
func TestBulkFaults(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	calls := bulkCalls(t, w, 300)
	c, b := optimismAt(t, w, nil, 0, testchain.Snapshot)
	plain, err := c.CallAt(context.Background(), b, calls)
	want := answers(t, plain, err)
	set := func(data []byte, at int, value byte) []byte { data[at] = value; return data }
	for _, test := range []struct {
		name    string
		largest int // inner calls in the largest multicall that still works; 0: none does
		change  func(n int, data []byte) ([]byte, string)
	}{
		{"gas for 60 calls", 60, func(n int, data []byte) ([]byte, string) {
			if n > 60 {
				return nil, "out of gas"
			}
			return data, ""
		}},
		{"time for 30 calls", 30, func(n int, data []byte) ([]byte, string) {
			if n > 30 {
				return nil, "execution aborted (timeout = 5s)"
			}
			return data, ""
		}},
		{"return data limit", 60, func(n int, data []byte) ([]byte, string) {
			if n > 60 {
				return nil, "call returned result on length 160064 exceeding --rpc.returndata.limit 100000"
			}
			return data, ""
		}},
		{"never enough gas", 0, func(int, []byte) ([]byte, string) { return nil, "out of gas" }},
		{"swallowed gas shortage: the last call is 0 beyond 60", 60, func(n int, data []byte) ([]byte, string) {
			if n > 60 {
				clear(data[len(data)-32:])
				data[len(data)-1] = 1
			}
			return data, ""
		}},
		{"another block's number", 0,
			func(_ int, data []byte) ([]byte, string) { return set(data, lastByteOf(data, 0), 0xee), "" }},
		{"another block's timestamp", 0,
			func(_ int, data []byte) ([]byte, string) { return set(data, lastByteOf(data, 1), 0xee), "" }},
		{"another fork", 0, func(_ int, data []byte) ([]byte, string) {
			return set(data, lastByteOf(data, 2), data[lastByteOf(data, 2)]^1), ""
		}},
		{"another chain", 0, func(_ int, data []byte) ([]byte, string) { return set(data, lastByteOf(data, 3), 77), "" }},
		{"one result missing", 0, func(_ int, data []byte) ([]byte, string) { return set(data, 63, data[63]-1), "" }},
		{"truncated", 0, func(_ int, data []byte) ([]byte, string) { return data[:len(data)-32], "" }},
		{"trailing word", 0, func(_ int, data []byte) ([]byte, string) { return append(data, make([]byte, 32)...), "" }},
		{"huge array length", 0, func(_ int, data []byte) ([]byte, string) { return set(data, 40, 0xff), "" }},
		{"empty", 0, func(int, []byte) ([]byte, string) { return nil, "" }},
		{"every inner call fails", 1000, func(n int, data []byte) ([]byte, string) {
			for i := range n - 4 {
				data[elementAt(data, i+4)+31] = 0
			}
			return data, ""
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := &meddler{change: test.change}
			c, b := optimismAt(t, w, m, 0, testchain.Snapshot)
			got, err := c.BulkCallAt(context.Background(), b, calls)
			sameAnswers(t, answers(t, got, err), want)
			if m.multicalls == 0 {
				t.Error("no multicall was sent, so nothing was tested")
			}
		})
	}
}

// elementAt is the offset of the i-th result in the return data of aggregate3.
func elementAt(data []byte, i int) int {
	return 64 + int(binary.BigEndian.Uint64(data[64+32*i+24:64+32*i+32]))
}

// lastByteOf is the offset of the last byte of the i-th result's first word.
func lastByteOf(data []byte, i int) int { return elementAt(data, i) + 96 + 31 }

// TestBulkExplainsFailures: a failing call fails the whole, with the same error as a single read.
func TestBulkExplainsFailures(t *testing.T) {
	t.Parallel()
	w := testchain.Start(t)
	c, b := optimismAt(t, w, nil, 0, testchain.Snapshot)
	for _, test := range []struct {
		name string
		call chains.Call
		want error
	}{
		{"no contract", mustCall(t, w.Nobody.Address, "balanceOf(address)", w.Nobody.Address), chains.ErrNoContract},
		{"no such function", mustCall(t, testchain.VePERP, "noSuchFunction()"), chains.ErrReverted},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := bulkCalls(t, w, 150)
			calls[77] = test.call
			_, err := c.BulkCallAt(context.Background(), b, calls)
			var failed *chains.CallError
			if !errors.Is(err, test.want) || !errors.As(err, &failed) || failed.Call.To != test.call.To ||
				failed.Block != b.Number() {
				t.Errorf("error %v, want %v of %v at block %d", err, test.want, test.call.To, b.Number())
			}
		})
	}
}

// BenchmarkBulk reads 10,000 voters × 3 and prints the HTTP requests it takes.
func BenchmarkBulk(b *testing.B) {
	w := testchain.Start(b)
	for _, n := range []int{3_000, 30_000} {
		calls := bulkCalls(b, w, n)
		b.Run(big.NewInt(int64(n)).String(), func(b *testing.B) {
			spy := &meddler{}
			c, block := optimismAt(b, w, spy, 0, testchain.Snapshot)
			for b.Loop() {
				spy.requests = 0
				if _, err := c.BulkCallAt(context.Background(), block, calls); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(spy.requests), "http-requests/op")
		})
	}
}
