package chains_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

func TestBlockByNumber(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b, err := c.BlockByNumber(t.Context(), merge+50)
	if err != nil {
		t.Fatal(err)
	}
	want := n.chain.Header(merge + 50)
	if b.Hash != want.Hash() || b.Parent.Hash() != want.ParentHash || !b.Pinned || b.Unfinalized {
		t.Errorf("found %+v", b)
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	if n.rounds() != 2 {
		t.Errorf("Dial and BlockByNumber took %d rounds, want 2", n.rounds())
	}
}

func TestBlockZeroHasNoParent(t *testing.T) {
	t.Parallel()
	c := dial(t, chains.Dialer{}, 8453, dev(8453).serve(t))
	b, err := c.BlockByNumber(t.Context(), 0)
	if err != nil || b.Parent != nil || b.Number() != 0 {
		t.Errorf("found %+v, %v", b, err)
	}
	if _, err := c.CallAt(t.Context(), b, []chains.Call{chains.NativeBalance(holder)}); err != nil {
		t.Errorf("CallAt block 0: %v", err)
	}
}

func TestBlockAboveHead(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
	_, err := c.BlockByNumber(t.Context(), merge+201)
	if !errors.Is(err, chains.ErrNoBlockYet) {
		t.Fatalf("found %v, want ErrNoBlockYet", err)
	}
	wantText(t, err, "block 15537595 does not exist yet, head is 15537594 (2022-09-15T07:22:59Z)")
	// The head moves: the client looks again before it refuses.
	n.chain.Extend(n.chain.Header(n.head()), 5, 0)
	if b, err := c.BlockByNumber(t.Context(), merge+201); err != nil || !b.Unfinalized {
		t.Errorf("found %+v, %v", b, err)
	}
}

func TestUnfinalizedBlockNeedsPermission(t *testing.T) {
	t.Parallel()
	n := ethereum()
	url := n.serve(t)
	c := dial(t, chains.Dialer{}, 1, url)
	_, err := c.BlockByNumber(t.Context(), merge+195)
	if !errors.Is(err, chains.ErrNotFinalized) {
		t.Fatalf("found %v, want ErrNotFinalized", err)
	}
	wantText(t, err, "block 15537589 is newer than the finalized block 15537584")
	n.chain.Finalize(n.head())
	if b, err := c.BlockByNumber(t.Context(), merge+195); err != nil || b.Unfinalized {
		t.Errorf("after finalization: found %v, %v", b.Unfinalized, err)
	}
	n.chain.Finalize(n.head() - 10)
	c = dial(t, chains.Dialer{AllowUnfinalized: true}, 1, url)
	if b, err := c.BlockByNumber(t.Context(), merge+195); err != nil || !b.Unfinalized || !b.Pinned {
		t.Errorf("allowed: found %+v, %v", b, err)
	}
	if b, err := c.BlockByNumber(t.Context(), merge+190); err != nil || b.Unfinalized {
		t.Errorf("the finalized block itself: found %v, %v", b.Unfinalized, err)
	}
}

// The four dialects in which nodes say that they do not know the finalized block.
func TestFinalizedUnsupported(t *testing.T) {
	t.Parallel()
	for _, refusal := range []faultrpc.Error{
		{Code: -32000, Message: "finalized block not found"},
		{Code: -39001, Message: "Unknown block"},
		{Code: -32001, Message: "block not found: finalized"},
		{Code: -32602, Message: "invalid argument 0: malformed blocknumber"},
	} {
		t.Run(refusal.Message, func(t *testing.T) {
			t.Parallel()
			n := ethereum()
			n.Nodes[0].NoFinal = &refusal
			url := n.serve(t)
			c := dial(t, chains.Dialer{}, 1, url)
			if h, err := c.Finalized(t.Context()); !errors.Is(err, chains.ErrNotFinalized) || h != nil {
				t.Errorf("Finalized: found %v, %v", h, err)
			} else {
				wantText(t, err, refusal.Message)
			}
			if _, err := c.BlockByNumber(t.Context(), merge+1); !errors.Is(err, chains.ErrNotFinalized) {
				t.Errorf("BlockByNumber: found %v", err)
			}
			c = dial(t, chains.Dialer{AllowUnfinalized: true}, 1, url)
			if b, err := c.BlockByNumber(t.Context(), merge+1); err != nil || !b.Unfinalized {
				t.Errorf("allowed: found %v, %v", b.Unfinalized, err)
			}
		})
	}
}

func TestFinalizedIsNotAskedForTwice(t *testing.T) {
	t.Parallel()
	n, now := ethereum(), faultrpc.NewClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	h, err := c.Finalized(t.Context())
	if err != nil || h.Number.Uint64() != n.final() || n.rounds() != 1 {
		t.Fatalf("found %v, %v after %d rounds", h, err, n.rounds())
	}
	n.chain.Finalize(n.final() + 1)
	if err := now.Sleep(t.Context(), 10e9); err != nil {
		t.Fatal(err)
	}
	if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != n.final() || n.rounds() != 2 {
		t.Errorf("ten seconds later: found %v, %v after %d rounds", h, err, n.rounds())
	}
}

func TestTipsNeverGoBack(t *testing.T) {
	t.Parallel()
	n, now := ethereum(), faultrpc.NewClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	high := n.final()
	for name, lag := range map[string]func(*faultrpc.Node){
		"lower": func(b *faultrpc.Node) { b.Behind = 60 },
		"refused": func(b *faultrpc.Node) {
			b.NoFinal = &faultrpc.Error{Code: -32000, Message: "finalized block not found"}
		},
	} {
		n.set(lag)
		if err := now.Sleep(t.Context(), 10e9); err != nil {
			t.Fatal(err)
		}
		n.forget()
		if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != high || n.rounds() != 1 {
			t.Errorf("%s: found %v, %v after %d rounds", name, h, err, n.rounds())
		}
	}
	n.set(func(b *faultrpc.Node) { b.Behind = 0 })
	if _, err := c.BlockByNumber(t.Context(), high); err != nil {
		t.Error(err)
	}
}

func TestNullHeaderIsAskedAgain(t *testing.T) {
	t.Parallel()
	n, now := ethereum(), faultrpc.NewClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	hidden := replace("eth_getBlockByNumber", hexOf(merge+50), "null")
	hidden.Until = 2
	n.SetRules(hidden)
	if b, err := c.BlockByNumber(t.Context(), merge+50); err != nil || b.Number() != merge+50 {
		t.Errorf("null twice: found %v", err)
	}
	if now.Slept() == 0 {
		t.Error("asked again without a pause")
	}
	n.SetRules(replace("eth_getBlockByNumber", hexOf(merge+50), "null"))
	_, err := c.BlockByNumber(t.Context(), merge+50)
	if !errors.Is(err, chains.ErrArchive) {
		t.Fatalf("null for ever: found %v, want ErrArchive", err)
	}
	wantText(t, err, "block 15537444 (ethereum")
}

// Two nodes behind one address: the one that is asked for the head lags.
func TestHeadBehindFinalized(t *testing.T) {
	t.Parallel()
	n := ethereum()
	lag := replace("eth_getBlockByNumber", "latest", asHeader(n.chain.Header(n.final()-10)))
	n.Rules = []*faultrpc.Rule{lag}
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	if _, err := c.BlockByNumber(t.Context(), n.final()-1); err != nil {
		t.Error(err)
	}
	n.SetRules(lag, replace("eth_getBlockByNumber", hexOf(n.final()-1), "null"))
	if _, err := c.BlockByNumber(t.Context(), n.final()-1); !errors.Is(err, chains.ErrArchive) {
		t.Errorf("found %v, want ErrArchive: the block exists", err)
	}
}

func TestHeadersThatDoNotFit(t *testing.T) {
	t.Parallel()
	fork := faultrpc.Public(1, 200)
	fork.Fork(merge+49, 7)
	for _, tt := range []struct {
		name     string
		asked, h uint64 // the block asked for is replaced by this one of the fork
		want     error
		text     string
	}{
		{"another number", merge + 50, merge + 51, chains.ErrProtocol,
			"asked for block 15537444, found block 15537445"},
		{"not adjacent", merge + 49, merge + 49, chains.ErrReorg, "are not of one chain"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := ethereum()
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			n.SetRules(replace("eth_getBlockByNumber", hexOf(tt.asked), asHeader(fork.Header(tt.h))))
			_, err := c.BlockByNumber(t.Context(), merge+50)
			if !errors.Is(err, tt.want) {
				t.Fatalf("found %v, want %v", err, tt.want)
			}
			wantText(t, err, tt.text)
		})
	}
}

// Every field of a header counts: one that is altered on the wire gives another hash.
func TestAlteredHeader(t *testing.T) {
	t.Parallel()
	const other = `"0x0000000000000000000000000000000000000000000000000000000000000001"`
	for field, value := range map[string]string{
		"timestamp": `"0x1"`, "parentHash": other, "stateRoot": other, "baseFeePerGas": `""`, "gasUsed": `"0x1"`,
		"extraData": `"0xff"`, "hash": other, "difficulty": `null`, "withdrawalsRoot": other,
		"miner": `"0x0000000000000000000000000000000000000001"`,
	} {
		n := ethereum()
		n.Rules = []*faultrpc.Rule{altered(merge,
			func(b map[string]json.RawMessage) { b[field] = json.RawMessage(value) })}
		_, err := tryDial(t, chains.Dialer{}, 1, n.serve(t))
		if !errors.Is(err, chains.ErrProtocol) {
			t.Errorf("%s: found %v, want ErrProtocol", field, err)
		}
	}
}
