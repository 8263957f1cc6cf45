package votingpower_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/votingpower"
)

// mostRequests is more than a report sends to one endpoint when nothing fails.
const mostRequests = 12

// onRequest does something when a chain's first endpoint has answered its kth request.
func (r *run) onRequest(id chains.ID, k int, do func()) *faultrpc.Rule {
	rule := &faultrpc.Rule{Nth: k,
		Fault: faultrpc.Fault{Envelope: func(_ []faultrpc.Request, o []faultrpc.Object) []faultrpc.Object { do(); return o }}}
	r.servers[id][0].Rules = append(r.servers[id][0].Rules, rule)
	return rule
}

// Row 45: a reorg at any request, the last one included, is read anew from the
// beginning, once; the figures are those of one fork.
func TestReorgInAReport(t *testing.T) {
	byNumber := &faultrpc.Error{Code: -32602, Message: "invalid params"}
	for _, id := range []chains.ID{chains.Ethereum, chains.Optimism} {
		for name, refusal := range map[string]*faultrpc.Error{"by hash": nil, "by number": byNumber} {
			for k := 1; k <= mostRequests; k++ {
				t.Run(fmt.Sprintf("row 45: %v, %s, request %d", id, name, k), func(t *testing.T) {
					r := newRun()
					node := r.servers[id][0].Nodes[0]
					node.NoHash = refusal
					from := node.Chain.Head() - 205
					r.onRequest(id, k, func() { node.Chain.Fork(from, 7) })
					if _, err := r.do(t); err != nil {
						t.Errorf("found %v, want the right figures of one fork", err)
					}
				})
			}
			t.Run(fmt.Sprintf("row 45: %v, %s, at every request", id, name), func(t *testing.T) {
				r := newRun()
				node := r.servers[id][0].Nodes[0]
				node.NoHash = refusal
				from, fork := node.Chain.Head()-205, byte(0)
				rule := r.onRequest(id, 0, func() { fork++; node.Chain.Fork(from, fork) })
				rule.Every = 1
				_, err := r.do(t)
				wantEnding(t, err, chains.ErrReorg, "no longer part of the chain")
			})
		}
	}
}

// Row 30: an answer that is not one word is no figure of a report.
func TestLengthOfAWordInAReport(t *testing.T) {
	for _, n := range []int{31, 33, 64} {
		t.Run(fmt.Sprintf("row 30: %d bytes", n), func(t *testing.T) {
			r := newRun()
			token := votingpower.PERP().Tokens[0].Address
			r.servers[chains.Ethereum][0].Nodes[0].Chain.Answer(token, bytes.Repeat([]byte{1}, n))
			_, err := r.do(t)
			wantEnding(t, err, votingpower.ErrEvidence, fmt.Sprintf("%d bytes", n))
		})
	}
}

// Row 65: the first endpoint dies at any request, and the second goes on.
func TestFailoverInAReport(t *testing.T) {
	for k := 1; k <= mostRequests; k++ {
		t.Run(fmt.Sprintf("row 65: endpoint 1 dies at request %d", k), func(t *testing.T) {
			r := newRun()
			for id, servers := range r.servers {
				second := faultrpc.NewServer(servers[0].Nodes[0].Chain)
				servers[0].Rules = []*faultrpc.Rule{{From: k,
					Fault: faultrpc.Status(http.StatusBadGateway, "<html><title>502</title></html>")}}
				r.servers[id] = append(servers, second)
			}
			if _, err := r.do(t); err != nil {
				t.Errorf("found %v, want the right figures", err)
			}
		})
	}
}

// Rows 66 and 76: what one endpoint can make up, two do not agree on.
func TestAgreementInAReport(t *testing.T) {
	perp := votingpower.PERP()
	for name, spoil := range map[string]func(*faultrpc.Server){
		"row 66: one balance off by one": func(s *faultrpc.Server) { s.Nodes[0].Chain.Lie(perp.Excluded[0].Address, 1) },
		"row 76: one balance made up": func(s *faultrpc.Server) {
			s.Nodes[0].Chain.Lie(perp.Excluded[1].Address,
				1_000_000_000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun()
			for id, servers := range r.servers {
				second := faultrpc.NewServer(servers[0].Nodes[0].Chain.Copy())
				r.servers[id] = append(servers, second)
			}
			r.dialer.Agree = 2
			spoil(r.servers[chains.Ethereum][1])
			_, err := r.do(t)
			wantEnding(t, err, chains.ErrDisagree, "says 0x")
		})
	}
}

// Row 71: a report that is cancelled at any request ends, without figures.
func TestCancelledReport(t *testing.T) {
	for k := 1; k <= mostRequests; k++ {
		t.Run(fmt.Sprintf("row 71: cancelled at request %d", k), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r := newRun()
			rule := r.onRequest(chains.Optimism, k, cancel)
			result, err := r.report(ctx, t)
			switch {
			case err == nil && rule.Matches() > k, err != nil && result != nil:
				t.Errorf("found %v beside %v", result, err)
			case err != nil && !errors.Is(err, context.Canceled):
				t.Errorf("found %v, want context.Canceled", err)
			case err == nil:
				r.check(t, result)
			}
		})
	}
}

// Of several nodes that share an address, one answers with the state of another block: a report
// has the right figures, or none.
func TestStaleNodeInAReport(t *testing.T) {
	reports := 0
	for _, nodes := range []int{2, 3, 4} {
		for _, off := range []int64{-1, -100} {
			for _, size := range []int{0, 1, 3} {
				r := newRun()
				r.dialer.MaxBatch = size
				for _, servers := range r.servers {
					for range nodes - 1 {
						servers[0].Nodes = append(servers[0].Nodes, &faultrpc.Node{Chain: servers[0].Nodes[0].Chain})
					}
					servers[0].Nodes[nodes/2].Off = off
				}
				t.Run(fmt.Sprintf("one of %d nodes %+d, batches of %d", nodes, off, size), func(t *testing.T) {
					if _, err := r.do(t); err == nil {
						reports++
					}
				})
			}
		}
	}
	if reports == 0 {
		t.Error("no report came out")
	}
}
