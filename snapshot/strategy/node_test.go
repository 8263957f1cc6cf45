package strategy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// node is a made-up chain with real headers. Its answers come from one function
// of block, call and so differ wherever two of them are mixed up.
type node struct {
	chains.Node // panics: strategies read finalized blocks and make single calls nowhere

	id      chains.ID
	headers []*types.Header
	answer  func(block uint64, call chains.Call) ([]byte, error)
	reorgs  int // answers with ErrReorg this many times
}

// newNode makes a chain whose blocks have the given timestamps.
func newNode(id chains.ID, times ...uint64) *node {
	n := &node{id: id}
	parent := common.Hash{}
	for i, t := range times {
		h := &types.Header{Number: big.NewInt(int64(i)), Time: t, ParentHash: parent,
			Difficulty: new(big.Int).SetUint64(uint64(id)), Extra: []byte("made up")}
		n.headers, parent = append(n.headers, h), h.Hash()
	}
	return n
}

func (n *node) Chain() (chains.ID, bool) { return n.id, true }

func (n *node) block(i int) chains.Block {
	b := chains.Block{Header: n.headers[i], Hash: n.headers[i].Hash()}
	if i > 0 {
		b.Parent = n.headers[i-1]
	}
	return b
}

func (n *node) BlockAt(_ context.Context, t time.Time) (chains.Block, error) {
	for i, h := range n.headers {
		if !time.Unix(int64(h.Time), 0).Before(t) {
			return n.block(i), nil
		}
	}
	return chains.Block{}, chains.ErrNoBlockYet
}

func (n *node) BlockByNumber(_ context.Context, i uint64) (chains.Block, error) {
	if i >= uint64(len(n.headers)) {
		return chains.Block{}, chains.ErrNoBlockYet
	}
	b := n.block(int(i))
	b.Pinned = true
	return b, nil
}

// Finalized is the newest block.
func (n *node) Finalized(context.Context) (*types.Header, error) {
	return n.headers[len(n.headers)-1], nil
}

func (n *node) Faults() []chains.Fault { return nil }

func (n *node) BulkCallAt(_ context.Context, b chains.Block, calls []chains.Call) ([]chains.Answer, error) {
	if n.reorgs > 0 {
		n.reorgs--
		return nil, chains.ErrReorg
	}
	out := make([]chains.Answer, len(calls))
	for i, c := range calls {
		data, err := n.answer(b.Number(), c)
		if err != nil {
			return nil, &chains.CallError{Chain: n.id, Block: b.Number(), Call: c, Err: err}
		}
		out[i] = chains.Answer{Data: data, From: []string{fmt.Sprintf("%v.example#00000", n.id)}}
	}
	return out, nil
}

// word encodes an integer, two's complement if negative.
func word(n *big.Int) []byte {
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 256))
	}
	return common.LeftPadBytes(n.Bytes(), 32)
}

func decimal(text string) *big.Int {
	n, ok := new(big.Int).SetString(text, 10)
	if !ok {
		panic("not a decimal: " + text)
	}
	return n
}

// always answers every call with the same integer.
func always(text string) func(uint64, chains.Call) ([]byte, error) {
	return func(uint64, chains.Call) ([]byte, error) { return word(decimal(text)), nil }
}

const (
	token = "0xbC396689893D065F41bc2C6EcbeE5e0085233447"
	alice = "0x1111111111111111111111111111111111111111"
	bob   = "0x2222222222222222222222222222222222222222"
	star  = "0x0123456789012345678901234567890123456789012345678901234567890123"
)

// run collects, sends the evidence through its JSON form, and computes.
func run(t *testing.T, nodes map[chains.ID]chains.Node, q strategy.Query) *strategy.Result {
	t.Helper()
	result, err := try(nodes, q)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func try(nodes map[chains.ID]chains.Node, q strategy.Query) (*strategy.Result, error) {
	e, err := strategy.Collect(context.Background(), nodes, q)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	var back strategy.Evidence
	if err := json.Unmarshal(text, &back); err != nil {
		return nil, err
	}
	return strategy.Compute(&back)
}

// one is a query for one voter under one strategy on Ethereum at block 3.
func one(name, params string) strategy.Query {
	return strategy.Query{
		Network:    chains.Ethereum,
		Block:      3,
		Strategies: []strategy.Spec{{Name: name, Network: "1", Params: json.RawMessage(params)}},
		Voters:     []string{alice},
	}
}

func ethereum(answer func(uint64, chains.Call) ([]byte, error)) (*node, map[chains.ID]chains.Node) {
	n := newNode(chains.Ethereum, 0, 100, 112, 124, 136)
	n.answer = answer
	return n, map[chains.ID]chains.Node{chains.Ethereum: n}
}
