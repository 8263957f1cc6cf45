package chains_test

import (
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Rows 56 and 57: bodies that never end, or are a gigabyte when unpacked, are
// not taken in. The heap is measured while they are read.
func TestMatrixMemory(t *testing.T) {
	if raced {
		t.Skip("the race detector needs memory of its own")
	}
	for name, f := range map[string]faultrpc.Fault{
		"row 56: bomb of a gigabyte": faultrpc.Bomb(), "row 57: endless white space": faultrpc.Endless(" "),
		"row 57: endless number": faultrpc.Endless("1"), "row 57: endless list": faultrpc.Endless(`[{"id":1},`),
		"row 57: endless nesting": faultrpc.Endless("["),
	} {
		for _, method := range []string{"eth_chainId", "eth_call"} {
			for _, p := range []path{batch, single} {
				t.Run(name+" for "+method+" ("+string(p)+")", func(t *testing.T) {
					s := good()
					s.Rules = []*faultrpc.Rule{{Method: method, Fault: f}}
					meter := newHeapMeter()
					a := newAttempt(t, 1, s)
					a.path, a.dialer.Transport = p, meter
					if a.read(t) == nil {
						t.Error("found figures, want an error")
					}
					meter.inner.CloseIdleConnections()
					if meter.taken > 5*17<<20 {
						t.Errorf("%d MB of bodies taken in at once", meter.taken>>20)
					}
					if grown := meter.peak - meter.base; meter.peak > meter.base && grown > 100<<20 {
						t.Errorf("the heap grew by %d MB", grown>>20)
					}
				})
			}
		}
	}
}

// heapMeter is a transport that watches the heap while bodies are read. What
// could be freed is freed before it is measured.
type heapMeter struct {
	inner *http.Transport
	base  uint64 // before anything was read

	mu    sync.Mutex
	peak  uint64
	open  int // bytes of the bodies that are open
	taken int // the most that were
	reads int
}

func newHeapMeter() *heapMeter {
	m := &heapMeter{inner: &http.Transport{}}
	m.base = heapInUse()
	return m
}

func heapInUse() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func (m *heapMeter) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := m.inner.RoundTrip(r)
	if err == nil {
		resp.Body = &meteredBody{ReadCloser: resp.Body, meter: m}
	}
	return resp, err
}

type meteredBody struct {
	io.ReadCloser
	meter *heapMeter
	n     int
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += n
	m := b.meter
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open += n
	m.taken = max(m.taken, m.open)
	if m.reads++; m.reads%500 == 0 {
		m.peak = max(m.peak, heapInUse())
	}
	return n, err
}

func (b *meteredBody) Close() error {
	b.meter.mu.Lock()
	b.meter.open -= b.n
	b.n = 0
	b.meter.mu.Unlock()
	return b.ReadCloser.Close()
}
