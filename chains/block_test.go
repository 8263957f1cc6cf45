package chains_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
)

const merge = 15537394

func TestBlockByNumber(t *testing.T) {
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	b, err := c.BlockByNumber(t.Context(), merge+50)
	if err != nil {
		t.Fatal(err)
	}
	want := n.blocks[merge+50]
	if b.Hash != want.Hash() || b.Parent.Hash() != want.ParentHash || !b.Pinned || b.Unfinalized {
		t.Errorf("found %+v", b)
	}
	if err := b.Check(); err != nil {
		t.Error(err)
	}
	if n.rounds != 2 {
		t.Errorf("Dial and BlockByNumber took %d rounds, want 2", n.rounds)
	}
}

func TestBlockZeroHasNoParent(t *testing.T) {
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
	n := ethereum()
	c := dial(t, chains.Dialer{AllowUnfinalized: true}, 1, n.serve(t))
	_, err := c.BlockByNumber(t.Context(), merge+201)
	if !errors.Is(err, chains.ErrNoBlockYet) {
		t.Fatalf("found %v, want ErrNoBlockYet", err)
	}
	wantText(t, err, "block 15537595 does not exist yet, head is 15537594 (2022-09-15T07:22:59Z)")
	// The head moves: the client looks again before it refuses.
	n.set(func(n *node) { n.extend(n.blocks[n.head], 5, 0) })
	if b, err := c.BlockByNumber(t.Context(), merge+201); err != nil || !b.Unfinalized {
		t.Errorf("found %+v, %v", b, err)
	}
}

func TestUnfinalizedBlockNeedsPermission(t *testing.T) {
	n := ethereum()
	url := n.serve(t)
	c := dial(t, chains.Dialer{}, 1, url)
	_, err := c.BlockByNumber(t.Context(), merge+195)
	if !errors.Is(err, chains.ErrNotFinalized) {
		t.Fatalf("found %v, want ErrNotFinalized", err)
	}
	wantText(t, err, "block 15537589 is newer than the finalized block 15537584")
	n.set(func(n *node) { n.finalized = n.head })
	if b, err := c.BlockByNumber(t.Context(), merge+195); err != nil || b.Unfinalized {
		t.Errorf("after finalization: found %v, %v", b.Unfinalized, err)
	}
	n.set(func(n *node) { n.finalized = n.head - 10 })
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
	for _, refusal := range []rpcError{
		{-32000, "finalized block not found", nil},
		{-39001, "Unknown block", nil},
		{-32001, "block not found: finalized", nil},
		{-32602, "invalid argument 0: malformed blocknumber", nil},
	} {
		t.Run(refusal.text, func(t *testing.T) {
			n := ethereum()
			n.noFinalized = refusal
			url := n.serve(t)
			c := dial(t, chains.Dialer{}, 1, url)
			if h, err := c.Finalized(t.Context()); !errors.Is(err, chains.ErrNotFinalized) || h != nil {
				t.Errorf("Finalized: found %v, %v", h, err)
			} else {
				wantText(t, err, refusal.text)
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
	n := ethereum()
	now := newClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	h, err := c.Finalized(t.Context())
	if err != nil || h.Number.Uint64() != n.finalized || n.rounds != 1 {
		t.Fatalf("found %v, %v after %d rounds", h, err, n.rounds)
	}
	n.set(func(n *node) { n.finalized++ })
	if err := now.Sleep(t.Context(), 10e9); err != nil {
		t.Fatal(err)
	}
	if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != n.finalized || n.rounds != 2 {
		t.Errorf("ten seconds later: found %v, %v after %d rounds", h, err, n.rounds)
	}
}

func TestTipsNeverGoBack(t *testing.T) {
	n := ethereum()
	now := newClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	high := n.finalized
	for name, lag := range map[string]func(*node){
		"lower":   func(n *node) { n.head, n.finalized = high-50, high-60 },
		"refused": func(n *node) { n.noFinalized = rpcError{-32000, "finalized block not found", nil} },
	} {
		n.set(lag)
		if err := now.Sleep(t.Context(), 10e9); err != nil {
			t.Fatal(err)
		}
		rounds := n.rounds
		if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != high || n.rounds != rounds+1 {
			t.Errorf("%s: found %v, %v after %d rounds", name, h, err, n.rounds-rounds)
		}
	}
	if _, err := c.BlockByNumber(t.Context(), high); err != nil {
		t.Error(err)
	}
}

func TestNullHeaderIsAskedAgain(t *testing.T) {
	n := ethereum()
	now := newClock()
	c := dial(t, chains.Dialer{Clock: now}, 1, n.serve(t))
	n.set(func(n *node) { n.hidden[merge+50] = 2 })
	if b, err := c.BlockByNumber(t.Context(), merge+50); err != nil || b.Number() != merge+50 {
		t.Errorf("null twice: found %v", err)
	}
	if now.slept == 0 {
		t.Error("asked again without a pause")
	}
	n.set(func(n *node) { n.hidden[merge+50] = -1 })
	_, err := c.BlockByNumber(t.Context(), merge+50)
	if !errors.Is(err, chains.ErrArchive) {
		t.Fatalf("null for ever: found %v, want ErrArchive", err)
	}
	wantText(t, err, "block 15537444 (ethereum")
}

// Two nodes behind one address: the one that is asked for the head lags.
func TestHeadBehindFinalized(t *testing.T) {
	n := ethereum()
	n.head = n.finalized - 10
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	if _, err := c.BlockByNumber(t.Context(), n.finalized-1); err != nil {
		t.Error(err)
	}
	n.set(func(n *node) { n.hidden[n.finalized-1] = -1 })
	if _, err := c.BlockByNumber(t.Context(), n.finalized-1); !errors.Is(err, chains.ErrArchive) {
		t.Errorf("found %v, want ErrArchive: the block exists", err)
	}
}

func TestHeadersThatDoNotFit(t *testing.T) {
	tests := []struct {
		name string
		at   uint64
		make func(n *node)
		want error
		text string
	}{
		{"another number", merge + 50, func(n *node) { n.blocks[merge+50] = n.blocks[merge+51] }, chains.ErrProtocol, "asked for block 15537444, found block 15537445"},
		{"not adjacent", merge + 50, func(n *node) { n.blocks[merge+49] = child(n.blocks[merge+48], 7) }, chains.ErrReorg, "are not of one chain"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := ethereum()
			c := dial(t, chains.Dialer{}, 1, n.serve(t))
			n.set(tt.make)
			_, err := c.BlockByNumber(t.Context(), tt.at)
			if !errors.Is(err, tt.want) {
				t.Fatalf("found %v, want %v", err, tt.want)
			}
			wantText(t, err, tt.text)
		})
	}
}

// Every field of a header counts: one that is altered on the wire gives another hash.
func TestAlteredHeader(t *testing.T) {
	for field, value := range map[string]string{
		"timestamp": `"0x1"`, "parentHash": `"0x0000000000000000000000000000000000000000000000000000000000000001"`, "stateRoot": `"0x0000000000000000000000000000000000000000000000000000000000000001"`,
		"baseFeePerGas": `""`, "gasUsed": `"0x1"`, "extraData": `"0xff"`, "hash": `"0x0000000000000000000000000000000000000000000000000000000000000001"`,
		"difficulty": `null`, "miner": `"0x0000000000000000000000000000000000000001"`, "withdrawalsRoot": `"0x0000000000000000000000000000000000000000000000000000000000000001"`,
	} {
		n := ethereum()
		_, err := tryDial(t, chains.Dialer{Transport: replaceField(field, value)}, 1, n.serve(t))
		if !errors.Is(err, chains.ErrProtocol) {
			t.Errorf("%s: found %v, want ErrProtocol", field, err)
		} else if strings.Contains(err.Error(), "hashes to") {
			wantText(t, err, "newer than this program")
		}
	}
}
