package chains

// Class is a kind of endpoint failure. Each has one action and one message.
type Class int

const (
	classNone Class = iota
	classSize
	classArchive
	classRate
	classQuota
	classWrongChain
	classBlocked
	classAuth
	classMissingState
	classLegacy
	classReorg
	classLag
	classExecution
	classGas
	classTimeout
	classUnsupported
	classParams
	classUnavailable
	classNotRPC
	classProtocol
	classElsewhere
	classRedirect
	classTransport
	classTLS
	classUnknown
)

// action is what is done about a failure.
type action int

const (
	// actRetry: the same request again, up to the class's tries; then the next endpoint.
	actRetry action = iota
	// actElsewhere: the next endpoint; a second try at most.
	actElsewhere
	// actShrink: the same calls in smaller batches.
	actShrink
	// actFatal: no endpoint should be asked again with this configuration.
	actFatal
	// actValue: the answer of this one call; the caller decides (a revert may
	// be expected, a method may be replaced, a large call may be split).
	actValue
)

// A kind is what is known of a class: its name, its action, how often a call
// is tried, the sentinel it matches, what the message says, and what to do next.
type kind struct {
	name   string
	action action
	tries  int
	is     error
	says   string // after the endpoint's label; %s is the block
	advice string
}

// kinds is the table of classes.
var kinds = [...]kind{
	classNone:         {"none", actFatal, 1, nil, "failed", ""},
	classSize:         {"batch size", actShrink, 1, ErrTooLarge, "refuses a request or reply of this size", "give another endpoint"},
	classArchive:      {"archive", actElsewhere, 1, ErrArchive, "does not serve state as old as %s on this plan", "give an archive endpoint"},
	classRate:         {"rate limit", actRetry, 6, ErrRateLimit, "is rate limiting us", "lower the rate (--rps) or add an endpoint"},
	classQuota:        {"quota", actElsewhere, 1, ErrQuota, "says that this key's quota is used up", "wait until it is reset or give another endpoint"},
	classWrongChain:   {"wrong chain", actFatal, 1, ErrWrongChain, "serves another chain", "check which chain the endpoint is for"},
	classBlocked:      {"blocked", actElsewhere, 1, ErrAuth, "blocks this program", "check the provider's allow-lists or give another endpoint"},
	classAuth:         {"credentials", actElsewhere, 1, ErrAuth, "refused the credentials", "check the key in the endpoint's URL and the provider's allow-lists"},
	classMissingState: {"missing state", actElsewhere, 2, ErrArchive, "has no state for %s", "it is not an archive node, or this plan has no archive access; give an archive endpoint"},
	classLegacy:       {"pre-Bedrock state", actElsewhere, 1, ErrArchive, "cannot serve Optimism state of %s, before block 105235063 (Bedrock, 2023-06-06)", "it has no working legacy l2geth behind it; give an endpoint that has"},
	classReorg:        {"reorg", actElsewhere, 1, ErrReorg, "says that %s is no longer part of the chain", "try again"},
	classLag:          {"unknown block", actRetry, 3, ErrLag, "does not know %s", "it lags behind, or has dropped the block; try again or give another endpoint"},
	classExecution:    {"execution", actValue, 1, ErrReverted, "ran the call and it failed", ""},
	classGas:          {"call too large", actValue, 1, ErrTooLarge, "gives one call less gas, time or data than it needs", "split the call"},
	classTimeout:      {"timeout", actRetry, 3, ErrTimeout, "did not answer in time", "try again or give another endpoint"},
	classUnsupported:  {"unsupported", actValue, 1, ErrUnsupported, "does not support the request", "give another endpoint"},
	classParams:       {"parameters", actValue, 1, ErrUnsupported, "refused the parameters of the request", "give another endpoint"},
	classUnavailable:  {"unavailable", actElsewhere, 2, ErrUnavailable, "cannot serve the request now", "try again later or give another endpoint"},
	classNotRPC:       {"not JSON-RPC", actElsewhere, 1, ErrProtocol, "does not look like an execution-layer JSON-RPC endpoint, or this key has no access to the chain", "check the endpoint's URL"},
	classProtocol:     {"protocol", actRetry, 3, ErrProtocol, "broke the JSON-RPC protocol", "nothing was taken from the reply; try again or give another endpoint"},
	classElsewhere:    {"inconsistent", actElsewhere, 1, ErrProtocol, "did not read at the block it was asked about", "nothing was taken from the reply; try again or give another endpoint"},
	classRedirect:     {"redirect", actFatal, 1, ErrProtocol, "answers with a redirect", "redirects are not followed; use the URL it leads to"},
	classTransport:    {"transport", actRetry, 6, ErrUnavailable, "could not be reached", "check the network and the endpoint"},
	classTLS:          {"TLS", actFatal, 1, ErrTLS, "failed the TLS check", "check the certificate; SSL_CERT_FILE names a private authority"},
	classUnknown:      {"unknown", actRetry, 3, ErrUnavailable, "failed for a reason this program does not know", "try again or give another endpoint"},
}

// String returns the class's name, such as "rate limit".
func (c Class) String() string { return kinds[c].name }
