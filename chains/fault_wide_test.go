package chains_test

import (
	"context"
	endian "encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Rows 69 and 70: the first block at or after a time, against a walk over all
// blocks: Optimism's runs of equal timestamps and jumps, Ethereum's missed
// slots, over chains of many shapes, through endpoints that fail in between.
func TestMatrixTimes(t *testing.T) {
	t.Parallel()
	shapes := map[string]func(*rand.Rand) uint64{
		"row 69: equal timestamps and jumps": func(r *rand.Rand) uint64 {
			return []uint64{0, 0, 0, 0, 0, 1, 15, 13, 7200}[r.IntN(9)]
		},
		"row 69: two seconds":  func(*rand.Rand) uint64 { return 2 },
		"row 70: missed slots": func(r *rand.Rand) uint64 { return []uint64{12, 12, 12, 12, 24, 36}[r.IntN(6)] },
	}
	for name, shape := range shapes {
		for seed := range uint64(3) {
			if raced && seed > 0 {
				break
			}
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 69))
				gaps := make([]uint64, 400)
				for i := range gaps {
					gaps[i] = shape(random)
				}
				// The step from genesis, whose timestamp is 0 on both public chains, is years.
				chain := faultrpc.Genesis([]uint64{10, 1}[seed%2], 400, append([]uint64{1_600_000_000}, gaps...)...)
				s := faultrpc.NewServer(chain)
				s.Clock = faultrpc.NewClock()
				s.Rules = []*faultrpc.Rule{{Method: "eth_getBlockByNumber", Has: `"0x`, Every: 17,
					Fault: faultrpc.Result("null")}, {Every: 5, Fault: faultrpc.Close()}}
				url, stop := s.Start()
				defer stop()
				c := dial(t, chains.Dialer{AllowDev: true, Clock: s.Clock}, chains.ID(chain.ID), url)
				for range 15 {
					n := 1 + random.Uint64N(chain.Finalized())
					at := time.Unix(int64(chain.Header(n).Time)-random.Int64N(3), random.Int64N(2)*500_000_000)
					want := uint64(0)
					for ; time.Unix(int64(chain.Header(want).Time), 0).Before(at); want++ {
					}
					b, err := c.BlockAt(t.Context(), at)
					switch {
					case want > chain.Finalized():
						if err == nil {
							t.Fatalf("%v: found block %d, want an error for a block that is not final", at, b.Number())
						}
					case err != nil:
						t.Fatalf("%v: %v", at, err)
					case b.Number() != want || b.Proves(at) != nil:
						t.Fatalf("%v: found block %d, want %d; proof %v", at, b.Number(), want, b.Proves(at))
					}
				}
			})
		}
	}
}

// Row 74: proxies from the environment are used, and NO_PROXY is honoured. The
// environment is read once per process, so the reading is done in others.
func TestMatrixProxy(t *testing.T) {
	t.Parallel()
	const key = "PERPQUORUM_TEST_MATRIX_PROXY"
	if os.Getenv(key) == "child" {
		c, err := chains.Dialer{Clock: faultrpc.NewClock()}.Dial(t.Context(), 1, dressed(t, "http://node.invalid"))
		fmt.Println("DIAL:", err)
		if err != nil {
			wantNoSecret(t, err)
			return
		}
		c.Close()
		return
	}
	for name, exempt := range map[string]string{"used": "", "NO_PROXY": "node.invalid"} {
		t.Run("row 74: "+name, func(t *testing.T) {
			node := good()
			var asked atomic.Int64
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				node.ServeHTTP(w, r)
			}))
			defer proxy.Close()
			child := exec.Command(os.Args[0], "-test.run=^TestMatrixProxy$", "-test.v")
			child.Env = append(os.Environ(), key+"=child", "HTTP_PROXY="+proxy.URL, "NO_PROXY="+exempt, "http_proxy=",
				"no_proxy=")
			out, err := child.CombinedOutput()
			if err != nil || (asked.Load() > 0) != (exempt == "") {
				t.Errorf("proxy was asked %d times, %v\n%s", asked.Load(), err, out)
			}
			if exempt == "" {
				wantText(t, errors.New(string(out)), "DIAL: <nil>")
			}
		})
	}
}

// Row 75: fifty thousand accounts, with a zero and the largest number among them.
func TestMatrixManyAccounts(t *testing.T) {
	n := 50_000
	if testing.Short() || raced {
		n = 5_000
	}
	t.Run(fmt.Sprintf("row 75: %d addresses, one zero, one of 2^256-1", n), func(t *testing.T) {
		a := newAttempt(t, 1, good())
		a.path = bulk
		a.extra = make([]chains.Call, n)
		for i := range a.extra {
			a.extra[i] = chains.NativeBalance(common.BytesToAddress(endian.BigEndian.AppendUint32([]byte{0xCC},
				uint32(i))))
		}
		a.extra[n/3], a.extra[n/2] = chains.NativeBalance(faultrpc.Nobody), chains.NativeBalance(faultrpc.Whale)
		if err := a.read(t); err != nil {
			t.Fatal(err)
		}
		if requests := a.servers[0].Log().Requests; requests > n/50 {
			t.Errorf("found %d requests", requests)
		}
	})
}

// A deadline in the past ends everything before it begins.
func TestMatrixDeadline(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	s := good()
	_, answers, err := newAttempt(t, 1, s).figures(ctx, t)
	if answers != nil || !errors.Is(err, chains.ErrTimeout) || s.Log().Requests > 0 {
		t.Errorf("row 71: found %v, %v, %d requests, want ErrTimeout", answers, err, s.Log().Requests)
	}
}
