package votingpower_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/votingpower"
)

// The tests of this file and its neighbours run a whole report, from Dial to
// Compute, against endpoints that go wrong: two chains of the fault server's
// made-up blocks that pass for Ethereum and Optimism, with the contracts of the
// PERP model. A run ends with the right voting power or without any.

// run is one whole report.
type run struct {
	servers map[chains.ID][]*faultrpc.Server // endpoints, in order
	dialer  chains.Dialer
	when    votingpower.When
	clock   *faultrpc.Clock
}

// The blocks that runs are pinned to: 200 blocks below the heads, or 20.
const (
	oldBlock, recentBlock = faultrpc.Merge + 100, faultrpc.Merge + 280
	oldOptimism           = faultrpc.Bedrock + 100
	recentOptimism        = faultrpc.Bedrock + 280
)

func pinnedTo(ethereum, optimism uint64) votingpower.When {
	return votingpower.When{Blocks: map[chains.ID]uint64{chains.Ethereum: ethereum, chains.Optimism: optimism}}
}

// newRun is a run over good endpoints of both public chains.
func newRun() *run {
	r := &run{servers: map[chains.ID][]*faultrpc.Server{}, when: pinnedTo(oldBlock, oldOptimism),
		clock: faultrpc.NewClock()}
	for id, c := range publicChains() {
		s := faultrpc.NewServer(c)
		s.Clock = r.clock
		r.servers[id] = []*faultrpc.Server{s}
	}
	return r
}

func publicChains() map[chains.ID]*faultrpc.Chain {
	return map[chains.ID]*faultrpc.Chain{chains.Ethereum: faultrpc.Public(1, 300),
		chains.Optimism: faultrpc.Public(10, 300)}
}

// The sentinels are secrets in the endpoints' URLs.
var sentinels = []string{"sUser-7b1c44e9", "p/ss+Word=93ad02", "PathKey0f9e8d7c6b5a4321", "query key&51c0ffee"}

func dressed(t *testing.T, bare string) string {
	t.Helper()
	u, err := url.Parse(bare)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(sentinels[0], sentinels[1])
	u.Path = "/v2/" + sentinels[2]
	u.RawQuery = url.Values{"apikey": {sentinels[3]}}.Encode()
	return u.String()
}

// do runs the report and checks what holds whatever goes wrong: the voting power
// is the oracle's or there is none, no error shows a secret, it ends in time,
// each state read names its block, and no goroutine is left behind, which is why the
// tests of faults do not run side by side.
func (r *run) do(t *testing.T) (*votingpower.Result, error) {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := r.report(ctx, t)
	switch {
	case err == nil:
		r.check(t, result)
	case result != nil:
		t.Errorf("found a result beside the error %v", err)
	default:
		wantNoSecret(t, err)
	}
	if ctx.Err() != nil {
		t.Errorf("found no end within a minute: %v", err)
	}
	for id, servers := range r.servers {
		for _, s := range servers {
			if unpinned := s.Log().Unpinned; len(unpinned) > 0 {
				t.Errorf("%v: found state reads without a block: %v", id, unpinned)
			}
		}
	}
	return result, err
}

func (r *run) report(ctx context.Context, t *testing.T) (*votingpower.Result, error) {
	t.Helper()
	d := r.dialer
	d.Clock = r.clock
	nodes := map[chains.ID]chains.Node{}
	for _, id := range []chains.ID{chains.Ethereum, chains.Optimism} {
		var urls []string
		for _, s := range r.servers[id] {
			bare, stop := s.Start()
			defer stop()
			urls = append(urls, dressed(t, bare))
		}
		c, err := d.Dial(ctx, id, urls...)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		nodes[id] = c
	}
	e, err := votingpower.Collect(ctx, nodes, votingpower.PERP(), r.when)
	if err != nil {
		if e != nil {
			t.Error("found evidence beside an error")
		}
		return nil, err
	}
	return votingpower.Compute(e)
}

// check adds up what the oracle says of the blocks of the result.
func (r *run) check(t *testing.T, result *votingpower.Result) {
	t.Helper()
	terms, err := votingpower.PERP().Terms(result.Evidence.At)
	if err != nil {
		t.Fatal(err)
	}
	want := new(big.Int)
	for _, term := range terms {
		chain := r.servers[term.Chain][0].Nodes[0].Chain
		b := result.Evidence.Chains[term.Chain].Block
		h := chain.ByHash(b.Hash)
		if h == nil {
			t.Fatalf("%v: found block %d of hash %v, which is not the chain's", term.Chain, b.Number(), b.Hash)
		}
		data, ok, _ := chain.Run(term.Call.To, term.Call.Data, h, 50_000_000)
		if !ok || len(data) != 32 {
			t.Fatalf("the oracle has no answer to %s", term.Label)
		}
		want.Add(want, new(big.Int).Mul(big.NewInt(int64(term.Sign)), new(big.Int).SetBytes(data)))
	}
	for _, read := range result.Evidence.Reads {
		wantNoSecret(t, errors.New(read.From)) // what is published names the host only
	}
	if result.VotingPower.Cmp(want) != 0 {
		t.Errorf("found voting power %v, want %v", result.VotingPower, want)
	}
	if quorum := new(big.Rat).SetFrac(want, big.NewInt(10)); result.Quorum.Cmp(quorum) != 0 {
		t.Errorf("found quorum %v, want %v", result.Quorum, quorum)
	}
}

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	text := strings.ToLower(err.Error())
	for _, s := range append(sentinels, sentinels[0]+":"+sentinels[1]) {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s)),
			base64.RawURLEncoding.EncodeToString([]byte(s))} {
			if strings.Contains(text, strings.ToLower(form)) {
				t.Errorf("the secret %q is in %q", s, err)
			}
		}
	}
}

// Each provider and node that is known, for old and for recent blocks: the right
// voting power, or the right class of error with what to do about it.
func TestPersonas(t *testing.T) {
	type ending struct {
		want error
		text string
	}
	fine := ending{}
	archive := ending{chains.ErrArchive, "give an archive endpoint"}
	type endings struct {
		old, recent ending
		chains      []chains.ID // nil: both
	}
	known := map[string]endings{
		"geth-full":       {old: archive},
		"geth-archive":    {},
		"erigon":          {},
		"nethermind":      {old: ending{chains.ErrArchive, "No state available"}},
		"besu":            {old: archive},
		"reth-noproof":    {},
		"alchemy-free":    {},
		"infura":          {},
		"quicknode-lb":    {},
		"drpc-free":       {},
		"publicnode":      {old: ending{chains.ErrArchive, "Archive requests require a personal token"}},
		"ankr":            {},
		"ankr-nokey":      {old: ending{chains.ErrAuth, "check the key"}, recent: ending{chains.ErrAuth, "check the key"}},
		"op-bedrock-only": {chains: []chains.ID{chains.Optimism}},
		"op-geth":         {chains: []chains.ID{chains.Optimism}},
		"op-reth":         {chains: []chains.ID{chains.Optimism}},
		"op-reth-old":     {chains: []chains.ID{chains.Optimism}},
		"op-l2geth": {ending{chains.ErrNotFinalized, "does not say"}, ending{chains.ErrNotFinalized, "does not say"},
			[]chains.ID{chains.Optimism}},
		"cloudflare": {old: archive},
		"no-batches": {},
		"odd":        {},
	}
	for _, persona := range faultrpc.Personas() {
		tt, ok := known[persona]
		if !ok {
			t.Errorf("persona %s is not tried", persona)
		}
		ids := tt.chains
		if ids == nil {
			ids = []chains.ID{chains.Ethereum, chains.Optimism}
		}
		for _, id := range ids {
			for when, want := range map[string]ending{"old": tt.old, "recent": tt.recent} {
				t.Run(fmt.Sprintf("%s for %v, %s block", persona, id, when), func(t *testing.T) {
					r := newRun()
					r.servers[id] = []*faultrpc.Server{faultrpc.As(persona, r.servers[id][0].Nodes[0].Chain, r.clock)}
					if when == "recent" {
						r.when = pinnedTo(recentBlock, recentOptimism)
					}
					_, err := r.do(t)
					wantEnding(t, err, want.want, want.text)
				})
			}
		}
	}
	for persona, want := range map[string]ending{"op-geth": fine, "op-reth": fine, "op-reth-old": fine, "op-l2geth": fine,
		"op-bedrock-only": {chains.ErrArchive, "before block 105235063 (Bedrock"}} {
		t.Run(persona+", a block before Bedrock", func(t *testing.T) {
			r := newRun()
			r.servers[chains.Optimism] = []*faultrpc.Server{faultrpc.As(persona, r.servers[chains.Optimism][0].Nodes[0].Chain,
				r.clock)}
			r.when = pinnedTo(oldBlock, faultrpc.Bedrock-1)
			_, err := r.do(t)
			wantEnding(t, err, want.want, want.text)
		})
	}
}

func wantEnding(t *testing.T, err, want error, text string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("found %v, want %v", err, want)
	}
	if err != nil && !strings.Contains(err.Error(), text) {
		t.Errorf("found %v, want it to say %q", err, text)
	}
}
