package chains_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// What one endpoint lacks is not the chain's answer: the next one is asked before it is
// believed. A healthy first endpoint costs the others no request.
func TestMatrixWeakEndpoint(t *testing.T) {
	t.Parallel()
	reads := func(fault faultrpc.Fault) *faultrpc.Rule {
		return &faultrpc.Rule{Method: "eth_call", Has: faultrpc.Token.Hex()[2:], Fault: fault}
	}
	for _, test := range []struct {
		name string
		set  func(*faultrpc.Server)
		want error // of this endpoint alone
	}{
		{"healthy", func(*faultrpc.Server) {}, nil},
		{"no contract", with(reads(faultrpc.Result(`"0x"`)),
			&faultrpc.Rule{Method: "eth_getCode", Fault: faultrpc.Result(`"0x"`)}), chains.ErrNoContract},
		{"empty answer", with(reads(faultrpc.Result(`"0x"`))), errAny},
		{"reverted", with(reads(faultrpc.Fail(3, "execution reverted"))), chains.ErrReverted},
		{"no such method", with(reads(faultrpc.Fail(-32601, "the method eth_call does not exist/is not available"))),
			chains.ErrUnsupported},
		{"no block yet", backend(func(n *faultrpc.Node) { n.Behind = 250 }), chains.ErrNoBlockYet},
		{"not finalized", func(s *faultrpc.Server) {
			s.Nodes[0].Chain = s.Nodes[0].Chain.Copy()
			s.Nodes[0].Chain.Finalize(target - 1)
		}, chains.ErrNotFinalized},
		{"finalized unknown", backend(func(n *faultrpc.Node) { n.NoFinal = faultrpc.Null }), chains.ErrNotFinalized},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, count := range []int{1, 2, 3} { // endpoints, of which only the last one is healthy
				chain := faultrpc.Public(1, 300)
				var servers []*faultrpc.Server
				for i := range count {
					s := faultrpc.NewServer(chain)
					s.Clock = faultrpc.NewClock()
					if i < count-1 || count == 1 {
						test.set(s)
					}
					servers = append(servers, s)
				}
				a := newAttempt(t, 1, servers...)
				a.chain = chain
				err := a.read(t)
				switch {
				case count > 1 && err != nil:
					t.Errorf("the last of %d endpoints is healthy: found error %v", count, err)
				case count == 1 && !errors.Is(err, test.want) && (test.want != errAny || err == nil):
					t.Errorf("found error %v, want %v", err, test.want)
				}
				if n := servers[count-1].Log().Requests; test.want == nil && count > 1 && n > 0 {
					t.Errorf("%d requests to an endpoint that was not needed", n)
				}
			}
		})
	}
}

// One odd reply does not count: it is asked for once more, of the only endpoint.
func TestMatrixOddOnce(t *testing.T) {
	t.Parallel()
	params := faultrpc.Fail(-32602, "invalid argument 0")
	for _, method := range []string{"eth_chainId", "eth_call", "eth_getBalance", "eth_getBlockByNumber"} {
		for _, fault := range []faultrpc.Fault{faultrpc.Result("null"), faultrpc.Result(`"0xzz"`), params} {
			for _, p := range everyPath {
				t.Run(fmt.Sprintf("%s: %s (%s)", method, fault.Name, p), func(t *testing.T) {
					for nth := 1; nth <= 6; nth++ {
						once := faultrpc.Rule{Method: method, Nth: nth, Fault: fault}
						s := quiet1(func(*faultrpc.Node) {})
						a := newAttempt(t, 1, s)
						a.path, a.during = p, func() { s.SetRules(once.Fresh()) }
						if err := a.read(t); err != nil {
							t.Errorf("call %d of reading: found error %v", nth, err)
						}
						s = quiet1(func(*faultrpc.Node) {})
						s.Rules = []*faultrpc.Rule{once.Fresh()}
						a = newAttempt(t, 1, s)
						a.path = p
						if err := a.read(t); err != nil {
							t.Errorf("call %d of all: found error %v", nth, err)
						}
					}
				})
			}
		}
	}
}

// Where no endpoint knows the finalized block, a block more than a day older than the head is
// final. The chain has 300 blocks, ten minutes apart.
func TestFinalByAge(t *testing.T) {
	t.Parallel()
	const start, gap, day = 1_700_000_000, 600, 144 // blocks a day
	knows := func(*faultrpc.Node) {}
	unknown := func(n *faultrpc.Node) { n.NoFinal = faultrpc.Null }
	for _, test := range []struct {
		name     string
		first    func(*faultrpc.Node)
		second   func(*faultrpc.Node)
		allow    bool
		block    uint64
		byAge    bool
		unfinal  bool
		want     error
		ofAnswer uint64 // the number that Finalized gives
	}{
		{"old", unknown, unknown, false, 300 - day - 1, true, false, nil, 300 - day - 1},
		{"a day old", unknown, unknown, false, 300 - day, false, false, chains.ErrNotFinalized, 300 - day - 1},
		{"new", unknown, unknown, false, 295, false, false, chains.ErrNotFinalized, 300 - day - 1},
		{"old, new ones allowed", unknown, unknown, true, 300 - day - 1, true, false, nil, 300 - day - 1},
		{"new, allowed", unknown, unknown, true, 295, false, true, nil, 300 - day - 1},
		{"old, the second endpoint knows", unknown, knows, false, 100, false, false, nil, 290},
		{"new, the second endpoint knows", unknown, knows, false, 280, false, false, nil, 290},
		{"too new, the second endpoint knows", unknown, knows, false, 295, false, false, chains.ErrNotFinalized, 290},
		{"too new, the first endpoint knows", knows, unknown, false, 295, false, false, chains.ErrNotFinalized, 290},
	} {
		t.Run(test.name, func(t *testing.T) {
			chain := faultrpc.Development(4242, 300, gap)
			var urls []string
			for _, set := range []func(*faultrpc.Node){test.first, test.second} {
				s := faultrpc.NewServer(chain)
				set(s.Nodes[0])
				url, stop := s.Start()
				t.Cleanup(stop)
				urls = append(urls, url)
			}
			c := dial(t, chains.Dialer{AllowUnfinalized: test.allow}, 4242, urls...)
			byTime, err := c.BlockAt(t.Context(), unix(start+gap*test.block))
			byNumber, err2 := c.BlockByNumber(t.Context(), test.block)
			for _, found := range []struct {
				chains.Block
				err error
			}{{byTime, err}, {byNumber, err2}} {
				b := found.Block
				if !errors.Is(found.err, test.want) {
					t.Errorf("found error %v, want %v", found.err, test.want)
				}
				if found.err == nil && (b.FinalByAge != test.byAge || b.Unfinalized != test.unfinal) {
					t.Errorf("found final by age %v, not final %v", b.FinalByAge, b.Unfinalized)
				}
			}
			if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != test.ofAnswer {
				t.Errorf("Finalized: found %v, %v, want %d", h, err, test.ofAnswer)
			}
			if raw, err := json.Marshal(byTime); test.want == nil {
				var back chains.Block
				if err != nil || json.Unmarshal(raw, &back) != nil || back.FinalByAge != test.byAge {
					t.Errorf("read back: %s (%v)", raw, err)
				}
			}
		})
	}
}
