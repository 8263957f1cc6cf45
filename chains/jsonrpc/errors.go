package jsonrpc

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What callers branch on with errors.Is.
var (
	// ErrReverted: the call ran and failed (revert, invalid opcode).
	ErrReverted = errors.New("call reverted")
	// ErrTooLarge: one call needs more gas, time or data than the endpoint gives.
	ErrTooLarge = errors.New("call too large")
	// ErrWrongChain: the endpoint serves another chain, or a development chain.
	ErrWrongChain = errors.New("wrong chain")
	// ErrArchive: the endpoint has no state as old as the block.
	ErrArchive = errors.New("not an archive node")
	// ErrLag: the endpoint does not know the block.
	ErrLag = errors.New("block unknown to the endpoint")
	// ErrRateLimit: the endpoint limits the rate, and waiting did not help.
	ErrRateLimit = errors.New("rate limit")
	// ErrQuota: the key's daily or monthly quota is used up.
	ErrQuota = errors.New("quota used up")
	// ErrAuth: the endpoint refused the key or this program.
	ErrAuth = errors.New("credentials refused")
	// ErrProtocol: the reply is not what JSON-RPC allows.
	ErrProtocol = errors.New("JSON-RPC protocol violation")
	// ErrReorg: the block was replaced during the run.
	ErrReorg = errors.New("chain reorganized")
	// ErrTimeout: no answer in time.
	ErrTimeout = errors.New("timeout")
	// ErrUnavailable: the endpoint cannot be reached or cannot serve now.
	ErrUnavailable = errors.New("endpoint unavailable")
	// ErrTLS: the endpoint's certificate or TLS handshake failed.
	ErrTLS = errors.New("TLS failure")
	// ErrUnsupported: the endpoint lacks the method or one of its features.
	ErrUnsupported = errors.New("not supported by the endpoint")
	// ErrEndpointURL: the URL cannot be used (wrong usage).
	ErrEndpointURL = errors.New("bad endpoint URL")
)

// EndpointError is the failure of an endpoint. No field holds its URL, path, key or
// headers. The provider's words are redacted, cleaned and cut.
type EndpointError struct {
	Endpoint string // label: host and a short hash
	Class    Class
	Status   int           // HTTP status; 0 if there was no reply
	Code     int           // JSON-RPC error code; 0 if there was none
	Detail   string        // what was found, or what the provider said
	Block    string        // such as "block 15537394 (ethereum, 2022-09-15)"; may be empty
	Tries    int           // requests made for the call that failed
	Elapsed  time.Duration // since the first of them
	TryAgain time.Time     // when the provider allows the next request; zero if it did not say
	Err      error         // a cause to branch on, such as context.DeadlineExceeded; may be nil
}

func (e *EndpointError) Error() string {
	if advice := kinds[e.Class].advice; advice != "" {
		return e.Finding() + "; " + advice
	}
	return e.Finding()
}

// Finding is the message without what to do about it.
func (e *EndpointError) Finding() string {
	k := kinds[e.Class]
	var b strings.Builder
	b.WriteString(e.Endpoint + " ")
	switch {
	case strings.Contains(k.says, "%s"):
		fmt.Fprintf(&b, k.says, cmp.Or(e.Block, "the block asked for"))
	case e.Block != "":
		b.WriteString(k.says + ", asked for " + e.Block)
	default:
		b.WriteString(k.says)
	}
	b.WriteString(e.Said())
	if e.Tries > 1 {
		fmt.Fprintf(&b, "; gave up after %d tries in %v", e.Tries, e.Elapsed.Round(time.Second/10))
	}
	if !e.TryAgain.IsZero() {
		b.WriteString("; it allows the next request at " + e.TryAgain.UTC().Format(time.RFC3339))
	}
	return b.String()
}

// Is matches the sentinel of e's class.
func (e *EndpointError) Is(target error) bool { return target != nil && kinds[e.Class].is == target }

func (e *EndpointError) Unwrap() error { return e.Err }

// Permanent reports whether the endpoint will fail again with this URL, as after
// refused credentials or a used up quota.
func (e *EndpointError) Permanent() bool {
	switch e.Class {
	case ClassAuth, ClassBlocked, ClassQuota, ClassNotRPC, ClassRedirect, ClassTLS:
		return true
	}
	return false
}

// Said renders what the endpoint said: ` (HTTP 429, code -32005: "slow down")`.
func (e *EndpointError) Said() string {
	var parts []string
	if e.Status != 0 && e.Status != 200 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.Code != 0 {
		parts = append(parts, fmt.Sprintf("code %d", e.Code))
	}
	said := strings.Join(parts, ", ")
	if e.Detail != "" {
		said = strings.TrimPrefix(said+`: "`+e.Detail+`"`, ": ")
	}
	if said == "" {
		return ""
	}
	return " (" + said + ")"
}
