package keyurl_test

import (
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains/keyurl"
)

func TestLabel(t *testing.T) {
	t.Parallel()
	for raw, host := range map[string]string{
		"https://eth-mainnet.g.alchemy.com/v2/KEY":              "eth-mainnet.g.alchemy.com",
		"https://optimism-mainnet.infura.io/v3/KEY":             "optimism-mainnet.infura.io",
		"https://black-red-sun.quiknode.pro/KEY":                "quiknode.pro",
		"https://black-red-sun.QuikNode.pro./KEY":               "quiknode.pro",
		"https://nd-123-456-789.p2pify.com/KEY":                 "p2pify.com",
		"https://0123456789abcdef0123.nodes.example.org":        "example.org",
		"http://127.0.0.1:8545":                                 "127.0.0.1:8545",
		"http://[::1]:8545":                                     "[::1]:8545",
		"http://localhost:8545":                                 "localhost:8545",
		"https://sentinelUser:sentinelPass@eth.example.com/rpc": "eth.example.com",
	} {
		got := keyurl.Label(parse(t, raw))
		name, hash, _ := strings.Cut(got, "#")
		if name != host || len(hash) != 5 {
			t.Errorf("got %s, want %s#…", got, host)
		}
	}
	a, b := keyurl.Label(parse(t, "https://h.example/KEY1")), keyurl.Label(parse(t, "https://h.example/KEY2"))
	if a == b {
		t.Errorf("two keys have one label %s", a)
	}
	if c := keyurl.Label(parse(t, "https://u:p@h.example/KEY1")); c != a {
		t.Errorf("user information changes the label: %s, %s", a, c)
	}
}
