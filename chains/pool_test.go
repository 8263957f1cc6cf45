package chains_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
)

// The first endpoint dies in the middle of the run; the second proves chain,
// block and state before it is believed.
func TestFailoverInTheMiddle(t *testing.T) {
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	block := pinned(t, c, merge+50)
	first, err := c.CallAt(t.Context(), block, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	a.set(func(n *node) { n.down = true })
	second, err := c.CallAt(t.Context(), block, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantBalances(t, b, merge+50, second)
	if slices.Equal(first[0].From, second[0].From) {
		t.Errorf("both answers are said to be from %s", first[0].From)
	}
	want := []string{"eth_chainId", "eth_getBlockByNumber", "eth_getBlockByNumber", "eth_getBlockByNumber", // the proof
		"eth_call", "eth_getBlockByNumber", "eth_getBalance", "eth_call", "eth_getBalance"} // canary, header, WETH, the two calls
	if !slices.Equal(b.methods, want) {
		t.Errorf("the second endpoint was asked\n%v, want\n%v", b.methods, want)
	}
	// The dead one is not waited for again, and the proof stands.
	rounds := a.rounds
	if _, err := c.CallAt(t.Context(), block, twoCalls); err != nil || a.rounds != rounds || b.rounds != 3 {
		t.Errorf("then: %v, %d more rounds on the dead endpoint, %d on the other", err, a.rounds-rounds, b.rounds)
	}
}

func TestFailoverRefusesWhatDoesNotFit(t *testing.T) {
	fork := newNode(1, mergeHeader(), 40)
	fork.extend(child(fork.blocks[merge+40], 9), 150, 9)
	fork.finalized = fork.head - 10
	ahead := ethereum()
	ahead.blockHash = "ignore"
	ahead.extend(child(ahead.blocks[merge+48], 9), 150, 9)
	// The same parent and time, so that only the header tells it from the pinned block.
	sibling := newNode(1, mergeHeader(), 49)
	sibling.extend(child(sibling.blocks[merge+49], 9), 0, 9)
	sibling.blockHash = "ignore"
	tests := []struct {
		name   string
		second *node
		want   error
		text   string
	}{
		{"another chain", optimism(), chains.ErrWrongChain, "chain id is optimism"},
		{"a development chain", dev(1), chains.ErrWrongChain, "it is a development chain"},
		{"another fork", fork, chains.ErrReorg, "no longer part of the chain"},
		{"another fork that ignores the hash", ahead, chains.ErrReorg, "no longer part of the chain"},
		{"a sibling, from a node that ignores the hash", sibling, chains.ErrReorg, "no longer part of the chain"},
		{"no state", func() *node { n := ethereum(); n.poor = true; return n }(), chains.ErrArchive, "holds none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ethereum()
			c := dial(t, chains.Dialer{AllowDev: true}, 1, a.serve(t), tt.second.serve(t))
			block := pinned(t, c, merge+50)
			a.set(func(n *node) { n.down = true })
			answers, err := c.CallAt(t.Context(), block, twoCalls)
			if !errors.Is(err, tt.want) || answers != nil {
				t.Fatalf("found %v, %v, want %v", answers, err, tt.want)
			}
			wantText(t, err, tt.text)
		})
	}
}

func TestFailoverOnMissingState(t *testing.T) {
	a, b := ethereum(), ethereum()
	a.pruned = func(n uint64) error {
		if n < merge+100 {
			return rpcError{-32000, "missing trie node", nil}
		}
		return nil
	}
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantBalances(t, b, merge+50, answers)
}

func TestEndpointIsGivenUp(t *testing.T) {
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	a.set(func(n *node) { n.down = true })
	b.set(func(n *node) { n.down = true })
	for range 3 {
		if _, err := c.BlockByNumber(t.Context(), merge+50); !errors.Is(err, chains.ErrUnavailable) {
			t.Fatalf("found %v, want ErrUnavailable", err)
		}
	}
	rounds := a.rounds + b.rounds
	_, err := c.BlockByNumber(t.Context(), merge+50)
	if err == nil || a.rounds+b.rounds != rounds {
		t.Fatalf("found %v after %d more rounds", err, a.rounds+b.rounds-rounds)
	}
	wantText(t, err, "given up after 3 failures in a row")
}

func TestRefusedCredentialsAreNotTriedTwice(t *testing.T) {
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	a.set(func(n *node) {
		n.pruned = func(uint64) error { return rpcError{-32000, "unauthorized: invalid api key", nil} }
	})
	block := pinned(t, c, merge+50)
	if _, err := c.CallAt(t.Context(), block, twoCalls); err != nil {
		t.Fatal(err)
	}
	rounds := a.rounds
	b.set(func(n *node) { n.down = true })
	_, err := c.CallAt(t.Context(), block, twoCalls)
	if !errors.Is(err, chains.ErrAuth) || !errors.Is(err, chains.ErrUnavailable) || a.rounds != rounds {
		t.Errorf("found %v and %d more rounds on the first endpoint", err, a.rounds-rounds)
	}
}

func TestAnOnlyEndpointIsKept(t *testing.T) {
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	n.set(func(n *node) { n.down = true })
	for range 5 {
		if _, err := c.BlockByNumber(t.Context(), merge+50); err == nil {
			t.Fatal("a dead endpoint answered")
		}
	}
	n.set(func(n *node) { n.down = false })
	n.methods = nil
	if _, err := c.BlockByNumber(t.Context(), merge+50); err != nil {
		t.Error(err)
	}
	if n.methods[0] != "eth_chainId" {
		t.Errorf("after a failure the chain is to be proved again, found %v", n.methods)
	}
}

func TestAgree(t *testing.T) {
	a, b, spare := ethereum(), ethereum(), ethereum()
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t), spare.serve(t))
	block := pinned(t, c, merge+50)
	answers, err := c.CallAt(t.Context(), block, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantBalances(t, a, merge+50, answers)
	if len(answers[0].From) != 2 {
		t.Errorf("answer is from %q, want two labels", answers[0].From)
	}
	if a.rounds != 3 || b.rounds != 3 || spare.rounds != 0 {
		t.Errorf("found %d, %d and %d rounds, want 3, 3 and 0", a.rounds, b.rounds, spare.rounds)
	}
	b.set(func(n *node) { n.down = true })
	if answers, err = c.CallAt(t.Context(), block, twoCalls); err != nil {
		t.Fatalf("with the spare: %v", err)
	}
	wantBalances(t, a, merge+50, answers)
	spare.set(func(n *node) { n.down = true })
	if answers, err = c.CallAt(t.Context(), block, twoCalls); err == nil {
		t.Errorf("one endpoint agreed with itself: %v", answers)
	}
}

func TestAgreeNoticesADifference(t *testing.T) {
	other := common.HexToAddress("0x00000000000000000000000000000000000000B1")
	a, b := ethereum(), ethereum()
	b.bias[holder], b.bias[other] = 1, -1
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	block := pinned(t, c, merge+50)
	answers, err := c.CallAt(t.Context(), block, []chains.Call{balanceOf(holder), chains.NativeBalance(nobody), chains.NativeBalance(other)})
	if !errors.Is(err, chains.ErrDisagree) || answers != nil {
		t.Fatalf("found %v, %v, want ErrDisagree", answers, err)
	}
	for _, want := range []string{"balanceOf(address) of " + token.Hex(), "eth_getBalance of " + other.Hex(), "ethereum block 15537444",
		common.BigToHash(a.balance(holder, block.Header)).Hex(), common.BigToHash(b.balance(holder, block.Header)).Hex()} {
		wantText(t, err, want)
	}
	if strings.Contains(err.Error(), nobody.Hex()) {
		t.Errorf("the equal one is listed in %q", err)
	}
	if n := strings.Count(err.Error(), "#"); n != 4 {
		t.Errorf("found %d labels in %q, want 4", n, err)
	}
}

func TestAgreeKeepsALongListShort(t *testing.T) {
	a, b := ethereum(), ethereum()
	b.bias[holder] = 1
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	_, err := c.CallAt(t.Context(), pinned(t, c, merge+50), slices.Repeat([]chains.Call{balanceOf(holder)}, 50))
	if !errors.Is(err, chains.ErrDisagree) {
		t.Fatalf("found %v, want ErrDisagree", err)
	}
	wantText(t, err, "and 30 more differences")
	if n := strings.Count(err.Error(), " says "); n != 40 {
		t.Errorf("found %d values, want those of 20 differences", n)
	}
}

func TestAgreeNoticesAnotherFork(t *testing.T) {
	a, b := ethereum(), ethereum()
	b.extend(child(b.blocks[merge+40], 9), 159, 9)
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	_, err := c.BlockByNumber(t.Context(), merge+50)
	if !errors.Is(err, chains.ErrDisagree) {
		t.Fatalf("found %v, want ErrDisagree", err)
	}
	wantText(t, err, a.blocks[merge+50].Hash().Hex())
	wantText(t, err, b.blocks[merge+50].Hash().Hex())
}

// An error is no vote: neither for a value that another endpoint gives, nor for
// a revert that it does not see.
func TestAgreeErrorsDoNotVote(t *testing.T) {
	a, b := ethereum(), ethereum()
	b.nullState = true
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	if answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), twoCalls); !errors.Is(err, chains.ErrArchive) {
		t.Errorf("found %v, %v, want ErrArchive", answers, err)
	}
}

func TestAgreeTakesTheLowestTips(t *testing.T) {
	a, b := ethereum(), ethereum()
	b.finalized -= 20
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != b.finalized {
		t.Errorf("found %v, %v", h, err)
	}
	if _, err := c.BlockByNumber(t.Context(), a.finalized); !errors.Is(err, chains.ErrNotFinalized) {
		t.Errorf("found %v, want ErrNotFinalized", err)
	}
}

func TestCancelledContext(t *testing.T) {
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	block := pinned(t, c, merge+50)
	ctx, cancel := context.WithCancel(t.Context())
	a.onRequest = func([]string) { cancel() }
	if _, err := c.CallAt(ctx, block, twoCalls); !errors.Is(err, context.Canceled) || b.rounds != 0 {
		t.Errorf("found %v and %d rounds on the second endpoint", err, b.rounds)
	}
}

func TestConcurrentUse(t *testing.T) {
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	var wg sync.WaitGroup
	for i := range uint64(20) {
		wg.Go(func() {
			if i == 10 {
				a.set(func(n *node) { n.down = true })
			}
			block, err := c.BlockByNumber(t.Context(), merge+40+i)
			if err != nil {
				t.Error(err)
				return
			}
			answers, err := c.CallAt(t.Context(), block, twoCalls)
			if err != nil {
				t.Error(err)
				return
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			wantBalances(t, b, merge+40+i, answers)
		})
	}
	wg.Wait()
}
