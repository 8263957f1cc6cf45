package chains_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Several nodes share an address and take turns, call by call, and one of them has the header
// of the block and the state of another one. The figures are right, or there are none.
func TestStaleNodeAmongSeveral(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		chain := w.make(uint64(w.id), 300)
		figures := 0
		for _, nodes := range []int{2, 3, 4} {
			for i, off := range []int64{-1, 1, -60} {
				for _, size := range []int{0, 1, 3} {
					for _, p := range []path{batch, bulk} {
						s := faultrpc.NewServer(chain, chain, chain, chain)
						s.Clock, s.Nodes = faultrpc.NewClock(), s.Nodes[:nodes]
						s.Nodes[i%nodes].Off = off
						t.Run(fmt.Sprintf("%s, one of %d nodes %+d, batches of %d (%s)", w.name, nodes, off, size, p),
							func(t *testing.T) {
								a := newAttempt(t, w.id, s)
								a.at, a.path, a.dialer.MaxBatch = w.block, p, size
								if a.read(t) == nil {
									figures++
								}
							})
					}
				}
			}
		}
		if figures == 0 {
			t.Errorf("%s: no figures at all, though a good node can answer all that counts", w.name)
		}
	}
}

// A node that takes no accounts for its calls shows no nonces: its figures are trusted.
func TestCallsWithoutAccounts(t *testing.T) {
	t.Parallel()
	for _, w := range worlds[:3] {
		for _, p := range everyPath {
			s := faultrpc.NewServer(w.make(uint64(w.id), 300))
			s.Clock, s.Nodes[0].NoFrom = faultrpc.NewClock(), true
			a := newAttempt(t, w.id, s)
			a.at, a.path = w.block, p
			if err := a.read(t); err != nil || a.level != chains.Trusted {
				t.Errorf("%s (%s): found %q, %v, want the right figures, trusted", w.name, p, a.level, err)
			}
		}
	}
}

// Nodes that share an address and are all up to date leave every figure bound.
func TestGoodNodesAmongThemselves(t *testing.T) {
	t.Parallel()
	for _, w := range worlds {
		chain := w.make(uint64(w.id), 300)
		for _, size := range []int{0, 1, 2, 3, 5} {
			t.Run(fmt.Sprintf("%s, batches of %d", w.name, size), func(t *testing.T) {
				s := faultrpc.NewServer(chain, chain, chain)
				s.Clock = faultrpc.NewClock()
				a := newAttempt(t, w.id, s)
				a.at, a.dialer.MaxBatch = w.block, size
				if err := a.read(t); err != nil || a.level != chains.Bound {
					t.Errorf("found %q, %v, want the right figures, bound", a.level, err)
				}
			})
		}
	}
}

// What cannot be read together with what binds it is trusted, and the answer says why.
func TestReasonsOfTrust(t *testing.T) {
	t.Parallel()
	for reason, set := range map[string]func(*faultrpc.Server){
		"takes no eth_call that asks several contracts": plain,
		`takes no eth_call without "to"`:                backend(func(n *faultrpc.Node) { n.NoDeploy = noObject }),
		"succeeds only by itself":                       with(beforeByzantium()),
		"shows no ordinary transaction":                 with(replace("eth_getTransactionByBlockHashAndIndex", "", "null")),
		"did not say what binds the state":              backend(func(n *faultrpc.Node) { n.NoFrom = true }),
	} {
		s := faultrpc.NewServer(faultrpc.Public(1, 300))
		s.Clock = faultrpc.NewClock()
		set(s)
		a := newAttempt(t, 1, s)
		if err := a.read(t); err != nil || a.level != chains.Trusted || !strings.Contains(a.unbound, reason) {
			t.Errorf("found %q, %q, %v, want the right figures, trusted: %s", a.level, a.unbound, err, reason)
		}
	}
}

// Where nothing binds the figures, nonces asked beside them still find a node whose state is
// always that of another block.
func TestWrongStateBesideNonces(t *testing.T) {
	t.Parallel()
	for _, w := range worlds[:3] {
		for _, p := range everyPath {
			for _, off := range []int64{-1, 1, -3} {
				s := faultrpc.NewServer(w.make(uint64(w.id), 300))
				s.Clock, s.Nodes[0].NoDeploy, s.Nodes[0].Off = faultrpc.NewClock(), noObject, off
				a := newAttempt(t, w.id, s)
				a.at, a.path = w.block, p
				if err := a.read(t); !errors.Is(err, chains.ErrProtocol) {
					t.Errorf("%s, %+d (%s): found %v, want the wrong state found", w.name, off, p, err)
				}
			}
		}
	}
}
