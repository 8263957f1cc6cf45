package jsonrpc

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A rule gives a failure its class. Every condition that is set must hold.
type rule struct {
	class Class
	any   []string // one of these is in the text
	all   []string // each of these is in the text
	exact string   // the text is this
	start string   // the text starts with this
	code  int      // the JSON-RPC code is this
}

// rules is the classification table, in order: the first match wins. Words are lower
// case. Codes and HTTP statuses collide between providers, so the text of the message
// decides before them. The place of each rule matters: "too many requests in batch"
// is about size, not rate; "archive" comes with statuses 401 and 403 and with codes of
// unknown methods.
var rules = []rule{
	// A revert with a reason: the contract's own words are not the endpoint's.
	{class: ClassLag, code: 3, any: []string{"unknown block", "block not found"}},
	{class: ClassExecution, start: "execution reverted"},
	// Nethermind's, before its stack trace is searched for other words.
	{class: ClassMissingState, any: []string{"trieexception", "trienodeexception", "is missing from the db"}},

	// Batch and size. Erigon's limit on returned data is about one call.
	{class: ClassGas, any: []string{"returndata.limit", "returndata limit"}},
	// Limits on the blocks or the events of eth_getLogs. They come with codes of other classes.
	{class: ClassGas, any: []string{
		"block range", "blocks range", "000 range", "range is too", "range too", "ranges over", "maximum range",
		"more than 10000 results", "log response size", "too many logs",
	}},
	{class: ClassSize, any: []string{
		"batch too large", "batch limit", "batch size", "batch of more than", "max batch", "in batch",
		"batch request was too large", "batch response was too large", "batched requests", "batch requests",
		"batching", "batch is not", "batch not", "maxbatchresponsebodysize", "response too large",
		"response is too big", "request is too big", "request too large", "body too large", "length too large",
		"entity too large", "payload too large", "exceeded max limit of",
	}},

	// A plan without archive access.
	{class: ClassArchive, any: []string{
		"archive", "archival", "personal token", "only serves recent blocks",
	}},

	// dRPC's timeout on its free tier advertises a better one.
	{class: ClassTimeout, any: []string{"request timeout on the"}},

	// Quota before rate: both speak of limits, only one of them passes soon.
	{class: ClassQuota, any: []string{
		"monthly capacity limit", "daily request count", "reached the free tier", "limit for your current plan",
		"/billing", "daily limit", "monthly limit", "daily quota", "monthly quota", "out of credits",
		"payment required",
	}},
	{class: ClassRate, any: []string{
		"rate limit", "rate-limit", "ratelimit", "rate exceeded", "too many requests", "credits limited",
		"request limit", "has exceeded", "exceeded the quota", "reached the quota", "requests limited to",
		"under too much load", "no server available", "upgrade your tier", "limit exceeded", "limitexceeded",
		"try again in", "over capacity", "server is busy", "compute units per second", "error code: 1015",
		"error 1015", "request rate",
	}},
	{class: ClassUnavailable, any: []string{
		"error code: 52", "cannot fulfill request", "route your request", "no backend is currently healthy",
		"backend offline", "backend is offline", "initial sync is still in progress",
	}},

	// Credentials and routing.
	{class: ClassWrongChain, any: []string{"on another chain"}},
	{class: ClassNotRPC, any: []string{"network not enabled", "network is not enabled"}},
	{class: ClassBlocked, any: []string{
		"request blocked", "has been blocked", "attention required! | cloudflare", "just a moment...",
	}},
	{class: ClassAuth, any: []string{
		"be authenticated", "must authenticate", "access key", "unauthorized", "unauthorised",
		"token is invalid", "invalid token", "invalid api key", "invalid apikey", "invalid api-key",
		"missing api key", "key is inactive", "invalid project id", "project id settings", "origin not allowed",
		"endpoint disabled", "endpoint is disabled", "authentication required", "authentication failed",
	}},
	{class: ClassAuth, all: []string{"project id", "not found"}},

	// State that is gone, or was never there.
	{class: ClassLegacy, any: []string{"no historical rpc is available", "historical backend error"}},
	{class: ClassMissingState, any: []string{
		"missing trie node", "missing state", "trie does not", "state histories haven't been fully indexed",
		"historical state unavailable", "metadata is not found", "pruned history unavailable",
		"old data not available due to pruning", "empty reader set", "requested block is too old",
		"no state available for block", "world state unavailable", "state at block", "maximum proof window",
		"lowest height is", "state already discarded", "running with state pruning", "purged for block",
		"no state data", "state is not available", "unexpected state root", "no state found for block",
		"state not found for block", "been pruned", "is pruned", "earliest available is",
		"height is not available", "requested data is not available", "body not found for block",
		"only for the 'latest' block", "stateunavailable", "state unavailable",
	}},
	{class: ClassMissingState, all: []string{"state 0x", "is not available"}},
	{class: ClassMissingState, all: []string{"state 0x", "is not canonical"}},
	{class: ClassMissingState, all: []string{"historical state", "not available"}},
	// Besu's and Cloudflare's only words for state they lack; Nethermind adds an exception.
	{class: ClassMissingState, exact: "internal error", code: -32603},
	{class: ClassMissingState, start: "internal error", code: -32603, any: []string{"exception"}},

	// The block itself.
	{class: ClassReorg, any: []string{"not currently canonical", "not canonical"}},
	{class: ClassUnsupported, any: []string{
		"block not found: finalized", "block not found: safe", "finalized block not found",
		"safe block not found", "finalized is not a supported", "safe is not a supported",
		"malformed blocknumber", "invalid block tag",
	}},
	// How Besu and Nethermind say that they have no finalized or safe block.
	{class: ClassUnsupported, code: -39001, any: []string{"unknown block"}},
	{class: ClassLag, any: []string{
		"header not found", "header for hash not found", "block not found", "unknown block",
		"could not find block", "after last accepted block", "greater than latest", "beyond head block",
		"cannot query unfinalized", "height must be less than or equal",
	}},

	// Execution.
	{class: ClassGas, any: []string{
		"out of gas", "outofgas", "gas required exceeds", "intrinsic gas too low", "supplied gas",
		"initcode size exceeded", "max code size exceeded",
	}},
	{class: ClassExecution, any: []string{
		"execution reverted", "vm execution error", "vm exception", "evm error", "invalid opcode",
		"invalid jump destination", "stack underflow", "insufficient funds for gas",
	}},

	{class: ClassTimeout, any: []string{"timed out", "timeout", "deadline exceeded"}},

	{class: ClassUnsupported, any: []string{
		"method not found", "does not exist/is not available", "not whitelisted", "method not enabled",
		"unsupported method", "not allowed to access method", "not included in your current plan",
		"not supported", "method is not available", "unknown method", "method not allowed",
	}},
	// EIP-1898 parameters are refused in these words.
	{class: ClassUnsupported, any: []string{
		"expected blocknumber", "of type rpc.blocknumber", "cannot unmarshal object into",
	}},
	{class: ClassParams, any: []string{
		"invalid param", "invalid argument", "too many arguments", "missing value for required argument",
	}},
}

// codes decides if no rule matched the text.
var codes = map[int]Class{
	3: ClassExecution, 12: ClassUnavailable, 30: ClassTimeout, 31: ClassSize, 35: ClassRate, 429: ClassRate,
	1008: ClassRate, 4444: ClassMissingState, -32001: ClassLag, -32004: ClassUnsupported, -32005: ClassRate,
	-32007: ClassRate, -32009: ClassRate, -32012: ClassRate, -32016: ClassRate, -32017: ClassRate,
	-32024: ClassRate, -32029: ClassRate, -32014: ClassSize, -32020: ClassSize, -32021: ClassSize,
	-32010: ClassSize, -32011: ClassSize, -32046: ClassUnavailable, -32055: ClassUnavailable,
	-32601: ClassUnsupported, -32604: ClassUnsupported, -32612: ClassUnsupported, -32613: ClassUnsupported,
	-32602: ClassParams, -32801: ClassLegacy,
}

// statuses decides if neither text nor code did.
var statuses = map[int]Class{
	http.StatusUnauthorized: ClassAuth, http.StatusPaymentRequired: ClassQuota, http.StatusForbidden: ClassAuth,
	http.StatusNotFound: ClassNotRPC, http.StatusMethodNotAllowed: ClassNotRPC,
	http.StatusUnsupportedMediaType: ClassNotRPC, http.StatusRequestTimeout: ClassTimeout,
	http.StatusRequestEntityTooLarge: ClassSize, http.StatusTooManyRequests: ClassRate,
	http.StatusGatewayTimeout: ClassServer,
}

// classify gives a failure its class: by what the transport saw, then by the words,
// the JSON-RPC code, and the HTTP status. The class decides what is done next; no
// value depends on it.
func classify(f *fault) Class {
	if f.class != ClassNone {
		return f.class
	}
	text := strings.ToLower(f.text)
	if class := byLegacyNode(text, f.code); class != ClassNone {
		return class
	}
	if class := byText(text, f.code); class != ClassNone {
		return class
	}
	if class, ok := codes[f.code]; ok {
		return class
	}
	return byStatus(f)
}

// legacyPrefix is how op-geth begins to tell what the legacy node behind it said.
const legacyPrefix = "historical backend error: "

// byLegacyNode classifies what the legacy node said: its own words, the HTTP status with
// which something in front of it answered, or how it could not be reached.
func byLegacyNode(text string, code int) Class {
	_, rest, ok := strings.Cut(text, legacyPrefix)
	if !ok {
		return ClassNone
	}
	switch status, err := strconv.Atoi(rest[:min(len(rest), 3)]); {
	case err == nil && status == http.StatusTooManyRequests:
		return ClassRate
	case err == nil && status >= 500 && status < 600,
		strings.Contains(rest, "dial tcp"), strings.Contains(rest, "connection re"), strings.Contains(rest, "eof"),
		strings.Contains(rest, "cannot unmarshal"):
		return ClassServer
	}
	return byText(rest, code)
}

// innerURL finds where op-geth looked for the legacy node, which is not told to anybody.
var innerURL = regexp.MustCompile(`(?i)(` + legacyPrefix + `)(?:post|get|dial|read|write)\b.*: `)

func byText(text string, code int) Class {
	for _, r := range rules {
		if r.matches(text, code) {
			return r.class
		}
	}
	return ClassNone
}

func byStatus(f *fault) Class {
	if f.status == http.StatusForbidden && f.page {
		return ClassBlocked
	}
	if class, ok := statuses[f.status]; ok {
		return class
	}
	if f.status >= 500 {
		return ClassServer
	}
	if f.page || f.foreign {
		return ClassProtocol
	}
	return ClassUnknown
}

func (r rule) matches(text string, code int) bool {
	said := func(word string) bool { return strings.Contains(text, word) }
	switch {
	case r.code != 0 && r.code != code, r.exact != "" && strings.TrimSpace(text) != r.exact:
		return false
	case !strings.HasPrefix(text, r.start), slices.ContainsFunc(r.all, func(word string) bool { return !said(word) }):
		return false
	}
	return len(r.any) == 0 || slices.ContainsFunc(r.any, said)
}
