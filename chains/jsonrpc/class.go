package jsonrpc

// Class is a kind of endpoint failure. Each has one action and one message.
type Class int

// The classes of failures.
const (
	ClassNone Class = iota
	ClassSize
	ClassArchive
	ClassRate
	ClassQuota
	ClassWrongChain
	ClassBlocked
	ClassAuth
	ClassMissingState
	ClassLegacy
	ClassReorg
	ClassLag
	ClassExecution
	ClassGas
	ClassTimeout
	ClassUnsupported
	ClassParams
	ClassUnavailable
	ClassNotRPC
	ClassProtocol
	ClassElsewhere
	ClassWrongState
	ClassRedirect
	ClassTransport
	ClassServer
	ClassTLS
	ClassNewFork
	ClassUnknown
)

// action is what is done about a failure.
type action int

const (
	// actRetry sends the same request again, up to the class's tries. Then the next
	// endpoint is asked.
	actRetry action = iota
	// actElsewhere asks the next endpoint, after a second try at most.
	actElsewhere
	// actShrink sends the same calls in smaller batches.
	actShrink
	// actFatal asks no endpoint again: the configuration is wrong.
	actFatal
	// actValue takes the failure as the answer of this one call. The caller decides:
	// a revert may be expected, a method may be replaced, a large call may be split.
	actValue
)

// A kind describes a class.
type kind struct {
	name   string
	action action
	tries  int    // of one call
	is     error  // the sentinel that it matches
	says   string // the message, after the endpoint's label; %s is the block
	advice string // what to do next
}

// kinds is the table of classes.
var kinds = [...]kind{
	ClassNone: {"none", actFatal, 1, nil, "failed", ""},
	ClassSize: {"batch size", actShrink, 1, ErrTooLarge,
		"refuses a request or reply of this size", "give another endpoint"},
	ClassArchive: {"archive", actElsewhere, 1, ErrArchive,
		"does not serve state as old as %s on this plan", "give an archive endpoint"},
	ClassRate: {"rate limit", actRetry, 6, ErrRateLimit, "is rate limiting us", "lower the rate or add an endpoint"},
	ClassQuota: {"quota", actElsewhere, 1, ErrQuota,
		"says that this key's quota is used up", "wait until it is reset or give another endpoint"},
	ClassWrongChain: {"wrong chain", actFatal, 1, ErrWrongChain,
		"serves another chain", "check which chain the endpoint is for"},
	ClassBlocked: {"blocked", actElsewhere, 1, ErrAuth,
		"blocks this program", "check the provider's allow-lists or give another endpoint"},
	ClassAuth: {"credentials", actElsewhere, 1, ErrAuth,
		"refused the credentials", "check the key in the endpoint's URL and the provider's allow-lists"},
	ClassMissingState: {"missing state", actElsewhere, 2, ErrArchive,
		"has no state for %s",
		"it is not an archive node, or this plan has no archive access; give an archive endpoint"},
	ClassLegacy: {"pre-Bedrock state", actElsewhere, 1, ErrArchive,
		"cannot serve Optimism state of %s, before block 105235063 (Bedrock, 2023-06-06)",
		"give an endpoint with a working legacy l2geth behind it"},
	ClassReorg: {"reorg", actElsewhere, 1, ErrReorg, "says that %s is no longer part of the chain", "try again"},
	ClassLag: {"unknown block", actRetry, 3, ErrLag,
		"does not know %s", "it lags behind, or has dropped the block; try again or give another endpoint"},
	ClassExecution: {"execution", actValue, 1, ErrReverted, "ran the call and it failed", ""},
	ClassGas: {"call too large", actValue, 1, ErrTooLarge,
		"gives one call less gas, time or data than it needs", "split the call"},
	ClassTimeout: {"timeout", actRetry, 3, ErrTimeout,
		"did not answer in time", "try again or give another endpoint"},
	ClassUnsupported: {"unsupported", actValue, 1, ErrUnsupported,
		"does not support the request", "give another endpoint"},
	ClassParams: {"parameters", actValue, 1, ErrUnsupported,
		"refused the parameters of the request", "give another endpoint"},
	ClassUnavailable: {"unavailable", actElsewhere, 2, ErrUnavailable,
		"cannot serve the request now", "try again later or give another endpoint"},
	ClassNotRPC: {"not JSON-RPC", actElsewhere, 1, ErrProtocol,
		"does not look like an execution-layer JSON-RPC endpoint, or this key has no access to the chain",
		"check the endpoint's URL"},
	ClassProtocol: {"protocol", actRetry, 3, ErrProtocol,
		"broke the JSON-RPC protocol", "nothing was taken from the reply; try again or give another endpoint"},
	ClassElsewhere: {"inconsistent", actElsewhere, 1, ErrProtocol,
		"did not read at the block it was asked about",
		"nothing was taken from the reply; try again or give another endpoint"},
	ClassWrongState: {"wrong state", actElsewhere, 1, ErrProtocol,
		"answers with the state of another block", "nothing was taken from it; give another endpoint"},
	ClassRedirect: {"redirect", actFatal, 1, ErrProtocol,
		"answers with a redirect", "redirects are not followed; use the URL it leads to"},
	ClassTransport: {"transport", actRetry, 6, ErrUnavailable,
		"could not be reached", "check the network and the endpoint"},
	ClassServer: {"server error", actRetry, 6, ErrUnavailable,
		"failed to serve the request", "try again later or give another endpoint"},
	ClassTLS: {"TLS", actFatal, 1, ErrTLS,
		"failed the TLS check", "check the certificate; SSL_CERT_FILE names a private authority"},
	ClassNewFork: {"new fork", actElsewhere, 1, ErrUnsupported,
		"shows a header of a fork that this program does not know", "update this program"},
	ClassUnknown: {"unknown", actRetry, 3, ErrUnavailable,
		"failed for a reason this program does not know", "try again or give another endpoint"},
}

// String returns the class's name, such as "rate limit".
func (c Class) String() string { return kinds[c].name }
