package jsonrpc

import (
	"errors"
	"testing"
	"time"
)

func TestEndpointErrorMessages(t *testing.T) {
	t.Parallel()
	const label = "node.example#3fa91"
	day := time.Date(2022, 9, 15, 6, 42, 59, 0, time.UTC)
	tests := []struct {
		err  error
		is   error
		want string
	}{
		{&EndpointError{Endpoint: label, Class: ClassMissingState, Code: -32000, Detail: "missing trie node",
			Block: "block 15537394 (ethereum, 2022-09-15)", Tries: 1}, ErrArchive,
			`node.example#3fa91 has no state for block 15537394 (ethereum, 2022-09-15) (code -32000: "missing ` +
				`trie node"); it is not an archive node, or this plan has no archive access; give an archive endpoint`},
		{&EndpointError{Endpoint: label, Class: ClassMissingState}, ErrArchive,
			`node.example#3fa91 has no state for the block asked for; it is not an archive node, or this plan ` +
				`has no archive access; give an archive endpoint`},
		{&EndpointError{Endpoint: label, Class: ClassRate, Status: 429, Tries: 6, Elapsed: 48100 * time.Millisecond},
			ErrRateLimit,
			`node.example#3fa91 is rate limiting us (HTTP 429); gave up after 6 tries in 48.1s; lower the rate ` +
				`or add an endpoint`},
		{&EndpointError{Endpoint: label, Class: ClassRate, Status: 429, TryAgain: day}, ErrRateLimit,
			`node.example#3fa91 is rate limiting us (HTTP 429); it allows the next request at ` +
				`2022-09-15T06:42:59Z; lower the rate or add an endpoint`},
		{&EndpointError{Endpoint: label, Class: ClassAuth, Status: 401, Detail: "Must be authenticated!"}, ErrAuth,
			`node.example#3fa91 refused the credentials (HTTP 401: "Must be authenticated!"); check the key in ` +
				`the endpoint's URL and the provider's allow-lists`},
		{&EndpointError{Endpoint: label, Class: ClassProtocol, Status: 200, Detail: "reply has id 7 twice", Tries: 3,
			Elapsed: time.Second}, ErrProtocol,
			`node.example#3fa91 broke the JSON-RPC protocol ("reply has id 7 twice"); gave up after 3 tries in ` +
				`1s; nothing was taken from the reply; try again or give another endpoint`},
		{&EndpointError{Endpoint: label, Class: ClassLegacy, Code: -32801,
			Block: "block 99757040 (optimism, 2023-05-19)"}, ErrArchive,
			`node.example#3fa91 cannot serve Optimism state of block 99757040 (optimism, 2023-05-19), before ` +
				`block 105235063 (Bedrock, 2023-06-06) (code -32801); give an endpoint with a working legacy l2geth behind it`},
		{&EndpointError{Endpoint: label, Class: ClassQuota, Status: 402, Block: "block 5 (ethereum, 2022-09-15)"},
			ErrQuota,
			`node.example#3fa91 says that this key's quota is used up, asked for block 5 (ethereum, 2022-09-15) ` +
				`(HTTP 402); wait until it is reset or give another endpoint`},
	}
	for _, tt := range tests {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
		if !errors.Is(tt.err, tt.is) || errors.Is(tt.err, ErrEndpointURL) {
			t.Errorf("%v: want only %v to match", tt.err, tt.is)
		}
	}
}
