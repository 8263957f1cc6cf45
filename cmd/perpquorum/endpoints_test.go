package main

import (
	"flag"
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
		{"ethereum=0x10"}, {"mainnet=1"}, {"ethereum=1", "1=2"}, {"ethereum=9223372036854775808"},
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
		want  string // URLs of both chains, or what the error says
	}{
		"flags in order": {
			[]string{"ethereum=a", "optimism=b", "1=c"}, nil, "a c; b"},
		"flags before environment": {
			[]string{"ethereum=a"},
			map[string]string{ours1: "x", ours2: "y"}, "a; y"},
		"environment lists": {
			nil, map[string]string{ours1: " https://a,https://b/x,y\n http://c ", ours2: "y, z"},
			"https://a https://b/x,y http://c; y z"},
		"a comma at the end": {
			nil, map[string]string{ours1: "https://a,", ours2: "https://y/b,c,https://z,\n"},
			"https://a; https://y/b,c https://z"},
		"names of the public script": {
			nil, map[string]string{public1: "a", public2: "b"}, "a; b"},
		"own names first": {
			nil, map[string]string{ours1: "x", public1: "a", public2: "b"}, "x; b"},
		"one missing":    {[]string{"ethereum=a"}, nil, "no endpoint for optimism"},
		"both missing":   {nil, map[string]string{ours1: "  "}, "no endpoint for ethereum, optimism"},
		"not read here":  {[]string{"8453=a"}, nil, "chain 8453 is not read here"},
		"without chain":  {[]string{secret}, nil, "want CHAIN=URL"},
		"query in a URL": {[]string{secret + "?a=b"}, nil, "want CHAIN=URL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, id := range both {
				for _, name := range environmentNames(id) {
					t.Setenv(name, test.env[name])
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
