package proof_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/chains/proof"
	"github.com/perpdao/perpquorum/fixtures/testchain"
)

// evidence is a block and what some calls read in the state after it.
type evidence struct {
	Block   chains.Block   `json:"block"`
	Witness chains.Witness `json:"witness"`
}

// What a treasury holds follows from a file and from one hash that is trusted.
func ExampleRun() {
	trusted := common.HexToHash("0xbe626df05e49090863392eaa089f0010f0eccc3dea3bcc91ffb2563e192a4460")
	raw, err := os.ReadFile(filepath.Join("testdata", "evidence.json"))
	if err != nil {
		panic(err)
	}
	var e evidence
	if err := json.Unmarshal(raw, &e); err != nil {
		panic(err)
	}
	if e.Block.Hash != trusted {
		panic("the block of the file is another one")
	}
	token, treasury := testchain.OptimismPERP, testchain.OptimismTreasury
	call, err := chains.NewCall(token, "balanceOf(address)", treasury)
	if err != nil {
		panic(err)
	}
	results, err := proof.Run(chains.Optimism, e.Block, e.Witness, []chains.Call{call})
	if err != nil {
		panic(err)
	}
	fmt.Println(new(big.Int).SetBytes(results[0].Data))
	// Output: 290631236357422892786144
}

var update = flag.Bool("update", false, "write testdata/evidence.json")

// The example's file is what a node of the test chain gives.
func TestExampleFile(t *testing.T) {
	n, b, _ := snapshot(t, nil)
	calls := []chains.Call{call(t, testchain.OptimismPERP, "balanceOf(address)", testchain.OptimismTreasury)}
	w, _ := prove(t, n, b, calls)
	want, err := json.Marshal(evidence{b, w})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join("testdata", "evidence.json")
	if *update {
		if err := os.WriteFile(name, append(want, '\n'), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(got), want) {
		t.Errorf("%s is not what the node gives: run the test with -update", name)
	}
}
