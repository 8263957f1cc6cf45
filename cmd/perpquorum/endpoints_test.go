package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/perpdao/perpquorum/chains"
)

// giveAll sets a flag to each of the values.
func giveAll(flags []cli.Flag, name string, values []string) error {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	for _, f := range flags {
		if err := f.Apply(set); err != nil {
			return err
		}
	}
	for _, value := range values {
		if err := set.Set(name, value); err != nil {
			return err
		}
	}
	return nil
}

func TestBlockFlag(t *testing.T) {
	t.Parallel()
	set := func(values []string) (blocks map[chains.ID]uint64, err error) {
		err = giveAll([]cli.Flag{&cli.GenericFlag{Name: "block", Value: blockValue(&blocks)}}, "block", values)
		return blocks, err
	}
	got, err := set([]string{"ethereum=17293885", "8453=0"})
	if err != nil || len(got) != 2 || got[chains.Ethereum] != 17293885 || got[8453] != 0 {
		t.Errorf("found %v, %v", got, err)
	}
	for _, bad := range [][]string{
		{"ethereum"}, {"17293885"}, {"ethereum="}, {"ethereum=-1"}, {"ethereum=+1"}, {"ethereum=01"}, {"ethereum=1,2"},
		{"ethereum=0x10"}, {"ropsten=1"}, {"ethereum=1", "1=2"}, {"ethereum=9223372036854775808"},
		{"ethereum=https://rpc.example/KEY"}, {"KEY@host=1"},
	} {
		if got, err := set(bad); err == nil || exitCode(err) != exitUsage || strings.Contains(err.Error(), "KEY") {
			t.Errorf("--block %q: found %v, %v; want a usage error", bad, got, err)
		}
	}
}

func TestEndpoints(t *testing.T) {
	const secret = "https://rpc.example/v2/KEYKEYKEY"
	const ours1, ours2 = "PERPQUORUM_RPC_ETHEREUM", "PERPQUORUM_RPC_OPTIMISM"
	const public1, public2 = "MAINNET_WEB3_ENDPOINT", "OPTIMISM_WEB3_ENDPOINT"
	both := []chains.ID{chains.Ethereum, chains.Optimism}
	tests := map[string]struct {
		flags []string
		env   map[string]string
		file  string // the settings file
		want  string // URLs of both chains, or what the error says
	}{
		"flags in order": {
			[]string{"ethereum=a", "optimism=b", "1=c"}, nil, "", "a c; b"},
		"flags before environment": {
			[]string{"ethereum=a"},
			map[string]string{ours1: "x", ours2: "y"}, "", "a; y"},
		"environment lists": {
			nil, map[string]string{ours1: " https://a,https://b/x,y\n http://c ", ours2: "y, z"},
			"", "https://a https://b/x,y http://c; y z"},
		"a comma at the end": {
			nil, map[string]string{ours1: "https://a,", ours2: "https://y/b,c,https://z,\n"},
			"", "https://a; https://y/b,c https://z"},
		"names of the public script": {
			nil, map[string]string{public1: "a", public2: "b"}, "", "a; b"},
		"own names first": {
			nil, map[string]string{ours1: "x", public1: "a", public2: "b"}, "", "x; b"},
		"one missing":    {[]string{"ethereum=a"}, nil, "", "no endpoint for optimism"},
		"both missing":   {nil, map[string]string{ours1: "  "}, "", "no endpoint for ethereum, optimism"},
		"not read here":  {[]string{"8453=a"}, nil, "", "chain 8453 is not read here"},
		"without chain":  {[]string{secret}, nil, "", "want CHAIN=URL"},
		"query in a URL": {[]string{secret + "?a=b"}, nil, "", "want CHAIN=URL"},
		"file": {nil, nil, "ethereum\thttps://a # mine\r\n\n  # more\n10 http://b:1/x#f\n1 https://c\n8453 https://d\n",
			"https://a https://c; http://b:1/x#f"},
		"file behind flags and variables": {
			[]string{"ethereum=a"}, map[string]string{public2: "b"}, "1 https://c\n10 https://d", "a; b"},
		"file for the rest": {
			[]string{"ethereum=a"}, nil, "1 https://c\n10 https://d", "a; https://d"},
		"ETH_RPC_URL last": {
			nil, map[string]string{"ETH_RPC_URL": "e"}, "1 https://c\n10 https://d", "https://c; https://d"},
		"ETH_RPC_URL for Ethereum only": {
			nil, map[string]string{"ETH_RPC_URL": "e"}, "10 https://d", "e; https://d"},
		"ETH_RPC_URL alone":      {nil, map[string]string{"ETH_RPC_URL": "e"}, "", "no endpoint for optimism"},
		"broken file not read":   {[]string{"1=a", "10=b"}, nil, "KEY", "a; b"},
		"file: no chain":         {nil, nil, "\n" + secret, "line 2: want CHAIN URL"},
		"file: other way round":  {nil, nil, secret + " ethereum", "line 1: want CHAIN URL"},
		"file: unknown chain":    {nil, nil, "KEYNET https://a", "line 1: want CHAIN URL"},
		"file: chain alone":      {nil, nil, "ethereum", "line 1: want CHAIN URL"},
		"file: three words":      {nil, nil, "1 https://a\n1 https://b KEY", "line 2: want CHAIN URL"},
		"file: no URL":           {nil, nil, "ethereum KEYKEYKEY", "line 1: bad endpoint URL: it does not start with"},
		"file: WebSocket":        {nil, nil, "1 wss://KEY.example", "line 1: bad endpoint URL: WebSocket is not supported"},
		"file: of another chain": {[]string{"1=a"}, nil, "8453 KEY\n10 https://b", "line 1: bad endpoint URL"},
		"file: an equals sign":   {nil, nil, "ethereum=https://KEY", "line 1: want CHAIN URL"},
		"file: byte order mark":  {nil, nil, "\ufeffethereum https://KEY", "line 1: want CHAIN URL"},
		"file: endless line":     {nil, nil, "1 https://" + strings.Repeat("KEY", 1<<19), "a line is too long"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, id := range both {
				for _, name := range append(environmentNames(id), "ETH_RPC_URL") {
					t.Setenv(name, test.env[name])
				}
			}
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			if test.file != "" {
				os.Mkdir(filepath.Dir(settingsFile()), 0o700)
				if err := os.WriteFile(settingsFile(), []byte(test.file), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var o endpointOptions
			var urls map[chains.ID][]string
			err := giveAll(o.flags(), "rpc", test.flags)
			if err == nil {
				urls, err = o.endpoints(both)
			}
			got := strings.Join(urls[chains.Ethereum], " ") + "; " + strings.Join(urls[chains.Optimism], " ")
			if err != nil {
				got = err.Error()
				if exitCode(err) != exitUsage || strings.Contains(got, "KEY") {
					t.Errorf("found exit code %d for %q", exitCode(err), got)
				}
			}
			if got != test.want && (err == nil || !strings.Contains(got, test.want)) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// An error about a file of endpoints repeats nothing of it, and what is read was written in it.
func FuzzParseEndpoints(f *testing.F) {
	f.Add("ethereum https://node.example/v2/SENTINEL # comment\n10 http://b\n")
	f.Add("https://node.example/v2/SENTINEL ethereum")
	f.Add("1\tftp://SENTINEL\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		urls, err := parseEndpoints(strings.NewReader(text))
		if err != nil {
			if words := strings.Fields(text); len(words) > 0 && len(words[0]) > 12 && strings.Contains(err.Error(), words[0]) {
				t.Errorf("%q is in %v", words[0], err)
			}
			return
		}
		for id, list := range urls {
			for _, url := range list {
				if !strings.Contains(text, url) || strings.ContainsAny(url, " \t\n") {
					t.Errorf("%v: %q is not in %q", id, url, text)
				}
			}
		}
	})
}
