package strategy_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/perpdao/perpquorum/chains"
	"github.com/perpdao/perpquorum/snapshot/strategy"
)

// byBlock answers with the block's number, so that the block a score was read at shows in it.
func byBlock(block uint64, _ chains.Call) ([]byte, error) {
	return word(new(big.Int).SetUint64(block)), nil
}

// TestOlderBlocks: until February 2022 Snapshot read other chains at the last block before the
// snapshot's time, or at that time; around then and before both blocks may have been read.
func TestOlderBlocks(t *testing.T) {
	t.Parallel()
	const before, after = 1641000000, 1645000000
	for _, test := range []struct {
		name     string
		optimism []uint64
		counted  int64
		blocks   []string
		scores   []float64
	}{
		{"counted later", []uint64{0, 120, 126, 130}, after, []string{""}, []float64{2}},
		{"not counted", []uint64{0, 120, 126, 130}, 0, []string{""}, []float64{2}},
		{"no block at the time", []uint64{0, 120, 126, 130}, before, []string{
			"optimism block 2, the first after the snapshot's time",
			"optimism block 1, the last before the snapshot's time"}, []float64{2, 1}},
		{"a block at the time", []uint64{0, 120, 124, 126}, before, []string{""}, []float64{2}},
		{"several blocks at the time", []uint64{0, 120, 124, 124, 126}, before, []string{
			"optimism block 2, first of 2 with its timestamp", "optimism block 3, last of 2 with its timestamp"},
			[]float64{2, 3}},
		{"no block before", []uint64{126, 130}, before, []string{""}, []float64{0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := two(test.optimism...)
			got := run(t, nodes, one("multichain", onOptimism).Of("dao.eth", test.counted))
			if len(got.Powers) != len(test.scores) {
				t.Fatalf("%d choices of blocks, want %d", len(got.Powers), len(test.scores))
			}
			for i, p := range got.Powers {
				if p.Blocks != test.blocks[i] || p.Scores[0][0].Value != test.scores[i] {
					t.Errorf("choice %d: %q scores %v, want %q %v", i, p.Blocks, p.Scores[0][0].Value, test.blocks[i], test.scores[i])
				}
			}
		})
	}
	t.Run("a strategy's own network", func(t *testing.T) {
		_, nodes := two(0, 120, 126, 130)
		q := one("erc20-balance-of", `{"address":"`+token+`","decimals":0}`)
		q.Strategies[0].Network = "10"
		for counted, doubt := range map[int64]string{after: "ignored a strategy's own network", 1650000000: ""} {
			got := run(t, nodes, q.Of("dao.eth", counted)).Doubts[0]
			if !strings.Contains(got, doubt) || (doubt == "") != (got == "") {
				t.Errorf("counted at %d: doubt %q, want %q", counted, got, doubt)
			}
		}
	})
	t.Run("one chain", func(t *testing.T) {
		if q := one("ticket", "{}").Of("dao.eth", before); q.Counted != 0 || q.Space != "" {
			t.Errorf("found %+v", q)
		}
	})
}

// TestForgedOlderBlock: the second block must be the one before the first.
func TestForgedOlderBlock(t *testing.T) {
	t.Parallel()
	op, nodes := two(0, 110, 120, 126, 130)
	e, err := strategy.Collect(t.Context(), nodes, one("multichain", onOptimism).Of("dao.eth", 1641000000))
	if err != nil {
		t.Fatal(err)
	}
	e.Places[strategy.Place{Chain: chains.Optimism, Via: chains.Ethereum}].Sampled[1].Block = op.block(1)
	if _, err := strategy.Compute(e); err == nil || !strings.Contains(err.Error(), "the one before it") {
		t.Errorf("found %v", err)
	}
}

// TestStarknetVoters: they have a score by those strategies alone that name them, and by those
// not inside others.
func TestStarknetVoters(t *testing.T) {
	t.Parallel()
	ticket := `{"name":"ticket","network":"1","params":{"value":5}}`
	for _, test := range []struct{ strategy, params, want string }{
		{"ticket", `{"value":5}`, "5"},
		{"whitelist", `{"addresses":["` + star + `"]}`, "1"},
		{"whitelist-weighted", `{"addresses":{"` + star + `":3}}`, "3"},
		{"math", operands("multiply", constant("2"), `{"type":"strategy","strategy":`+ticket+`}`), "10"},
		{"weighted", `{"weight":2,"strategy":` + ticket + `}`, "0"},
		{"multichain", `{"strategies":[` + ticket + `]}`, "0"},
		{"math", operands("multiply", constant("2"), `{"type":"strategy","strategy":{"name":"weighted","params":`+
			`{"weight":2,"strategy":`+ticket+`}}}`), "20"},
		{"erc20-balance-of", `{"address":"` + token + `"}`, "0"},
	} {
		t.Run(test.strategy, func(t *testing.T) {
			_, nodes := ethereum(always("1"))
			q := one(test.strategy, test.params)
			q.Voters = []string{star}
			checkExact(t, run(t, nodes, q), test.want)
		})
	}
}

// two makes Ethereum with its snapshot block 3 at time 124, and Optimism.
func two(optimism ...uint64) (*node, map[chains.ID]chains.Node) {
	eth, nodes := ethereum(byBlock)
	op := newNode(chains.Optimism, optimism...)
	op.answer = byBlock
	nodes[chains.Optimism] = op
	_ = eth
	return op, nodes
}

const onOptimism = `{"strategies":[{"name":"erc20-balance-of","network":"10","params":{"address":"` + token +
	`","decimals":0}}]}`

func TestOtherChainsBlock(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		optimism []uint64
		pins     map[chains.ID]uint64
		blocks   []string
		scores   []float64
	}{
		{"first block after the time", []uint64{0, 120, 126, 126, 130}, nil, []string{""}, []float64{2}},
		{"one block with the time", []uint64{0, 120, 124, 126}, nil, []string{""}, []float64{2}},
		{"several blocks with the time", []uint64{0, 120, 124, 124, 124, 126}, nil,
			[]string{"optimism block 2, first of 3 with its timestamp", "optimism block 4, last of 3 with its timestamp"},
			[]float64{2, 4}},
		{"a pinned block", []uint64{0, 120, 124, 124, 124, 126}, map[chains.ID]uint64{chains.Optimism: 3}, []string{""},
			[]float64{3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, nodes := two(test.optimism...)
			q := one("multichain", onOptimism)
			q.Pins = test.pins
			got := run(t, nodes, q)
			if len(got.Powers) != len(test.scores) {
				t.Fatalf("%d choices of blocks, want %d", len(got.Powers), len(test.scores))
			}
			for i, p := range got.Powers {
				if p.Blocks != test.blocks[i] || p.Scores[0][0].Value != test.scores[i] {
					t.Errorf("choice %d: %q scores %v, want %q %v", i, p.Blocks, p.Scores[0][0].Value, test.blocks[i], test.scores[i])
				}
			}
		})
	}
}

// TestTwoHops: a multichain strategy that runs on Optimism derives its blocks from
// Optimism's block, so Ethereum is not read at the snapshot block.
func TestTwoHops(t *testing.T) {
	t.Parallel()
	_, nodes := two(0, 120, 130, 140)
	q := one("multichain", `{"strategies":[
		{"name":"erc20-balance-of","network":"1","params":{"address":"`+token+`","decimals":0}},
		{"name":"erc20-balance-of","network":"10","params":{"address":"`+token+`","decimals":2}}]}`)
	q.Strategies[0].Network = "10"
	got := run(t, nodes, q)
	// Optimism's first block at or after 124 is 2 (at 130); Ethereum's at or after 130 is 4 (at 136).
	if exact := text(got.Powers[0].Scores[0][0]); exact != "201/50" {
		t.Errorf("score %s, want 4 + 2/100 = 201/50", exact)
	}
	ids, err := strategy.Chains(q)
	if err != nil || len(ids) != 2 || ids[0] != chains.Ethereum || ids[1] != chains.Optimism {
		t.Errorf("chains %v, %v", ids, err)
	}
}

func TestRunStillGrowing(t *testing.T) {
	t.Parallel()
	_, nodes := two(0, 120, 124, 124)
	if _, err := try(nodes, one("multichain", onOptimism)); !errors.Is(err, chains.ErrNoBlockYet) {
		t.Errorf("error %v, want ErrNoBlockYet: the last block with the timestamp is not known", err)
	}
}

func TestMissingNode(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) { t.Error("a request was sent"); return nil, nil })
	_, err := try(nodes, one("multichain", onOptimism))
	if err == nil || !strings.Contains(err.Error(), "optimism") {
		t.Errorf("error %v, want one that names optimism", err)
	}
}

func TestReorgRestartsOnce(t *testing.T) {
	t.Parallel()
	n, nodes := ethereum(always("5"))
	n.reorgs = 1
	q := one("erc20-balance-of", `{"address":"`+token+`","decimals":0}`)
	if got := run(t, nodes, q).Powers[0].Scores[0][0].Value; got != 5 {
		t.Errorf("score %v, want 5", got)
	}
	n.reorgs = 2
	if _, err := try(nodes, q); !errors.Is(err, chains.ErrReorg) {
		t.Errorf("error %v, want ErrReorg after the second reorg", err)
	}
}

func TestRevertFailsTheWhole(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(func(uint64, chains.Call) ([]byte, error) { return nil, chains.ErrReverted })
	if _, err := try(nodes, one("erc20-balance-of", `{"address":"`+token+`"}`)); !errors.Is(err, chains.ErrReverted) {
		t.Errorf("error %v, want ErrReverted", err)
	}
}

// TestFirstChainFails: of two chains that fail the first is reported, even if the second fails earlier.
func TestFirstChainFails(t *testing.T) {
	t.Parallel()
	n, nodes := ethereum(nil)
	second := make(chan struct{})
	n.answer = func(uint64, chains.Call) ([]byte, error) {
		<-second
		return nil, chains.ErrReverted
	}
	nodes[10] = &node{id: 10, headers: n.headers, answer: func(uint64, chains.Call) ([]byte, error) {
		close(second)
		return nil, chains.ErrNoContract
	}}
	q := one("erc20-balance-of", `{"address":"`+token+`","decimals":0}`)
	bridged := strategy.Spec{Name: "erc20-balance-of", Network: "10", Params: q.Strategies[0].Params}
	q.Strategies = append(q.Strategies, bridged)
	if _, err := try(nodes, q); !errors.Is(err, chains.ErrReverted) {
		t.Errorf("error %v, want that of the first chain", err)
	}
}

func TestStarknetVoter(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(always("5"))
	q := one("erc20-balance-of", `{"address":"`+token+`","decimals":0}`)
	q.Strategies = append(q.Strategies, strategy.Spec{Name: "ticket"})
	q.Voters = []string{star, alice}
	got := run(t, nodes, q)
	for i, want := range [][]float64{{0, 1}, {5, 1}} {
		for k, score := range got.Powers[0].Scores[i] {
			if score.Value != want[k] {
				t.Errorf("voter %d strategy %d: %v, want %v", i, k, score.Value, want[k])
			}
		}
	}
	q.Voters = []string{"someone.eth"}
	if _, err := try(nodes, q); err == nil {
		t.Error("a voter that is no address was accepted")
	}
}

func TestDivisionByZeroFails(t *testing.T) {
	t.Parallel()
	_, nodes := ethereum(always("0"))
	if _, err := try(nodes, one("math", operands("divide", constant("1"), constant("0")))); err == nil {
		t.Error("division by zero gave a score")
	}
}

// TestComputeRefuses changes evidence in every way that must not pass.
func TestComputeRefuses(t *testing.T) {
	t.Parallel()
	op, nodes := two(0, 120, 124, 124, 124, 126, 128)
	q := one("multichain", onOptimism)
	home := strategy.Place{Chain: chains.Ethereum, Via: chains.Ethereum}
	away := strategy.Place{Chain: chains.Optimism, Via: chains.Ethereum}
	for _, test := range []struct {
		name   string
		change func(e *strategy.Evidence)
	}{
		{"a place missing", func(e *strategy.Evidence) { delete(e.Places, away) }},
		{"a place too many", func(e *strategy.Evidence) { e.Places[strategy.Place{Chain: 137, Via: 1}] = e.Places[away] }},
		{"another snapshot block", func(e *strategy.Evidence) { e.Query.Block = 2 }},
		{"a snapshot block that is not pinned",
			func(e *strategy.Evidence) { e.Places[home].Sampled[0].Block.Pinned = false }},
		{"not the first block", func(e *strategy.Evidence) { e.Places[away].Sampled[0].Block = op.block(3) }},
		{"not the last block", func(e *strategy.Evidence) { e.Places[away].Sampled[1].Block = op.block(3) }},
		{"another block after", func(e *strategy.Evidence) {
			r := e.Places[away]
			b := op.block(6)
			r.After = &b
			e.Places[away] = r
		}},
		{"no block after", func(e *strategy.Evidence) {
			r := e.Places[away]
			r.After = nil
			e.Places[away] = r
		}},
		{"only the first block", func(e *strategy.Evidence) {
			r := e.Places[away]
			r.Sampled = r.Sampled[:1]
			e.Places[away] = r
		}},
		{"a test chain without its mark", func(e *strategy.Evidence) {
			r := e.Places[away]
			r.Development = false
			e.Places[away] = r
		}},
		{"a result missing", func(e *strategy.Evidence) { e.Places[away].Sampled[0].Results = nil }},
		{"a short result", func(e *strategy.Evidence) {
			e.Places[away].Sampled[0].Results[0] = e.Places[away].Sampled[0].Results[0][:31]
		}},
		{"a voter more", func(e *strategy.Evidence) { e.Query.Voters = append(e.Query.Voters, bob) }},
		{"a pin", func(e *strategy.Evidence) { e.Query.Pins = map[chains.ID]uint64{chains.Optimism: 2} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := strategy.Collect(context.Background(), nodes, q)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := strategy.Compute(e); err != nil {
				t.Fatalf("the evidence is refused as it is: %v", err)
			}
			test.change(e)
			if _, err := strategy.Compute(e); err == nil {
				t.Error("the changed evidence was accepted")
			}
		})
	}
}

// FuzzParams: parameters come from strangers; no text of theirs makes the program fail.
func FuzzParams(f *testing.F) {
	for _, seed := range []string{`{}`, `{"address":"` + token + `","decimals":18}`, onOptimism,
		operands("min", constant("1"), constant("2")),
		`{"strategies":[{"name":"weighted","network":1,"params":{"strategy":{"name":"ticket"}}}]}`,
		`{"address":"` + token +
			`","args":["%{address}",[1]],` + method("address", " uint256") + `}`} {
		for _, name := range []string{"erc20-balance-of", "contract-call", "multichain", "math", "weighted",
			"whitelist-weighted", "erc1155-balance-of", "delegation", "erc20-votes-with-override", "erc4626-assets-of",
			"erc20-balance-of-fixed-total", "ve-balance-of-at"} {
			f.Add(name, seed)
		}
	}
	f.Fuzz(func(t *testing.T, name, params string) {
		if !json.Valid([]byte(params)) {
			t.Skip()
		}
		_, nodes := newRegistry(chosen{bob, "", alice})
		_, other := two(0, 120, 124, 126)
		nodes[chains.Optimism] = other[chains.Optimism]
		result, err := try(nodes, one(name, params).Of("dao.eth", 0))
		if err != nil {
			return
		}
		score := result.Powers[0].Scores[0][0]
		if result.Unverifiable[0] != "" && (score.Value != 0 || score.Exact != nil) {
			t.Errorf("unverifiable, and yet scored %v", score)
		}
		if score.Value < 0 || score.Value != score.Value {
			t.Errorf("score %v", score.Value)
		}
	})
}
