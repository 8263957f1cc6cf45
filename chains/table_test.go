package chains

import (
	"fmt"
	"strings"
	"testing"
)

// missingState holds the words with which nodes and providers say that they
// lack the state (or the archive plan) that an old block needs.
var missingState = []string{
	"missing trie node 1f2a3c (path 0a0b) state 0x77 is not available", "missing trie node 1f2a3c (path )",
	"state 0x9f88bd is not available", "historical state 0x9f88bd is not available", "state histories haven't been fully indexed yet",
	"historical state not available in path scheme yet", "state 0x9f88bd is not canonical", "metadata is not found",
	"required historical state unavailable (reexec=128)", "pruned history unavailable",
	"old data not available due to pruning", "empty reader set",
	"requested block is too old, block must be within 100000 blocks of the head block number (currently 20000000)",
	"No state available for block 0x9f88bd", "No state available for block 15537394", "World state unavailable",
	"state at block #15537394 is pruned", "distance to target block exceeds maximum proof window",
	"state at block #15537394 is not available, block has not been executed yet (latest executed: #15000000)",
	"historical state 0x9f88bd (block 5) is not available", "node state is pruned", "block 5 is not available, lowest height is 100",
	"state already discarded for 0x9f88bd", "state already been pruned", "your node is running with state pruning",
	"version has either been pruned, or is for a future block", "purged for block 15537394", "no state data", "state is not available",
	"state at block 15537394", "unexpected state root", "no state found for block 15537394", "state not found for block 15537394",
	"request might be querying historical state that is not available", "block 15537394 has been pruned", "earliest available is 17000000",
	"height is not available", "missing state", "trie does not contain the key", "requested data is not available",
	"body not found for block 15537394", "proofs are available only for the 'latest' block",
	"historical backend error: missing trie node 1f2a3c (path )", "historical backend error: header state is pruned",
}

var archivePlan = []string{
	"Archive requests require a personal token. Get one at: https://www.allnodes.com/publicnode",
	"public endpoint only serves recent blocks (last 1024)",
	"access to archival, debug, or trace data is not included in your current plan",
	"state does not maintain archive data", "historical requests need an archive node",
}

var legacyState = []string{
	"no historical RPC is available for this historical (pre-bedrock) execution request",
	"historical backend error: no words that we know",
}

// TestClassifyStateWords: whatever code and status such words come with, they win.
func TestClassifyStateWords(t *testing.T) {
	codes := []int{0, 3, 12, 429, 4444, -32000, -32001, -32002, -32005, -32016, -32600, -32601, -32602, -32603, -32801, -39001}
	check := func(class Class, words []string) {
		for _, text := range words {
			for _, code := range codes {
				for _, status := range []int{200, 400, 401, 403, 404, 429, 500} {
					if got := classify(&fault{status: status, code: code, text: text}); got != class {
						t.Errorf("HTTP %d, code %d, %q: got %v, want %v", status, code, text, got, class)
					}
				}
			}
		}
	}
	check(classMissingState, missingState)
	check(classArchive, archivePlan)
	check(classLegacy, legacyState)
	if n := len(missingState) + len(archivePlan) + len(legacyState); n < 50 {
		t.Errorf("only %d texts", n)
	}
}

func TestClassify(t *testing.T) {
	tests := []struct {
		class  Class
		status int
		code   int
		text   string
	}{
		// batch and size
		{classSize, 200, -32600, "batch too large"},
		{classSize, 200, -32003, "response too large"},
		{classSize, 413, 0, "content length too large (6000000>5242880)"},
		{classSize, 200, -32000, "batch limit 100 exceeded (can increase by --rpc.batch.limit). Requested batch of size: 142"},
		{classSize, 200, -32600, "batch limit 100 exceeded: 142 requests given"},
		{classGas, 200, -32000, "call returned result on length 160064 exceeding --rpc.returndata.limit 100000"},
		{classSize, 200, -32005, "Batch size limit exceeded"},
		{classSize, 200, -32005, "MaxBatchResponseBodySize of 32768KB exceeded"},
		{classSize, 200, -32005, "Number of requests exceeds max batch size"},
		{classSize, 200, -32005, "Batched requests are not supported by this server"},
		{classSize, 200, -32010, "The batch request was too large"},
		{classSize, 200, -32011, "The batch response was too large"},
		{classSize, 200, -32007, "Request is too big"},
		{classSize, 200, -32008, "Response is too big: Exceeded max limit of 167772160"},
		{classSize, 413, -32014, "too many RPC calls in batch request"},
		{classSize, 413, -32021, "request body too large"},
		{classSize, 500, -32020, "backend response too large"},
		{classSize, 500, 31, "Batch of more than 3 requests are not allowed on free tier, to use this feature register paid account at drpc.org"},
		{classSize, 413, 0, ""},
		{classSize, 413, 0, "<html><title>413 Request Entity Too Large</title></html>"},
		{classSize, 400, 0, "request entity too large"},
		{classSize, 400, 0, "payload too large"},
		{classSize, 429, 0, "too many requests in batch"},
		{classSize, 400, -32600, "batch requests are disabled"},
		// rate
		{classRate, 429, 0, ""},
		{classRate, 200, 429, "Your app has exceeded its compute units per second capacity. If you have retries enabled, you can safely ignore this message."},
		{classRate, 200, -32016, "rate limit"},
		{classRate, 429, -32005, "project ID request rate exceeded"},
		{classRate, 200, -32005, "exceeded project rate limit"},
		{classRate, 200, -32007, "100/second request limit reached - reduce calls per second or upgrade your account at quicknode.com"},
		{classRate, 200, -32012, "credits limited to 6000/sec"},
		{classRate, 403, 0, "error code: 1015"},
		{classRate, 200, 0, "error code: 1015"},
		{classRate, 200, -32029, "Too Many Requests, Please apply an OnFinality API key or contact us to receive a higher rate limit"},
		{classRate, 429, -32029, ""},
		{classRate, 429, -32016, "over rate limit"},
		{classRate, 429, -32017, "sender is over rate limit"},
		{classRate, 429, -32024, "too many requests"},
		{classRate, 429, -32012, "backend is over capacity"},
		{classRate, 200, 35, ""},
		{classRate, 200, -32097, "rate limit reached"},
		{classRate, 200, 1008, ""},
		{classRate, 200, -32000, "rate exceeded"},
		{classRate, 200, -32000, "requests limited to 40/s"},
		{classRate, 200, -32000, "you have exceeded the quota"},
		{classRate, 200, -32000, "you have reached the quota"},
		{classRate, 503, 0, "under too much load"},
		{classRate, 503, 0, "no server available"},
		{classRate, 200, -32000, "upgrade your tier"},
		{classRate, 200, -32005, "limit exceeded"},
		{classRate, 200, -32000, "try again in 4ms"},
		{classRate, 503, 0, "LimitExceeded"},
		{classRate, 200, -32009, "Server is busy, try again later"},
		// quota
		{classQuota, 200, 429, "Monthly capacity limit exceeded. Visit https://dashboard.alchemyapi.io/settings/billing to upgrade your scaling policy for continued service."},
		{classQuota, 402, -32005, "daily request count exceeded, request rate limited"},
		{classQuota, 200, -32005, "daily request count exceeded, request rate limited"},
		{classQuota, 402, 0, ""},
		{classQuota, 429, 0, "reached the free tier"},
		{classQuota, 200, -32000, "limit for your current plan reached"},
		// elsewhere
		{classUnavailable, 200, -32046, "Cannot fulfill request"},
		{classUnavailable, 200, -32055, ""},
		{classUnavailable, 200, 0, "error code: 521"},
		{classUnavailable, 400, 12, "Can't route your request to suitable provider, if you specified certain providers revise the list"},
		{classUnavailable, 503, -32011, "no backend is currently healthy to serve traffic"},
		{classUnavailable, 503, -32010, "backend offline"},
		{classUnavailable, 200, -32008, "Initial sync is still in progress"},
		// state that only a code tells
		{classMissingState, 200, -32603, "Internal error"},
		{classMissingState, 200, 4444, "some words"},
		{classLegacy, 200, -32801, ""},
		// block unknown, tags
		{classLag, 200, -32000, "header not found"},
		{classLag, 200, -32000, "header for hash not found"},
		{classLag, 200, -32001, "block not found: 0x186a0"},
		{classLag, 200, -32000, "Block not found"},
		{classLag, 200, 3, "Unknown block"},
		{classLag, 200, 3, "block not found with number 0x186a0"},
		{classLag, 200, -32000, "historical backend error: header not found"},
		{classLag, 200, -32000, "could not find block"},
		{classLag, 200, -32000, "requested to block 6 after last accepted block 5"},
		{classLag, 200, -32000, "block is greater than latest"},
		{classLag, 200, -32000, "request beyond head block"},
		{classLag, 200, -32000, "cannot query unfinalized data"},
		{classLag, 200, -32000, "height must be less than or equal to the current blockchain height"},
		{classUnsupported, 200, -39001, "Unknown block"},
		{classUnsupported, 200, -32001, "block not found: finalized"},
		{classUnsupported, 200, -32000, "finalized block not found"},
		{classUnsupported, 200, -32000, "safe block not found"},
		{classUnsupported, 200, -32602, "safe is not a supported commitment level"},
		{classUnsupported, 200, -32602, "malformed blocknumber"},
		{classUnsupported, 200, -32602, "invalid block tag"},
		{classReorg, 200, -32000, "hash is not currently canonical"},
		{classReorg, 200, -32000, "block 0x12 is not currently canonical"},
		{classUnsupported, 200, -32602, "invalid type: map, expected BlockNumber, 'latest', or 'earliest'"},
		{classUnsupported, 200, -32602, "invalid argument 1: json: cannot unmarshal object into Go value of type rpc.BlockNumber"},
		// methods
		{classUnsupported, 200, -32601, "the method eth_getProof does not exist/is not available"},
		{classUnsupported, 200, -32601, "Method not found"},
		{classUnsupported, 403, -32001, "rpc method is not whitelisted"},
		{classUnsupported, 200, -32604, "Method not enabled"},
		{classUnsupported, 200, -32000, "Unsupported method: eth_getProof"},
		{classUnsupported, 200, -32000, "method is not whitelisted"},
		{classUnsupported, 200, -32000, "not allowed to access method"},
		{classUnsupported, 200, -32000, "eth_getProof is not included in your current plan"},
		{classUnsupported, 200, -32000, "The method eth_call is not supported."},
		{classUnsupported, 200, -32004, ""},
		{classUnsupported, 200, -32612, ""},
		{classUnsupported, 200, -32613, ""},
		{classNotRPC, 405, 0, ""},
		{classNotRPC, 415, 0, ""},
		{classParams, 200, -32602, "invalid params"},
		{classParams, 200, -32602, "too many arguments, want at most 2"},
		// execution
		{classExecution, 200, 3, "execution reverted: ERC20: rate limit exceeded, unauthorized"},
		{classExecution, 200, -32000, "execution reverted: this vault is only for archive members"},
		{classExecution, 200, 3, "execution reverted"},
		{classExecution, 200, 3, ""},
		{classExecution, 200, -32000, "execution reverted"},
		{classExecution, 200, -32000, "historical backend error: execution reverted"},
		{classExecution, 200, -32015, "VM execution error.: Reverted 0x08c379a0"},
		{classExecution, 200, -32000, "VM Exception while processing transaction: revert"},
		{classExecution, 200, -32000, "EVM error: InvalidJump"},
		{classExecution, 200, -32000, "invalid opcode: opcode 0xfe not defined"},
		{classExecution, 200, -32000, "invalid jump destination"},
		{classExecution, 200, -32000, "stack underflow (0 <=> 2)"},
		{classGas, 200, -32000, "out of gas"},
		{classGas, 200, -32000, "gas required exceeds allowance (50000000)"},
		{classGas, 200, -32000, "intrinsic gas too low"},
		{classGas, 200, -32000, "err: out of gas (supplied gas 50000000)"},
		{classGas, 200, -32000, "max initcode size exceeded: code size 60000 limit 49152"},
		{classGas, 200, -32000, "max code size exceeded"},
		// time
		{classTimeout, 200, -32000, "execution aborted (timeout = 5s)"},
		{classTimeout, 200, -32002, "request timed out"},
		{classTimeout, 200, -32603, "Timeout expired"},
		{classTimeout, 504, -32015, "gateway timeout"},
		{classTimeout, 408, 30, "Request timeout on the free tier, please upgrade your tier to the paid one"},
		{classTimeout, 408, 0, ""},
		// credentials
		{classAuth, 401, 0, "Must be authenticated!"},
		{classAuth, 200, -32600, "project must be authenticated"},
		{classAuth, 200, -32600, "invalid access key"},
		{classAuth, 200, -32000, "Unauthorized: You must authenticate your request with an API key. Create an account and get a personal key"},
		{classAuth, 403, 0, "UNAUTHORIZED"},
		{classAuth, 403, 0, "endpoint is disabled"},
		{classAuth, 401, 0, "token is invalid"},
		{classAuth, 403, -32000, "invalid api key"},
		{classAuth, 403, 0, "key is inactive"},
		{classAuth, 200, -32000, "project id 12 not found"},
		{classAuth, 401, 0, "invalid project id"},
		{classAuth, 403, 0, "rejected due to project ID settings"},
		{classAuth, 403, 0, "origin not allowed"},
		{classAuth, 403, 0, ""},
		{classBlocked, 403, 0, "Request blocked"},
		{classBlocked, 403, 0, "<!DOCTYPE html><title>Just a moment...</title>"},
		{classBlocked, 403, 0, "<html><head></head><body>denied</body></html>"},
		{classWrongChain, 401, -32000, "apikey is on another chain"},
		{classNotRPC, 403, 0, "network not enabled for this app"},
		{classNotRPC, 404, 0, ""},
		// gateways
		{classTransport, 500, 0, ""}, {classTransport, 502, 0, "<html><title>502 Bad Gateway</title></html>"},
		{classTransport, 503, 0, ""}, {classTransport, 520, 0, ""}, {classTransport, 525, 0, ""},
		{classProtocol, 200, 0, "<html><title>Welcome to nginx!</title></html>"},
		{classProtocol, 200, 0, "OK"},
		{classUnknown, 200, -32000, "something new"},
		{classUnknown, 400, -32600, "Invalid Request"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v/%d/%d/%.20s", tt.class, tt.status, tt.code, tt.text), func(t *testing.T) {
			f := &fault{status: tt.status, code: tt.code, text: tt.text}
			if tt.code == 0 { // not a JSON-RPC error: text, HTML or nothing
				f = foreignFault(tt.status, []byte(tt.text))
				if tt.text == "" && f.class != classNone {
					t.Fatalf("empty body with HTTP %d is %v", tt.status, f.class)
				}
			}
			if got := classify(f); got != tt.class {
				t.Errorf("got %v, want %v", got, tt.class)
			}
		})
	}
}

// TestClassifyIgnoresLetterCase: providers differ in it.
func TestClassifyIgnoresLetterCase(t *testing.T) {
	for _, text := range missingState {
		if got := classify(&fault{status: 200, code: -32000, text: strings.ToUpper(text)}); got != classMissingState {
			t.Errorf("%q: got %v", strings.ToUpper(text), got)
		}
	}
}

// TestRuleWordsAreLowerCase: a word with a capital could never match.
func TestRuleWordsAreLowerCase(t *testing.T) {
	for _, r := range rules {
		for _, word := range append(append([]string{r.exact, r.start}, r.any...), r.all...) {
			if word != strings.ToLower(word) {
				t.Errorf("rule word %q is not lower case", word)
			}
		}
	}
}

func TestEveryClassIsComplete(t *testing.T) {
	for class, k := range kinds {
		if k.name == "" || k.says == "" || k.tries < 1 {
			t.Errorf("class %d: incomplete: %+v", class, k)
		}
		if k.action != actShrink && class != 0 && k.is == nil {
			t.Errorf("class %v matches no sentinel", k.name)
		}
	}
}
