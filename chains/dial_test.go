package chains_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// hiding makes a node answer with null about a block.
func hiding(n *node, number uint64) *node {
	n.Rules = append(n.Rules, replace("eth_getBlockByNumber", hexOf(number), "null"))
	return n
}

func TestDialProvesTheChain(t *testing.T) {
	t.Parallel()
	above := faultrpc.Public(1, 200) // the anchor is missing
	etc := faultrpc.Public(1, 10)
	etc.ID = 61
	other := faultrpc.Public(1, 10)
	header := types.CopyHeader(other.Header(merge))
	header.Extra = []byte("another fork")
	other.Extend(header, 10, 0)
	tests := []struct {
		name   string
		node   *node
		id     chains.ID
		dialer chains.Dialer
		want   error
		dev    bool
		proven bool
		text   string
	}{
		{name: "ethereum", node: ethereum(), id: 1, proven: true},
		{name: "optimism", node: optimism(), id: 10, proven: true},
		{name: "other chain by id alone", node: dev(8453), id: 8453},
		{name: "wrong id", node: optimism(), id: 1, want: chains.ErrWrongChain,
			text: "chain id is optimism, want ethereum"},
		{name: "wrong id is fatal even if dev chains are allowed", node: newNode(etc), id: 1,
			dialer: chains.Dialer{AllowDev: true}, want: chains.ErrWrongChain, text: "chain id is 61"},
		{name: "another fork's anchor", node: newNode(other), id: 1, want: chains.ErrWrongChain,
			text: "not the public chain ethereum: block 15537394 has hash"},
		{name: "dev chain", node: dev(1), id: 1, want: chains.ErrWrongChain,
			text: "there is no block 15537394, the head is 200"},
		{name: "dev chain of optimism", node: dev(10), id: 10, want: chains.ErrDevelopment,
			text: "not the public chain optimism"},
		{name: "dev chain allowed", node: dev(1), id: 1, dialer: chains.Dialer{AllowDev: true}, dev: true},
		{name: "another fork allowed", node: newNode(other), id: 1, dialer: chains.Dialer{AllowDev: true}, dev: true},
		{name: "anchor dropped", node: hiding(newNode(above), merge), id: 1, want: chains.ErrArchive,
			text: "block 15537394 (ethereum, 2022-09-15)"},
		{name: "allowing dev chains leaves the public chain public", node: ethereum(), id: 1,
			dialer: chains.Dialer{AllowDev: true}, proven: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			url := tt.node.serve(t)
			c, err := tryDial(t, tt.dialer, tt.id, url)
			if !errors.Is(err, tt.want) || (err != nil) != (tt.want != nil) {
				t.Fatalf("found error %v, want %v", err, tt.want)
			}
			if err != nil {
				wantText(t, err, tt.text)
				if strings.Contains(err.Error(), url) {
					t.Errorf("the URL is in %q", err)
				}
				return
			}
			if c.ID != tt.id || c.Development != tt.dev || c.Anchored != tt.proven {
				t.Errorf("found ID %v Development %v Anchored %v, want %v %v %v", c.ID, c.Development, c.Anchored,
					tt.id, tt.dev, tt.proven)
			}
			if tt.node.rounds() != 1 {
				t.Errorf("Dial took %d rounds, want 1", tt.node.rounds())
			}
		})
	}
}

func TestDialTakesTheFirstUsableEndpoint(t *testing.T) {
	t.Parallel()
	dead, good := ethereum(), ethereum()
	dead.down()
	c := dial(t, chains.Dialer{}, 1, dead.serve(t), good.serve(t))
	if !c.Anchored {
		t.Error("the second endpoint did not prove the chain")
	}
}

func TestDialTellsEachEndpointsFailure(t *testing.T) {
	t.Parallel()
	a, b := ethereum(), ethereum()
	a.down()
	b.down()
	_, err := tryDial(t, chains.Dialer{}, 1, a.serve(t), b.serve(t))
	if err == nil || strings.Count(err.Error(), "HTTP 503") != 2 || strings.Contains(err.Error(), "\n") {
		t.Errorf("found %v, want one line with both failures", err)
	}
	if !errors.Is(err, chains.ErrUnavailable) {
		t.Errorf("found %v, want ErrUnavailable", err)
	}
}

func TestDialWrongChainIsFatalBeforeTheSecondEndpoint(t *testing.T) {
	t.Parallel()
	second := ethereum()
	_, err := tryDial(t, chains.Dialer{}, 1, optimism().serve(t), second.serve(t))
	if !errors.Is(err, chains.ErrWrongChain) || second.rounds() != 0 {
		t.Errorf("found %v after %d rounds on the second endpoint", err, second.rounds())
	}
}

func TestDialUsage(t *testing.T) {
	t.Parallel()
	url := ethereum().serve(t)
	for name, tt := range map[string]struct {
		dialer chains.Dialer
		urls   []string
	}{
		"no endpoint":           {},
		"more than there are":   {chains.Dialer{Agree: 2}, []string{url}},
		"the same one twice":    {chains.Dialer{Agree: 2}, []string{url, url}},
		"with a slash":          {chains.Dialer{}, []string{url, url + "/"}},
		"with an empty query":   {chains.Dialer{Agree: 2}, []string{url + "?", url}},
		"with another key":      {chains.Dialer{Agree: 2}, []string{url + "/?key=1", url + "?key=2"}},
		"by another name":       {chains.Dialer{Agree: 2}, []string{url, strings.Replace(url, "127.0.0.1", "localhost", 1)}},
		"not a URL":             {chains.Dialer{}, []string{"::"}},
		"a second, not http(s)": {chains.Dialer{}, []string{url, "ftp://localhost/"}},
	} {
		if _, err := tryDial(t, tt.dialer, 1, tt.urls...); !errors.Is(err, chains.ErrEndpointURL) {
			t.Errorf("%s: found %v, want ErrEndpointURL", name, err)
		}
	}
}

func TestDialAgreeNeedsThemAll(t *testing.T) {
	t.Parallel()
	dead := ethereum()
	dead.down()
	a, b := ethereum().serve(t), ethereum().serve(t)
	if _, err := tryDial(t, chains.Dialer{Agree: 2}, 1, a, dead.serve(t)); err == nil {
		t.Error("Dial passed with one of two endpoints")
	} else {
		wantText(t, err, "2 endpoints must agree, found 1")
	}
	dial(t, chains.Dialer{Agree: 2}, 1, a, dead.serve(t), b) // the third stands in
	_, err := tryDial(t, chains.Dialer{Agree: 2, AllowDev: true}, 1, a, dev(1).serve(t))
	if !errors.Is(err, chains.ErrWrongChain) {
		t.Errorf("public and development chain together: found %v", err)
	}
}

func TestDialChainIDDialects(t *testing.T) {
	t.Parallel()
	for _, id := range []string{`"1"`, `1`, `null`, `"0x"`, `""`, `"0x1 "`, `{}`} {
		n := ethereum()
		n.Rules = []*faultrpc.Rule{replace("eth_chainId", "", id)}
		_, err := tryDial(t, chains.Dialer{}, 1, n.serve(t))
		if !errors.Is(err, chains.ErrProtocol) {
			t.Errorf("chain id %s: found %v, want ErrProtocol", id, err)
		}
	}
}

func TestCloseIsEnough(t *testing.T) {
	t.Parallel()
	transport := &http.Transport{IdleConnTimeout: time.Hour}
	c, err := chains.Dialer{Transport: transport, Clock: faultrpc.NewClock()}.Dial(t.Context(), 1, ethereum().serve(t))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestOneHost(t *testing.T) {
	t.Parallel()
	for labels, want := range map[string]string{
		"h.example#11111 other.example#22222":                   " ",
		"h.example#11111 h.example:8545#22222":                  " ",
		"h.example#11111 h.example#11111":                       " ", // one endpoint, named twice
		"a b":                                                   " ", // no labels of endpoints
		"h.example#11111 other.example#22222 h.example#33333":   "h.example#11111 h.example#33333",
		"127.0.0.1:8545#11111 localhost:8545#22222":             "127.0.0.1:8545#11111 localhost:8545#22222",
		"other.example#1 [::1]:8545#22222 127.0.0.1:8545#33333": "[::1]:8545#22222 127.0.0.1:8545#33333",
	} {
		a, b, found := chains.OneHost(strings.Fields(labels))
		if got := a + " " + b; got != want || found != (want != " ") {
			t.Errorf("%s: found %q, %v; want %q", labels, got, found, want)
		}
	}
}
