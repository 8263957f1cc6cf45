package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/crypto"

	"github.com/perpdao/perpquorum/fixtures/faultrpc"
	"github.com/perpdao/perpquorum/fixtures/hub"
)

// TestWrongState runs the commands against an endpoint that has the header of the block asked
// for and the state of another one. With a second endpoint they print what they print with that one
// alone, and without it one line and no figure.
func TestWrongState(t *testing.T) {
	t.Parallel()
	const block = faultrpc.Merge + 100
	ethereum := faultrpc.Cancun(1, 8400)
	start := func(s *faultrpc.Server) string {
		url, stop := s.Start()
		t.Cleanup(stop)
		return url
	}
	good := start(faultrpc.NewServer(ethereum))
	optimism := start(faultrpc.NewServer(faultrpc.Public(10, 300)))
	voters, id, endpoint := syntheticVote(t, ethereum, block)
	pins := []string{"--block", fmt.Sprint("ethereum=", block), "--block", fmt.Sprint("optimism=", faultrpc.Bedrock+100)}
	at := time.Unix(int64(ethereum.Header(block).Time), 0).UTC().Format(time.RFC3339)
	model := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(model, []byte(strings.ReplaceAll(oneChain, "CHAIN", "ethereum")), 0o600); err != nil {
		t.Fatal(err)
	}
	commands := map[string][]string{
		"report": append([]string{"report", "--format", "json"}, pins...),
		"power":  slices.Concat([]string{"power", "--format", "csv", "--proposal", id, "--hub", endpoint}, voters),
		"check":  append([]string{"check", id, "--hub", endpoint, "--format", "json"}, pins[2:]...),
		"doctor": {"doctor", "--at", at, "--format", "json", "--hub", endpoint, "--model", model},
	}
	for _, off := range []int64{-1, 1, 100, 8191} {
		wrong := faultrpc.NewServer(ethereum)
		wrong.Nodes[0].Off = off
		url := start(wrong)
		for name, args := range commands {
			for _, batch := range []string{"1", "100"} {
				t.Run(fmt.Sprintf("%s, state of N%+d, batches of %s", name, off, batch), func(t *testing.T) {
					t.Parallel()
					with := func(urls ...string) outcome {
						all := append(slices.Clone(args), "--max-batch", batch)
						if name == "report" || name == "check" {
							all = append(all, "--rpc", "optimism="+optimism)
						}
						for _, u := range urls {
							all = append(all, "--rpc", "ethereum="+u)
						}
						return program(t, all...)
					}
					wantWrongStateNoticed(t, name, with(good), with(url, good), with(url))
				})
			}
		}
	}
}

// wantWrongStateNoticed compares the outcome with a good endpoint, with a wrong one before it, and
// with the wrong one alone.
func wantWrongStateNoticed(t *testing.T, command string, good, both, wrong outcome) {
	t.Helper()
	const says = "answers with the state of another block"
	figures := regexp.MustCompile(`"base_units": "\d+"|(?m)^0x[0-9a-fA-F]{40},.*$|"verdict": ".*"`)
	if command == "doctor" {
		if good.code != exitTrouble && good.code != exitDone || both.code != good.code || wrong.code != exitTrouble ||
			!strings.Contains(both.stdout, says) || !strings.Contains(wrong.stdout, `"verdict": "not usable"`) {
			t.Errorf("found codes %d, %d and %d: %s", good.code, both.code, wrong.code, wrong.stdout)
		}
		return
	}
	found, want := figures.FindAllString(both.stdout, -1), figures.FindAllString(good.stdout, -1)
	if len(want) == 0 || !slices.Equal(found, want) || both.code != good.code {
		t.Errorf("with a second endpoint: found exit code %d, %s, %q, want %d, %q", both.code, both.stderr, found, good.code,
			want)
	}
	if finding := `"code": "endpoint-wrong-state"`; command != "power" && !strings.Contains(both.stdout, finding) {
		t.Errorf("with a second endpoint: found no %s", finding)
	}
	if wrong.code != exitTrouble || wrong.stdout != "" || !strings.Contains(wrong.stderr, says) ||
		strings.Count(wrong.stderr, "perpquorum: error: ") != 1 {
		t.Errorf("alone: found exit code %d, %q, %s", wrong.code, wrong.stdout, wrong.stderr)
	}
}

// syntheticVote serves a vote of 30 voters, whose power is what the oracle says of PERP on
// Ethereum after the block, and returns their addresses.
func syntheticVote(t *testing.T, chain *faultrpc.Chain, block uint64) (voters []string, id, endpoint string) {
	t.Helper()
	strategy := hub.Strategy{Name: "erc20-balance-of", Network: "1",
		Params: json.RawMessage(`{"symbol":"PERP","address":"0xbC396689893D065F41bc2C6EcbeE5e0085233447","decimals":18}`)}
	h := chain.Header(block)
	p := hub.NewProposal(voteSpace, "SYNTHETIC: wrong state")
	p.Type, p.Choices, p.Strategies = "single-choice", []string{"For", "Against"}, []hub.Strategy{strategy}
	p.Snapshot, p.Created, p.App = block, int64(h.Time), "snapshot"
	p.Start, p.End = p.Created+3600, p.Created+3600+7*86400
	p.ScoresUpdated = p.End + 100
	p.Sign()
	o := hub.Options{}
	scores := []float64{0, 0}
	for i := range 30 {
		key, err := crypto.ToECDSA(crypto.Keccak256([]byte(fmt.Sprint("perpquorum wrong state: ", i))))
		if err != nil {
			t.Fatal(err)
		}
		voter := crypto.PubkeyToAddress(key.PublicKey)
		data, _, _ := chain.Run(common.HexToAddress("0xbC396689893D065F41bc2C6EcbeE5e0085233447"),
			append(hexutil.MustDecode("0x70a08231"), common.LeftPadBytes(voter[:], 32)...), h, 50_000_000)
		vp, _ := new(big.Rat).SetFrac(new(big.Int).SetBytes(data), big.NewInt(1e18)).Float64()
		v := hub.NewVote(p, fmt.Sprint(i), p.Start+int64(i), json.RawMessage(`1`), vp)
		v.Voter, v.VPByStrategy, v.Proposal = voter.Hex(), []float64{vp}, p.ID
		v.Sign()
		scores[0] += vp
		o.Votes, o.Messages, voters = append(o.Votes, v), append(o.Messages, v.SignedBy(key)), append(voters, voter.Hex())
	}
	p.Votes, p.Scores, p.ScoresByStrategy, p.ScoresTotal = 30, scores, [][]float64{{scores[0]}, {0}}, scores[0]
	s := hub.NewSpace(voteSpace)
	s.Strategies = p.Strategies
	o.Spaces, o.Proposals = []hub.Space{s}, []hub.Proposal{p}
	endpoint, stop := hub.New(o).Start()
	t.Cleanup(stop)
	return voters, p.ID, endpoint
}
