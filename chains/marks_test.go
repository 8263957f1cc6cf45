package chains_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// worlds are chains on which each kind of mark binds the state, and a block of each.
var worlds = []struct {
	name  string
	id    chains.ID
	make  func(id uint64, length int) *faultrpc.Chain
	block uint64
}{
	{"nonces", chains.Ethereum, faultrpc.Public, faultrpc.Merge + 100},
	{"nonces before Bedrock", chains.Optimism, faultrpc.Public, faultrpc.Bedrock - 5},
	{"nonces of another chain", 137, development, 100},
	{"beacon roots", chains.Ethereum, faultrpc.Cancun, faultrpc.Merge + 100},
	{"L1Block", chains.Optimism, faultrpc.Public, faultrpc.Bedrock + 100},
	{"beacon roots of Optimism", chains.Optimism, faultrpc.Cancun, faultrpc.Bedrock + 100},
	{"beacon roots of another chain", 8453, faultrpc.Cancun, 100},
}

func development(id uint64, length int) *faultrpc.Chain { return faultrpc.Development(id, length) }

// A node with the header of the block and the state of another one is left, and the next one
// is asked. Without another there is no answer.
func TestWrongStateIsLeft(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		chain := w.make(uint64(w.id), 300)
		for _, off := range []int64{-1, 1, -2, 2, 100} {
			for _, p := range everyPath {
				t.Run(fmt.Sprintf("%s, %+d (%s)", w.name, off, p), func(t *testing.T) {
					wrongState(t, w.id, chain, w.block, off, p)
				})
			}
		}
	}
}

// At 8191 blocks above, the beacon roots of all newer blocks but one are there.
func TestWrongStateFarAbove(t *testing.T) {
	t.Parallel()
	for _, w := range worlds[3:4] {
		chain := w.make(uint64(w.id), 8400)
		for _, off := range []int64{8190, 8191, 8192} {
			for _, p := range everyPath {
				t.Run(fmt.Sprintf("%s, %+d (%s)", w.name, off, p), func(t *testing.T) {
					wrongState(t, w.id, chain, w.block, off, p)
				})
			}
		}
	}
}

func wrongState(t *testing.T, id chains.ID, chain *faultrpc.Chain, block uint64, off int64, p path) {
	wrong, good := faultrpc.NewServer(chain), faultrpc.NewServer(chain)
	wrong.Clock, wrong.Nodes[0].Off = faultrpc.NewClock(), off
	a := newAttempt(t, id, wrong, good)
	a.at, a.path = block, p
	if err := a.read(t); err != nil {
		t.Fatalf("found %v, want the right figures", err)
	}
	if a.level != chains.Bound {
		t.Errorf("found level %s, want bound", a.level)
	}
	if f := a.client.Faults(); len(f) != 1 || f[0].Code != chains.WrongState {
		t.Errorf("found the faults %v", f)
	}
	a = newAttempt(t, id, wrong)
	a.at, a.path = block, p
	err := a.read(t)
	if !errors.Is(err, chains.ErrProtocol) {
		t.Fatalf("found %v, want an error", err)
	}
	wantText(t, err, "answers with the state of another block")
	wantText(t, err, "give another endpoint")
}

// The head has no next block yet, so newer state could not be told: what is read there is
// trusted. Older state is told all the same.
func TestMarksAtTheHead(t *testing.T) {
	t.Parallel()
	for _, off := range []int64{0, -1} {
		s := faultrpc.NewServer(faultrpc.Cancun(1, 300))
		s.Clock, s.Nodes[0].Off = faultrpc.NewClock(), off
		a := newAttempt(t, 1, s)
		a.at, a.dialer.AllowUnfinalized = s.Nodes[0].Chain.Head(), true
		if err := a.read(t); off == 0 && !strings.Contains(a.unbound, "no block after it") || off < 0 && err == nil {
			t.Errorf("state of N%+d: found %q, %v", off, a.unbound, err)
		}
	}
}

// Answers are bound if those of all endpoints that count are.
func TestAgreeingOnTheLeastLevel(t *testing.T) {
	t.Parallel()
	chain := faultrpc.Public(1, 300)
	bound, silent := faultrpc.NewServer(chain), faultrpc.NewServer(chain)
	bound.Clock = faultrpc.NewClock()
	silent.Rules = []*faultrpc.Rule{
		{Method: "eth_getTransactionByBlockHashAndIndex", Fault: faultrpc.Fail(-32601, "Method not found")},
	}
	for want, servers := range map[chains.Level][]*faultrpc.Server{
		chains.Trusted: {bound, silent}, chains.Bound: {bound, bound},
	} {
		a := newAttempt(t, 1, servers...)
		a.dialer.Agree = 2
		if err := a.read(t); err != nil || a.level != want {
			t.Errorf("found %q, %v, want %q", a.level, err, want)
		}
	}
}

// A chain may have the contract for beacon roots and never write it: nonces do then.
func TestBeaconRootsThatNobodyWrites(t *testing.T) {
	t.Parallel()
	s := faultrpc.NewServer(faultrpc.Cancun(8453, 300))
	s.Clock = faultrpc.NewClock()
	s.Rules = []*faultrpc.Rule{
		{Method: "eth_getStorageAt", Fault: faultrpc.Result(`"0x` + strings.Repeat("0", 64) + `"`)},
	}
	s.Nodes[0].Chain.Answer(faultrpc.BeaconRoots, make([]byte, 32))
	a := newAttempt(t, 8453, s)
	a.at = 100
	err := a.read(t)
	if err != nil || a.level != chains.Bound || s.Log().Calls["eth_getTransactionByBlockHashAndIndex"] != 3 {
		t.Errorf("found %q, %v, %v", a.level, err, s.Log().Calls)
	}
}

// What an endpoint does not answer, or answers with what cannot be, never counts as passed:
// the figures are right and trusted, or there are none.
func TestOddMarks(t *testing.T) {
	t.Parallel()
	rule := func(method string, f faultrpc.Fault) func(*faultrpc.Server) {
		return with(&faultrpc.Rule{Method: method, Fault: f})
	}
	contract := func(data []byte) func(*faultrpc.Server) {
		return func(s *faultrpc.Server) {
			s.Nodes[0].Chain.Answer(faultrpc.BeaconRoots, data)
			s.Nodes[0].Chain.Answer(faultrpc.L1Block, data)
		}
	}
	beside := func(f faultrpc.Fault) func(*faultrpc.Server) { // nonces are asked only where no call shows them
		return func(s *faultrpc.Server) {
			s.Nodes[0].NoDeploy = noObject
			rule("eth_getTransactionCount", f)(s)
		}
	}
	const transaction = "eth_getTransactionByBlockHashAndIndex"
	forbidden := faultrpc.Status(403, `{"error":"rpc method is not whitelisted"}`)
	var tests []struct {
		name   string
		set    func(*faultrpc.Server)
		worlds []int
	}
	add := func(name string, set func(*faultrpc.Server), worlds ...int) {
		tests = append(tests, struct {
			name   string
			set    func(*faultrpc.Server)
			worlds []int
		}{name, set, worlds})
	}
	for name, data := range map[string][]byte{"nothing": {}, "one byte": {1}, "31 bytes": make([]byte, 31),
		"a zero word": make([]byte, 32), "33 bytes": make([]byte, 33), "64 bytes": make([]byte, 64),
		"100,000 bytes": make([]byte, 100_000)} {
		add("contracts return "+name, contract(data), 3, 4, 5)
	}
	for _, text := range []string{`null`, `""`, `"0x"`, `"1"`, `7`, `{}`, `[]`, `"0xzz"`,
		`"0x` + strings.Repeat("f", 64) + `"`, `"0x1` + strings.Repeat("0", 64) + `"`} {
		add("nonces are "+text, beside(faultrpc.Result(text)), 0, 1, 2)
		add("transactions are "+text, rule(transaction, faultrpc.Result(text)), 0, 1, 2, 4)
		add("counts are "+text, rule("eth_getBlockTransactionCountByHash", faultrpc.Result(text)), 0, 1, 2)
	}
	for _, method := range []string{transaction, "eth_getBlockTransactionCountByHash"} {
		for _, f := range []faultrpc.Fault{faultrpc.Fail(-32601, "Method not found"), faultrpc.Fail(3, "execution reverted"),
			faultrpc.Fail(-32000, "no words that we know"), forbidden} {
			add(method+": "+f.Name, rule(method, f), 0, 1, 2)
			add("nonces: "+f.Name, beside(f), 0, 1, 2)
		}
	}
	next := fmt.Sprintf("%#x", faultrpc.Merge+101)
	add("the next block is null", with(replace("eth_getBlockByNumber", next, `null`)), 0, 3)
	for _, tt := range tests {
		for _, i := range tt.worlds {
			w := worlds[i]
			for _, p := range everyPath {
				t.Run(fmt.Sprintf("%s: %s (%s)", w.name, tt.name, p), func(t *testing.T) {
					t.Parallel()
					s := faultrpc.NewServer(w.make(uint64(w.id), 300))
					s.Clock = faultrpc.NewClock()
					tt.set(s)
					a := newAttempt(t, w.id, s)
					a.at, a.path = w.block, p
					if err := a.read(t); err == nil && a.level != chains.Trusted {
						t.Errorf("found level %q", a.level)
					} else if err != nil {
						t.Log(err)
					}
				})
			}
		}
	}
}
