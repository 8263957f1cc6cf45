package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/votingpower"
)

// TestReportOnEveryFault runs the report against an endpoint of Ethereum that
// answers each request, or each state read, with one fault, for all faults that
// an endpoint cannot hide: the right figure with its evidence, or exit code 1,
// nothing on standard output and no file. The waits between tries are real, so
// the runs go side by side and are given two seconds each.
func TestReportOnEveryFault(t *testing.T) {
	t.Parallel()
	local := map[chains.ID]*faultrpc.Chain{
		chains.Ethereum: faultrpc.Public(1, 300), chains.Optimism: faultrpc.Public(10, 300),
	}
	optimism, stop := faultrpc.NewServer(local[chains.Optimism]).Start()
	t.Cleanup(stop)
	want := rightVotingPower(t, local)
	faults := append(faultrpc.Detectable(),
		faultrpc.Fault{Name: "none"}, faultrpc.Hang(), faultrpc.Stall(), faultrpc.Bomb())
	var group sync.WaitGroup
	defer group.Wait()
	for i, f := range faults {
		for _, method := range []string{"", "eth_call"} {
			s := faultrpc.NewServer(local[chains.Ethereum])
			s.Rules = []*faultrpc.Rule{{Method: method, Fault: f}}
			url, stop := s.Start()
			t.Cleanup(stop)
			dir := filepath.Join(t.TempDir(), fmt.Sprint(i, method))
			group.Go(func() {
				oneFault(t, fmt.Sprintf("%s for %q", f.Name, method), url, optimism, dir, want)
				for _, read := range s.Log().Unpinned {
					t.Errorf("%s for %q: %s named no block", f.Name, method, read)
				}
			})
		}
	}
}

// oneFault runs one report and checks all that it leaves behind.
func oneFault(t *testing.T, name, ethereum, optimism, dir, want string) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Error(err)
		return
	}
	const secrets = "/v2/SENTINELPATH0123456789?apikey=SENTINELQUERY"
	timeout := "2s"
	if strings.HasPrefix(name, "none ") {
		timeout = "2m"
	}
	ethereum = strings.Replace(ethereum, "//", "//SENTINELUSER:SENTINELWORD@", 1) + secrets
	out := program(t, "report", "--rpc", "ethereum="+ethereum, "--rpc", "optimism="+optimism,
		"--block", fmt.Sprint("ethereum=", faultrpc.Merge+100), "--block", fmt.Sprint("optimism=", faultrpc.Bedrock+100),
		"--format", "json", "--evidence", filepath.Join(dir, "bundle.json"), "--timeout", timeout)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	written := out.stdout + out.stderr
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(dir, file.Name()))
		if err != nil {
			t.Error(err)
		}
		written += string(content)
	}
	if strings.Contains(strings.ToUpper(written), "SENTINEL") {
		t.Errorf("%s: a secret is in %.2000s", name, written)
	}
	if out.code != exitDone {
		if !slices.Contains([]int{exitTrouble, exitNotFinal, exitDisagree}, out.code) || out.stdout != "" ||
			len(files) > 0 || !errorLines.MatchString(out.stderr) {
			t.Errorf("%s: found exit code %d, %d bytes on standard output, %d files, and %q",
				name, out.code, len(out.stdout), len(files), out.stderr)
		}
		if strings.HasPrefix(name, "none ") {
			t.Errorf("without a fault: found exit code %d, %s", out.code, out.stderr)
		}
		return
	}
	var document struct {
		Power struct {
			Units string `json:"base_units"`
		} `json:"circulating_voting_power"`
	}
	err = json.Unmarshal([]byte(out.stdout), &document)
	if err != nil || document.Power.Units != want || len(files) != 1 {
		t.Errorf("%s: found voting power %s, %v and %d files, want %s", name, document.Power.Units, err, len(files), want)
	}
}

// rightVotingPower adds up what the oracle says, in base units.
func rightVotingPower(t *testing.T, local map[chains.ID]*faultrpc.Chain) string {
	t.Helper()
	numbers := map[chains.ID]uint64{chains.Ethereum: faultrpc.Merge + 100, chains.Optimism: faultrpc.Bedrock + 100}
	at := local[chains.Ethereum].Header(numbers[chains.Ethereum]).Time
	terms, err := votingpower.PERP().Terms(time.Unix(int64(at), 0))
	if err != nil {
		t.Fatal(err)
	}
	sum := new(big.Int)
	for _, term := range terms {
		c := local[term.Chain]
		data, ok, _ := c.Run(term.Call.To, term.Call.Data, c.Header(numbers[term.Chain]), 50_000_000)
		if !ok {
			t.Fatalf("the oracle has no answer to %s", term.Label)
		}
		sum.Add(sum, new(big.Int).Mul(big.NewInt(int64(term.Sign)), new(big.Int).SetBytes(data)))
	}
	return sum.String()
}
