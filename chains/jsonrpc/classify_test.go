package jsonrpc

import (
	"fmt"
	"strings"
	"testing"
)

// missingState holds the words with which nodes and providers say that they
// lack the state (or the archive plan) that an old block needs.
var missingState = []string{
	"missing trie node 1f2a3c (path 0a0b) state 0x77 is not available", "missing trie node 1f2a3c (path )",
	"state 0x9f88bd is not available", "historical state 0x9f88bd is not available",
	"state histories haven't been fully indexed yet",
	"historical state not available in path scheme yet", "state 0x9f88bd is not canonical", "metadata is not found",
	"required historical state unavailable (reexec=128)", "pruned history unavailable",
	"old data not available due to pruning", "empty reader set",
	"requested block is too old, block must be within 100000 blocks of the head block number (currently 20000000)",
	"No state available for block 0x9f88bd", "No state available for block 15537394", "World state unavailable",
	"state at block #15537394 is pruned", "distance to target block exceeds maximum proof window",
	"state at block #15537394 is not available, block has not been executed yet (latest executed: #15000000)",
	"historical state 0x9f88bd (block 5) is not available", "node state is pruned",
	"block 5 is not available, lowest height is 100",
	"state already discarded for 0x9f88bd", "state already been pruned", "your node is running with state pruning",
	"version has either been pruned, or is for a future block", "purged for block 15537394", "no state data",
	"state is not available",
	"state at block 15537394", "unexpected state root", "no state found for block 15537394",
	"state not found for block 15537394",
	"request might be querying historical state that is not available", "block 15537394 has been pruned",
	"earliest available is 17000000",
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
	t.Parallel()
	codes := []int{0, 3, 12, 429, 4444, -32000, -32001, -32002, -32005, -32016, -32600, -32601, -32602, -32603,
		-32801, -39001}
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
	check(ClassMissingState, missingState)
	check(ClassArchive, archivePlan)
	check(ClassLegacy, legacyState)
	if n := len(missingState) + len(archivePlan) + len(legacyState); n < 50 {
		t.Errorf("only %d texts", n)
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class  Class
		status int
		code   int
		text   string
	}{
		// batch and size
		{ClassSize, 200, -32600, "batch too large"},
		{ClassSize, 200, -32003, "response too large"},
		{ClassSize, 413, 0, "content length too large (6000000>5242880)"},
		{ClassSize, 200, -32000,
			"batch limit 100 exceeded (can increase by --rpc.batch.limit). Requested batch of size: 142"},
		{ClassSize, 200, -32600, "batch limit 100 exceeded: 142 requests given"},
		{ClassGas, 200, -32000, "call returned result on length 160064 exceeding --rpc.returndata.limit 100000"},
		{ClassSize, 200, -32005, "Batch size limit exceeded"},
		{ClassSize, 200, -32005, "MaxBatchResponseBodySize of 32768KB exceeded"},
		{ClassSize, 200, -32005, "Number of requests exceeds max batch size"},
		{ClassSize, 200, -32005, "Batched requests are not supported by this server"},
		{ClassSize, 200, -32010, "The batch request was too large"},
		{ClassSize, 200, -32011, "The batch response was too large"},
		{ClassSize, 200, -32007, "Request is too big"},
		{ClassSize, 200, -32008, "Response is too big: Exceeded max limit of 167772160"},
		{ClassSize, 413, -32014, "too many RPC calls in batch request"},
		{ClassSize, 413, -32021, "request body too large"},
		{ClassSize, 500, -32020, "backend response too large"},
		{ClassSize, 500, 31,
			"Batch of more than 3 requests are not allowed on free tier, to use this feature register paid " +
				"account at drpc.org"},
		{ClassSize, 413, 0, ""},
		{ClassSize, 413, 0, "<html><title>413 Request Entity Too Large</title></html>"},
		{ClassSize, 400, 0, "request entity too large"},
		{ClassSize, 400, 0, "payload too large"},
		{ClassSize, 429, 0, "too many requests in batch"},
		{ClassSize, 400, -32600, "batch requests are disabled"},
		// rate
		{ClassRate, 429, 0, ""},
		{ClassRate, 200, 429,
			"Your app has exceeded its compute units per second capacity. If you have retries enabled, you can " +
				"safely ignore this message."},
		{ClassRate, 200, -32016, "rate limit"},
		{ClassRate, 429, -32005, "project ID request rate exceeded"},
		{ClassRate, 200, -32005, "exceeded project rate limit"},
		{ClassRate, 200, -32007,
			"100/second request limit reached - reduce calls per second or upgrade your account at quicknode.com"},
		{ClassRate, 200, -32012, "credits limited to 6000/sec"},
		{ClassRate, 403, 0, "error code: 1015"},
		{ClassRate, 200, 0, "error code: 1015"},
		{ClassRate, 200, -32029,
			"Too Many Requests, Please apply an OnFinality API key or contact us to receive a higher rate limit"},
		{ClassRate, 429, -32029, ""},
		{ClassRate, 429, -32016, "over rate limit"},
		{ClassRate, 429, -32017, "sender is over rate limit"},
		{ClassRate, 429, -32024, "too many requests"},
		{ClassRate, 429, -32012, "backend is over capacity"},
		{ClassRate, 200, 35, ""},
		{ClassRate, 200, -32097, "rate limit reached"},
		{ClassRate, 200, 1008, ""},
		{ClassRate, 200, -32000, "rate exceeded"},
		{ClassRate, 200, -32000, "requests limited to 40/s"},
		{ClassRate, 200, -32000, "you have exceeded the quota"},
		{ClassRate, 200, -32000, "you have reached the quota"},
		{ClassRate, 503, 0, "under too much load"},
		{ClassRate, 503, 0, "no server available"},
		{ClassRate, 200, -32000, "upgrade your tier"},
		{ClassRate, 200, -32005, "limit exceeded"},
		{ClassRate, 200, -32000, "try again in 4ms"},
		{ClassRate, 503, 0, "LimitExceeded"},
		{ClassRate, 200, -32009, "Server is busy, try again later"},
		// quota
		{ClassQuota, 200, 429,
			"Monthly capacity limit exceeded. Visit https://dashboard.alchemyapi.io/settings/billing to upgrade " +
				"your scaling policy for continued service."},
		{ClassQuota, 402, -32005, "daily request count exceeded, request rate limited"},
		{ClassQuota, 200, -32005, "daily request count exceeded, request rate limited"},
		{ClassQuota, 402, 0, ""},
		{ClassQuota, 429, 0, "reached the free tier"},
		{ClassQuota, 200, -32000, "limit for your current plan reached"},
		// elsewhere
		{ClassUnavailable, 200, -32046, "Cannot fulfill request"},
		{ClassUnavailable, 200, -32055, ""},
		{ClassUnavailable, 200, 0, "error code: 521"},
		{ClassUnavailable, 400, 12,
			"Can't route your request to suitable provider, if you specified certain providers revise the list"},
		{ClassUnavailable, 503, -32011, "no backend is currently healthy to serve traffic"},
		{ClassUnavailable, 503, -32010, "backend offline"},
		{ClassUnavailable, 200, -32008, "Initial sync is still in progress"},
		// state that only a code tells
		{ClassMissingState, 200, -32603, "Internal error"},
		{ClassMissingState, 200, -32603, "Internal error: Nethermind.Trie.MissingTrieNodeException: Node A: P:2 " +
			"H:0x992e is missing from the DB\n   at Nethermind.JsonRpc.RateLimiter in /src/archive/batch limit.cs"},
		{ClassMissingState, 200, -32603, "Internal error: System.InvalidOperationException: gather failed"},
		{ClassMissingState, 200, -32603, "Internal error: Nethermind.Evm.StateUnavailable"},
		{ClassMissingState, 200, -32000, "StateUnavailable"},
		{ClassUnknown, 200, -32603, "Internal error: something else"},
		{ClassExecution, 200, 3, "execution reverted: TrieException"},
		{ClassMissingState, 200, 4444, "some words"},
		{ClassLegacy, 200, -32801, ""},
		// what op-geth heard from the legacy node
		{ClassServer, 200, -32000, "historical backend error: 502 Bad Gateway: <html>archive</html>"},
		{ClassRate, 200, -32000, "historical backend error: 429 Too Many Requests: slow down"},
		{ClassServer, 200, -32000,
			`historical backend error: Post "http://l2geth:8545": dial tcp 10.0.0.7:8545: connect: connection refused`},
		{ClassServer, 200, -32000, `historical backend error: Post "http://l2geth:8545": EOF`},
		{ClassServer, 200, -32000, "historical backend error: json: cannot unmarshal non-string into Go value"},
		{ClassLegacy, 200, -32000, "historical backend error: 403 Forbidden: "},
		{ClassExecution, 200, -32000, "historical backend error: execution reverted"},
		// block unknown, tags
		{ClassLag, 200, -32000, "header not found"},
		{ClassLag, 200, -32000, "header for hash not found"},
		{ClassLag, 200, -32001, "block not found: 0x186a0"},
		{ClassLag, 200, -32000, "Block not found"},
		{ClassLag, 200, 3, "Unknown block"},
		{ClassLag, 200, 3, "block not found with number 0x186a0"},
		{ClassLag, 200, -32000, "historical backend error: header not found"},
		{ClassLag, 200, -32000, "could not find block"},
		{ClassLag, 200, -32000, "requested to block 6 after last accepted block 5"},
		{ClassLag, 200, -32000, "block is greater than latest"},
		{ClassLag, 200, -32000, "request beyond head block"},
		{ClassLag, 200, -32000, "cannot query unfinalized data"},
		{ClassLag, 200, -32000, "height must be less than or equal to the current blockchain height"},
		{ClassUnsupported, 200, -39001, "Unknown block"},
		{ClassUnsupported, 200, -32001, "block not found: finalized"},
		{ClassUnsupported, 200, -32000, "finalized block not found"},
		{ClassUnsupported, 200, -32000, "safe block not found"},
		{ClassUnsupported, 200, -32602, "safe is not a supported commitment level"},
		{ClassUnsupported, 200, -32602, "malformed blocknumber"},
		{ClassUnsupported, 200, -32602, "invalid block tag"},
		{ClassReorg, 200, -32000, "hash is not currently canonical"},
		{ClassReorg, 200, -32000, "block 0x12 is not currently canonical"},
		{ClassUnsupported, 200, -32602, "invalid type: map, expected BlockNumber, 'latest', or 'earliest'"},
		{ClassUnsupported, 200, -32602,
			"invalid argument 1: json: cannot unmarshal object into Go value of type rpc.BlockNumber"},
		// methods
		{ClassUnsupported, 200, -32601, "the method eth_getProof does not exist/is not available"},
		{ClassUnsupported, 200, -32601, "Method not found"},
		{ClassUnsupported, 403, -32001, "rpc method is not whitelisted"},
		{ClassUnsupported, 200, -32604, "Method not enabled"},
		{ClassUnsupported, 200, -32000, "Unsupported Method: eth_getProof"},
		{ClassUnsupported, 200, -32000, "method is not whitelisted"},
		{ClassUnsupported, 200, -32000, "not allowed to access method"},
		{ClassUnsupported, 200, -32000, "eth_getProof is not included in your current plan"},
		{ClassUnsupported, 200, -32000, "The method eth_call is not supported."},
		{ClassUnsupported, 200, -32004, ""},
		{ClassUnsupported, 200, -32612, ""},
		{ClassUnsupported, 200, -32613, ""},
		{ClassNotRPC, 405, 0, ""},
		{ClassNotRPC, 415, 0, ""},
		{ClassParams, 200, -32602, "invalid params"},
		{ClassParams, 200, -32602, "too many arguments, want at most 2"},
		// execution
		{ClassExecution, 200, 3, "execution reverted: ERC20: rate limit exceeded, unauthorized"},
		{ClassExecution, 200, -32000, "execution reverted: this vault is only for archive members"},
		{ClassExecution, 200, 3, "execution reverted"},
		{ClassExecution, 200, 3, ""},
		{ClassExecution, 200, -32000, "execution reverted"},
		{ClassExecution, 200, -32000, "historical backend error: execution reverted"},
		{ClassExecution, 200, -32015, "VM execution error.: Reverted 0x08c379a0"},
		{ClassExecution, 200, -32000, "VM Exception while processing transaction: revert"},
		{ClassExecution, 200, -32000, "EVM error: InvalidJump"},
		{ClassExecution, 200, -32000, "invalid opcode: opcode 0xfe not defined"},
		{ClassExecution, 200, -32000, "invalid jump destination"},
		{ClassExecution, 200, -32000, "stack underflow (0 <=> 2)"},
		{ClassGas, 200, -32005, "query returned more than 10000 results. Try with this block range [0x0, 0x99]."},
		{ClassGas, 200, -32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range"},
		{ClassGas, 200, -32614, "eth_getLogs is limited to a 10,000 range"},
		{ClassGas, 200, -32000, "exceed maximum block range: 50000"},
		{ClassGas, 400, 35, "ranges over 10000 blocks are not supported on freetier"},
		{ClassGas, 200, -32000, "out of gas"},
		{ClassGas, 200, -32000, "gas required exceeds allowance (50000000)"},
		{ClassGas, 200, -32000, "intrinsic gas too low"},
		{ClassGas, 200, -32000, "err: out of gas (supplied gas 50000000)"},
		{ClassGas, 200, -32000, "max initcode size exceeded: code size 60000 limit 49152"},
		{ClassGas, 200, -32000, "max code size exceeded"},
		// time
		{ClassTimeout, 200, -32000, "execution aborted (timeout = 5s)"},
		{ClassTimeout, 200, -32002, "request timed out"},
		{ClassTimeout, 200, -32603, "Timeout expired"},
		{ClassTimeout, 504, -32015, "gateway timeout"},
		{ClassTimeout, 408, 30, "Request timeout on the free tier, please upgrade your tier to the paid one"},
		{ClassTimeout, 408, 0, ""},
		// credentials
		{ClassAuth, 401, 0, "Must be authenticated!"},
		{ClassAuth, 200, -32600, "project must be authenticated"},
		{ClassAuth, 200, -32600, "invalid access key"},
		{ClassAuth, 200, -32000,
			"Unauthorized: You must authenticate your request with an API key. Create an account and get a " +
				"personal key"},
		{ClassAuth, 403, 0, "UNAUTHORIZED"},
		{ClassAuth, 403, 0, "endpoint is disabled"},
		{ClassAuth, 401, 0, "token is invalid"},
		{ClassAuth, 403, -32000, "invalid api key"},
		{ClassAuth, 403, 0, "key is inactive"},
		{ClassAuth, 200, -32000, "project id 12 not found"},
		{ClassAuth, 401, 0, "invalid project id"},
		{ClassAuth, 403, 0, "rejected due to project ID settings"},
		{ClassAuth, 403, 0, "origin not allowed"},
		{ClassAuth, 403, 0, ""},
		{ClassBlocked, 403, 0, "Request blocked"},
		{ClassBlocked, 403, 0, "<!DOCTYPE html><title>Just a moment...</title>"},
		{ClassBlocked, 403, 0, "<html><head></head><body>denied</body></html>"},
		{ClassWrongChain, 401, -32000, "apikey is on another chain"},
		{ClassNotRPC, 403, 0, "network not enabled for this app"},
		{ClassNotRPC, 404, 0, ""},
		// gateways
		{ClassServer, 500, 0, ""}, {ClassServer, 502, 0, "<html><title>502 Bad Gateway</title></html>"},
		{ClassServer, 503, 0, ""}, {ClassServer, 520, 0, ""}, {ClassServer, 525, 0, ""},
		{ClassProtocol, 200, 0, "<html><title>Welcome to nginx!</title></html>"},
		{ClassProtocol, 200, 0, "OK"},
		{ClassUnknown, 200, -32000, "something new"},
		{ClassUnknown, 400, -32600, "Invalid Request"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v/%d/%d/%.20s", tt.class, tt.status, tt.code, tt.text), func(t *testing.T) {
			f := &fault{status: tt.status, code: tt.code, text: tt.text}
			if tt.code == 0 { // not a JSON-RPC error: text, HTML or nothing
				f = foreignFault(tt.status, []byte(tt.text))
				if tt.text == "" && f.class != ClassNone {
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
	t.Parallel()
	for _, text := range missingState {
		if got := classify(&fault{status: 200, code: -32000, text: strings.ToUpper(text)}); got != ClassMissingState {
			t.Errorf("%q: got %v", strings.ToUpper(text), got)
		}
	}
}

// TestRuleWordsAreLowerCase: a word with a capital could never match.
func TestRuleWordsAreLowerCase(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		for _, word := range append(append([]string{r.exact, r.start}, r.any...), r.all...) {
			if word != strings.ToLower(word) {
				t.Errorf("rule word %q is not lower case", word)
			}
		}
	}
}

func TestEveryClassIsComplete(t *testing.T) {
	t.Parallel()
	for class, k := range kinds {
		if k.name == "" || k.says == "" || k.tries < 1 {
			t.Errorf("class %d: incomplete: %+v", class, k)
		}
		if k.action != actShrink && class != 0 && k.is == nil {
			t.Errorf("class %v matches no sentinel", k.name)
		}
	}
}
