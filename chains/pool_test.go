package chains_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// The first endpoint dies in the middle of the run; the second proves chain,
// block and state before it is believed.
func TestFailoverInTheMiddle(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	block := pinned(t, c, merge+50)
	first, err := c.CallAt(t.Context(), block, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	a.down()
	second, err := c.CallAt(t.Context(), block, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, b.chain, merge+50, twoCalls, second)
	if slices.Equal(first[0].From, second[0].From) {
		t.Errorf("both answers are said to be from %s", first[0].From)
	}
	want := []string{"eth_chainId", "eth_getBlockByNumber", "eth_getBlockByNumber", "eth_getBlockByNumber", // the proof
		"eth_capabilities",
		// the marks: the next block, the first and the last transaction, the next one
		"eth_getBlockByNumber", "eth_getTransactionByBlockHashAndIndex", "eth_getBlockTransactionCountByHash",
		"eth_getTransactionByBlockHashAndIndex", "eth_getTransactionByBlockHashAndIndex",
		// header, WETH, and the calls from each of the two accounts
		"eth_getBlockByNumber", "eth_getBalance", "eth_call", "eth_call"}
	if !slices.Equal(b.methods(), want) {
		t.Errorf("the second endpoint was asked\n%v, want\n%v", b.methods(), want)
	}
	// The dead one is not waited for again, and the proof stands.
	a.forget()
	if _, err := c.CallAt(t.Context(), block, twoCalls); err != nil || a.rounds() != 0 || b.rounds() != 5 {
		t.Errorf("then: %v, %d more rounds on the dead endpoint, %d on the other", err, a.rounds(), b.rounds())
	}
}

func TestFailoverRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	fork := ethereum()
	fork.chain.Fork(merge+41, 9)
	ahead := ethereum()
	ahead.Nodes[0].Deaf = true
	ahead.chain.Fork(merge+49, 9)
	// The same parent and time, so that only the header tells it from the pinned block.
	sibling := newNode(faultrpc.Public(1, 50))
	sibling.chain.Fork(merge+50, 9)
	sibling.Nodes[0].Deaf = true
	empty := ethereum()
	empty.Rules = poor()
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
		{"no state", empty, chains.ErrArchive, "holds none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := ethereum()
			c := dial(t, chains.Dialer{AllowDev: true}, 1, a.serve(t), tt.second.serve(t))
			block := pinned(t, c, merge+50)
			a.down()
			answers, err := c.CallAt(t.Context(), block, twoCalls)
			if !errors.Is(err, tt.want) || answers != nil {
				t.Fatalf("found %v, %v, want %v", answers, err, tt.want)
			}
			wantText(t, err, tt.text)
		})
	}
}

func TestFailoverOnMissingState(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	pruned(merge+100, -32000, "missing trie node")(a.Nodes[0])
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, b.chain, merge+50, twoCalls, answers)
}

func TestEndpointIsGivenUp(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	a.down()
	b.down()
	for range 3 {
		if _, err := c.BlockByNumber(t.Context(), merge+50); !errors.Is(err, chains.ErrUnavailable) {
			t.Fatalf("found %v, want ErrUnavailable", err)
		}
	}
	a.forget()
	b.forget()
	_, err := c.BlockByNumber(t.Context(), merge+50)
	if err == nil || a.rounds()+b.rounds() != 0 {
		t.Fatalf("found %v after %d more rounds", err, a.rounds()+b.rounds())
	}
	wantText(t, err, "given up after 3 failures in a row")
}

func TestRefusedCredentialsAreNotTriedTwice(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	a.set(pruned(merge+300, -32000, "unauthorized: invalid api key"))
	block := pinned(t, c, merge+50)
	if _, err := c.CallAt(t.Context(), block, twoCalls); err != nil {
		t.Fatal(err)
	}
	a.forget()
	b.down()
	_, err := c.CallAt(t.Context(), block, twoCalls)
	if !errors.Is(err, chains.ErrAuth) || !errors.Is(err, chains.ErrUnavailable) || a.rounds() != 0 {
		t.Errorf("found %v and %d more rounds on the first endpoint", err, a.rounds())
	}
}

func TestAnOnlyEndpointIsKept(t *testing.T) {
	t.Parallel()
	n := ethereum()
	c := dial(t, chains.Dialer{}, 1, n.serve(t))
	n.down()
	for range 5 {
		if _, err := c.BlockByNumber(t.Context(), merge+50); err == nil {
			t.Fatal("a dead endpoint answered")
		}
	}
	n.SetRules()
	n.forget()
	if _, err := c.BlockByNumber(t.Context(), merge+50); err != nil {
		t.Error(err)
	}
	if !slices.Contains(n.methods(), "eth_chainId") {
		t.Errorf("after a failure the chain must be proven again, found %v", n.methods())
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	a, b, spare := ethereum(), ethereum(), ethereum()
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t), spare.serve(t))
	block := pinned(t, c, merge+50)
	answers, err := c.CallAt(t.Context(), block, twoCalls)
	if err != nil {
		t.Fatal(err)
	}
	wantAnswers(t, a.chain, merge+50, twoCalls, answers)
	if len(answers[0].From) != 2 {
		t.Errorf("answer is from %q, want two labels", answers[0].From)
	}
	if a.rounds() != 5 || b.rounds() != 5 || spare.rounds() != 0 {
		t.Errorf("found %d, %d and %d rounds, want 5, 5 and 0", a.rounds(), b.rounds(), spare.rounds())
	}
	b.down()
	if answers, err = c.CallAt(t.Context(), block, twoCalls); err != nil {
		t.Fatalf("with the spare: %v", err)
	}
	wantAnswers(t, a.chain, merge+50, twoCalls, answers)
	spare.down()
	if answers, err = c.CallAt(t.Context(), block, twoCalls); err == nil {
		t.Errorf("one endpoint agreed with itself: %v", answers)
	}
}

func TestAgreeNoticesADifference(t *testing.T) {
	t.Parallel()
	other := common.HexToAddress("0x00000000000000000000000000000000000000B1")
	a, b := ethereum(), ethereum()
	b.chain.Lie(holder, 1)
	b.chain.Lie(other, -1)
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	block := pinned(t, c, merge+50)
	answers, err := c.CallAt(t.Context(), block,
		[]chains.Call{balanceOf(holder), chains.NativeBalance(nobody), chains.NativeBalance(other)})
	if !errors.Is(err, chains.ErrDisagree) || answers != nil {
		t.Fatalf("found %v, %v, want ErrDisagree", answers, err)
	}
	for _, want := range []string{"balanceOf(address) of " + faultrpc.Token.Hex(), "eth_getBalance of " + other.Hex(),
		"ethereum block 15537444",
		hexutil.Encode(oracle(a.chain, merge+50, balanceOf(holder))), hexutil.Encode(oracle(b.chain, merge+50,
			balanceOf(holder)))} {
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
	t.Parallel()
	a, b := ethereum(), ethereum()
	b.chain.Lie(holder, 1)
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
	t.Parallel()
	a, b := ethereum(), ethereum()
	b.chain.Fork(merge+41, 9)
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	_, err := c.BlockByNumber(t.Context(), merge+50)
	if !errors.Is(err, chains.ErrDisagree) {
		t.Fatalf("found %v, want ErrDisagree", err)
	}
	wantText(t, err, a.chain.Header(merge+50).Hash().Hex())
	wantText(t, err, b.chain.Header(merge+50).Hash().Hex())
}

// An error is no vote: neither for a value that another endpoint gives, nor for
// a revert that it does not see.
func TestAgreeErrorsDoNotVote(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	b.Rules = []*faultrpc.Rule{replace("eth_getBalance", "", "null")}
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	if answers, err := c.CallAt(t.Context(), pinned(t, c, merge+50), twoCalls); !errors.Is(err, chains.ErrArchive) {
		t.Errorf("found %v, %v, want ErrArchive", answers, err)
	}
}

func TestAgreeTakesTheLowestTips(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	b.chain.Finalize(b.final() - 20)
	c := dial(t, chains.Dialer{Agree: 2}, 1, a.serve(t), b.serve(t))
	if h, err := c.Finalized(t.Context()); err != nil || h.Number.Uint64() != b.final() {
		t.Errorf("found %v, %v", h, err)
	}
	if _, err := c.BlockByNumber(t.Context(), a.final()); !errors.Is(err, chains.ErrNotFinalized) {
		t.Errorf("found %v, want ErrNotFinalized", err)
	}
}

func TestCancelledContext(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	block := pinned(t, c, merge+50)
	ctx, cancel := context.WithCancel(t.Context())
	a.SetRules(&faultrpc.Rule{Fault: faultrpc.Fault{HTTP: func(http.ResponseWriter, *http.Request) { cancel() }}})
	if _, err := c.CallAt(ctx, block, twoCalls); !errors.Is(err, context.Canceled) || b.rounds() != 0 {
		t.Errorf("found %v and %d rounds on the second endpoint", err, b.rounds())
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	c := dial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	var wg sync.WaitGroup
	for i := range uint64(20) {
		wg.Go(func() {
			if i == 10 {
				a.down()
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
			wantAnswers(t, b.chain, merge+40+i, twoCalls, answers)
		})
	}
	wg.Wait()
}
