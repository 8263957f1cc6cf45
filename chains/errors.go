package chains

import (
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains/jsonrpc"
)

// What callers branch on with errors.Is.
var (
	// ErrNoBlockYet: the time or the number is after the chain's head.
	ErrNoBlockYet = errors.New("no block yet")
	// ErrNotFinalized: the block is newer than the chain's finalized block.
	ErrNotFinalized = errors.New("not finalized")
	// ErrNoContract: there is no code at the address at that block.
	ErrNoContract = errors.New("no contract")
	// ErrDevelopment: the endpoint serves a development chain with the id of a public
	// one, which Dialer.AllowDev accepts. It is always an ErrWrongChain too.
	ErrDevelopment = errors.New("development chain")
	// ErrNotSupported: the chain, or this block of it, is of a kind that cannot be read here.
	ErrNotSupported = errors.New("not supported")
	// ErrDisagree: two endpoints gave different answers.
	ErrDisagree = errors.New("endpoints disagree")
)

// What an EndpointError comes down to, for errors.Is. Package jsonrpc explains them.
var (
	ErrReverted    = jsonrpc.ErrReverted
	ErrTooLarge    = jsonrpc.ErrTooLarge
	ErrWrongChain  = jsonrpc.ErrWrongChain
	ErrArchive     = jsonrpc.ErrArchive
	ErrLag         = jsonrpc.ErrLag
	ErrRateLimit   = jsonrpc.ErrRateLimit
	ErrQuota       = jsonrpc.ErrQuota
	ErrAuth        = jsonrpc.ErrAuth
	ErrProtocol    = jsonrpc.ErrProtocol
	ErrReorg       = jsonrpc.ErrReorg
	ErrTimeout     = jsonrpc.ErrTimeout
	ErrUnavailable = jsonrpc.ErrUnavailable
	ErrTLS         = jsonrpc.ErrTLS
	ErrUnsupported = jsonrpc.ErrUnsupported
	ErrEndpointURL = jsonrpc.ErrEndpointURL
)

// CallError is the failure of one call at one block. Err says why.
type CallError struct {
	Chain ID
	Block uint64 // block number
	Call  Call
	Err   error
}

func (e *CallError) Error() string {
	return fmt.Sprintf("%s of %s at %s block %d: %v", e.Call.name(), e.Call.To, e.Chain, e.Block, e.Err)
}

func (e *CallError) Unwrap() error { return e.Err }

// TooNewError says that a block does not exist yet (ErrNoBlockYet), or that it can
// still be replaced (ErrNotFinalized).
type TooNewError struct {
	// At is the time asked for; the block is the first one at or after it. If At is
	// zero, the block of the given Number was asked for.
	At     time.Time
	Number uint64
	// Newest is the head or, for ErrNotFinalized, the finalized block. It is nil if
	// the finalized block is unknown; Err then says why.
	Newest *types.Header
	Err    error
}

func (e *TooNewError) Error() string {
	asked := fmt.Sprintf("block %d", e.Number)
	if !e.At.IsZero() {
		asked = "the first block at or after " + e.At.UTC().Format(time.RFC3339Nano)
	}
	switch {
	case e.Newest == nil:
		return fmt.Sprintf("%s: %v", asked, e.Err)
	case errors.Is(e.Err, ErrNoBlockYet):
		asked += " does not exist yet, head is"
	default:
		asked += " is newer than the finalized block"
	}
	return fmt.Sprintf("%s %d (%s): %v", asked, e.Newest.Number, utc(e.Newest.Time), e.Err)
}

func (e *TooNewError) Unwrap() error { return e.Err }

// EndpointError is the failure of one endpoint. Nothing in it holds the URL, the key or
// headers. The provider's words are redacted, cleaned and cut.
type EndpointError = jsonrpc.EndpointError

// atBlock returns a copy of e that names the block asked for.
func atBlock(e *EndpointError, id ID, number uint64, t time.Time) *EndpointError {
	out := *e
	out.Block = fmt.Sprintf("block %d (%s, %s)", number, id, t.UTC().Format(time.DateOnly))
	return &out
}
