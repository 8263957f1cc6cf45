package chains_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/core/types"

	"github.com/perpdao/perpquorum/chains"
)

// blockOf is a made-up block with a number and a time.
func blockOf(number, time uint64) chains.Block {
	return chains.Block{Header: &types.Header{Number: new(big.Int).SetUint64(number), Time: time}}
}

func TestRealBlocksArePlausible(t *testing.T) {
	t.Parallel()
	for _, real := range []struct {
		id           chains.ID
		number, time uint64
	}{
		{chains.Ethereum, 0, 0},
		{chains.Ethereum, 291, 1438270820},
		{chains.Ethereum, 12965000, 1628166822},
		{chains.Ethereum, 15537393, 1663224162},
		{chains.Ethereum, 17034870, 1681338455},
		{chains.Ethereum, 17293885, 1684503575},
		{chains.Ethereum, 19426587, 1710338135},
		{chains.Optimism, 16328931, 1659041061},
		{chains.Optimism, 99757040, 1684503581},
		{chains.Optimism, 114696812, 1704992401},
		{chains.Optimism, 151534212, 1778667201},
		{8453, 1, 1}, // of this chain nothing is known
	} {
		if err := blockOf(real.number, real.time).Plausible(real.id); err != nil {
			t.Errorf("%v: %v", real.id, err)
		}
	}
}

func TestImpossibleBlocks(t *testing.T) {
	t.Parallel()
	const merge, mergeTime, bedrock, bedrockTime = 15537394, 1663224179, 105235063, 1686068903
	for name, test := range map[string]struct {
		id           chains.ID
		number, time uint64
		says         string
	}{
		"test chain as Ethereum":       {chains.Ethereum, 419, 1684503575, "too late"},
		"test chain as Optimism":       {chains.Optimism, 465, 1684503581, "too late"},
		"before the first block":       {chains.Ethereum, 1, 1438269987, "too early"},
		"known block at another time":  {chains.Ethereum, 12965000, 1628166823, "on the public chain 2021"},
		"two blocks within one second": {chains.Ethereum, 12965000 + 11, 1628166832, "too early"},
		"between two slots":            {chains.Ethereum, 17293885, 1684503576, "multiple of 12 seconds"},
		"more blocks than slots":       {chains.Ethereum, merge + 101, mergeTime + 1200, "too early"},
		"too many slots missed":        {chains.Ethereum, merge + 100, mergeTime + 12*1e6, "too late"},
		"after the last known block":   {chains.Ethereum, 23935694 + 2, 1764798551 + 12, "too early"},
		"Ethereum without blocks":      {chains.Ethereum, 23935694 + 6, 1764798551 + 12*300000, "half of the slots"},
		"known block much later":       {chains.Ethereum, 23935694, 1764798551 + 12, "on the public chain 2025"},
		"far too high":                 {chains.Ethereum, math.MaxUint64, 1764798551 + 12, "too early"},
		"far too late":                 {chains.Ethereum, 2, math.MaxUint64, "too late"},
		"Optimism, old number late":    {chains.Optimism, 99757040, bedrockTime + 2, "too late"},
		"Optimism, new number early":   {chains.Optimism, bedrock + 1, bedrockTime, "too early"},
		"Optimism, between two blocks": {chains.Optimism, bedrock + 10, bedrockTime + 21, "multiple of 2 seconds"},
		"Optimism, a block left out":   {chains.Optimism, bedrock + 10, bedrockTime + 22, "block 105235074 of the public"},
		"another Merge":                {chains.Ethereum, merge, mergeTime, "and that of the public chain"},
		"another Bedrock":              {chains.Optimism, bedrock, bedrockTime, "and that of the public chain"},
	} {
		err := blockOf(test.number, test.time).Plausible(test.id)
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: found %v, want an error saying %q", name, err, test.says)
		}
		parent := blockOf(17293885, 1684503575)
		if test.id == chains.Optimism {
			parent = blockOf(99757040, 1684503581)
		}
		parent.Parent = blockOf(test.number, test.time).Header
		if err := parent.Plausible(test.id); err == nil {
			t.Errorf("%s: the parent of a plausible block passed", name)
		}
	}
}
