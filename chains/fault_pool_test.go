package chains_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// good is a server without faults.
func good() *faultrpc.Server { return quiet1(func(*faultrpc.Node) {}) }

// liar is a server that gives an account more than it has.
func liar(account common.Address, by int64) *faultrpc.Server {
	s := good()
	s.Nodes[0].Chain.Lie(account, by)
	return s
}

// Several endpoints: rows 65 to 67.
func TestMatrixSeveralEndpoints(t *testing.T) {
	t.Parallel()
	account := common.BytesToAddress([]byte{0xAA, 0, 5})
	down := faultrpc.Status(http.StatusServiceUnavailable, "upstream gone")
	for _, p := range everyPath {
		for k := 1; k <= 6; k++ {
			t.Run(fmt.Sprintf("row 65: endpoint 1 dies at request %d (%s)", k, p), func(t *testing.T) {
				first := good()
				first.Rules = []*faultrpc.Rule{{From: k, Fault: down}}
				second := good()
				a := newAttempt(t, 1, first, second)
				a.path = p
				if err := a.read(t); err != nil {
					t.Errorf("found %v, want the right figures", err)
				}
				if log := second.Log(); log.Requests > 0 && log.Calls["eth_chainId"] == 0 {
					t.Error("endpoint 2 was not asked which chain it is on")
				}
			})
		}
		t.Run(fmt.Sprintf("row 66: endpoint 2 gives another value at the same hash (%s)", p), func(t *testing.T) {
			a := newAttempt(t, 1, good(), liar(account, 1))
			a.path, a.dialer.Agree = p, 2
			err := a.read(t)
			wantDisagreement(t, err)
			wantText(t, err, "balanceOf(address) of "+faultrpc.Token.Hex())
		})
		for name, second := range map[string]*faultrpc.Chain{
			"on Optimism": faultrpc.Public(10, 300), "on a development chain": faultrpc.Development(1, 300),
			"on another fork": forked(),
		} {
			t.Run(fmt.Sprintf("row 67: endpoint 2 %s (%s)", name, p), func(t *testing.T) {
				first, other := good(), good()
				first.Rules = []*faultrpc.Rule{{Method: "eth_call", Fault: down}}
				other.Nodes[0].Chain = second
				a := newAttempt(t, 1, first, other)
				a.path = p
				if err := a.read(t); !errors.Is(err, chains.ErrWrongChain) && !errors.Is(err, chains.ErrReorg) {
					t.Errorf("found %v, want ErrWrongChain or ErrReorg", err)
				}
			})
		}
	}
}

// forked is the public chain with other blocks from before the target on.
func forked() *faultrpc.Chain {
	c := faultrpc.Public(1, 300)
	c.Fork(target-20, 3)
	return c
}

// Row 76: an endpoint that lies for all accounts but the one it is checked by
// cannot be found out by itself. That is what the package comment says, and what
// this test documents; several endpoints disagree.
func TestMatrixLiar(t *testing.T) {
	t.Parallel()
	account := common.BytesToAddress([]byte{0xAA, 0, 5})
	for _, p := range everyPath {
		t.Run(fmt.Sprintf("row 76: lies about one account, agree 2 (%s)", p), func(t *testing.T) {
			a := newAttempt(t, 1, good(), liar(account, 1_000_000))
			a.path, a.dialer.Agree = p, 2
			wantDisagreement(t, a.read(t))
		})
		t.Run(fmt.Sprintf("row 76: lies about one account, alone (%s)", p), func(t *testing.T) {
			a := newAttempt(t, 1, liar(account, 1_000_000))
			a.path, a.chain = p, faultrpc.Public(1, 300)
			calls, answers, err := a.figures(t.Context(), t)
			if err != nil {
				t.Fatal(err)
			}
			if a.right(calls, answers) {
				t.Error("found the right figures: then the package comment says too little")
			}
		})
	}
}

// Row 71: a context that ends in the middle of any request ends the reading.
func TestMatrixCancelled(t *testing.T) {
	t.Parallel()
	for _, p := range everyPath {
		for k := 1; k <= 8; k++ {
			t.Run(fmt.Sprintf("row 71: cancelled at request %d (%s)", k, p), func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				s := good()
				rule := &faultrpc.Rule{Nth: k,
					Fault: faultrpc.Fault{Envelope: func(_ []faultrpc.Request,
						o []faultrpc.Object) []faultrpc.Object {
						cancel()
						return o
					}}}
				s.Rules = []*faultrpc.Rule{rule}
				a := newAttempt(t, 1, s)
				a.path = p
				_, answers, err := a.figures(ctx, t)
				switch {
				case rule.Matches() < k: // it took fewer requests
				case err == nil && rule.Matches() > k, err != nil && !errors.Is(err, context.Canceled):
					t.Errorf("found %v, want context.Canceled", err)
				case err != nil && answers != nil:
					t.Error("found answers beside the error")
				}
			})
		}
	}
}
