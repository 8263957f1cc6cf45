// Package chains reads block headers and contract state of EVM chains over JSON-RPC,
// in batches, pinned to one block, from endpoints that may be pruned, lagging, rate
// limited, behind load balancers, or plainly wrong. A figure is right or absent; any
// doubt ends in an error.
//
//	c, err := chains.Dial(ctx, chains.Ethereum, "https://node.example/key")
//	b, err := c.BlockAt(ctx, time.Date(2023, 5, 19, 13, 39, 35, 0, time.UTC))
//	call, err := chains.NewCall(token, "balanceOf(address)", holder)
//	answers, err := c.CallAt(ctx, b, []chains.Call{call})
//	balance, err := answers[0].Uint256()
//
// # Blocks and the timestamp rule
//
// The block for a time t is the first block at or after t. Two adjacent headers prove
// it: parent.time < t ≤ block.time, and block.parentHash is the hash of the parent. See
// Block.Proves, which needs no node. Where several blocks share one timestamp (Optimism
// before Bedrock), it is the first of them. A t after the head has no block yet, which
// is an error and never the head.
//
// Only finalized blocks pass, unless Dialer.AllowUnfinalized is set. If no endpoint says
// which block is finalized, one more than a day older than the head is, and
// Block.FinalByAge marks it. The latest block never stands in for it.
//
// # What is proven
//
//   - The chain: by eth_chainId, and for Ethereum, Optimism, Arbitrum and Gnosis by the hash of
//     a known block, since forks and development chains share ids. Other chains are
//     proven by the id alone; Client.Anchored tells the two apart.
//   - Headers: those of the block and its parent are hashed again. The number is the one
//     asked for, and the hash is the one that the endpoint gives, so no field was lost or
//     altered on the way. Other headers only show where to look, or how far the chain goes.
//   - State at one block: each read names the block by its hash (EIP-1898), never by a
//     tag. Each eth_call makes many of the calls, and asks the EVM from inside for the block's
//     number, its timestamp and its parent's hash (on Arbitrum without the hash). This
//     exposes an endpoint that ignores the hash, lags or serves another block.
//   - The state of that block, and not of another under its header, where it can be told
//     (level Bound). Two values are read in the same eth_call as the answers, so that it does
//     not matter how many nodes share an address: what the block wrote, which older state
//     lacks, and what the next block writes first, which newer state has.
//     With header fields of Cancun these are the beacon roots of the two (EIP-4788), on the
//     OP Stack from Bedrock on what its first transaction wrote to L1Block, and elsewhere the
//     nonces of the senders of the block's last and of the next block's first transaction,
//     from whom the calls are made twice: code without an address has one that depends on them.
//     An endpoint with other state is left, and Client.Faults names it. Answers stay Trusted
//     where an endpoint does not say, where the contract is not there, where there is no next
//     block yet, where one of the two blocks has no ordinary transaction, where nonces would
//     bind and the endpoint takes no eth_call without "to", and where a call succeeds only by
//     itself.
//   - State of Optimism before Bedrock: such an eth_call also shows in itself that l2geth ran
//     it. Other nodes answer from empty state when theirs fails.
//   - State that is there: on public chains, the balance of an account known to hold ether
//     is read as well. Only if it is not zero are other zeros believed.
//   - Contracts that are there: a call of an address without code succeeds and returns
//     nothing. It is ErrNoContract here, never zero.
//
// An endpoint that cannot read by hash is asked by number, with the header checked before
// and after. So is one that cannot answer the question about the block. When an endpoint
// fails, the next one must prove all of this itself, the pinned block included, before
// its answers count. What one endpoint lacks (a contract, a block, a method) is believed
// when all were asked.
//
// # What is trusted
//
// Headers and state are trusted to be the chain's own. The checks find accidents, and
// Bound says only that the state did not come from another block by accident. An endpoint
// that lies on purpose can make up balances, and headers above the known block, that pass
// each of them. Dialer.Agree reads
// everything from several endpoints and demands the same hashes and the same bytes, which
// rules out what a single one makes up; the caller has to choose endpoints of independent
// operators. Only Merkle proofs against a trusted state root rule out all lies: see package
// chains/proof.
//
// # Errors
//
// Callers branch with errors.Is on the Err values. A *CallError names the contract, the
// function and the block of a call that failed. An *EndpointError names the endpoint,
// what it said and what to do about it. Package jsonrpc says how strictly replies are
// read. URLs, which hold keys, appear nowhere: endpoints are named by host and a short
// hash.
package chains

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/ethereum/go-ethereum/core/types"
)

// Node reads one chain. Its errors name the chain. *Client is a Node; the packages
// above take the interface, so that a caller can put a cache or a recorder in
// between.
type Node interface {
	// Chain returns the chain that the node was proven to be on, and whether it was
	// accepted although it failed the proof of being the public chain of that id.
	Chain() (id ID, development bool)
	// BlockAt returns the first block at or after t.
	BlockAt(ctx context.Context, t time.Time) (Block, error)
	// BlockByNumber returns block n, marked as pinned.
	BlockByNumber(ctx context.Context, n uint64) (Block, error)
	// Finalized returns the header of the newest finalized block.
	Finalized(ctx context.Context) (*types.Header, error)
	// CallAt answers all calls at block b, in order, or fails.
	CallAt(ctx context.Context, b Block, calls []Call) ([]Answer, error)
	// BulkCallAt does the same for calls by the thousand.
	BulkCallAt(ctx context.Context, b Block, calls []Call) ([]Answer, error)
	// Logs returns the events that pass the filter, up to and with block b.
	Logs(ctx context.Context, b Block, f Filter) ([]types.Log, error)
	// Faults lists the endpoints that were caught until now.
	Faults() []Fault
}

// ID is an EIP-155 chain id. Its text form is a name for the chains that this package
// knows ("ethereum", "optimism") and the decimal number for any other.
type ID uint64

// The chains with built-in anchors and search hints.
const (
	Ethereum ID = 1
	Optimism ID = 10
)

// String returns the text form of id.
func (id ID) String() string {
	switch id {
	case Ethereum:
		return "ethereum"
	case Optimism:
		return "optimism"
	}
	return strconv.FormatUint(uint64(id), 10)
}

// names are those that ParseID reads. String writes only the first two, as it did when files
// were written whose hashes are published.
var names = map[string]ID{
	"ethereum": Ethereum, "optimism": Optimism, "arbitrum": 42161, "base": 8453, "bnb": 56, "gnosis": 100, "polygon": 137,
}

// Name is the text form of id, with the chain's name where that is a number: "base (8453)".
func (id ID) Name() string {
	for name, known := range names {
		if known == id && name != id.String() {
			return fmt.Sprintf("%s (%v)", name, id)
		}
	}
	return id.String()
}

// ParseID reads the text form of a chain id, or a name: ethereum, optimism, arbitrum, base,
// bnb, gnosis or polygon. The text form is a positive decimal number without sign or leading
// zeros. "1" and "ethereum" are the same chain.
func ParseID(s string) (ID, error) {
	if id, ok := names[s]; ok {
		return id, nil
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != s {
		return 0, fmt.Errorf("chain %.80q: want ethereum, optimism, arbitrum, base, bnb, gnosis, polygon "+
			"or a chain id such as 8453", s)
	}
	return ID(n), nil
}

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; see ParseID.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
