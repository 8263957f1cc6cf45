package chains_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/modelchain"
)

// counted serves a modelled chain and counts requests and bytes.
type counted struct {
	*modelchain.Chain
	requests, calls, bytes atomic.Int64 // calls are those for blocks
}

func (c *counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.requests.Add(1)
	c.calls.Add(int64(bytes.Count(body, []byte("eth_getBlockByNumber"))))
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.Chain.ServeHTTP(&meter{w, &c.bytes}, r)
}

type meter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (m *meter) Write(p []byte) (int, error) {
	m.n.Add(int64(len(p)))
	return m.ResponseWriter.Write(p)
}

// dialModel dials a modelled chain; it is a development chain, since no model meets the anchor hash.
func dialModel(t testing.TB, c *modelchain.Chain, d chains.Dialer) (*chains.Client, *counted) {
	t.Helper()
	served := &counted{Chain: c}
	server := httptest.NewServer(served)
	t.Cleanup(server.Close)
	d.AllowDev = true
	client, err := d.Dial(context.Background(), chains.ID(c.ID), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client, served
}

func unix(seconds uint64) time.Time { return time.Unix(int64(seconds), 0) }

// TestBlockAtModelled runs the strict client over HTTP: blocks, links and proofs are
// true, and each round is one request.
func TestBlockAtModelled(t *testing.T) {
	t.Parallel()
	eth, op := modelchain.Ethereum(), modelchain.Optimism()
	const merge, bedrock = 15537394, 105235063
	for _, test := range []struct {
		name     string
		chain    *modelchain.Chain
		block    func(c *modelchain.Chain) (time.Time, uint64)
		requests int64
	}{
		{"ethereum, block 1", eth, func(c *modelchain.Chain) (time.Time, uint64) { return unix(1), 1 }, 2},
		{"ethereum, before 1970", eth,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(0).Add(-time.Hour), 0 }, 3},
		{"ethereum, a block's time", eth,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(c.Time(9_000_000)), 9_000_000 }, 4},
		{"ethereum, just after a block", eth, func(c *modelchain.Chain) (time.Time, uint64) {
			return unix(c.Time(9_000_000)).Add(time.Nanosecond), 9_000_001
		}, 4},
		{"ethereum, the merge", eth,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(c.Time(merge)), merge }, 5},
		{"ethereum, slots", eth,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(c.Time(20_000_000) - 5), 20_000_000 }, 2},
		{"ethereum, finalized", eth,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(c.Time(c.Finalized)), c.Finalized }, 1},
		{"optimism, in a run", op, func(c *modelchain.Chain) (time.Time, uint64) {
			n := uint64(60_000_000)
			for c.Time(n-1) == c.Time(n) {
				n--
			}
			return unix(c.Time(n)), n
		}, 5},
		{"optimism, after a run", op, func(c *modelchain.Chain) (time.Time, uint64) {
			n := uint64(60_000_000)
			for c.Time(n-1) == c.Time(n) {
				n++
			}
			return unix(c.Time(n-1) + 1), n
		}, 5},
		{"optimism, in the gap before bedrock", op,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(c.Time(bedrock) - 3600), bedrock }, 5},
		{"optimism, two-second blocks", op,
			func(c *modelchain.Chain) (time.Time, uint64) { return unix(c.Time(120_000_001) - 1), 120_000_001 }, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, served := dialModel(t, test.chain, chains.Dialer{})
			at, want := test.block(test.chain)
			before := served.requests.Load()
			b, err := client.BlockAt(context.Background(), at)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Proves(at); err != nil || b.Number() != want {
				t.Errorf("%v: found block %d, want %d (%v)", at.UTC(), b.Number(), want, err)
			}
			if b.Pinned || b.Unfinalized {
				t.Errorf("pinned %v, unfinalized %v", b.Pinned, b.Unfinalized)
			}
			if got := served.requests.Load() - before; got > test.requests {
				t.Errorf("%d requests, want at most %d", got, test.requests)
			}
		})
	}
}

// TestSearchesLearn: a client finds the same blocks with fewer requests once it has searched nearby.
func TestSearchesLearn(t *testing.T) {
	t.Parallel()
	op := modelchain.Optimism()
	dial := func() (*chains.Client, *counted) { return dialModel(t, op, chains.Dialer{}) }
	one, served := dial()
	var alone int64
	for week := range 3 {
		at := unix(op.Time(60_000_000) - uint64(week)*7*86400)
		fresh, separate := dial()
		dialed := separate.requests.Load()
		want, err := fresh.BlockAt(t.Context(), at)
		alone += separate.requests.Load() - dialed
		got, err2 := one.BlockAt(t.Context(), at)
		if err != nil || err2 != nil || got.Hash != want.Hash {
			t.Errorf("%v: block %d, want %d; %v, %v", at.UTC(), got.Number(), want.Number(), err, err2)
		}
	}
	if together := served.requests.Load() - 1; together >= alone { // one request dials
		t.Errorf("%d requests of one client, and %d of three", together, alone)
	}
}

func TestBlockAtTheEnd(t *testing.T) {
	t.Parallel()
	c := modelchain.Optimism()
	strict, _ := dialModel(t, c, chains.Dialer{})
	loose, _ := dialModel(t, c, chains.Dialer{AllowUnfinalized: true})
	head, final := unix(c.Time(c.Head)), unix(c.Time(c.Finalized))
	for _, test := range []struct {
		name        string
		client      *chains.Client
		at          time.Time
		number      uint64
		unfinalized bool
		err         error
	}{
		{"final", strict, final, c.Finalized, false, nil},
		{"not final", strict, final.Add(time.Millisecond), 0, false, chains.ErrNotFinalized},
		{"not final, allowed", loose, final.Add(time.Millisecond), c.Finalized + 1, true, nil},
		{"head", loose, head, c.Head, true, nil},
		{"after the head", loose, head.Add(time.Nanosecond), 0, false, chains.ErrNoBlockYet},
		{"after the head, strict", strict, head.Add(time.Hour), 0, false, chains.ErrNoBlockYet},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := test.client.BlockAt(context.Background(), test.at)
			if !errors.Is(err, test.err) {
				t.Fatalf("found error %v, want %v", err, test.err)
			}
			if err == nil && (b.Number() != test.number || b.Unfinalized != test.unfinalized) {
				t.Errorf("found block %d, unfinalized %v; want %d, %v", b.Number(), b.Unfinalized, test.number,
					test.unfinalized)
			}
		})
	}
}
