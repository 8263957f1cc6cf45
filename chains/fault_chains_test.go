package chains_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
)

// Arbitrum: the EVM has the number of another chain, and ArbSys that of the block. The blocks
// have four to a second.
func TestMatrixArbitrum(t *testing.T) {
	t.Parallel()
	refused := &faultrpc.Error{Code: -32602, Message: "Invalid params"}
	for _, p := range everyPath {
		for name, set := range map[string]func(*faultrpc.Node){
			"healthy":             func(*faultrpc.Node) {},
			"no EIP-1898":         func(n *faultrpc.Node) { n.NoHash = refused },
			"EIP-1898 is ignored": func(n *faultrpc.Node) { n.Deaf = true },
			"calls need an address": func(n *faultrpc.Node) {
				n.NoDeploy = &faultrpc.Error{Code: -32602, Message: "missing value for required argument to"}
			},
		} {
			t.Run(fmt.Sprintf("%s (%s)", name, p), func(t *testing.T) {
				s := faultrpc.NewServer(faultrpc.Arbitrum(42170, 2000))
				s.Clock = faultrpc.NewClock()
				set(s.Nodes[0])
				a := newAttempt(t, 42170, s)
				a.at, a.path = 1203, p
				if err := a.read(t); err != nil {
					t.Error(err)
				}
			})
		}
	}
	t.Run("the state of another block", func(t *testing.T) {
		s := faultrpc.NewServer(faultrpc.Arbitrum(42170, 2000))
		s.Clock = faultrpc.NewClock()
		lag := func(c *faultrpc.Chain) *faultrpc.Node { return &faultrpc.Node{Chain: c, Deaf: true} }
		s.Rules = []*faultrpc.Rule{{Method: "eth_call", Fault: faultrpc.Fault{Backend: lag}}}
		a := newAttempt(t, 42170, s)
		a.at = 1203
		if err := a.read(t); err != nil && !errors.Is(err, chains.ErrProtocol) {
			t.Error(err)
		}
	})
	t.Run("block at a time", func(t *testing.T) {
		s := faultrpc.NewServer(faultrpc.Arbitrum(42170, 2000))
		s.Clock = faultrpc.NewClock()
		a := newAttempt(t, 42170, s)
		b, err := a.blockAt(t, unix(1_700_000_000+301))
		if err != nil || b.Number() != 1204 {
			t.Errorf("found block %v and error %v, want block 1204", b.Header, err)
		}
	})
}

// What cannot be read here ends in one line at once: nothing is waited for, and no other
// endpoint would help.
func TestMatrixUnsupported(t *testing.T) {
	t.Parallel()
	development := func(id uint64) *faultrpc.Chain { return faultrpc.Development(id, 300) }
	foreign := func(block uint64) *faultrpc.Rule { // hashed by another rule
		rule := headersOf(func(n uint64) bool { return n >= block },
			field("hash", `"0x`+strings.Repeat("12", 32)+`"`))
		change := rule.Fault.Value
		rule.Fault.Value = func(r faultrpc.Request, result json.RawMessage) json.RawMessage {
			if strings.Contains(string(r.Params[0]), "l") && block == 0 { // latest, finalized
				r.Params = []json.RawMessage{json.RawMessage(`"0x1"`)}
			}
			return change(r, result)
		}
		return rule
	}
	for _, test := range []struct {
		name  string
		chain *faultrpc.Chain
		rule  *faultrpc.Rule
		says  string
		most  int // requests
	}{
		{"zkSync Era", development(324), nil, "324: not supported: zkSync Era does not hash its headers", 0},
		{"Harmony", development(1666600000), nil, "not supported: Harmony does not hash its headers", 0},
		{"a chain with other hashes", development(4243), foreign(0), "4243: not supported: this chain does not hash", 5},
		{"the block was of another form", development(4243), headersOf(func(n uint64) bool { return n < 200 },
			field("sha3Uncles", "")), "4243: not supported: block 100 is older than this chain's change", 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := faultrpc.NewClock()
			var servers []*faultrpc.Server
			for range 2 {
				s := faultrpc.NewServer(test.chain)
				if s.Clock = clock; test.rule != nil {
					s.Rules = []*faultrpc.Rule{test.rule.Fresh()}
				}
				servers = append(servers, s)
			}
			a := newAttempt(t, chains.ID(test.chain.ID), servers...)
			before := clock.Now()
			_, err := a.blockAt(t, unix(1_700_000_000+12*100))
			if !errors.Is(err, chains.ErrNotSupported) || strings.Contains(err.Error(), "endpoint") ||
				strings.Count(err.Error(), "not supported") > 1 {
				t.Errorf("found %v, want one line about the chain", err)
			}
			wantText(t, err, test.says)
			if waited := clock.Now().Sub(before); waited > 0 {
				t.Errorf("waited for %v", waited)
			}
			if n := servers[0].Log().Requests; n > test.most {
				t.Errorf("%d requests, want at most %d", n, test.most)
			}
		})
	}
}

// The EVM of a chain gives its blocks other numbers, as rollups like Arbitrum do.
func TestMatrixOtherNumbers(t *testing.T) {
	t.Parallel()
	s := faultrpc.NewServer(faultrpc.Development(4243, 300))
	s.Clock = faultrpc.NewClock()
	s.Rules = []*faultrpc.Rule{{Method: "eth_call", Fault: faultrpc.Fault{
		Value: func(_ faultrpc.Request, result json.RawMessage) json.RawMessage {
			var words hexutil.Bytes
			if json.Unmarshal(result, &words) != nil || len(words) < 96 {
				return result
			}
			copy(words, common.LeftPadBytes(big.NewInt(16_000_000).Bytes(), 32))
			out, err := json.Marshal(words)
			if err != nil {
				panic(err)
			}
			return out
		}}}}
	a := newAttempt(t, 4243, s)
	a.at = 100
	before := s.Clock.Now()
	err := a.read(t)
	if !errors.Is(err, chains.ErrNotSupported) || s.Clock.Now() != before {
		t.Errorf("found %v after %v, want ErrNotSupported at once", err, s.Clock.Now().Sub(before))
	}
	wantText(t, err, "4243: not supported: the EVM of this chain gives block 100 the number 16000000")
}
