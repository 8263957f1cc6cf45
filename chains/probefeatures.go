package chains

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// features tries what makes reads at b faster or safer.
func (p *prober) features(ctx context.Context, b Block) {
	p.try(ctx, &p.found.BlockHash, func() error { return p.byHash(ctx, b) })
	p.try(ctx, &p.found.Multicall3, func() error { return p.multicall3(ctx, b) })
	p.try(ctx, &p.found.Proof, func() error { return p.proof(ctx, b) })
	p.try(ctx, &p.found.AccessList, func() error { return p.accessList(ctx, b) })
}

// byHash checks that the endpoint supports EIP-1898. CallAt has found that out already,
// and reads by number if not. In that case the endpoint is asked once more for the reason.
func (p *prober) byHash(ctx context.Context, b Block) error {
	if !p.node.state.currentWay().byNumber {
		return nil
	}
	var err error
	for c := deployless; c < noCanary; c++ {
		s := newStateBatch(p.node.state, b, nil, p.found.Anchored, way{canary: c}, marks{})
		_, err = p.node.state.read(ctx, s)
		if !errors.Is(err, errNotAnswered) {
			break
		}
	}
	switch {
	case errors.Is(err, errElsewhere):
		return fmt.Errorf("%s accepts a block hash and ignores it: %w", p.found.Endpoint, err)
	case errors.Is(err, errNotAnswered):
		return fmt.Errorf("%s cannot show that it reads at the block it is asked about: %w", p.found.Endpoint, err)
	}
	return err
}

// param is the block parameter that works on the endpoint.
func (p *prober) param(b Block) any {
	return p.node.state.currentWay().param(b)
}

func (p *prober) multicall3(ctx context.Context, b Block) error {
	request, err := multicall.request(common.Address{}, blockGetters(b.Header), p.param(b))
	if err != nil {
		return err
	}
	replies, err := p.node.endpoint.Send(ctx, []jsonrpc.Request{request})
	if err != nil {
		return err
	}
	if data, err := replies[0].Data(); replies[0].Err == nil && err == nil && len(data) == 0 {
		return fmt.Errorf("%w at %v at block %d", ErrNoContract, multicall3, b.Number())
	}
	inner, err := multicall.results(replies[0], blockGetters(b.Header))
	if err != nil {
		return err
	}
	return checkBlock(inner, b.Header)
}

// one sends a single request and decodes the result. A refusal counts as the reply.
func (p *prober) one(ctx context.Context, out any, method string, params ...any) error {
	replies, err := p.node.endpoint.Send(ctx, []jsonrpc.Request{{Method: method, Params: params, Optional: true}})
	if err != nil {
		return err
	}
	if replies[0].Err != nil {
		return replies[0].Err
	}
	if replies[0].Null() || json.Unmarshal(replies[0].Raw, out) != nil {
		return broken(p.node.endpoint, "%s: the result is not the object that it should be", method)
	}
	return nil
}

// proofHistory asks an op-reth for the oldest block whose proofs it keeps beside its own state.
func (p *prober) proofHistory(ctx context.Context) *Claims {
	var out struct{ Earliest *uint64 }
	if p.one(ctx, &out, "debug_proofsSyncStatus") != nil || out.Earliest == nil {
		return nil
	}
	return &Claims{State: Claim{Served: true}, Proofs: Claim{Served: true, From: out.Earliest}}
}

// proof compares the first node of an account's proof with the block's state root. A
// proof for another block proves nothing.
func (p *prober) proof(ctx context.Context, b Block) error {
	account, _ := knownAccount(p.found.Chain, b.Number(), b.Header.Coinbase)
	var out struct {
		AccountProof []hexutil.Bytes `json:"accountProof"`
	}
	if err := p.one(ctx, &out, "eth_getProof", account, []string{}, p.param(b)); err != nil {
		return err
	}
	if len(out.AccountProof) == 0 {
		return broken(p.node.endpoint, "eth_getProof: found no proof of the account")
	}
	if root := crypto.Keccak256Hash(out.AccountProof[0]); root != b.Header.Root {
		return broken(p.node.endpoint, "eth_getProof: the proof starts at %v, want the state root %v of block %d",
			root, b.Header.Root, b.Number())
	}
	return nil
}

func (p *prober) accessList(ctx context.Context, b Block) error {
	var out struct {
		AccessList *[]json.RawMessage `json:"accessList"`
	}
	call := map[string]any{"to": multicall3, "data": getter("getBlockNumber()").Data}
	if err := p.one(ctx, &out, "eth_createAccessList", call, p.param(b)); err != nil {
		return err
	}
	if out.AccessList == nil {
		return broken(p.node.endpoint, "eth_createAccessList: found no access list")
	}
	return nil
}
