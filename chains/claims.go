package chains

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ethereum/go-ethereum/common/hexutil"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// Claims is what an endpoint says of itself in reply to eth_capabilities (execution-apis
// PR 755), or an op-reth of its proofs in reply to debug_proofsSyncStatus. It comes from the
// node's configuration and is no look at its data: it may decide which endpoint is asked
// first, and no figure depends on it.
type Claims struct {
	State  Claim `json:"state"`  // balances and calls
	Proofs Claim `json:"proofs"` // eth_getProof
}

// Claim says for which blocks an endpoint serves something, by its own word.
type Claim struct {
	Served bool    `json:"served"`
	From   *uint64 `json:"from_block"` // the oldest block; nil if it is not served or the endpoint does not say
}

// String returns "block 17000000", "none" or "not said".
func (c Claim) String() string {
	switch {
	case !c.Served:
		return "none"
	case c.From == nil:
		return "not said"
	}
	return fmt.Sprintf("block %d", *c.From)
}

// parseClaims reads the result of eth_capabilities, or returns nil if it is of another form,
// as older drafts of it are.
func parseClaims(raw json.RawMessage) *Claims {
	type claim struct {
		Disabled    *bool
		OldestBlock *hexutil.Uint64
	}
	var out struct {
		Head               struct{ Number *hexutil.Uint64 }
		State, StateProofs claim
	}
	err := json.Unmarshal(raw, &out)
	if err != nil || out.Head.Number == nil || out.State.Disabled == nil || out.StateProofs.Disabled == nil {
		return nil
	}
	read := func(c claim) Claim {
		if *c.Disabled {
			return Claim{}
		}
		return Claim{Served: true, From: (*uint64)(c.OldestBlock)}
	}
	return &Claims{State: read(out.State), Proofs: read(out.StateProofs)}
}

var claimsRequest = jsonrpc.Request{Method: "eth_capabilities", Optional: true}

// denies reports whether the endpoint says that it has no state of block n.
func (n *node) denies(number uint64) bool {
	c := n.claims.Load()
	return c != nil && (!c.State.Served || c.State.From != nil && *c.State.From > number)
}

// sendWithClaims sends the requests, and with them the one for the endpoint's claims. A gateway
// may refuse all of them because it does not allow that one: then they are sent without it.
func (n *node) sendWithClaims(ctx context.Context, reqs []jsonrpc.Request) ([]jsonrpc.Reply, error) {
	replies, err := n.endpoint.Send(ctx, append(reqs[:len(reqs):len(reqs)], claimsRequest))
	if permanent(err) {
		return n.endpoint.Send(ctx, reqs)
	}
	if err != nil {
		return nil, err
	}
	if last := replies[len(reqs)]; last.Err == nil {
		n.claims.Store(parseClaims(last.Raw))
	}
	return replies[:len(reqs)], nil
}
