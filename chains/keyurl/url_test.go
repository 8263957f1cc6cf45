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
		"https://h.example:443/KEY":                             "h.example",
		"http://h.example:0080/KEY":                             "h.example",
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

func TestSame(t *testing.T) {
	t.Parallel()
	all := [][]string{
		{"https://h.example", "https://h.example/", "https://h.example?", "https://h.example/?a=b",
			"HTTPS://H.Example.:443/#x", "https://user:password@h.example:0443//"},
		{"http://h.example/v2/KEY", "http://h.example:80/v2/KEY/", "http://h.example/v2/./KEY?", "http://h.example/v2//KEY",
			"http://h.example/v2/%4BEY?dkey=1"},
		{"http://localhost:8545", "http://127.0.0.1:8545/", "http://[::1]:8545", "http://LOCALHOST.:8545",
			"http://[::ffff:127.0.0.1]:8545", "http://[0:0:0:0:0:0:0:1]:8545", "http://0.0.0.0:8545"},
		{"http://localhost:8546"}, {"http://127.0.0.2:8545"}, {"https://localhost:8545"}, {"http://h.example"},
		{"http://h.example/v2/key"}, {"http://h.example/v2"}, {"https://www.h.example"},
		{"http://[2001:db8::1]", "http://[2001:DB8:0::1]:80/"},
	}
	for i, one := range all {
		for j, other := range all {
			for _, a := range one {
				for _, b := range other {
					if got := keyurl.Same(parse(t, a), parse(t, b)); got != (i == j) {
						t.Errorf("%s and %s: found %v", a, b, got)
					}
				}
			}
		}
	}
}
