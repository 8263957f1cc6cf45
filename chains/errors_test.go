package chains

import (
	"errors"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

func TestEndpointErrorMessages(t *testing.T) {
	const label = "node.example#3fa91"
	day := time.Date(2022, 9, 15, 6, 42, 59, 0, time.UTC)
	tests := []struct {
		err  error
		is   error
		want string
	}{
		{(&EndpointError{Endpoint: label, Class: classMissingState, Code: -32000, Detail: "missing trie node", Tries: 1}).at(Ethereum, 15537394, day), ErrArchive,
			`node.example#3fa91 has no state for block 15537394 (ethereum, 2022-09-15) (code -32000: "missing trie node"); it is not an archive node, or this plan has no archive access; give an archive endpoint`},
		{&EndpointError{Endpoint: label, Class: classMissingState}, ErrArchive,
			`node.example#3fa91 has no state for the block asked for; it is not an archive node, or this plan has no archive access; give an archive endpoint`},
		{&EndpointError{Endpoint: label, Class: classRate, Status: 429, Tries: 6, Elapsed: 48100 * time.Millisecond}, ErrRateLimit,
			`node.example#3fa91 is rate limiting us (HTTP 429); gave up after 6 tries in 48.1s; lower the rate (--rps) or add an endpoint`},
		{&EndpointError{Endpoint: label, Class: classRate, Status: 429, TryAgain: day}, ErrRateLimit,
			`node.example#3fa91 is rate limiting us (HTTP 429); it allows the next request at 2022-09-15T06:42:59Z; lower the rate (--rps) or add an endpoint`},
		{&EndpointError{Endpoint: label, Class: classAuth, Status: 401, Detail: "Must be authenticated!"}, ErrAuth,
			`node.example#3fa91 refused the credentials (HTTP 401: "Must be authenticated!"); check the key in the endpoint's URL and the provider's allow-lists`},
		{&EndpointError{Endpoint: label, Class: classProtocol, Status: 200, Detail: "reply has id 7 twice", Tries: 3, Elapsed: time.Second}, ErrProtocol,
			`node.example#3fa91 broke the JSON-RPC protocol ("reply has id 7 twice"); gave up after 3 tries in 1s; nothing was taken from the reply; try again or give another endpoint`},
		{(&EndpointError{Endpoint: label, Class: classLegacy, Code: -32801}).at(Optimism, 99757040, time.Date(2023, 5, 19, 0, 0, 0, 0, time.UTC)), ErrArchive,
			`node.example#3fa91 cannot serve Optimism state of block 99757040 (optimism, 2023-05-19), before block 105235063 (Bedrock, 2023-06-06) (code -32801); it has no working legacy l2geth behind it; give an endpoint that has`},
		{(&EndpointError{Endpoint: label, Class: classQuota, Status: 402}).at(Ethereum, 5, day), ErrQuota,
			`node.example#3fa91 says that this key's quota is used up, asked for block 5 (ethereum, 2022-09-15) (HTTP 402); wait until it is reset or give another endpoint`},
		{&CallError{Chain: Ethereum, Block: 5, Call: Call{To: common.HexToAddress("0xbC396689893D065F41bc2C6EcbeE5e0085233447"), Signature: "decimals()"}, Err: ErrNoContract}, ErrNoContract,
			`decimals() of 0xbC396689893D065F41bc2C6EcbeE5e0085233447 at ethereum block 5: no contract`},
		{&CallError{Chain: 31337, Call: Call{Data: []byte{1, 2}}, Err: ErrReverted}, ErrReverted,
			`call with 2 bytes of calldata of 0x0000000000000000000000000000000000000000 at 31337 block 0: call reverted`},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if !errors.Is(tt.err, tt.is) || errors.Is(tt.err, ErrDisagree) {
			t.Errorf("%v: want only %v to match", tt.err, tt.is)
		}
	}
}
