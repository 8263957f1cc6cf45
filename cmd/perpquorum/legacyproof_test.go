package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/fixtures/hub"
	"github.com/perpdao/perpquorum/fixtures/testchain"
	"github.com/perpdao/perpquorum/votingpower/report"
)

const legacyModel = `{"format":"perpquorum-model/2","name":"Legacy","symbol":"SYN","decimals":18,
	"definition":"All tokens but those of one wallet.","synthetic":"made up for a test",
	"network":"optimism","space":"vote-perp.eth","quorum":"1/10",
	"tokens":[{"chain":"optimism","address":"%s","label":"SYN","supply":true}],
	"excluded":[{"chain":"optimism","address":"%s","label":"a wallet"}]}`

// legacyVote is a vote of two on Optimism before Bedrock, with 600 and 300 tokens and 2 and 3 ether. A
// wallet has 1000 tokens that do not circulate.
type legacyVote struct {
	ether, tokens map[common.Address]*big.Int
	wallet        common.Address
	votes         *election
	model         string // a file
}

func newLegacyVote(t *testing.T) *legacyVote {
	wei := func(n int64) *big.Int { return new(big.Int).Mul(big.NewInt(n), big.NewInt(1e18)) }
	e := &legacyVote{ether: map[common.Address]*big.Int{}, tokens: map[common.Address]*big.Int{},
		wallet: common.HexToAddress("0xE8a0000000000000000000000000000000000077"), votes: &election{}}
	p := hub.NewProposal(voteSpace, "a vote before Bedrock")
	p.Network, p.Snapshot, p.Votes = "10", 1, 2
	p.Created, p.Start, p.End = testchain.SnapshotRun, testchain.SnapshotRun+100, testchain.SnapshotRun+1000
	p.ScoresUpdated = p.End + 100
	p.Strategies = []hub.Strategy{
		{Name: "erc20-balance-of", Network: "10",
			Params: json.RawMessage(fmt.Sprintf(`{"address":"%s","decimals":18}`, testchain.OptimismPERP))},
		{Name: "eth-balance", Network: "10", Params: json.RawMessage(`{}`)},
	}
	for i, has := range [][2]float64{{600, 2}, {300, 3}} {
		a := testchain.NewAccount(fmt.Sprint("legacy voter ", i))
		e.tokens[a.Address], e.ether[a.Address] = wei(int64(has[0])), wei(int64(has[1]))
		v := hub.NewVote(p, a.Name, p.Start+int64(i), 1+i, has[0]+has[1])
		v.Voter, v.VPByStrategy = a.Address.Hex(), has[:]
		e.votes.voters, e.votes.votes = append(e.votes.voters, a), append(e.votes.votes, v)
	}
	e.tokens[e.wallet] = wei(1000)
	p.Scores, p.ScoresTotal = []float64{602, 303, 0}, 905
	p.ScoresByStrategy = [][]float64{{600, 2}, {300, 3}, {0, 0}}
	e.votes.proposal = p
	e.votes.sign()
	e.model = filepath.Join(t.TempDir(), "model.json")
	model := fmt.Sprintf(legacyModel, testchain.OptimismPERP, e.wallet)
	if err := os.WriteFile(e.model, []byte(model), 0o600); err != nil {
		t.Fatal(err)
	}
	return e
}

// start returns the URL of an l2geth, whose trie may have a hole.
func (e *legacyVote) start(t *testing.T, hole common.Address) string {
	return testchain.StartLegacy(t, e.ether, e.tokens, hole).URL
}

func (e *legacyVote) run(t *testing.T, args []string, endpoints ...string) (outcome, *report.Document) {
	t.Helper()
	args = append(args, "--model", e.model, "--allow-dev-chain", "--format", "json")
	for _, url := range endpoints {
		args = append(args, "--rpc", "optimism="+url)
	}
	out := program(t, args...)
	d := &report.Document{}
	if err := json.Unmarshal([]byte(out.stdout), d); err != nil && out.stdout != "" {
		t.Fatal(err)
	}
	return out, d
}

// TestProveLegacy: what l2geth answers is proven without access lists, native balances too, which are
// in the storage of a contract there. The balance beside a proof is not the proven one, and no lie.
func TestProveLegacy(t *testing.T) {
	t.Parallel()
	e := newLegacyVote(t)
	lists, proofs := &meddler{method: "eth_createAccessList"}, &meddler{method: "eth_getProof"}
	endpoint := lists.start(t, proofs.start(t, e.start(t, common.Address{})))
	name := filepath.Join(t.TempDir(), "quorum.json.gz")
	out, d := e.run(t, []string{"report", "--block", "optimism=1", "--require", "proven", "--evidence", name}, endpoint)
	if out.code != exitDone || d.Chains[0].Level != chains.Proven || d.Quorum.Tokens != "90" {
		t.Fatalf("exit code %d, quorum %s: %s%s", out.code, d.Quorum.Tokens, out.stderr, out.stdout)
	}
	if out := program(t, "verify", name, "--block-hash", "optimism="+d.Chains[0].Hash); out.code != exitDone {
		t.Errorf("exit code %d: %s", out.code, out.stderr)
	}
	_, hubURL := e.votes.start(t, hub.H2)
	out, d = e.run(t, []string{"check", e.votes.proposal.ID, "--hub", hubURL, "--prove", "voters", "--require", "proven"},
		endpoint)
	if out.code != exitDone || d.Vote.Power.Blocks[0].Level != chains.Proven || len(failures(d)) > 0 {
		t.Fatalf("exit code %d, %v: %s", out.code, failures(d), out.stderr)
	}
	if lists.asked.Load() > 0 || proofs.asked.Load() == 0 {
		t.Errorf("asked for %d access lists and %d proofs", lists.asked.Load(), proofs.asked.Load())
	}
}

// TestLegacyFaults: a hole in the trie of an l2geth, which it reads as zero, is found by the proofs. An
// op-geth whose l2geth does not answer gives a proof of nothing, which proves nothing.
func TestLegacyFaults(t *testing.T) {
	t.Parallel()
	e := newLegacyVote(t)
	good, holed := e.start(t, common.Address{}), e.start(t, e.wallet)
	silent := (&meddler{method: "eth_getProof", change: func(string) string {
		return `"result":{"accountProof":null,"address":"0x0000000000000000000000000000000000000000","balance":"0x0",` +
			`"codeHash":"0x` + strings.Repeat("0", 64) + `","nonce":"0x0","storageHash":"0x` + strings.Repeat("0", 64) +
			`","storageProof":null}`
	}}).start(t, good)
	for name, tt := range map[string]struct {
		endpoints []string
		args      []string
		code      int
		quorum    string
		says      string // on standard error, or in the document
	}{
		"a hole that nobody looks for": {[]string{holed}, []string{"--prove", "off"}, exitDone, "190", ""},
		"a hole":                       {[]string{holed}, nil, exitTrouble, "", "lacks another"},
		"a hole, and another endpoint": {[]string{holed, good}, nil, exitDone, "90", `"endpoint-incomplete"`},
		"an empty proof":               {[]string{silent}, nil, exitDone, "90", "gives an empty proof"},
		"an empty proof, and another":  {[]string{silent, good}, []string{"--require", "proven"}, exitDone, "90", ""},
		"an empty proof, and required": {[]string{silent}, []string{"--require", "proven"}, exitTrouble, "", "want proven"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, d := e.run(t, append([]string{"report", "--block", "optimism=1"}, tt.args...), tt.endpoints...)
			if out.code != tt.code || (out.stdout == "") != (tt.quorum == "") ||
				tt.quorum != "" && d.Quorum.Tokens != tt.quorum || !strings.Contains(out.stdout+out.stderr, tt.says) {
				t.Errorf("exit code %d, want %d and %q: %s%s", out.code, tt.code, tt.says, out.stderr, out.stdout)
			}
		})
	}
}

// TestRequireVoters: --require proven counts the voters where --prove voters is given, and only there.
func TestRequireVoters(t *testing.T) {
	t.Parallel()
	e := newLegacyVote(t)
	ether := strings.ToLower(testchain.LegacyEther.Hex()) // only voters' balances are there
	endpoint := (&meddler{method: "eth_getProof", change: func(member string) string {
		if strings.Contains(strings.ToLower(member), ether) {
			return `"error":{"code":-32601,"message":"the method does not exist"}`
		}
		return member
	}}).start(t, e.start(t, common.Address{}))
	_, hubURL := e.votes.start(t, hub.H2)
	for _, tt := range []struct {
		args []string
		code int
		says string // on standard error, or in the document
	}{
		{[]string{"--prove", "voters"}, exitDone, `"unproven": "no proofs of this block: `},
		{[]string{"--prove", "voters", "--require", "proven"}, exitTrouble,
			"voters' power on optimism at block 1: want proven"},
		{[]string{"--prove", "auto", "--require", "proven"}, exitDone, `"level": "proven"`},
	} {
		out, _ := e.run(t, append([]string{"check", e.votes.proposal.ID, "--hub", hubURL}, tt.args...), endpoint)
		if out.code != tt.code || !strings.Contains(out.stdout+out.stderr, tt.says) {
			t.Errorf("%v: exit code %d, want %d and %s: %s%s", tt.args, out.code, tt.code, tt.says, out.stderr, out.stdout)
		}
	}
}
